"""Every way of failing that is not a verdict, and the exit code that each one has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum, StrEnum
from typing import Literal

from msgspec import Struct


class Exit(IntEnum):
    """Exit codes that scripts rely on; they never change meaning."""

    SHIP = 0
    REJECT = 1
    ITERATE = 2
    FILES_WRONG = 3
    NOT_JUDGED = 4
    USAGE = 64
    INTERNAL = 70
    INTERRUPTED = 130
    TERMINATED = 143


EXIT_OF_VERDICT = {
    "ship": Exit.SHIP,
    "reject": Exit.REJECT,
    "iterate": Exit.ITERATE,
    None: Exit.NOT_JUDGED,
}

_MOST_SEVERE_FIRST = (Exit.USAGE, Exit.FILES_WRONG, Exit.NOT_JUDGED, Exit.REJECT, Exit.ITERATE, Exit.SHIP)


def most_severe(exits: Iterable[Exit]) -> Exit:
    """The exit code of several verdicts together; SHIP (0) where there is none."""
    return min(exits, key=_MOST_SEVERE_FIRST.index, default=Exit.SHIP)


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Problem(Struct, frozen=True, kw_only=True, order=True):
    """One thing that is wrong, where it is, and what to do about it."""

    path: str
    """Path below the project's root, with `/`; of a setting the variable's name."""
    line: int = 1
    """1-based; 1 where the whole file is meant."""
    column: int = 1
    """1-based."""
    pointer: str = ""
    """RFC 6901 JSON Pointer of the value; "" is the whole file."""
    code: str
    """Stable kebab-case id, such as `unknown-key`."""
    severity: Severity = Severity.ERROR
    message: str
    """What is wrong: lower case, no full stop."""
    help: str
    """What to do next: the allowed or nearest right value."""


class Annotation(Struct, frozen=True, kw_only=True):
    """A line of a file that a reviewer should look at: of a problem, or a condition in the way."""

    path: str
    """Below the repository's root, with `/`."""
    line: int
    """1-based."""
    level: Literal["failure", "warning", "notice"]
    title: str
    message: str


class Refusal(Exception):
    """Base of the errors that are printed without a traceback."""

    exit: Exit

    def __init__(self, message: str, *, help: str) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class WrongUsage(Refusal):
    """Wrong arguments, or a name that does not exist."""

    exit = Exit.USAGE


class NotJudged(Refusal):
    """A run failed, a result file is broken, an engine or a file is missing: there is no verdict."""

    exit = Exit.NOT_JUDGED


class FilesWrong(Exception):
    """Files under `.remyx/` are wrong; carries every problem that was found, errors and warnings."""

    exit = Exit.FILES_WRONG

    def __init__(self, problems: tuple[Problem, ...], texts: Mapping[str, bytes]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems
        self.texts = texts
        """Path → bytes of the files, so that the place can be shown."""
