"""Exact binomial tails: how sure a count is that the true rate lies on one side of a threshold."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, lgamma, log, pi, sqrt

from .student import lower_beta

_STIRLING_FROM = 16
_HALF_LOG_TWO_PI = 0.9189385332046727


def rate_at_least(successes: int, n: int, rate: float, rest: float) -> float:
    """Return P(true rate >= rate) after `successes` of n: one minus P(as many or more | rate).

    `rest` is 1 - rate, as exactly as it is known. 0 where there is no success.
    """
    if rate <= 0 or rest <= 0:
        return 1.0 if rate <= 0 else 0.0
    if successes == 0:
        return 0.0
    return _beta(n - successes + 1, successes, rest, rate)


def rate_at_most(successes: int, n: int, rate: float, rest: float) -> float:
    """Return P(true rate <= rate) after `successes` of n: one minus P(as many or fewer | rate)."""
    return rate_at_least(n - successes, n, rest, rate)


def clopper_pearson(successes: int, n: int, level: float) -> tuple[float, float]:
    """Return the two-sided interval of the rate in which neither side is excluded at (1 - level)/2."""
    tail = (1 - level) / 2
    low = rest = 0.0
    if successes > 0:  # as many or more have probability `tail` at the lower end
        low = _root(lambda rate: rate_at_most(successes - 1, n, rate, 1 - rate) - tail)
    if successes < n:  # solved for the rest, so that a rate close to 1 keeps its digits
        rest = _root(lambda rest: rate_at_least(successes + 1, n, 1 - rest, rest) - tail)
    return low, 1 - rest


def chance_of_split(one: int, other: int) -> float:
    """Return the two-sided probability of a split at least so uneven where both sides are as likely."""
    return min(1.0, 2 * rate_at_least(min(one, other) + 1, one + other, 0.5, 0.5))


def _beta(a: int, b: int, x: float, y: float) -> float:
    """Return I_x(a, b) for whole a, b >= 1."""
    kernel = _mass(a, a + b, x, y) * a * b / (a + b)
    return lower_beta(a, b, x, y, kernel)


def _mass(k: int, n: int, x: float, y: float) -> float:
    """Return the binomial probability of 0 < k < n successes.

    Source: C. Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000): the deviance
    is small where k is probable, so no digits are lost however large n is.
    """
    stirling = _stirling_error(n) - _stirling_error(k) - _stirling_error(n - k)
    deviance = _deviance(k, n * x) + _deviance(n - k, n * y)
    return exp(stirling - deviance) * sqrt(n / (2 * pi * k * (n - k)))


def _stirling_error(n: int) -> float:
    """Return ln n! minus Stirling's formula."""
    if n < _STIRLING_FROM:
        return lgamma(n + 1) - (n + 0.5) * log(n) + n - _HALF_LOG_TWO_PI
    square = 1 / (n * n)
    return (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))) / n


def _deviance(observed: float, expected: float) -> float:
    """Return observed·ln(observed/expected) + expected - observed, without cancellation."""
    difference = observed - expected
    if abs(difference) > 0.1 * (observed + expected):
        return observed * log(observed / expected) - difference
    # ln of the ratio is 2·artanh(ratio); the sum starts with what does not cancel.
    ratio = difference / (observed + expected)
    total, power, odd = difference * ratio, 2 * observed * ratio, 1
    while True:
        power *= ratio * ratio
        odd += 2
        following = total + power / odd
        if following == total:
            return total
        total = following


def _root(rising: Callable[[float], float]) -> float:
    """Return the rate at which a rising function crosses 0, to the last bits, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
