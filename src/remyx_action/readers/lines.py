"""A file in pieces of any size → whole lines, not copied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from remyx_action.errors import Problem
from remyx_action.project.files.json_text import Fault, NotStrictJson, read_as_written
from remyx_action.project.files.pointer import follow, parts_of

from .arm_files import BrokenResults, problem_of
from .loose_json import Odd, read_loosely

BLOCK_BYTES = 256 * 1024
"""A block with one unusual row is read the slow way, so blocks are small beside a file."""
SMALL_ROW = 512
"""Bytes up to which counting is faster than looking at each row."""

MARK_OF_UTF8 = b"\xef\xbb\xbf"


def without_mark(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes without a byte order mark of UTF-8 before them."""
    rest = iter(pieces)
    start = b""
    for piece in rest:
        start += piece
        if len(start) >= len(MARK_OF_UTF8):
            break
    yield start.removeprefix(MARK_OF_UTF8)
    yield from rest


class Span(Struct, frozen=True):
    """Whole lines within a piece of a file, not copied: large rows are read as fast as memory is."""

    piece: bytes
    start: int
    end: int

    def copied(self) -> bytes:
        return self.piece[self.start : self.end]

    def view(self) -> memoryview:
        return memoryview(self.piece)[self.start : self.end]

    def is_utf8(self) -> bool:
        try:
            return self.piece.isascii() or bool(str(self.view(), "utf-8"))
        except UnicodeDecodeError:
            return False

    def count(self, text: bytes) -> int:
        return self.piece.count(text, self.start, self.end)

    def line_ends(self, lines: int) -> int:
        """How many lines end; `lines`: about how many are expected, for the quicker of two ways."""
        if self.end - self.start < SMALL_ROW * lines:
            return self.count(b"\n")
        found, place = 0, self.piece.find(b"\n", self.start, self.end)
        while place >= 0:
            found, place = found + 1, self.piece.find(b"\n", place + 1, self.end)
        return found

    def is_one_a_line(self, objects: int) -> bool:
        """Whether this many JSON objects are one on each line, where the last line ends.

        No value can have a line break between `}` and `{`, so each that is there parts two objects.
        """
        if self.count(b"\n") != objects:
            return False
        parted = self.count(b"}\n{")
        return parted == objects - 1 or parted + self.count(b"}\r\n{") == objects - 1

    def find(self, text: bytes) -> int:
        return self.piece.find(text, self.start, self.end)

    def ends_with(self, text: bytes) -> bool:
        return self.piece.endswith(text, self.start, self.end)


def spans(pieces: Iterable[bytes]) -> Iterator[Span]:
    """The same bytes as whole lines; only the last may lack its line end."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        first = piece.find(b"\n") + 1 if size >= BLOCK_BYTES else 0
        if not first:
            held.append(piece)
            continue
        if held:
            joined = b"".join([*held, piece[:first]])
            yield Span(joined, 0, len(joined))
        start, end = first if held else 0, piece.rfind(b"\n") + 1
        if start < end:
            yield Span(piece, start, end)
        held = [piece[end:]] if end < len(piece) else []
        size = len(piece) - end
    rest = b"".join(held)
    if rest:
        yield Span(rest, 0, len(rest))


def blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks of whole lines; only the last may lack its line end."""
    return (span.copied() for span in spans(pieces))


class CheckedLines:
    """Lines read one by one; of those that are not JSON the first of each kind, and how many there are."""

    def __init__(self, file: str, strictly: Iterable[str]) -> None:
        self._file = file
        self._ways = list(map(parts_of, strictly))
        self._first: dict[str, tuple[Fault, int]] = {}
        self._counts: dict[str, int] = {}
        self.before = 0
        """Lines before the block."""

    def values(self, block: bytes) -> list[Any]:
        """The rows of a block."""
        values = []
        for index, line in enumerate(block.split(b"\n")):
            if not line.strip(b" \t\r"):
                continue
            try:
                row = read_loosely(line)
                if any(isinstance(follow(row, way), Odd) for way in self._ways):
                    read_as_written(line)  # says where
            except NotStrictJson as error:
                self._add(error, self.before + index)
            else:
                values.append(row)
        return values

    def _add(self, error: NotStrictJson, lines_before: int) -> None:
        for fault in error.faults:
            self._first.setdefault(fault.code, (fault, lines_before))
            self._counts[fault.code] = self._counts.get(fault.code, 0) + 1

    def raise_if_any(self) -> None:
        if self._first:
            raise BrokenResults(self._problem(code) for code in self._first)

    def _problem(self, code: str) -> Problem:
        fault, lines_before = self._first[code]
        others = self._counts[code] - 1
        message = fault.message + (f" (and {others:,} more lines like it)" if others else "")
        return problem_of(self._file, fault, line_offset=lines_before, message=message)
