"""Intervals drawn in text: fixed width, zero in the middle, better to the right."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

REACH = 10
"""Characters on either side of zero."""
WIDTH = 2 * REACH + 1
BLANK = "\N{NO-BREAK SPACE}"
"""Survives where a reader folds spaces and never wraps."""

POINT, LINE, ZERO, MARK = "●", "━", "│", "┊"
CROSSED = {ZERO: "┿", MARK: "┿"}
HEADING = f"worse{BLANK * 5}0{BLANK * 4}better"


class Bar(Struct, frozen=True, kw_only=True):
    """One delta to draw, in its metric's unit."""

    delta: Decimal
    low: Decimal | None
    high: Decimal | None
    marks: tuple[Decimal, ...] = ()
    """Thresholds of conditions on the delta."""
    turned: bool = False
    """Lower is better, so that the drawing is mirrored."""


def extent(bars: Iterable[Bar]) -> Decimal:
    """How far from zero the bars and their marks reach; they share it as their scale."""
    reaches = [abs(v) for bar in bars for v in (bar.delta, bar.low, bar.high, *bar.marks) if v is not None]
    return max(reaches, default=Decimal(0))


def draw(bar: Bar, scale: Decimal) -> str:
    """`WIDTH` characters; `scale` in the metric's unit is the distance from zero to either end."""
    cells = [BLANK] * WIDTH
    cells[REACH] = ZERO
    for mark in bar.marks:
        if mark:
            cells[_place(mark, scale, bar)] = MARK
    if bar.low is not None and bar.high is not None:
        ends = sorted((_place(bar.low, scale, bar), _place(bar.high, scale, bar)))
        for place in range(ends[0], ends[1] + 1):
            cells[place] = CROSSED.get(cells[place], LINE)
    cells[_place(bar.delta, scale, bar)] = POINT
    return "".join(cells)


def _place(value: Decimal, scale: Decimal, bar: Bar) -> int:
    """The character of a value; what is not zero never stands on zero's."""
    if not scale or not value:
        return REACH
    turned = -value if bar.turned else value
    steps = max(1, round(abs(turned) / scale * REACH))
    return REACH + (min(steps, REACH) if turned > 0 else -min(steps, REACH))
