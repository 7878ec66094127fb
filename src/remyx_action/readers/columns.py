"""JSON texts of one metric's rows → columns of ids, scores and what goes with them, and every fault."""

from __future__ import annotations

import json
import re
from bisect import insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any

from msgspec import Struct, field

from remyx_action.project.files.json_text import NumberText

from .arm_files import shown
from .loose_json import MARK, Odd, read_loosely, text_of

EXAMPLES = 3
"""How many of each kind of fault are shown."""
LONGEST_ID = 200
"""Characters of an id that is made of several values; longer ones end in a digest."""
LONGEST_ERROR = 200

NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_NUMBER = re.compile(NUMBER)
_CELL_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_INTEGER = re.compile(r"-?[0-9]+")


class Places(Struct, kw_only=True):
    """Where a fault is: by ids, those that sort first, so that no order of rows changes a word."""

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
    """Columns of equal length; an optional one is None where no sample has it."""

    ids: list[str] = field(default_factory=list)
    scores: list[str | None] = field(default_factory=list)
    """Decimal literals; None where the sample has no score."""
    clusters: list[str | None] | None = None
    repeats: list[str | None] | None = None
    inputs: list[str | None] | None = None
    outputs: list[str | None] | None = None
    errors: list[str | None] | None = None
    """Why a sample has no score, where that was reported."""
    faults: dict[str, Places] = field(default_factory=dict)
    """Kind of fault → where: `"q7": "high"`."""
    faulty_rows: list[int] = field(default_factory=list)
    """Numbers of the first few samples with such a fault, from 1."""


Bad = Mapping[int, tuple[str, str]]
"""Row → kind of fault and example."""


class Faults:
    """The faults of one metric's rows, each with the row's id."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    def add(self, found: Bad, *, with_ids: bool = True) -> None:
        """Add faults by row; `with_ids` where the rows' ids are known to be good."""
        for row, (kind, example) in found.items():
            id_ = self._columns.ids[row] if with_ids and row < len(self._columns.ids) else ""
            place = ": ".join(part for part in (shown(id_) if id_ else "", example) if part)
            self._columns.faults.setdefault(kind, Places()).add(place)
        rows = self._columns.faulty_rows
        rows += [row + 1 for row in found if row + 1 not in rows]
        rows.sort()
        del rows[EXAMPLES + 1 :]


def ids_in(texts: Sequence[str], *, plain: bool) -> tuple[list[str], Bad]:
    """Ids as they are written; "" where there is none that can be used."""
    found, bad = names_in(texts, "id", plain=plain)
    if None not in found:
        return found, bad  # type: ignore[return-value]
    lacking = {row: ("samples without an id", "") for row, id_ in enumerate(found) if id_ is None}
    return [id_ or "" for id_ in found], {**lacking, **bad}


def names_in(texts: Sequence[str], what: str, *, plain: bool) -> tuple[list[str | None], Bad]:
    """Texts or whole numbers as they are written, such as clusters; None where there is none."""
    if plain:
        return [text or None for text in texts], {}
    joined = "\n".join(texts)
    if "\\" not in joined and joined[:1] == '"':
        parts = joined[1:-1].split('"\n"')
        if len(parts) == len(texts) and all(parts) and joined[-1] == '"':
            return list(parts), {}
    if joined.isascii() and "".join(texts).isdecimal() and all(texts):
        return list(texts), {}
    kind = f"{what}s that are not a text or a whole number"
    return _each(texts, lambda text: _name(text, kind))


def _name(text: str, kind: str) -> str | tuple[str, str] | None:
    if text in ("", "null"):
        return None
    if text[0] == MARK:
        return _fault_of(text)
    if text[0] == '"':
        name = read_loosely(text)
        return name if name and is_whole(name) else (kind, shown(name))
    return text if _INTEGER.fullmatch(text) else (kind, shown_text(text))


def shortened(id_: str) -> str:
    """An id, its end replaced by a digest where it is long."""
    if len(id_) <= LONGEST_ID:
        return id_
    return f"{id_[: LONGEST_ID - 17]}…{sha256(id_.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def as_one(parts: Sequence[str | None]) -> str:
    """Several texts as one, different where any of them is."""
    return json.dumps(parts, ensure_ascii=False)


def texts_in(texts: Sequence[str], *, plain: bool) -> list[str | None]:
    """Any values as text, such as inputs: strings as they are, others as JSON; None where there is none."""
    if plain:
        return [text or None for text in texts]
    joined = "\n".join(texts)
    if "\\" not in joined and joined[:1] == '"':
        parts = joined[1:-1].split('"\n"')
        if len(parts) == len(texts) and joined[-1] == '"':
            return list(parts)
    return _each(texts, _text)[0]


def _text(text: str) -> str | None:
    if text in ("", "null"):
        return None
    if text[0] == MARK:
        return text
    value = read_loosely(text)
    return value if isinstance(value, str) and is_whole(value) else text_of(value)


def is_whole(text: str) -> bool:
    """Whether no half of a character is in it, which no file could hold."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def scores_in(
    texts: Sequence[str],
    *,
    plain: bool,
    booleans: bool = False,
    grades: Mapping[str, Decimal] | None = None,
    factor: Decimal | None = None,
) -> tuple[list[str | None], Bad]:
    """Decimal literals as they are written, or None where there is no score.

    `booleans`: true and false are 1 and 0. `grades` are looked up before numbers are read.
    """
    # One text at a time: of one pattern for all of them Python remembers every place it could go back to.
    if not plain and grades is None and factor is None and all(map(_NUMBER.fullmatch, set(texts))):
        return list(texts), {}
    return _each(
        texts, lambda text: _score(text, plain=plain, booleans=booleans, grades=grades, factor=factor)
    )


def _score(
    text: str, *, plain: bool, booleans: bool, grades: Mapping[str, Decimal] | None, factor: Decimal | None
) -> str | tuple[str, str] | None:
    word = text if plain else read_loosely(text) if text[:1] == '"' else None
    if grades is not None and (word or text) in grades:
        return times(f"{grades[word or text]:f}", factor)
    if text == "" or (text == "null" and not plain):
        return None
    if text[0] == MARK and not plain:
        return _fault_of(text)
    if (booleans or grades is not None) and (text.casefold() if plain else text) in ("true", "false"):
        return times("1" if text.casefold() == "true" else "0", factor)
    number = cell_number(text) if plain else text if _NUMBER.fullmatch(text) else None
    if number is not None:
        return times(number, factor)
    if grades is not None and word is not None:
        return "scores that `grades` does not list", shown(word)
    return "scores that are not numbers", shown(text) if plain else shown_text(text)


def cell_number(text: str) -> str | None:
    """A cell of a CSV file as a JSON number."""
    text = text.strip(" ")
    if _NUMBER.fullmatch(text):
        return text
    if not _CELL_NUMBER.fullmatch(text):
        return None
    mantissa, _, exponent = text.lstrip("+").lower().partition("e")
    sign, digits = ("-", mantissa[1:]) if mantissa[0] == "-" else ("", mantissa)
    whole, _, fraction = digits.partition(".")
    plain = sign + (whole.lstrip("0") or "0") + (f".{fraction}" if fraction else "")
    return f"{plain}e{exponent}" if exponent else plain


def times(literal: str, factor: Decimal | None) -> str:
    """A number multiplied as decimals."""
    if factor is None:
        return literal
    try:
        return f"{Decimal(literal) * factor:f}" if len(literal) < 1000 else literal
    except InvalidOperation:
        return literal


def errors_in(texts: Sequence[str], *, plain: bool) -> list[str | None]:
    """What is reported as an error: a text, or an object's `message`; None where it is empty or false."""
    return _each(texts, lambda text: _error(text, plain=plain))[0]


def _error(text: str, *, plain: bool) -> str | None:
    if plain:
        return text[:LONGEST_ERROR] or None
    if text in ("", "null", "false", '""', "[]", "{}", "0"):
        return None
    value = read_loosely(text) if text[0] != MARK else text
    if isinstance(value, dict) and isinstance(value.get("message"), str):
        value = value["message"]
    message = value if isinstance(value, str) else text
    return message[:LONGEST_ERROR].encode("utf-8", "replace").decode()


def _each(texts: Sequence[str], convert: Callable[[str], Any]) -> tuple[list[Any], Bad]:
    """The values of texts, each distinct one converted once; a fault is a kind and an example."""
    values = {text: convert(text) for text in dict.fromkeys(texts)}
    found = list(map(values.__getitem__, texts))
    if not any(type(value) is tuple for value in values.values()):
        return found, {}
    bad = {row: value for row, value in enumerate(found) if type(value) is tuple}
    return [None if type(value) is tuple else value for value in found], bad


def _fault_of(text: str) -> tuple[str, str]:
    kind, _, example = text[1:].partition("\t")
    return kind, example


def matches(texts: Sequence[str], wanted: Any, *, plain: bool) -> list[bool]:
    """Whether each text is the wanted text, number or boolean, or None: absent; numbers count as numbers."""
    values = {text: _is(text, wanted, plain=plain) for text in dict.fromkeys(texts)}
    return list(map(values.__getitem__, texts))


def _is(text: str, wanted: Any, *, plain: bool) -> bool:
    if wanted is None:
        return text in ("", "null")
    if plain and isinstance(wanted, str):
        return text == wanted
    if isinstance(wanted, bool):
        return (text.casefold() if plain else text) == str(wanted).lower()
    if isinstance(wanted, str):
        return text[:1] == '"' and read_loosely(text) == wanted
    number = cell_number(text) if plain else text if _NUMBER.fullmatch(text) else None
    return number is not None and len(number) < 100 and Decimal(number) == wanted


def shown_text(text: str) -> str:
    """A JSON text in a message; a container only by its kind."""
    if text[:1] == MARK:
        return ": ".join(part for part in _fault_of(text) if part)
    if text[:1] in "{[":
        return "{…}" if text[0] == "{" else "[…]"
    if text[:1] == '"':
        return shown(read_loosely(text))
    return text if len(text) <= 40 else text[:39] + "…"


def shown_value(value: Any) -> str:
    """A value from a sample, as JSON would say it; a container only by its kind."""
    if isinstance(value, dict):
        return "{…}"
    if isinstance(value, list):
        return "[…]"
    if isinstance(value, NumberText | Odd):
        return shown_text(str(value) if isinstance(value, NumberText) else value.text)
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
