"""The rows of a file in any format → columns of JSON texts, one for each pointer that is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain, takewhile
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Struct, field

from remyx_action.project.files.json_text import NotStrictJson
from remyx_action.project.files.pointer import ABSENT, follow, parts_of, pointer_to

from .lines import SMALL_ROW, CheckedLines, Span, spans, without_mark
from .loose_json import NOT_OBJECTS, marked, object_of, read_loosely, text_of

FIRST_ROWS = 50
"""Kept as values, to tell what a file has."""


class Strings(list[str]):
    """Values that are all strings without an escape, decoded."""

    def quoted(self) -> list[str]:
        """Return their JSON texts."""
        return [f'"{text}"' for text in self]


Cells = str | Strings
"""The values of one key in some lines: their JSON texts with line breaks between, or `Strings`."""


class Table(Struct, kw_only=True):
    """Columns of equal length; a text is "" where a row has nothing at the pointer."""

    columns: Mapping[str, Sequence[str]]
    """Pointer → the JSON texts of its values; of a CSV file the cells as they are.

    Of a JSON Lines file they are one text with line breaks between, which takes a fifth of the memory, or
    `Strings` where all values are strings without an escape.
    """
    count: int = 0
    plain: bool = False
    """Of a CSV file."""
    keys: Sequence[str] | None = None
    """Of rows that are the values of an object."""
    first: list[Any] = field(default_factory=list)
    """The first few rows, as values."""

    def at(self, pointer: str) -> Sequence[str]:
        """The column of a pointer that was asked for."""
        column = self.columns[pointer]
        if isinstance(column, Strings):
            return column.quoted()
        if isinstance(column, str):
            return column.split("\n") if self.count else []
        return column

    def is_empty(self, pointer: str) -> bool:
        """Whether no row has anything there."""
        column = self.columns[pointer]
        if isinstance(column, Strings):
            return False
        return len(column) < self.count if isinstance(column, str) else not any(column)

    def strings(self, pointer: str) -> list[str] | None:
        """The column where all of it are strings, none of them empty and none with an escape; else None."""
        column = self.columns[pointer]
        if isinstance(column, Strings):
            return column if all(column) else None
        if not isinstance(column, str) or "\\" in column or column[:1] != '"' or column[-1] != '"':
            return None
        strings = column[1:-1].split('"\n"')
        return strings if len(strings) == self.count and all(strings) else None


def rows_of_values(
    values: Sequence[Any], pointers: Iterable[str], *, keys: Sequence[str] | None = None
) -> Table:
    """The table of a list of JSON values."""
    parts = {pointer: parts_of(pointer) for pointer in pointers}
    if keys is not None:  # the key identifies a row that has nothing else
        values = [{} if value is None and any(parts.values()) else value for value in values]
    columns = {pointer: [_text_at(value, way) for value in values] for pointer, way in parts.items()}
    return Table(columns=columns, count=len(values), keys=keys, first=list(values[:FIRST_ROWS]))


def objects_of_columns(value: Mapping[str, Any]) -> list[Any] | None:
    """The rows of a table that is written by columns, or None where the object is none.

    It is `{"id": ["q1", …], "f1": [0.5, …]}`, or `{"columns": ["id", "f1"], "data": [["q1", 0.5], …]}`.
    """
    names, rows = value.get("columns"), value.get("data")
    if type(names) is list and type(rows) is list and all(type(name) is str for name in names):
        if not all(type(row) is list and len(row) == len(names) for row in rows):
            return None
        return [object_of(list(zip(names, row, strict=True))) for row in rows]
    lists = list(value.values())
    if len(lists) < 2 or any(type(one) is not list or len(one) != len(lists[0]) for one in lists):
        return None
    if any(type(cell) is dict for one in lists for cell in one):
        return None
    return [dict(zip(value, row, strict=True)) for row in zip(*lists, strict=True)]


def _text_at(value: Any, way: Sequence[str]) -> str:
    if way and type(value) is not dict:
        return marked(NOT_OBJECTS, text_of(value)[:40])
    found = follow(value, way)
    return "" if found is ABSENT else text_of(found)


def rows_of_lines(
    file: str,
    pieces: Iterable[bytes],
    pointers: Iterable[str],
    *,
    strict: bool = False,
) -> Table:
    """The table of a JSON Lines file; blank lines are skipped. Raises BrokenResults.

    `file` is its name in messages, `pieces` its bytes in pieces of any size. `strict`: a value that is read
    and is NaN, or has two values, breaks the file.
    """
    asked = list(dict.fromkeys(pointers))
    blocks: dict[str, list[Cells]] = {pointer: [] for pointer in asked}
    count = 0
    first: list[Any] = []
    tree, cuts = _tree(asked)
    lines = CheckedLines(file, asked if strict else ())
    for span in spans(without_mark(pieces)):
        if lines.before == 0:
            first = _first_rows(span.copied())
        found = _quickly(span, tree, cuts)
        if found is None:
            block = span.copied()
            values = lines.values(block)
            lines.before += block.count(b"\n")
            if not values:
                continue
            table = rows_of_values(values, asked)
            found = table.count, {p: "\n".join(texts) for p, texts in table.columns.items()}
        else:  # one line each
            lines.before += found[0]
        rows, columns = found
        count += rows
        for pointer, texts in columns.items():
            blocks[pointer].append(texts)
    lines.raise_if_any()
    return Table(
        columns={pointer: _joined(texts) for pointer, texts in blocks.items()}, count=count, first=first
    )


def _joined(blocks: Sequence[Cells]) -> Cells:
    """The values of one key in all blocks."""
    if blocks and all(isinstance(block, Strings) for block in blocks):
        return Strings(chain.from_iterable(blocks))
    return "\n".join(_text(block) for block in blocks)


def _text(found: Cells) -> str:
    return "\n".join(found.quoted()) if isinstance(found, Strings) else found


def _first_rows(block: bytes) -> list[Any]:
    """The first few rows that can be read."""
    rows: list[Any] = []
    for line in block.split(b"\n", 2 * FIRST_ROWS)[: 2 * FIRST_ROWS]:
        try:
            row = read_loosely(line) if line.strip() else None
        except (NotStrictJson, RecursionError):
            row = None
        if type(row) is dict:
            rows.append(row)
        if len(rows) == FIRST_ROWS:
            break
    return rows


class _Node(Struct, kw_only=True):
    """What is read of the values of one key."""

    whole: bool = False
    below: dict[str, _Node] = field(default_factory=dict)


_objects = msgspec.json.Decoder(dict[str, msgspec.Raw])
_NOTHING = msgspec.Raw(b"")
_PLAIN_KEY = re.compile(r"[ -!#-.0-\[\]-~]+")
"""One that JSON has no second way to write but `\\u00…`; a slash may be `\\/`."""


def _tree(pointers: Iterable[str]) -> tuple[_Node, Mapping[str, tuple[str, Sequence[str]]]]:
    """The keys to look into; and pointer → the pointer of the value that is cut out, and the way from there.

    What could be the index of a list is looked up in the value.
    """
    root, cuts = _Node(), {}
    for pointer in pointers:
        parts = parts_of(pointer)
        keys = [parts[0], *takewhile(lambda part: not part.isdecimal(), parts[1:])]
        node, place = root, ""
        for key in keys:
            node, place = node.below.setdefault(key, _Node()), pointer_to(place, key)
        node.whole = True
        cuts[pointer] = (place, parts[len(keys) :])
    return root, cuts


def _quickly(
    span: Span, tree: _Node, cuts: Mapping[str, tuple[str, Sequence[str]]]
) -> tuple[int, Mapping[str, Cells]] | None:
    """The number of some lines, and their columns.

    None unless each line is an object in which each key occurs once.
    """
    found: dict[str, Cells] = {}
    if not span.ends_with(b"\n"):
        span = _whole(span.copied() + b"\n")
    try:
        rows = _split(span, tree, "", found)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if rows is None:
        return None
    return rows, {
        pointer: "\n".join(_text_below(text, way) for text in _text(found[place]).split("\n"))
        if way
        else found[place]
        for pointer, (place, way) in cuts.items()
    }


def _whole(block: bytes) -> Span:
    return Span(block, 0, len(block))


def _text_below(text: str, way: Sequence[str]) -> str:
    value = follow(read_loosely(text), way) if text else ABSENT
    return "" if value is ABSENT else text_of(value)


def _split(span: Span, node: _Node, place: str, found: dict[str, Cells]) -> int | None:
    """Add the columns below a place in each line's object; return the number of lines.

    None where that takes a closer look.
    """
    cut = _small_rows(span, node.below) or _any_rows(span, node.below)
    if cut is None:
        return None
    rows, columns = cut
    for key, below in node.below.items():
        where = pointer_to(place, key)
        if key not in columns and not below.below:
            found[where] = "\n" * (rows - 1)
            continue
        raws = columns.get(key) or [_NOTHING] * rows
        if isinstance(raws, Strings):
            found[where] = raws
            continue
        joined = b"\n".join(raws)
        if below.whole:
            found[where] = joined.decode("utf-8")
        if below.below:
            if not joined.startswith(b"{") or joined.count(b"\n{") < rows - 1:
                joined = b"\n".join(raw if raw[:1] == b"{" else b"{}" for raw in map(bytes, raws))
            if _split(_whole(joined + b"\n"), below, where, found) is None:
                return None
    return rows


_Cut = tuple[int, Mapping[str, Sequence[msgspec.Raw] | Strings]]
"""The number of rows, and the values of each key; a key that no row has may be left out."""


def _small_rows(span: Span, below: Mapping[str, _Node]) -> _Cut | None:
    """Cut the keys out of small rows, or None where no counting shows that no row has one twice."""
    if not 0 <= span.find(b"\n") - span.start < SMALL_ROW or not span.is_utf8():
        return None
    return _rows_of_these_keys(span, below) or _rows_with_other_keys(span, tuple(below))


def _rows_of_these_keys(span: Span, below: Mapping[str, _Node]) -> _Cut | None:
    """Cut the keys out of rows that all have those of the first row and no other, or None.

    A quote is one of the two around a key, or in a value. So where all quotes are those of the keys and
    values that were found, no row has another key, or one key twice.
    """
    try:
        first = _objects.decode(span.piece[span.start : span.find(b"\n")])
        if not first.keys() <= below.keys():
            return None
        plain = span.find(b"\\") < 0
        keys = {
            key: str if plain and bytes(raw).startswith(b'"') and not below[key].below else msgspec.Raw
            for key, raw in first.items()
        }
        rows = _decoder(tuple(keys.items()), required=True).decode_lines(span.view())
    except msgspec.DecodeError:
        return None
    columns: dict[str, Sequence[msgspec.Raw] | Strings] = {}
    quotes = 0
    for index, (key, type_) in enumerate(keys.items()):
        values = list(map(attrgetter(f"key_{index}"), rows))
        columns[key] = Strings(values) if type_ is str else values
        quotes += 4 * len(rows) if type_ is str else 2 * len(rows) + b"".join(values).count(b'"')
    alone = span.count(b'"') == quotes and span.is_one_a_line(len(rows))
    return (len(rows), columns) if alone else None


def _rows_with_other_keys(span: Span, keys: Iterable[str]) -> _Cut | None:
    """Cut the keys out of rows, or None where their number does not show that no row has one twice.

    Two of one key in a row are more texts of it than rows that have it. Other keys are not decoded.
    """
    if span.find(b"\\u00") >= 0 or not all(map(_PLAIN_KEY.fullmatch, keys)):
        return None
    counts = {key: span.count(b'"%s"' % key.encode()) for key in keys}
    found = [key for key in keys if counts[key]]
    rows = _decoder(tuple((key, msgspec.Raw) for key in found)).decode_lines(span.view())
    columns = {key: list(map(attrgetter(f"key_{index}"), rows)) for index, key in enumerate(found)}
    once = all(counts[key] + raws.count(_NOTHING) == len(rows) for key, raws in columns.items())
    return (len(rows), columns) if once and span.is_one_a_line(len(rows)) else None


@lru_cache(maxsize=100)
def _decoder(keys: Sequence[tuple[str, type]], *, required: bool = False) -> msgspec.json.Decoder[Any]:
    """The decoder of an object of which these keys are cut out, as the attributes `key_0`, `key_1`, …"""
    fields = [(f"key_{index}", type_) for index, (_, type_) in enumerate(keys)]
    struct = msgspec.defstruct(
        "Row",
        fields if required else [(*pair, _NOTHING) for pair in fields],
        rename={name: key for (name, _), (key, _) in zip(fields, keys, strict=True)},
        gc=False,
    )
    return msgspec.json.Decoder(struct)


def _any_rows(span: Span, keys: Iterable[str]) -> _Cut | None:
    """Cut the keys out of the rows, or None unless there is one object a line, and no key in it twice.

    All keys and values that msgspec kept, the last of two, have to be the lines when they are written again
    as JSON libraries do: `{"a": 1, "b": 2}` or `{"a":1,"b":2}`.
    """
    rows = _objects.decode_lines(span.view())
    if span.line_ends(len(rows)) != len(rows) or not _are_written(rows, span):
        return None
    return len(rows), {key: [row.get(key, _NOTHING) for row in rows] for key in keys}


def _are_written(rows: Iterable[Mapping[str, msgspec.Raw]], span: Span) -> bool:
    """Whether the lines are these rows, all with the white space of the first."""
    gap = b" " if span.piece.startswith(b" ", span.find(b'":') + 2) else b""
    line_end = b"\r\n" if span.ends_with(b"\r\n") else b"\n"
    frames: dict[Sequence[str], list[bytes]] = {}
    place = span.start
    for row in rows:
        names = tuple(row)
        frame = frames.get(names)
        if frame is None:
            frame = frames[names] = _frame(names, gap, line_end)
        pieces: list[bytes | msgspec.Raw] = [*frame]
        pieces[1::2] = row.values()
        line = b"".join(pieces)
        if not span.piece.startswith(line, place, span.end):
            return False
        place += len(line)
    return place == span.end


def _frame(names: Sequence[str], gap: bytes, line_end: bytes) -> list[bytes]:
    """A row's text as pieces, with a place for a value at every second."""
    frame = [b"{"]
    for name in names:
        frame[-1] += msgspec.json.encode(name) + b":" + gap
        frame += [b"", b"," + gap]
    frame[-1] = (b"" if names else b"{") + b"}" + line_end
    return frame
