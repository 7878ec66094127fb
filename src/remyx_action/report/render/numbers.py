"""Numbers as people read them, with as many digits as it takes never to contradict the decision."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal

NONE = "—"
"""Stands where there is no number; its reason stands beside it."""
MINUS = "−"
MOST_DECIMALS = 12
"""Beyond it a number is shown with all its digits."""
KEPT = "\N{NO-BREAK SPACE}"
"""A space at which no reader wraps."""
EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


def at(value: Decimal, decimals: int) -> Decimal:
    """`value` rounded half to even to so many decimals; with all its digits beyond `MOST_DECIMALS`."""
    if decimals > MOST_DECIMALS:
        return value
    return value.quantize(Decimal(1).scaleb(-decimals), context=EXACT)


def decimals_that_tell_apart(values: Iterable[Decimal], marks: Iterable[Decimal], *, at_least: int) -> int:
    """The fewest decimals, from `at_least`, at which every value stands on its true side of every mark."""
    pairs = [(value, mark) for value in values for mark in marks]
    for decimals in range(max(0, at_least), MOST_DECIMALS + 1):
        if all(_side(at(value, decimals), mark) == _side(value, mark) for value, mark in pairs):
            return decimals
    return MOST_DECIMALS + 1


def _side(value: Decimal, mark: Decimal) -> int:
    return (value > mark) - (value < mark)


def decimals_of(value: Decimal) -> int:
    """How many decimals the number has as it is written."""
    exponent = EXACT.plus(value).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def decimals_for(spread: Decimal, *, digits: int = 2) -> int:
    """Decimals at which `spread` keeps so many significant digits: 0.0138 → 3."""
    return max(0, digits - 1 - spread.adjusted()) if spread else 0


def number(value: Decimal | None, decimals: int | None = None) -> str:
    """`1,234.50`; as written where `decimals` is None."""
    if value is None:
        return NONE
    shown = value if decimals is None else at(value, decimals)
    return _written(abs(shown), negative=shown < 0 or (shown == 0 and value < 0))


def signed(value: Decimal | None, decimals: int | None = None) -> str:
    """`+0.031`, `−0.010`; exact zero has no sign."""
    if value is None or value == 0:
        return number(value, decimals)
    return number(value, decimals) if value < 0 else "+" + number(value, decimals)


def _written(value: Decimal, *, negative: bool) -> str:
    digits = f"{value:,f}" if value == 0 or value.adjusted() > -MOST_DECIMALS else f"{value:E}"
    return (MINUS if negative else "") + digits.replace("E-", f"e{MINUS}")


def interval(bounds: Iterable[Decimal] | None, decimals: int) -> str:
    """`[−0.004, +0.024]`, kept on one line."""
    if bounds is None:
        return ""
    return "[" + f",{KEPT}".join(signed(bound, decimals) for bound in bounds) + "]"


ALMOST = {Decimal(0): f"≈{KEPT}0", Decimal(1): f"≈{KEPT}1"}
"""A probability is never certain, even where 9 decimals cannot say so."""


def confidence(value: Decimal | None, decimals: int = 3) -> str:
    """A probability at 3 decimals; never a false 0 or 1."""
    if value is None:
        return NONE
    return ALMOST.get(at(value, decimals)) or number(value, decimals)


def against_floor(value: Decimal | None, floor: Decimal | None) -> str:
    """`0.962 ≥ 0.80`: the confidence held against the floor that applies, as it really stands to it."""
    if value is None or floor is None:
        return confidence(value)
    passed = value >= floor
    decimals = 3
    while decimals < MOST_DECIMALS and (at(value, decimals) >= at(floor, decimals + 1)) != passed:
        decimals += 1
    shown = number(floor, floor_decimals(floor, most=decimals + 1))
    return unbroken(f"{confidence(value, decimals)} {'≥' if passed else '<'} {shown}")


def floor_decimals(floor: Decimal, *, most: int) -> int:
    """Decimals of a floor as policies write it: two at least, `most` at most."""
    return max(2, min(decimals_of(floor), most))


def unbroken(line: str) -> str:
    """The line so that no reader wraps it."""
    return line.replace(" ", KEPT)


def percent(level: Decimal) -> str:
    """`95%`."""
    return number((level * 100).normalize()) + "%"


def count(value: int | None) -> str:
    return NONE if value is None else f"{value:,}"


def plural(amount: int, one: str, many: str | None = None) -> str:
    """`1 metric`, `4 metrics`."""
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"


def duration(seconds: Decimal) -> str:
    """`0.4 s`, `42 s`, `3 min 20 s`, `2 h 05 min`."""
    if seconds < 10:
        return f"{number(seconds, 1)} s"
    whole = int(seconds.to_integral_value(ROUND_HALF_EVEN))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60:02d} min"
