"""Decimal literals as integers over one power of ten, a whole column at a time."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

FIRST = 4096
"""Rows that show whether scores repeat, so that a million different ones are not collected first."""
MOSTLY_NEW = 0.95
EXACT_DIGITS = 15
"""Significant digits that count exactly; a literal with more is how a binary float prints itself."""


class Column(Struct, frozen=True, kw_only=True):
    """Scores as integers over `10**decimals`."""

    values: list[int]
    decimals: int
    long: bool
    """A literal has more than 15 significant digits."""

    def with_decimals(self, decimals: int) -> list[int]:
        """Return the same scores over a finer power of ten."""
        factor = 10 ** (decimals - self.decimals)
        return self.values if factor == 1 else [value * factor for value in self.values]


def integers_of(literals: Sequence[str]) -> Column:
    """Return the column of one arm; each distinct literal is read once where they are few."""
    if len(set(literals[:FIRST])) > MOSTLY_NEW * min(FIRST, len(literals)):
        return _read(literals)
    distinct = set(literals)
    few = _read(list(distinct))
    value_of = dict(zip(distinct, few.values, strict=True))
    return Column(values=list(map(value_of.__getitem__, literals)), decimals=few.decimals, long=few.long)


def _read(literals: Sequence[str]) -> Column:
    text = "\n".join(literals)
    if "e" in text or "E" in text:
        literals = [
            f"{Decimal(literal):f}" if "e" in literal or "E" in literal else literal for literal in literals
        ]
        text = "\n".join(literals)
    # One replace over the joined text is many times faster than one per literal.
    values = list(map(int, text.replace(".", "").split("\n")))
    places = _places(literals, text)
    decimals = max(places)
    if min(places) != decimals:
        powers = [10 ** (decimals - place) for place in range(decimals + 1)]
        values = [value * powers[place] for value, place in zip(values, places, strict=True)]
    longest = max(map(len, literals))
    return Column(values=values, decimals=decimals, long=longest > EXACT_DIGITS and _any_long(values))


def _places(literals: Sequence[str], text: str) -> list[int]:
    """Return the number of decimals of each literal; `text` is all of them joined by line breaks."""
    points = text.count(".")
    if points == 0:
        return [0]
    if points == len(literals):
        return list(map(len, text.replace(".", "\n").split("\n")[1::2]))
    return [len(literal.partition(".")[2]) for literal in literals]


def _any_long(values: Sequence[int]) -> bool:
    """Return whether any has more than 15 significant digits, trailing zeros apart."""
    return any(
        len(str(abs(value)).rstrip("0")) > EXACT_DIGITS
        for value in values
        if not -(10**EXACT_DIGITS) < value < 10**EXACT_DIGITS
    )
