"""Exact numbers as the decimals that are written: rounded once, half to even."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

SIGNIFICANT_DIGITS = 12
"""Of estimates in reports."""
PROBABILITY_DECIMALS = 9


def round_significant(value: Fraction | Decimal | float, digits: int = SIGNIFICANT_DIGITS) -> Decimal:
    """`value` to so many significant digits, half to even, without trailing zeros; never -0."""
    context = Context(prec=digits, rounding=ROUND_HALF_EVEN)
    if isinstance(value, Fraction):
        # Context.divide rounds the exact quotient once, but its operands must be exact.
        rounded = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    else:
        rounded = context.plus(Decimal(value))
    return plain(rounded)


def round_beside(value: Fraction, mark: Fraction) -> Decimal:
    """`value` to as many significant digits as keep it on its own side of `mark`, from the usual ones on."""
    for digits in (SIGNIFICANT_DIGITS, 2 * SIGNIFICANT_DIGITS, 4 * SIGNIFICANT_DIGITS):
        rounded = round_significant(value, digits)
        if _side(Fraction(rounded), mark) == _side(value, mark):
            return rounded
    return rounded


def _side(value: Fraction, mark: Fraction) -> int:
    return (value > mark) - (value < mark)


def plain(value: Decimal) -> Decimal:
    """The same number without trailing zeros, exponent or negative zero: 0.420 → 0.42, 5E+3 → 5000."""
    if value == 0:
        return Decimal(0)
    normal = value.normalize(Context(prec=max(1, len(value.as_tuple().digits))))
    exponent = normal.as_tuple().exponent
    assert isinstance(exponent, int)
    return Decimal(int(normal)) if exponent > 0 else normal
