"""Rows of a table, and where each part of a sample is in them → the columns of one metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import compress
from typing import Any

from msgspec import Struct

from remyx_action.project.files.json_text import NumberText
from remyx_action.project.files.pointer import pointer_to

from . import columns as read
from .columns import Columns, Faults
from .loose_json import MARK, NOT_OBJECTS, read_loosely, text_of
from .rows import Table


class Roles(Struct, frozen=True, kw_only=True):
    """Where each part of a sample is; pointers into a row."""

    score: str
    factor: Decimal | None = None
    grades: Mapping[str, Decimal] | None = None
    id: Sequence[str] = ()
    """Several pointers are one id together; none: the keys of the rows, where they have any."""
    by_number: bool = False
    """The id is the row's number."""
    repeat: str | None = None
    input: Sequence[str] = ()
    output: str | None = None
    cluster: str | None = None
    error: str | None = None
    failing: Mapping[str, Any] | None = None
    """Pointer → value of the rows that have no score."""
    native: bool = False
    """A sample has a score or an error; in other files an absent score is missing."""

    def pointers(self) -> list[str]:
        """All pointers that are read."""
        named = (self.repeat, self.output, self.cluster, self.error)
        return [*self.id, *self.input, self.score, *filter(None, named), *(self.failing or ())]


NATIVE = Roles(
    id=("/id",),
    score="/score",
    repeat="/repeat",
    input=("/input",),
    output="/output",
    cluster="/cluster",
    error="/error",
    native=True,
)


class Rows(Struct, frozen=True, kw_only=True):
    """The rows of a table that count for one metric."""

    table: Table
    chosen: Sequence[int] | None = None
    """Their indices; None: all."""

    def __len__(self) -> int:
        return self.table.count if self.chosen is None else len(self.chosen)

    def at(self, pointer: str) -> list[str]:
        """The texts of a pointer."""
        texts = self.table.at(pointer)
        return list(texts) if self.chosen is None else list(map(texts.__getitem__, self.chosen))

    def strings(self, pointer: str) -> list[str] | None:
        """Return the column where it is known at once that all of it are plain strings."""
        return self.table.strings(pointer) if self.chosen is None else None

    def numbers(self) -> list[str]:
        """The rows' numbers in their file, from 1."""
        return [str(row + 1) for row in (range(self.table.count) if self.chosen is None else self.chosen)]

    def where(self, pointer: str, wanted: Any, *, or_without: str | None = None) -> Rows:
        """The rows whose value at the pointer is the wanted one.

        `or_without`: also the rows that have nothing there and nothing at this other pointer.
        """
        texts = self.at(pointer)
        hits = read.matches(texts, wanted, plain=self.table.plain)
        if or_without is not None and "" in texts:
            pairs = zip(texts, self.at(or_without), strict=True)
            hits = [hit or not any(pair) for hit, pair in zip(hits, pairs, strict=True)]
        if all(hits):
            return self
        every = range(self.table.count) if self.chosen is None else self.chosen
        return Rows(table=self.table, chosen=list(compress(every, hits)))

    def value(self, pointer: str, row: int) -> Any:
        """One value, or None; the number of a cell as a number."""
        text = self.at(pointer)[row]
        if self.table.plain:
            number = read.cell_number(text)
            return NumberText(number) if number is not None else text or None
        return read_loosely(text) if text[:1] not in ("", MARK) else text or None


def columns_of(rows: Rows, roles: Roles, *, booleans: bool = False) -> Columns:
    """The columns of one metric's samples, and every fault in them."""
    plain = rows.table.plain
    columns = Columns()
    faults = Faults(columns)
    columns.ids, bad = _ids(rows, roles)
    faults.add(bad, with_ids=False)
    texts = rows.at(roles.score)
    columns.scores, bad = read.scores_in(
        texts, plain=plain, booleans=booleans, grades=roles.grades, factor=roles.factor
    )
    faults.add({row: fault for row, fault in bad.items() if fault[0] != NOT_OBJECTS})
    for name, pointer in (("clusters", roles.cluster), ("repeats", roles.repeat)):
        if pointer is not None and not rows.table.is_empty(pointer):
            found, bad = _names(rows, pointer, name[:-1])
            faults.add({row: fault for row, fault in bad.items() if fault[0] != NOT_OBJECTS})
            setattr(columns, name, _given(found))
    if not all(map(rows.table.is_empty, roles.input)):
        columns.inputs = _given(_inputs(rows, roles.input))
    if roles.output is not None and not rows.table.is_empty(roles.output):
        columns.outputs = _given(read.texts_in(rows.at(roles.output), plain=plain))
    columns.errors = _errors(rows, roles)
    if roles.native and "" in texts:
        errors = columns.errors or [None] * len(texts)
        absent = [row for row, text in enumerate(texts) if text == "" and errors[row] is None]
        faults.add(dict.fromkeys(absent, ('samples without "score"', "")))
    return columns


def _given(column: Sequence[str | None]) -> list[str | None] | None:
    """None where no row has a value."""
    return list(column) if column.count(None) < len(column) else None


def _names(rows: Rows, pointer: str, what: str) -> tuple[Sequence[str | None], read.Bad]:
    strings = rows.strings(pointer)
    return (strings, {}) if strings else read.names_in(rows.at(pointer), what, plain=rows.table.plain)


def _ids(rows: Rows, roles: Roles) -> tuple[list[str], read.Bad]:
    if roles.by_number:
        return rows.numbers(), {}
    if not roles.id:
        keys = rows.table.keys or [""] * rows.table.count
        every = range(rows.table.count) if rows.chosen is None else rows.chosen
        return read.ids_in([text_of(keys[row]) if keys[row] else "" for row in every], plain=False)
    plain = rows.table.plain
    if len(roles.id) == 1:
        strings = rows.strings(roles.id[0])
        return (strings, {}) if strings else read.ids_in(rows.at(roles.id[0]), plain=plain)
    parts: list[list[str]] = []
    bad: dict[int, tuple[str, str]] = {}
    for pointer in roles.id:
        found, wrong = read.ids_in(rows.at(pointer), plain=plain)
        parts.append(found)
        bad |= wrong
    joined = ["".join(pointer_to("", part) for part in row)[1:] for row in zip(*parts, strict=True)]
    return [read.shortened(id_) for id_ in joined], bad


def _inputs(rows: Rows, pointers: Sequence[str]) -> list[str | None]:
    parts = [read.texts_in(rows.at(pointer), plain=rows.table.plain) for pointer in pointers]
    if len(parts) == 1:
        return parts[0]
    return [
        None if all(part is None for part in row) else read.as_one(row) for row in zip(*parts, strict=True)
    ]


def _errors(rows: Rows, roles: Roles) -> list[str | None] | None:
    plain = rows.table.plain
    if roles.error is not None and not rows.table.is_empty(roles.error):
        return _given(read.errors_in(rows.at(roles.error), plain=plain))
    if not roles.failing:
        return None
    failed = [True] * len(rows)
    for pointer, wanted in roles.failing.items():
        hits = read.matches(rows.at(pointer), wanted, plain=plain)
        failed = [before and now for before, now in zip(failed, hits, strict=True)]
    why = " and ".join(f"{pointer} is {read.shown_value(value)}" for pointer, value in roles.failing.items())
    return _given([why if hit else None for hit in failed])
