"""Numbers as people read them, with as many digits as it takes never to contradict the decision."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal

NONE = "—"
"""Shown where there is no number, with the reason."""
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
    """The fewest decimals, from `at_least`, at which every value is on its true side of every mark."""
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


def percent(share: Decimal, *, decimals: int | None = None) -> str:
    """Return 0.8 as `80 %`; with as many digits as it has where `decimals` is None."""
    hundredfold = share * 100
    if decimals is None:
        decimals = decimals_of(hundredfold.normalize(EXACT))
    return f"{number(hundredfold, decimals)}{KEPT}%"


SURE = Decimal("0.99")
"""Beyond it nobody needs the digits, unless a floor asks for them."""
MOST_SURE = Decimal("0.9999")


def needed(floor: Decimal) -> str:
    """Return a floor as `80 %`, as `97.5 %` where it is no whole percent, or as `96.7 %` of 0.9666…"""
    written = decimals_of((floor * 100).normalize(EXACT))
    return percent(floor, decimals=written if written <= 2 else 1 if floor <= SURE else 2)


def sure(confidence: Decimal, floor: Decimal | None = None) -> str:
    """Return a confidence as `56 %`, `over 99 %` or `under 1 %`; rounding never moves it across the floor."""
    if confidence > SURE and (floor is None or floor <= SURE):
        return "over " + percent(SURE)
    if confidence > MOST_SURE:
        return "over " + percent(MOST_SURE)
    if confidence < 1 - SURE:
        return "under " + percent(1 - SURE)
    if confidence == floor:
        return needed(confidence)
    decimals = 0
    while floor is not None and decimals < MOST_DECIMALS:
        if (at(confidence * 100, decimals) >= floor * 100) == (confidence >= floor):
            break
        decimals += 1
    return percent(confidence, decimals=decimals)


def count(value: int | None) -> str:
    return NONE if value is None else f"{value:,}"


ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]


def ordinal(place: int) -> str:
    """`first` to `tenth`, then `11th`."""
    if place <= len(ORDINALS):
        return ORDINALS[place - 1]
    ending = "th" if place % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place:,}{ending}"


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
