"""How far the changes of single samples spread: recorded, given, or assumed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from math import ceil, sqrt
from typing import Literal

from msgspec import Struct

from remyx_action.confidence import estimate
from remyx_action.confidence.pseudo_samples import difference
from remyx_action.decimals import plain
from remyx_action.evidence.evidence import MetricEvidence
from remyx_action.evidence.sums import PairedSums
from remyx_action.project.models.metrics import BarMetric

ASSUMED = 0.44
"""Standard deviation of a change as a part of the range: one in five 0/1 scores differs."""

FEWEST_FOR_LARGEST = 300
"""Recorded changes from which on the largest says how far a change can reach."""


class Spread(Struct, frozen=True, kw_only=True):
    """The changes of one metric's samples between two arms."""

    deviation: float
    """Standard deviation of the change of one sample, in the metric's unit."""
    changed: float | None
    """Of 0/1 scores: the share of samples that differ; None: it grows with the effect."""
    is_binary: bool
    """Whether every score is an end of the range."""
    design_effect: float = 1.0
    """By what clusters multiply the variance of the mean."""
    samples_in_a_cluster: float | None = None
    """None without clusters."""
    step: Fraction | None = None
    """What every change is a multiple of, where that is known; a bare threshold counts in such steps."""
    source: Literal["recorded", "given", "assumed"]

    largest: Fraction | None = None
    """The largest change of FEWEST_FOR_LARGEST recorded samples or more, of scores between the ends."""

    def clusters_of(self, n: int | None) -> int | None:
        """Return how many clusters hold n samples; None without clusters, or where there is no n."""
        if n is None or self.samples_in_a_cluster is None:
            return None
        return ceil(n / self.samples_in_a_cluster)

    def around(self, effect: float, width: float) -> float:
        """Return the standard deviation where the true change is `effect`."""
        if not self.is_binary or self.changed is None:
            return self.deviation
        return width * sqrt(max(self.changed, abs(effect) / width) - (effect / width) ** 2)


def width_of_range(metric: BarMetric) -> float | None:
    """Return the width of the metric's range, or None without one."""
    return None if metric.range is None else float(metric.range[1] - metric.range[0])


def assumed_spread(
    metric: BarMetric, *, changed: float | None = None, deviation: float | None = None
) -> Spread | None:
    """Return the spread that is given, else 0.44 of the range; None where there is no range either."""
    width = width_of_range(metric)
    is_binary = metric.scores == "binary" and deviation is None
    if deviation is not None:
        return Spread(deviation=deviation, changed=None, is_binary=False, source="given")
    if width is None:
        return None
    if changed is not None:
        deviation = width * sqrt(changed)
        return Spread(
            deviation=deviation, changed=changed, is_binary=True, step=_step(metric), source="given"
        )
    step = _step(metric) if is_binary else None
    return Spread(deviation=ASSUMED * width, changed=None, is_binary=is_binary, step=step, source="assumed")


def _step(metric: BarMetric) -> Fraction | None:
    """Return the step of 0/1 scores."""
    return None if metric.range is None else Fraction(metric.range[1]) - Fraction(metric.range[0])


def recorded_spread(metric: BarMetric, evidence: MetricEvidence) -> Spread | None:
    """Return the spread of the pairs that were measured, or None without pairs."""
    paired = evidence.paired
    if paired is None or metric.aggregate is not None or paired.ids < 2:
        return None
    observed = difference(paired, Fraction(1))
    squares = Fraction(observed.squares, observed.n * observed.denominator**2)
    variance = squares - observed.mean**2
    if variance <= 0:
        return None
    width = width_of_range(metric)
    found = estimate(evidence, metric)
    clusters = paired.cluster_count
    binary = bool(width) and (metric.scores == "binary" or _are_at_the_ends(paired, metric))
    return Spread(
        deviation=sqrt(variance),
        changed=float(squares) / width**2 if binary and width else None,
        is_binary=binary,
        design_effect=observed.n / found.n_effective if found.n_effective else 1.0,
        samples_in_a_cluster=observed.n / clusters if clusters else None,
        step=_step(metric) if binary else None,
        largest=None if binary or width is None else _largest_change(evidence, width),
        source="recorded",
    )


def _largest_change(evidence: MetricEvidence, width: float) -> Fraction | None:
    paired, distinct = evidence.paired, evidence.distinct
    if paired is None or distinct is None or paired.ids < FEWEST_FOR_LARGEST:
        return None
    found = Fraction(distinct.largest_change(), paired.scale)
    return found if found <= width else None


def rounded_up(value: Fraction, digits: int) -> Decimal:
    """Return the value with so many significant digits, never less than it."""
    context = Context(prec=digits, rounding=ROUND_CEILING)
    return plain(context.divide(Decimal(value.numerator), Decimal(value.denominator)))


def bound_to_declare(metric: BarMetric, spread: Spread, n: int) -> Decimal | None:
    """Return the `max_change` that would sharpen n samples: the largest recorded change, rounded up.

    None where the two pseudo-samples of the range count for less than the samples, or too few are recorded.
    """
    width = width_of_range(metric)
    if width is None or metric.max_change is not None or not spread.largest:
        return None
    bound = rounded_up(spread.largest, 1)
    dominates = 2 * width**2 > n * spread.deviation**2 * spread.design_effect
    return bound if dominates and bound <= width / 2 else None


def _are_at_the_ends(paired: PairedSums, metric: BarMetric) -> bool:
    """Return whether every score is an end of the range: the sum of (score - low)(high - score) is 0."""
    assert metric.range is not None
    low, high = (Fraction(end) for end in metric.range)
    scale = 10**paired.decimals * int(paired.parts)

    def left(sums: Sequence[str], squares: Sequence[str]) -> Fraction:
        total, squared = (
            sum(int(one) * count for one, count in zip(column, paired.counts, strict=True))
            for column in (sums, squares)
        )
        return (low + high) * Fraction(total, scale) - paired.ids * low * high - Fraction(squared, scale**2)

    arms = ((paired.variant, paired.variant_squares), (paired.baseline, paired.baseline_squares))
    return all(left(*sums) == 0 for sums in arms)
