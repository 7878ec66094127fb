"""What makes a whole result file count for nothing: a verdict is not reached on guesses."""

from __future__ import annotations

import json
from collections.abc import Iterable

from remyx_action.errors import NotJudged, Problem
from remyx_action.files.json_places import json_path
from remyx_action.files.nearest import shown_as
from remyx_action.files.strict_json import Fault


class BrokenResults(NotJudged):
    """A result file is not strict JSON, over the cap, contradicts itself or holds no declared metric.

    `problems` has everything that was found, one per kind; `message` says the same in lines.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "\n".join(map(_line, self.problems)),
            help="; ".join(dict.fromkeys(problem.help for problem in self.problems)),
        )


def problem_of(file: str, fault: Fault, *, line_offset: int = 0, message: str | None = None) -> Problem:
    """A fault as a problem of the file that has it."""
    return Problem(
        path=shown_as(file),
        line=fault.line + line_offset,
        column=fault.column,
        pointer=fault.pointer,
        code=fault.code,
        message=message or fault.message,
        help=fault.help,
    )


def broken(file: str, *faults: Fault) -> BrokenResults:
    """The error for everything that is wrong with one file."""
    return BrokenResults(problem_of(file, fault) for fault in faults)


def shown(text: object, most: int = 60) -> str:
    """Anything from a result file, short and in ASCII, so that look-alikes can be told apart."""
    quoted = json.dumps(text[: most + 1] if isinstance(text, str) else text, default=str)
    return quoted if len(quoted) <= most else quoted[: most - 1] + "…"


def _line(problem: Problem) -> str:
    place = f"{problem.path}:{problem.line}:{problem.column}"
    path = f" {json_path(problem.pointer)}" if problem.pointer else ""
    return f"{place}{path}: {problem.message}"
