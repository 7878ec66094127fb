"""The confidence in one true value: both of its tails, and an interval."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt
from typing import Literal, Protocol

from msgspec import Struct

from remyx_action.readers.scores import Reason

from .student import lower_tail, quantile


class NotKnown(Struct, frozen=True, kw_only=True):
    """Why a number cannot be given: the reason, and what to do in words."""

    reason: Reason
    note: str
    """Lower case, no full stop: what was found; what to do."""


DECLARE_A_RANGE = "declare `range:` on the metric"
NO_RANGE_NO_SPREAD = NotKnown(
    reason=Reason.NO_UNCERTAINTY,
    note=f"without a range, samples that are all equal say nothing about others: {DECLARE_A_RANGE}",
)
CONTRADICTION = NotKnown(
    reason=Reason.INVALID_VALUE,
    note="the sums contradict the range or the extremes: judge the result files anew",
)
BARE_NUMBER = "the {arm} is a bare number: report samples, or its standard error and n"


def too_few_samples(n: int, fewest: int = 2) -> NotKnown:
    """Return that n samples give no confidence; `fewest` do."""
    note = f"{n} sample says nothing about the others: evaluate at least {fewest}"
    if n > 1:
        note = f"{n} samples say too little about the others without a range: "
        note += f"evaluate at least {fewest}, or {DECLARE_A_RANGE}"
    return NotKnown(reason=Reason.TOO_FEW_SAMPLES, note=note)


def changed_more(largest: Fraction | None, most: Fraction) -> NotKnown:
    """Return that a sample changed by more than the metric's `max_change`, and no range is there instead."""
    by = "" if largest is None else f" by {float(largest):.6g}"
    return NotKnown(
        reason=Reason.NO_UNCERTAINTY,
        note=f"a sample changed{by}, and `max_change` is {float(most):.6g}: raise it, or {DECLARE_A_RANGE}",
    )


def too_few_clusters(clusters: int) -> NotKnown:
    return NotKnown(
        reason=Reason.TOO_FEW_CLUSTERS,
        note=f"{clusters} clusters; a confidence needs at least 5: evaluate more clusters",
    )


class Tails(Protocol):
    """How sure it is that a true value is at least, or at most, a threshold.

    Each side is computed as its own lower tail, not as 1 minus the other: small numbers stay exact.
    """

    def at_least(self, threshold: Fraction, /) -> float:
        """Return P(true >= threshold)."""

    def at_most(self, threshold: Fraction, /) -> float:
        """Return P(true <= threshold)."""

    def interval(self, level: float, /) -> tuple[float, float] | None:
        """Return the two-sided interval, or None where the method has none."""


class LocationBounds(Protocol):
    """Smallest and largest tails of a true value."""

    def at_least(self, threshold: Fraction, /) -> tuple[float, float]:
        """Return the bounds of P(true >= threshold)."""

    def at_most(self, threshold: Fraction, /) -> tuple[float, float]:
        """Return the bounds of P(true <= threshold)."""

    def interval(self, level: float, /) -> tuple[float, float] | None:
        """Return the two-sided interval that holds those of all completions."""


class Location(Struct, frozen=True, kw_only=True):
    """Student's t around a centre."""

    center: Fraction
    unit: Fraction
    """The unit of `variance`, which keeps it a float of moderate size, however small or large the scores."""
    variance: float
    """Squared standard error of the centre, over the unit squared."""
    degrees: float

    def at_least(self, threshold: Fraction) -> float:
        return lower_tail(self.steps(self.center - threshold), self.degrees)

    def at_most(self, threshold: Fraction) -> float:
        return lower_tail(self.steps(threshold - self.center), self.degrees)

    def interval(self, level: float) -> tuple[float, float]:
        reach = quantile((1 + level) / 2, self.degrees) * self.standard_error
        return float(self.center) - reach, float(self.center) + reach

    @property
    def standard_error(self) -> float:
        """In the metric's unit."""
        return sqrt(self.variance) * float(self.unit)

    def steps(self, distance: Fraction) -> float:
        """Return a distance in standard errors."""
        return float(distance / self.unit) / sqrt(self.variance)


Method = Literal["paired", "unpaired", "one-sample", "quantile"]
INTERVAL_LEVEL = 0.95


class Inference(Struct, frozen=True, kw_only=True):
    """The distribution that a claim is weighed by, and how it came about."""

    tails: Tails
    threshold: Fraction
    """Where the claim's inequality lies for the value that `tails` is about."""
    method: Method
    n: int
    n_effective: float | None = None
    clusters: int | None = None
    shift: Fraction = Fraction(0)
    """The delta is what `tails` is about minus this."""
    bounds: LocationBounds | None = None
    """How far missing scores can move the tails; None: none is missing."""
