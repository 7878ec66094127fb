"""Probabilities of counts and of normal means."""

from __future__ import annotations

from hashlib import shake_256
from math import exp, inf, lgamma, log, sqrt

from remyx_action.confidence.binomial import clopper_pearson, rate_at_least
from remyx_action.confidence.student import normal_below, normal_quantile, quantile

LEVEL = 0.95
"""Of the limits of a rate."""


def t_quantile(probability: float, degrees: float) -> float:
    """Return the t with P(T <= t) = probability, on either side of one half."""
    if probability in (0.0, 0.5, 1.0):
        return {0.0: -inf, 0.5: 0.0, 1.0: inf}[probability]
    return quantile(probability, degrees) if probability > 0.5 else -quantile(1 - probability, degrees)


def binomial_mass(k: int, n: int, rate: float) -> float:
    """Return P(k of n)."""
    if rate <= 0 or rate >= 1:
        return float(k == (0 if rate <= 0 else n))
    ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    return exp(ways + k * log(rate) + (n - k) * log(1 - rate))


def binomial_at_least(k: int, n: int, rate: float) -> float:
    """Return P(k or more of n)."""
    if k <= 0:
        return 1.0
    if k > n or rate <= 0:
        return 0.0
    return 1.0 if rate >= 1 else 1.0 - rate_at_least(k, n, rate, 1 - rate)


def probable_counts(n: int, rate: float) -> range:
    """Return the counts out of n beyond which less than 1e-11 lies."""
    reach = 7 * sqrt(n * rate * (1 - rate)) + 9
    return range(max(0, int(n * rate - reach)), min(n, int(n * rate + reach)) + 1)


def rate_limits(count: int, n: int) -> tuple[float, float]:
    """Return the Clopper-Pearson limits of a rate, at 95 %."""
    return clopper_pearson(count, n, LEVEL) if n else (0.0, 1.0)


def random_bytes(seed: int, number: int, count: int) -> bytes:
    """Return bytes that look random and are the same in every Python: SHAKE-256 of the two numbers."""
    return shake_256(f"{seed} {number}".encode()).digest(count)


def shares(seed: int, count: int) -> list[float]:
    """Return so many numbers spread evenly over [0, 1), the same ones every time."""
    stream = random_bytes(seed, 0, 8 * count)
    return [int.from_bytes(stream[at : at + 8]) / 2**64 for at in range(0, 8 * count, 8)]


__all__ = [
    "binomial_at_least",
    "binomial_mass",
    "normal_below",
    "normal_quantile",
    "probable_counts",
    "random_bytes",
    "rate_limits",
    "shares",
    "t_quantile",
]
