"""The files of one arm: opened by the caller, found by pattern, unpacked, read once and up to the cap."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from remyx_action.errors import NotJudged, Problem
from remyx_action.project.files.json_text import Fault, NotStrictJson
from remyx_action.project.files.pointer import json_path
from remyx_action.project.files.wording import shown_as
from remyx_action.project.models.results_map import Format
from remyx_action.project.models.template import LOG_NAME

from .loose_json import read_loosely

PIECE_BYTES = 1024 * 1024
"""Of what is unpacked at once."""


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
    """Anything from a result file, short and in ASCII, so that look-alikes can be distinguished."""
    quoted = json.dumps(text[: most + 1] if isinstance(text, str) else text, default=str)
    return quoted if len(quoted) <= most else quoted[: most - 1] + "…"


def _line(problem: Problem) -> str:
    place = f"{problem.path}:{problem.line}:{problem.column}"
    path = f" {json_path(problem.pointer)}" if problem.pointer else ""
    return f"{place}{path}: {problem.message}"


class Folder(Protocol):
    """The folder that an arm left, held by whoever may touch the disk."""

    def __call__(self, name: str, /) -> Iterator[bytes]:
        """The bytes of a file, in pieces of any size. Raises OSError where it cannot be read."""

    def names(self) -> Sequence[str]:
        """The paths of all files below the folder, with `/`."""

    def parquet(self, name: str, columns: Sequence[str], /) -> Iterator[bytes]:
        """The columns of a parquet file as JSON Lines, in pieces. `columns` are dotted paths."""


CAP_BYTES = 256 * 1024 * 1024
"""Per file, unpacked."""

SMALLER = "leave outputs out of the results, or split the evaluation into shards"
LEAVE_ONE = "the harness must leave a regular file there; look into its log"
NOT_THERE = Fault(code="no-file", message="is missing", help=LEAVE_ONE)
NAMED_TWICE = Fault(
    code="read-twice", message="is named by two metrics", help="give every metric a file of its own"
)
POINT_AT_IT = "say where the scores are with `results:`; `remyx-action read FILE` prints the block to paste"
PACK_AGAIN = "pack it again with gzip, or leave it unpacked"
MOST_NAMED = 5

FORMATS: Mapping[str, Format] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".eval": "json",
}
"""Ending → format."""


def printed_json(log: bytes) -> bytes | None:
    """The last line of a log that by itself is a JSON object or list, else all of it where it is one."""
    for line in (*reversed(log.split(b"\n")), log):
        text = line.strip()
        if text[:1] in (b"{", b"["):
            try:
                read_loosely(text)
            except (NotStrictJson, RecursionError):
                continue
            return text
    return None


def format_of(name: str) -> Format | None:
    """The format that a file's name says, whether it is packed or not."""
    plain = name.removesuffix(".gz")
    return FORMATS.get("." + plain.rpartition(".")[2].casefold()) if "." in plain else None


def fits(pattern: str, name: str) -> bool:
    """Whether a path fits a pattern: `*` within a name, `**` across folders."""
    parts = re.split(r"(\*\*/|\*\*|\*)", pattern)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}
    return re.fullmatch("".join(meaning.get(part) or re.escape(part) for part in parts), name) is not None


class ArmFiles:
    """The files of one arm, each opened at most once."""

    def __init__(self, folder: Folder, *, cap_bytes: int = CAP_BYTES, left_by: str = "the harness") -> None:
        self._folder = folder
        self._left_by = left_by
        self._cap_bytes = cap_bytes
        self._opened: set[str] = set()
        self._names: Sequence[str] | None = None

    def names(self) -> Sequence[str]:
        """The paths of all files of the arm, sorted."""
        if self._names is None:
            self._names = sorted(self._folder.names())
        return self._names

    def matching(self, pattern: str) -> Sequence[str]:
        """The files that a pattern fits; a name without `*` fits itself, whether it is there or not."""
        return [name for name in self.names() if fits(pattern, name)] if "*" in pattern else [pattern]

    def pieces(self, name: str) -> Iterator[bytes]:
        """The file's bytes, unpacked, in pieces of any size. Raises BrokenResults."""
        pieces = self._guarded(name, lambda: self._folder(name))
        return _unpacked(name, pieces, self._cap_bytes) if name.endswith(".gz") else pieces

    def parquet(self, name: str, columns: Sequence[str]) -> Iterator[bytes]:
        """The columns of a parquet file as JSON Lines. Raises BrokenResults."""
        return self._guarded(name, lambda: self._folder.parquet(name, columns))

    def whole(self, name: str) -> bytes:
        """All of the file's bytes. Raises BrokenResults."""
        return b"".join(self.pieces(name))

    def absent(self, wanted: str) -> Fault:
        """That a file is not there, and which ones are."""
        others = [name for name in self.names() if not name.endswith(".log")]
        left = f"{self._left_by} left no {shown_as(wanted)}"
        if wanted != LOG_NAME and LOG_NAME in self.names() and printed_json(self.whole(LOG_NAME)):
            return Fault(
                code="no-file",
                message=f"{left}; it printed a JSON object on its last line",
                help="add `results: {file: stdout}` to the template, and say where the scores are in it",
            )
        if not others:
            return NOT_THERE
        more = f" and {len(others) - MOST_NAMED:,} more" if len(others) > MOST_NAMED else ""
        message = f"{left}; it left {', '.join(map(shown, others[:MOST_NAMED]))}{more}"
        return Fault(code="no-file", message=message, help=POINT_AT_IT)

    def _guarded(self, name: str, open_file: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
        if name in self._opened:
            raise broken(name, NAMED_TWICE)
        self._opened.add(name)
        size = 0
        try:
            for piece in open_file():
                size += len(piece)
                if size > self._cap_bytes:
                    raise broken(name, _too_large(self._cap_bytes))
                yield piece
        except FileNotFoundError:
            raise broken(name, self.absent(name)) from None
        except OSError as error:
            message = f"cannot be read: {(error.strerror or type(error).__name__).lower()}"
            raise broken(name, Fault(code="unreadable", message=message, help=LEAVE_ONE)) from None


def _too_large(cap_bytes: int) -> Fault:
    return Fault(code="too-large", message=f"is larger than {cap_bytes:,} bytes", help=SMALLER)


def _unpacked(name: str, pieces: Iterable[bytes], cap_bytes: int) -> Iterator[bytes]:
    """The content of a gzip file, one or more members, up to the cap."""
    unpack, size = zlib.decompressobj(wbits=31), 0
    rest = b""
    for piece in pieces:
        rest += piece
        while rest:
            if unpack.eof:
                unpack = zlib.decompressobj(wbits=31)
            try:
                found = unpack.decompress(rest, PIECE_BYTES)
            except zlib.error:
                message = "is not a gzip file, or one that is damaged"
                raise broken(name, Fault(code="not-gzip", message=message, help=PACK_AGAIN)) from None
            rest = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
            size += len(found)
            if size > cap_bytes:
                raise broken(name, _too_large(cap_bytes))
            yield found
    if not unpack.eof:
        message = "ends in the middle"
        raise broken(name, Fault(code="not-gzip", message=message, help=PACK_AGAIN))
