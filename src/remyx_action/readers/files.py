"""The files of one arm: opened by whoever holds the folder, read here once and up to the cap."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

from remyx_action.errors import NotJudged, Problem
from remyx_action.project.files.json_text import Fault
from remyx_action.project.files.pointer import json_path
from remyx_action.project.files.wording import shown_as


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


OpenFile = Callable[[str], Iterator[bytes]]
"""A file name below the arm's folder → its bytes, in pieces of any size.

Raises OSError where it cannot be opened or read.
"""

ListFiles = Callable[[], Iterable[str]]
"""→ the paths of all files below the arm's folder, with `/`."""

CAP_BYTES = 256 * 1024 * 1024
"""Per file."""

SMALLER = "leave outputs out of the results, or split the evaluation into shards"
LEAVE_ONE = "the harness must leave a regular file there; look into its log"
NOT_THERE = Fault(code="no-file", message="is not there", help=LEAVE_ONE)
NAMED_TWICE = Fault(
    code="read-twice", message="is named by two metrics", help="give every metric a file of its own"
)


class ArmFiles:
    """Opens each file at most once."""

    def __init__(self, open_file: OpenFile, *, cap_bytes: int = CAP_BYTES) -> None:
        self._open_file = open_file
        self._cap_bytes = cap_bytes
        self._opened: set[str] = set()

    def pieces(self, name: str) -> Iterator[bytes]:
        """The file's bytes, in pieces of any size. Raises BrokenResults."""
        if name in self._opened:
            raise broken(name, NAMED_TWICE)
        self._opened.add(name)
        size = 0
        try:
            for piece in self._open_file(name):
                size += len(piece)
                if size > self._cap_bytes:
                    message = f"is larger than {self._cap_bytes:,} bytes"
                    raise broken(name, Fault(code="too-large", message=message, help=SMALLER))
                yield piece
        except FileNotFoundError:
            raise broken(name, NOT_THERE) from None
        except OSError as error:
            message = f"cannot be read: {(error.strerror or type(error).__name__).lower()}"
            raise broken(name, Fault(code="unreadable", message=message, help=LEAVE_ONE)) from None

    def whole(self, name: str) -> bytes:
        """All of the file's bytes. Raises BrokenResults."""
        return b"".join(self.pieces(name))
