"""The confidence in one true value: both of its tails, and an interval."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt
from typing import Literal, Protocol

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.evidence.evidence import SeedSums
from remyx_action.readers.reasons import Reason

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
    """Confidence about a true value, each side computed as its own lower tail."""

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


def widen(items: Location, arms: list[tuple[SeedSums, Fraction]]) -> Location:
    """Return the location with se² = se²_items + Σ factor²·s²/S and Satterthwaite's degrees of freedom.

    Each arm comes with its factor in y.
    """
    variances = [
        (float(factor**2 * _variance_of_mean(seeds) / items.unit**2), len(seeds.n) - 1)
        for seeds, factor in arms
    ]
    total = items.variance + sum(variance for variance, _ in variances)
    parts = [(items.variance, items.degrees), *variances]
    degrees = total * total / sum(variance * variance / freedom for variance, freedom in parts)
    return replace(items, variance=total, degrees=degrees)


def _variance_of_mean(seeds: SeedSums) -> Fraction:
    """Return s²/S of the means of S seeds."""
    means = [
        Fraction(int(total), n * 10**seeds.decimals) for n, total in zip(seeds.n, seeds.totals, strict=True)
    ]
    count = len(means)
    middle = sum(means, Fraction(0)) / count
    return sum(((mean - middle) ** 2 for mean in means), Fraction(0)) / (count * (count - 1))
