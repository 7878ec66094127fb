"""Render: problems as workflow commands, which GitHub shows as annotations beside the lines.

<https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>
"""

from __future__ import annotations

from collections.abc import Sequence

from remyx_action.errors import Problem
from remyx_action.files.nearest import shown_as

from .problems import path_of


def problems_as_github(problems: Sequence[Problem]) -> str:
    """One `::error file=…,line=…,col=…,title=…::message` or `::warning …` per problem."""
    return "".join(_command(problem) for problem in problems)


def _command(problem: Problem) -> str:
    properties = {
        "file": problem.path,
        "line": str(problem.line),
        "col": str(problem.column),
        "title": f"{problem.code} at {path_of(problem.pointer)}",
    }
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    message = f"{shown_as(problem.message)}\nhelp: {shown_as(problem.help)}"
    return f"::{problem.severity.value} {written}::{_data(message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(shown_as(text)).replace(":", "%3A").replace(",", "%2C")
