"""What is known about one true value: both of its tails, and an interval."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt
from typing import Protocol

from msgspec import Struct

from .student import lower_tail, quantile


class Tails(Protocol):
    """Confidence about a true value, each side computed as its own lower tail."""

    def at_least(self, threshold: Fraction, /) -> float:
        """P(true >= threshold)."""

    def at_most(self, threshold: Fraction, /) -> float:
        """P(true <= threshold)."""

    def interval(self, level: float, /) -> tuple[float, float] | None:
        """Two-sided; None where the method has none."""


class Location(Struct, frozen=True, kw_only=True):
    """Student's t around a centre."""

    center: Fraction
    unit: Fraction
    """Of `variance`: what makes it a float of moderate size, however small or large the scores are."""
    variance: float
    """Squared standard error of the centre, over the unit squared."""
    degrees: float

    def at_least(self, threshold: Fraction) -> float:
        return lower_tail(self._steps(self.center - threshold), self.degrees)

    def at_most(self, threshold: Fraction) -> float:
        return lower_tail(self._steps(threshold - self.center), self.degrees)

    def interval(self, level: float) -> tuple[float, float]:
        reach = quantile((1 + level) / 2, self.degrees) * self.standard_error
        return float(self.center) - reach, float(self.center) + reach

    @property
    def standard_error(self) -> float:
        """In the metric's unit."""
        return sqrt(self.variance) * float(self.unit)

    def _steps(self, distance: Fraction) -> float:
        return float(distance / self.unit) / sqrt(self.variance)
