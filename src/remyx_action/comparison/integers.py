"""Decimal literals → integers over one power of ten, a whole column at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

EXACT_DIGITS = 15
"""Significant digits that count exactly; a literal with more is how a binary float prints itself."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """Scores as integers over `10**decimals`."""

    values: list[int]
    decimals: int
    long: bool
    """A literal has more than 15 significant digits."""

    def with_decimals(self, decimals: int) -> list[int]:
        """The same scores over a finer power of ten."""
        factor = 10 ** (decimals - self.decimals)
        return self.values if factor == 1 else [value * factor for value in self.values]


def integers_of(literals: Sequence[str]) -> Column:
    """The column of one arm, each distinct literal read once where they are few."""
    distinct = set(literals)
    if len(distinct) * 4 > len(literals):
        return _read(literals)
    few = _read(list(distinct))
    value_of = dict(zip(distinct, few.values, strict=True))
    return Column(values=list(map(value_of.__getitem__, literals)), decimals=few.decimals, long=few.long)


def _read(literals: Sequence[str]) -> Column:
    text = "\n".join(literals)
    if "e" in text or "E" in text:
        literals = [f"{Decimal(literal):f}" if "e" in literal.lower() else literal for literal in literals]
        text = "\n".join(literals)
    # One replace over the joined text is many times faster than one per literal.
    values = list(map(int, text.replace(".", "").split("\n")))
    decimals = 0
    if "." in text:
        places = [
            len(literal) - point - 1 if (point := literal.find(".")) >= 0 else 0 for literal in literals
        ]
        decimals = max(places)
        if min(places) != decimals:
            powers = [10 ** (decimals - place) for place in range(decimals + 1)]
            values = [value * powers[place] for value, place in zip(values, places, strict=True)]
    longest = max(map(len, literals))
    return Column(values=values, decimals=decimals, long=longest > EXACT_DIGITS and _any_long(values))


def _any_long(values: Sequence[int]) -> bool:
    """Whether any has more than 15 significant digits, whatever zeros stand behind them."""
    return any(
        len(str(abs(value)).rstrip("0")) > EXACT_DIGITS
        for value in values
        if not -(10**EXACT_DIGITS) < value < 10**EXACT_DIGITS
    )
