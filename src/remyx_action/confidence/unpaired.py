"""Two arms that share no samples: each arm's mean and variance, and the difference of the two.

Sources: B. L. Welch, "The Generalization of 'Student's' Problem", Biometrika 34 (1947) 28-35; A. Agresti
and B. Caffo, "Simple and Effective Confidence Intervals for Proportions", The American Statistician 54
(2000) 280-288 (the pseudo-samples).
"""

from __future__ import annotations

from fractions import Fraction
from math import fsum

from msgspec import Struct

from remyx_action.evidence.evidence import MetricEvidence, SummaryState
from remyx_action.evidence.sums import ArmSums
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.template import ArmName
from remyx_action.readers.scores import Reason

from .location import NO_RANGE_NO_SPREAD, Location, NotKnown, too_few_samples
from .plausibility import point_of, range_of, squared_error
from .pseudo_samples import FEWEST_WITHOUT_RANGE, Observed, Range, sums_of_one_arm, why_too_few

EXPECTED_AT_EACH_END = 5
"""Fewer would-be scores at an end of the range, and no normal approximation holds."""


class ArmMean(Struct, frozen=True, kw_only=True):
    """One arm, summarised."""

    center: Fraction
    variance: Fraction
    """Squared standard error of the centre."""
    degrees: int
    n: int
    clusters: int | None


def arm_mean(evidence: MetricEvidence, metric: BarMetric, arm: ArmName) -> ArmMean | NotKnown:
    """Return the arm's mean from its summary, or from its samples summarised."""
    mean = point_of(evidence, metric, arm)
    if isinstance(mean, NotKnown):
        return mean
    sums = evidence.sums(arm)
    if sums is not None:
        return _of_samples(sums, range_of(metric), arm)
    state = evidence.baseline if arm == "baseline" else evidence.variant
    assert isinstance(state, SummaryState)
    error = squared_error(state, metric, arm)
    if isinstance(error, NotKnown):
        return error
    assert state.n is not None
    return _arm(mean, error, n=state.n, clusters=state.clusters, range_=range_of(metric), arm=arm)


def difference_of_means(variant: ArmMean, baseline: ArmMean, ratio: Fraction) -> Location:
    """Return variant - ratio·baseline, with Welch's degrees of freedom."""
    scaled = ratio * ratio * baseline.variance
    total = variant.variance + scaled
    degrees = total * total / (variant.variance**2 / variant.degrees + scaled**2 / baseline.degrees)
    return _located(variant.center - ratio * baseline.center, total, float(degrees))


def location_of(arm: ArmMean) -> Location:
    """Return the inference about the arm's own true mean."""
    return _located(arm.center, arm.variance, float(arm.degrees))


def _located(center: Fraction, variance: Fraction, degrees: float) -> Location:
    # A power of ten near the standard error keeps the variance a float of moderate size.
    shift = (len(str(variance.denominator)) - len(str(variance.numerator))) // 2
    unit = Fraction(10) ** -shift
    return Location(center=center, unit=unit, variance=float(variance / unit**2), degrees=degrees)


def _of_samples(sums: ArmSums, range_: Range, arm: ArmName) -> ArmMean | NotKnown:
    observed = sums_of_one_arm(sums)
    few = why_too_few(observed, is_bounded=range_ is not None)
    if few is not None:
        return few
    error = _squared_error_of(observed)
    if error == 0 and range_ is None:
        return NO_RANGE_NO_SPREAD
    clusters = observed.cluster_count
    return _arm(observed.mean, error, n=observed.n, clusters=clusters, range_=range_, arm=arm)


def _squared_error_of(observed: Observed) -> Fraction:
    """Return the squared standard error of the mean: s²/n, or its cluster-robust counterpart."""
    n, total, denominator = observed.n, observed.total, observed.denominator
    if observed.clusters is None:
        return Fraction(n * observed.squares - total * total, n * n * (n - 1) * denominator**2)
    terms = [
        float(Fraction(count * (entry * n - size * total) ** 2, n * (n - size) * n * n * denominator**2))
        for count, size, entry in zip(observed.counts, observed.sizes, observed.sums, strict=True)
    ]
    return Fraction(fsum(terms))


def _arm(
    mean: Fraction, error: Fraction, *, n: int, clusters: int | None, range_: Range, arm: ArmName
) -> ArmMean | NotKnown:
    """Return the arm's mean, with two pseudo-samples at the ends of its range if it has one.

    `error` is the squared standard error.
    """
    degrees = n - 1 if clusters is None else clusters - 1
    if range_ is None and n < FEWEST_WITHOUT_RANGE:
        return too_few_samples(n, FEWEST_WITHOUT_RANGE)
    if range_ is None:
        return ArmMean(center=mean, variance=error, degrees=degrees, n=n, clusters=clusters)
    low, high = range_
    expected = n * min(mean - low, high - mean) / (high - low)
    if expected < EXPECTED_AT_EACH_END:
        note = (
            f"the {arm}'s mean {float(mean):.6g} of {n} samples is too close to an end of the range "
            "for a summary: report samples, or evaluate more of them"
        )
        return NotKnown(reason=Reason.TOO_FEW_SAMPLES, note=note)
    count = n + 2
    center = (n * mean + low + high) / count
    squares = (n * (n - 1) * error + n * mean * mean + low * low + high * high) / count
    variance = (squares - center * center) / (count - 1)
    return ArmMean(
        center=center,
        variance=variance,
        degrees=degrees if clusters is not None else count - 1,
        n=n,
        clusters=clusters,
    )
