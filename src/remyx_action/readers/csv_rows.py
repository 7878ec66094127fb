"""The rows of a CSV file with a header → columns of its cells."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable

from remyx_action.project.files.json_text import Fault, NotStrictJson, decode_utf8
from remyx_action.project.files.pointer import parts_of

from .arm_files import CAP_BYTES, MOST_NAMED, broken, shown
from .lines import without_mark
from .rows import FIRST_ROWS, Table

AS_CSV = "write it with a CSV library: a header, and quotes around cells with commas or line breaks"
NAME_COLUMNS = "give each column a name of its own"


def rows_of_csv(file: str, pieces: Iterable[bytes], pointers: Iterable[str], *, delimiter: str) -> Table:
    """The table of a CSV file with a header. Raises BrokenResults."""
    try:
        text = decode_utf8(b"".join(without_mark(pieces)))
    except NotStrictJson as error:
        raise broken(file, *error.faults) from None
    rows = _cells(file, text, delimiter)
    header = rows[0] if rows else []
    twice = [name for name, times in Counter(header).items() if times > 1]
    if twice:
        message = f"has columns of the same name: {', '.join(map(shown, twice[:MOST_NAMED]))}"
        raise broken(file, Fault(code="repeated-column", message=message, help=NAME_COLUMNS))
    columns = dict(zip(header, zip(*rows[1:], strict=True), strict=True)) if len(rows) > 1 else {}
    empty = [""] * (len(rows) - 1)
    return Table(
        columns={pointer: list(columns.get(_name(pointer), empty)) for pointer in pointers},
        count=max(0, len(rows) - 1),
        plain=True,
        first=[dict(zip(header, row, strict=True)) for row in rows[1 : 1 + FIRST_ROWS]],
    )


def _name(pointer: str) -> str:
    """A column's name; a path into a cell leads nowhere."""
    parts = parts_of(pointer)
    return parts[0] if len(parts) == 1 else "\0"


def _cells(file: str, text: str, delimiter: str) -> list[list[str]]:
    """The rows, the header first, each with as many cells as it has."""
    before = csv.field_size_limit(CAP_BYTES)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        numbered = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        fault = Fault(code="not-csv", message=f"is not CSV: {error}", help=AS_CSV, line=reader.line_num)
        raise broken(file, fault) from None
    finally:
        csv.field_size_limit(before)
    wide = len(numbered[0][1]) if numbered else 0
    odd = [(line, len(row)) for line, row in numbered if len(row) != wide]
    if odd:
        line, cells = odd[0]
        more = f" (and {len(odd) - 1:,} more rows like it)" if len(odd) > 1 else ""
        message = f"has {cells:,} cells where the header has {wide:,}{more}"
        raise broken(file, Fault(code="ragged-row", message=message, help=AS_CSV, line=line))
    return [row for _, row in numbered]
