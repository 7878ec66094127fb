"""`check`: every file under `.remyx/` → every problem, drawn, and the exit code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from posixpath import join
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.errors import Exit, Problem, Severity
from remyx_action.policy.lints import warnings_of
from remyx_action.policy.lints.errors import load_checked
from remyx_action.report.render.problems import (
    counted,
    problems_as_github,
    problems_as_json,
    problems_as_sarif,
    problems_as_text,
)
from remyx_action.sources.disk import read_below, read_project
from remyx_action.sources.git import find_repository

CheckFormat = Literal["text", "json", "github", "sarif"]


class Checked(Struct, frozen=True, kw_only=True):
    output: str
    """What is printed on standard output, ends with a newline."""
    exit: Exit
    """SHIP where every file holds, FILES_WRONG where one does not; warnings never change it."""
    problems: tuple[Problem, ...]
    """Sorted by file and place."""


def check_project(root: Path, *, format: CheckFormat = "text", colour: bool = False) -> Checked:
    """Check the project in the working tree at `root`, with what its Dockerfiles copy."""
    texts, unreadable = read_project(root)
    beside = {}
    for template in load_checked(texts).templates.values():
        path = f"{(template.script or '').rstrip('/')}/Dockerfile"
        dockerfile = read_below(root, path) if template.script else None
        if dockerfile is not None:
            beside[path] = dockerfile
    repository = find_repository(root)
    return check(
        {**texts, **beside},
        unreadable=unreadable,
        format=format,
        colour=colour,
        project_folder=repository.prefix if repository else "",
    )


def check(
    texts: Mapping[str, bytes],
    *,
    unreadable: tuple[Problem, ...] = (),
    format: CheckFormat = "text",
    colour: bool = False,
    project_folder: str = "",
) -> Checked:
    """Check `texts`, path below the project's root → bytes; `unreadable`: what could not be read.

    `project_folder` is the project's root below the repository's, for what GitHub reads.

    Where `texts` holds a template's Dockerfile, what it copies is looked at as well.
    """
    bundle = load_checked(texts)
    problems = tuple(sorted({*unreadable, *bundle.problems, *warnings_of(bundle, texts)}))
    wrong = any(problem.severity is Severity.ERROR for problem in problems)
    return Checked(
        output=_drawn_for_programs(problems, format, project_folder)
        if format != "text"
        else _drawn_for_people(problems, texts, colour=colour),
        exit=Exit.FILES_WRONG if wrong else Exit.SHIP,
        problems=problems,
    )


def _drawn_for_programs(problems: tuple[Problem, ...], format: CheckFormat, project_folder: str) -> str:
    if format == "json":
        return problems_as_json(problems)
    moved = [replace(problem, path=join(project_folder, problem.path)) for problem in problems]
    return problems_as_github(moved) if format == "github" else problems_as_sarif(moved)


def _drawn_for_people(problems: tuple[Problem, ...], texts: Mapping[str, bytes], *, colour: bool) -> str:
    files = f"{len(texts)} file{'' if len(texts) == 1 else 's'}"
    summary = f"{counted(problems)} in {files}\n"
    drawn = problems_as_text(problems, texts, colour=colour)
    return f"{drawn}\n{summary}" if drawn else summary
