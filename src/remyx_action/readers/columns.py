"""Samples as they arrive, row by row or block by block, gathered into columns of text."""

from __future__ import annotations

import re
from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from remyx_action.project.files.json_text import NumberText, dump

from .files import shown

EXAMPLES = 3
"""How many of each kind of fault are shown."""

Roles = Mapping[str, str]
"""Column (`id`, `score`, `cluster`, `repeat`, `input`, `output`) → the field of a sample that holds it."""

NATIVE_ROLES: Roles = {name: name for name in ("id", "score", "cluster", "repeat", "input", "output")}
OPTIONAL = ("cluster", "repeat", "input", "output")
_INTEGER = re.compile(r"-?[0-9]+")


class Places(Struct, kw_only=True):
    """Where a fault stands: by ids, those that sort first, so that no order of rows changes a word."""

    count: int = 0
    first: list[str] = field(default_factory=list)
    more: bool = False
    """Whether there are others than the first."""

    def add(self, place: str) -> None:
        self.count += 1
        if place and place not in self.first:
            insort(self.first, place)
            self.more = self.more or len(self.first) > EXAMPLES
            del self.first[EXAMPLES:]

    def merge(self, others: Places) -> None:
        """Add the places that were found in another part of the same samples."""
        count = self.count + others.count
        for place in others.first:
            self.add(place)
        self.count, self.more = count, self.more or others.more


class Columns(Struct, kw_only=True):
    """Columns of equal length; an optional one is None as long as no sample has it."""

    ids: list[str] = field(default_factory=list)
    scores: list[str] = field(default_factory=list)
    optional: dict[str, list[str | None] | None] = field(default_factory=lambda: dict.fromkeys(OPTIONAL))
    faults: dict[str, Places] = field(default_factory=dict)
    """Kind of fault → where: `"q7": "high"`."""
    faulty_rows: list[int] = field(default_factory=list)
    """Numbers of the first few samples with such a fault, from 1."""

    def extend(self, columns: Mapping[str, Sequence[str]]) -> None:
        """Add rows that are known to be good; every optional column is given for all of them or for none."""
        before = len(self.ids)
        self.ids += columns["id"]
        self.scores += columns["score"]
        for role in OPTIONAL:
            self._extend_optional(role, columns.get(role), before)

    def add(self, sample: Any, roles: Roles) -> None:
        """Add one sample, whatever it is; faults are kept beside an empty text in its place."""
        if type(sample) is not dict:
            self._fault("samples that are not objects", sample)
            sample = {}
            id_, score = "", "0"
        else:
            id_ = self._id(sample, roles["id"])
            score = self._score(sample, roles["score"], id_)
        before = len(self.ids)
        self.ids.append(id_)
        self.scores.append(score)
        for role in OPTIONAL:
            value = self._optional(role, sample.get(roles[role])) if role in roles else None
            self._extend_optional(role, None if value is None else [value], before)

    def _extend_optional(self, role: str, values: Sequence[str] | None, before: int) -> None:
        column = self.optional[role]
        if values is not None:
            if column is None:
                column = self.optional[role] = [None] * before
            column += values
        elif column is not None:
            column += [None] * (len(self.ids) - before)

    def _id(self, sample: dict[str, Any], name: str) -> str:
        if name not in sample:
            self._fault(f"samples without {shown(name)}")
            return ""
        return self._text(sample[name], "ids that are not a text or a whole number")

    def _score(self, sample: dict[str, Any], name: str, id_: str) -> str:
        score = sample.get(name)
        if type(score) is NumberText:
            return str(score)
        if name in sample:
            self._fault("scores that are not numbers", score, id_)
        else:
            self._fault(f"samples without {shown(name)}", id_=id_)
        return "0"

    def _optional(self, role: str, value: Any) -> str | None:
        if value is None:
            return None
        if role in ("cluster", "repeat"):
            return self._text(value, f"{role}s that are not a text or a whole number")
        return str(value) if isinstance(value, str) else dump(value)

    def _text(self, value: Any, fault: str) -> str:
        if type(value) is str and value:
            return value
        if type(value) is NumberText and _INTEGER.fullmatch(value):
            return str(value)
        self._fault(fault, value)
        return ""

    _NOTHING = object()

    def _fault(self, kind: str, value: Any = _NOTHING, id_: str = "") -> None:
        found = [shown(id_)] if id_ else []
        if value is not self._NOTHING:
            found.append(shown_value(value))
        self.faults.setdefault(kind, Places()).add(": ".join(found))
        row = len(self.ids) + 1
        if row not in self.faulty_rows and len(self.faulty_rows) <= EXAMPLES:
            self.faulty_rows.append(row)


def shown_value(value: Any) -> str:
    """A value from a sample, as JSON would say it; a container only by its kind."""
    if isinstance(value, dict):
        return "{…}"
    if isinstance(value, list):
        return "[…]"
    if isinstance(value, NumberText):
        return value if len(value) <= 40 else value[:39] + "…"
    return shown(value)


def counted(kind: str, places: Places) -> str:
    """`scores that are not numbers: 3 ("q2": "0.5", …)`."""
    examples = ", ".join([*places.first, *(["…"] if places.more else [])])
    return f"{kind}: {places.count:,}" + (f" ({examples})" if examples else "")


def places_of(found: Iterable[tuple[str, str]]) -> Places:
    """Pairs of an id and what is wrong there, which may be empty."""
    places = Places()
    for id_, what in found:
        places.add(f"{shown(id_)}: {what}" if what else shown(id_))
    return places


def rows_with_faults(columns: Columns) -> str | None:
    """The first of them, for an arm's warnings: their numbers depend on the order of rows."""
    rows = [f"{row:,}" for row in columns.faulty_rows[:EXAMPLES]]
    if not rows:
        return None
    return f"faulty samples by number: {', '.join(rows)}" + (
        ", …" if len(columns.faulty_rows) > EXAMPLES else ""
    )
