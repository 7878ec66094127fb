"""Samples as they arrive, row by row or block by block, gathered into columns of text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from remyx_action.strict_json import NumberText, dump

from .broken import shown

EXAMPLES = 3
"""How many of each kind of fault are shown."""

Roles = Mapping[str, str]
"""Column (`id`, `score`, `cluster`, `repeat`, `input`, `output`) → the field of a sample that holds it."""

NATIVE_ROLES: Roles = {name: name for name in ("id", "score", "cluster", "repeat", "input", "output")}
OPTIONAL = ("cluster", "repeat", "input", "output")
_INTEGER = re.compile(r"-?[0-9]+")


@dataclass(kw_only=True)
class Columns:
    """Columns of equal length; an optional one is None as long as no sample has it."""

    ids: list[str] = field(default_factory=list)
    scores: list[str] = field(default_factory=list)
    optional: dict[str, list[str | None] | None] = field(default_factory=lambda: dict.fromkeys(OPTIONAL))
    faults: dict[str, list[str]] = field(default_factory=dict)
    """Kind of fault → where: `sample 7: "high"`."""

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
        where = f"sample {len(self.ids) + 1}" + (f" ({shown(id_)})" if id_ else "")
        if value is not self._NOTHING:
            where += f": {shown_value(value)}"
        places = self.faults.setdefault(kind, [])
        places.append(where if len(places) < EXAMPLES else "")


def shown_value(value: Any) -> str:
    """A value from a sample, as JSON would say it; a container only by its kind."""
    if isinstance(value, dict):
        return "{…}"
    if isinstance(value, list):
        return "[…]"
    if isinstance(value, NumberText):
        return value if len(value) <= 40 else value[:39] + "…"
    return shown(value)


def counted(kind: str, places: Sequence[str]) -> str:
    """`scores that are not numbers: 3 (sample 2: "0.5", …)`."""
    examples = list(places[:EXAMPLES])
    if len(places) > EXAMPLES:
        examples.append("…")
    return f"{kind}: {len(places):,} ({', '.join(examples)})"


def numbered(rows: Sequence[bool], ids: Sequence[str]) -> list[str]:
    """The samples that are marked, as places for `counted`."""
    return [f"sample {row} ({shown(id_)})" for row, marked, id_ in zip(count(1), rows, ids) if marked]
