"""The regularised incomplete beta function, from which Student's t and the binomial follow."""

from __future__ import annotations

_TINY = 1e-300
_PRECISION = 1e-16
_MOST_TERMS = 100_000


def lower_beta(a: float, b: float, x: float, y: float, kernel: float) -> float:
    """I_x(a, b) for a, b > 0 and x = 1 - y in [0, 1].

    `y` is passed beside `x`, because 1 - x would lose it where x is close to 1, and `kernel` is
    x^a y^b / B(a, b), which each distribution computes best by itself.
    """
    if x <= 0 or y <= 0:
        return 0.0 if x <= 0 else 1.0
    if x <= a / (a + b):
        return kernel / _fraction(a, b, x, y)
    return 1.0 - kernel / _fraction(b, a, y, x)


def _fraction(a: float, b: float, x: float, y: float) -> float:
    """The continued fraction of the incomplete beta function, for x no larger than its mean.

    No term cancels there. Source: A. R. DiDonato and A. H. Morris, "Algorithm 708", ACM TOMS 18 (1992)
    360-373, equation 9; evaluated forwards by Lentz's method.
    """
    excess = a * y - b * x + 1.0
    value = upper = a / (a + 1.0) * excess
    lower = 0.0
    for m in range(1, _MOST_TERMS):
        odd, even = a + 2.0 * m - 1.0, a + 2.0 * m + 1.0
        numerator = (a + m - 1.0) * (a + b + m - 1.0) * m * (b - m) * (x / odd) ** 2
        denominator = m + m * (b - m) * x / odd + (a + m) * (excess + m * (1.0 + y)) / even
        lower = 1.0 / (denominator + numerator * lower or _TINY)
        upper = denominator + numerator / upper or _TINY
        change = upper * lower
        value *= change
        if abs(change - 1.0) < _PRECISION:
            break
    return value
