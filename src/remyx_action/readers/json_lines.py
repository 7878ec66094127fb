"""A JSON Lines file of samples → columns: block by block, the fast way where it is provably the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from remyx_action.errors import Problem
from remyx_action.project.files.json_text import Fault, NotStrictJson, decode_utf8, read_as_written

from .columns import Columns, Roles
from .files import BrokenResults, broken, problem_of
from .row_shape import RowShape, shape_of

BLOCK_BYTES = 256 * 1024
"""A block with one unusual row is read the slow way, so blocks are small beside a file."""


def read_lines(file: str, pieces: Iterable[bytes], roles: Roles) -> Columns:
    """The samples of a JSON Lines file; empty lines are skipped. Raises BrokenResults.

    `file` is its name in messages, `pieces` its bytes in pieces of any size.
    """
    columns = Columns()
    broken_lines = _BrokenLines(file)
    shape: RowShape | None = None
    line = 0
    for block in blocks(pieces):
        try:
            text = decode_utf8(block) if line == 0 else block.decode("utf-8")
        except NotStrictJson as error:
            raise broken(file, *error.faults) from None
        except UnicodeDecodeError:
            broken_lines.add_undecodable(block, line)
            break
        if not text.endswith("\n"):
            text += "\n"
        shape, found = _fast(text, shape, roles)
        if found is None:
            _read_slowly(text, line, columns, roles, broken_lines)
        else:
            columns.extend(found)
        line += text.count("\n")
    broken_lines.raise_if_any()
    return columns


def blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks of whole lines; only the last may lack its line end."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= BLOCK_BYTES and b"\n" in piece:
            joined = b"".join(held)
            end = joined.rfind(b"\n") + 1
            yield joined[:end]
            held, size = [joined[end:]], len(joined) - end
    rest = b"".join(held)
    if rest:
        yield rest


def _fast(
    text: str, shape: RowShape | None, roles: Roles
) -> tuple[RowShape | None, Mapping[str, Sequence[str]] | None]:
    """The shape to try first next time, and the block's columns where it has that shape."""
    if shape is not None:
        found = shape.columns(text)
        if found is not None:
            return shape, found
    shape = shape_of(text, roles)
    return shape, (shape.columns(text) if shape else None)


def _read_slowly(
    text: str, lines_before: int, columns: Columns, roles: Roles, broken_lines: _BrokenLines
) -> None:
    for index, line in enumerate(text.split("\n")):
        if not line.strip(" \t\r"):
            continue
        try:
            sample = read_as_written(line)
        except NotStrictJson as error:
            broken_lines.add(error, lines_before + index)
        else:
            columns.add(sample, roles)


class _BrokenLines:
    """Lines that are not strict JSON: the first of each kind, and how many there are."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._first: dict[str, tuple[Fault, int]] = {}
        self._counts: dict[str, int] = {}

    def add(self, error: NotStrictJson, lines_before: int) -> None:
        for fault in error.faults:
            self._first.setdefault(fault.code, (fault, lines_before))
            self._counts[fault.code] = self._counts.get(fault.code, 0) + 1

    def add_undecodable(self, block: bytes, lines_before: int) -> None:
        """Add the first line of the block that is not UTF-8."""
        for index, line in enumerate(block.split(b"\n")):
            try:
                decode_utf8(line)
            except NotStrictJson as error:
                self.add(error, lines_before + index)
                return

    def raise_if_any(self) -> None:
        if self._first:
            raise BrokenResults(self._problem(code) for code in self._first)

    def _problem(self, code: str) -> Problem:
        fault, lines_before = self._first[code]
        others = self._counts[code] - 1
        message = fault.message + (f" (and {others:,} more lines like it)" if others else "")
        return problem_of(self._file, fault, line_offset=lines_before, message=message)
