"""Advice on a condition: the samples that would settle it, and the smallest effect that these can show."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import sqrt
from typing import Literal

from msgspec import Struct

from remyx_action.decimals import round_significant
from remyx_action.evidence.claims import Claim
from remyx_action.evidence.evidence import MetricEvidence, SummaryState
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.template import ArmName

from .estimates import weigh
from .location import Inference, Location, NotKnown
from .methods import infer, ratio_of
from .plausibility import max_change_of, point_of, range_of
from .pseudo_samples import (
    Observed,
    Prior,
    difference,
    locate,
    prior_of_arm,
    prior_of_difference,
    sums_of_one_arm,
)
from .student import normal_quantile

POWER = 0.80
"""How likely the projected evaluation is to pass where the expected value is true."""
MOST = 10**12
"""Samples; larger numbers are not reported."""

ProjectionKind = Literal["more_samples", "more_samples_do_not_help", "no_estimate"]


class AdviceNumbers(Struct, frozen=True, kw_only=True):
    kind: ProjectionKind
    n_needed: int | None
    """The fewest samples (or clusters) at which the condition is expected to pass, power 0.80."""
    n_now: int | None
    """How many there are, counted alike."""
    smallest_effect: Decimal | None
    """The true value that this many can confirm with power 0.80, in the claim's own terms."""
    expected: Fraction | None
    """The value, delta or relative delta that is taken as true, as in the claim."""
    expected_from: Literal["expect", "observed"] | None
    counted_in: Literal["samples", "clusters"]
    evidence_against: bool
    """The confidence is at most one minus the floor."""


class _Outlook(Struct, frozen=True, kw_only=True):
    """How a condition fares at other numbers of samples."""

    standard_error: float
    """Of y, now."""
    passes: Callable[[float, float], bool]
    """(samples or clusters, z) → whether the projected sums pass."""
    units: int
    """Samples or clusters, now."""
    clustered: bool


class _Projection(Struct, frozen=True, kw_only=True):
    """The observed sums, scaled to another n around the expected value, under the same formula."""

    expected: float
    threshold: float
    variance: float
    """Of y without pseudo-samples; with clusters times n over n_effective."""
    center: float
    """Of the pseudo-samples."""
    reach: float
    samples_in_a_unit: float

    def passes(self, units: float, z: float) -> bool:
        n = units * self.samples_in_a_unit
        middle = (n * self.expected + 2 * self.center) / (n + 2)
        squares = n * (self.variance + (self.expected - middle) ** 2)
        squares += (self.center + self.reach - middle) ** 2 + (self.center - self.reach - middle) ** 2
        side = 1 if self.expected > self.threshold else -1
        return side * (middle - self.threshold) >= z * sqrt(squares / ((n + 2) * (n + 1)))


def advise(
    evidence: MetricEvidence,
    metric: BarMetric,
    claim: Claim,
    floor: Fraction,
    expect: Decimal | None,
) -> AdviceNumbers:
    """Return the numbers of the advice on one condition with its effective floor.

    `expect` is the true value that the author expects, in the claim's own terms: raw, not turned by
    direction. Without it the observed one is taken.
    """
    weighed = weigh(evidence, metric, claim)
    expected = Fraction(expect) if expect is not None else _observed(evidence, metric, claim, weighed.left)
    against = weighed.lowest_confidence is not None and Fraction(weighed.lowest_confidence) <= 1 - floor
    outlook = None if expected is None else _outlook(evidence, metric, claim, expected)
    z = normal_quantile(float(floor)) + normal_quantile(POWER)
    needed = None if outlook is None else _fewest(outlook, z)
    side = 1 if claim.side == "at_least" else -1
    gap = None if expected is None else side * (expected - Fraction(claim.threshold))
    hopeless = gap is not None and gap <= 0
    clusters = outlook.units if outlook and outlook.clustered else _clusters(evidence)
    return AdviceNumbers(
        kind="more_samples_do_not_help" if hopeless else "more_samples" if needed else "no_estimate",
        n_needed=None if hopeless else needed,
        n_now=outlook.units if outlook else clusters or weighed.n,
        smallest_effect=_smallest_effect(evidence, metric, claim, outlook, side * z) if outlook else None,
        expected=expected,
        expected_from=None if expected is None else "observed" if expect is None else "expect",
        counted_in="clusters" if clusters else "samples",
        evidence_against=against,
    )


def _clusters(evidence: MetricEvidence) -> int | None:
    """Return the fewest clusters of an arm that has any, or None."""
    counts = []
    arms: tuple[ArmName, ArmName] = ("baseline", "variant")
    for arm in arms:
        sums, state = evidence.sums(arm), evidence.baseline if arm == "baseline" else evidence.variant
        if sums is not None and sums.cluster_count is not None:
            counts.append(sums.cluster_count)
        elif isinstance(state, SummaryState) and state.clusters is not None:
            counts.append(state.clusters)
    return min(counts, default=None)


def _observed(
    evidence: MetricEvidence, metric: BarMetric, claim: Claim, left: Fraction | None
) -> Fraction | None:
    if left is None or claim.quantity != "relative_delta":
        return left
    baseline = point_of(evidence, metric, "baseline")
    return left / abs(baseline) if isinstance(baseline, Fraction) and baseline else None


def _outlook(
    evidence: MetricEvidence, metric: BarMetric, claim: Claim, expected: Fraction
) -> _Outlook | None:
    """Return the outlook, or None where the method says nothing about other numbers of samples."""
    inference = infer(evidence, metric, claim)
    if isinstance(inference, NotKnown) or inference.method == "quantile":
        return None
    distance = expected - Fraction(claim.threshold)
    if claim.quantity == "relative_delta":
        baseline = point_of(evidence, metric, "baseline")
        assert isinstance(baseline, Fraction)
        distance *= abs(baseline)
    if inference.method == "unpaired" or evidence.sums("variant") is None:
        return _of_summaries(inference, distance)
    return _of_samples(evidence, metric, claim, inference.threshold + distance, inference.threshold)


def _of_summaries(inference: Inference, distance: Fraction) -> _Outlook | None:
    """Return the outlook in which the variance shrinks with n, in both arms alike."""
    if not isinstance(inference.tails, Location):
        return None
    error, units = inference.tails.standard_error, inference.clusters or inference.n

    def passes(units_then: float, z: float) -> bool:
        return abs(float(distance)) >= z * error * sqrt(units / units_then)

    return _Outlook(
        standard_error=error, passes=passes, units=units, clustered=inference.clusters is not None
    )


def _of_samples(
    evidence: MetricEvidence, metric: BarMetric, claim: Claim, expected: Fraction, threshold: Fraction
) -> _Outlook | None:
    observed = _observed_y(evidence, metric, claim)
    if observed is None:
        return None
    y, prior = observed
    if isinstance(prior, NotKnown) or y.n < 2:
        return None
    mean = locate(y, prior)
    units = mean.clusters or mean.n
    variance = Fraction(y.squares, y.n * y.denominator**2) - y.mean**2
    projection = _Projection(
        expected=float(expected),
        threshold=float(threshold),
        variance=float(variance) * (y.n / mean.n_effective if mean.n_effective else 1.0),
        center=float(prior.center if _is_fixed(metric, claim) else expected),
        reach=float(prior.reach),
        samples_in_a_unit=mean.n / units,
    )
    return _Outlook(
        standard_error=mean.location.standard_error,
        passes=projection.passes,
        units=units,
        clustered=mean.clusters is not None,
    )


def _is_fixed(metric: BarMetric, claim: Claim) -> bool:
    """Return whether the pseudo-samples stand where they stand whatever the scores are."""
    return range_of(metric) is not None or (metric.max_change is not None and claim.quantity != "value")


def _observed_y(
    evidence: MetricEvidence, metric: BarMetric, claim: Claim
) -> tuple[Observed, Prior | NotKnown] | None:
    """Return the y of the claim; the variant's scores for a value and for an exact baseline."""
    if evidence.paired is not None and claim.quantity != "value":
        ratio = ratio_of(evidence, metric, claim)
        if isinstance(ratio, NotKnown):
            return None
        y = difference(evidence.paired, ratio)
        most = max_change_of(metric)
        return y, prior_of_difference(evidence, y, range_of(metric), ratio, max_change=most)
    sums = evidence.sums("variant")
    if sums is None:
        return None
    y = sums_of_one_arm(sums)
    return y, prior_of_arm(evidence, y, range_of(metric), of_baseline=False)


def _fewest(outlook: _Outlook, z: float) -> int | None:
    """Return the smallest count at which the projection passes, or None beyond MOST."""
    high = 2
    while not outlook.passes(high, z):
        high *= 2
        if high > MOST:
            return None
    low = 1 if high == 2 else high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if outlook.passes(middle, z) else (middle, high)
    return high


def _smallest_effect(
    evidence: MetricEvidence, metric: BarMetric, claim: Claim, outlook: _Outlook, z: float
) -> Decimal | None:
    step = z * outlook.standard_error
    if claim.quantity == "relative_delta":
        baseline = point_of(evidence, metric, "baseline")
        if not isinstance(baseline, Fraction) or not baseline:
            return None
        step /= abs(float(baseline))
    return round_significant(float(claim.threshold) + step)
