"""Student's t for any positive degrees of freedom, and the normal distribution: tails and quantiles."""

from __future__ import annotations

from functools import lru_cache
from math import erfc, exp, inf, isinf, log, log1p, pi, sqrt

_TINY = 1e-300
_PRECISION = 1e-16
_MOST_TERMS = 100_000


def lower_beta(a: float, b: float, x: float, y: float, kernel: float) -> float:
    """Return I_x(a, b) for a, b > 0 and x = 1 - y in [0, 1].

    `y` is passed with `x`, because 1 - x would lose it where x is close to 1, and `kernel` is
    x^a y^b / B(a, b), which each distribution computes best by itself.
    """
    if x <= 0 or y <= 0:
        return 0.0 if x <= 0 else 1.0
    if x <= a / (a + b):
        return kernel / _fraction(a, b, x, y)
    return 1.0 - kernel / _fraction(b, a, y, x)


def _fraction(a: float, b: float, x: float, y: float) -> float:
    """Return the continued fraction of the incomplete beta function, for x no larger than its mean.

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


_FAR = 1e100
"""Beyond, the tail is 0 at 9 decimals for ν ≥ 0.5, and t² would leave the floats."""


def lower_tail(t: float, degrees: float) -> float:
    """Return P(T <= t), to 1e-12 for degrees of freedom from 0.5 to 1e8."""
    if t == 0:
        return 0.5
    if abs(t) > _FAR:
        return 0.0 if t < 0 else 1.0
    square = t * t
    x, y = degrees / (degrees + square), square / (degrees + square)
    a = degrees / 2
    kernel = exp(log_gamma_half_step(a) - a * log1p(square / degrees)) * sqrt(y / pi)
    tail = lower_beta(a, 0.5, x, y, kernel) / 2
    return tail if t < 0 else 1.0 - tail


def log_gamma_half_step(a: float) -> float:
    """Return ln Γ(a + ½) - ln Γ(a) for a > 0, by its asymptotic series.

    Subtracting two logarithms of Γ would lose all digits where a is large. Source of the series: NIST
    Digital Library of Mathematical Functions, 5.11.13.
    """
    shift = 0.0
    while a < 12:  # Γ(a + ½)/Γ(a) = a/(a + ½) · Γ(a + 3/2)/Γ(a + 1)
        shift += log(a / (a + 0.5))
        a += 1
    inverse = 1 / a
    square = inverse * inverse
    series = 17 / 14336 - square * (31 / 18432 - square * 691 / 180224)
    series = 1 / 8 - square * (1 / 192 - square * (1 / 640 - square * series))
    return shift + log(a) / 2 - inverse * series


@lru_cache(maxsize=1024)
def quantile(probability: float, degrees: float) -> float:
    """Return the t with P(T <= t) = probability, for 0.5 < probability < 1."""
    low, high = 0.0, 1.0
    while lower_tail(high, degrees) < probability:
        low, high = high, high * 2
        if isinf(high):
            return inf
    t = (low + high) / 2
    for _ in range(200):
        error = lower_tail(t, degrees) - probability
        if error > 0:
            high = t
        else:
            low = t
        newton = t - error / _density(t, degrees)
        following = newton if low < newton < high else (low + high) / 2
        if abs(following - t) <= 1e-15 * t:
            return following
        t = following
    return t


def _density(t: float, degrees: float) -> float:
    scale = exp(log_gamma_half_step(degrees / 2)) / sqrt(degrees * pi)
    return scale * exp(-(degrees + 1) / 2 * log1p(t * t / degrees))


def normal_below(z: float) -> float:
    """Return Φ(z)."""
    return erfc(-z / sqrt(2)) / 2


def normal_quantile(probability: float) -> float:
    """Return the z with Φ(z) = probability."""
    from statistics import NormalDist  # imports random, which judging does not need

    return NormalDist().inv_cdf(probability)
