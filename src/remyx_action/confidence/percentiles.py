"""Percentiles: a claim about one is a claim about the share of scores on one side of a limit."""

from __future__ import annotations

from fractions import Fraction

from msgspec import Struct

from remyx_action.evidence.claims import Claim
from remyx_action.evidence.evidence import ClaimCounts, MetricEvidence
from remyx_action.evidence.sums import ArmSums, PairedSums
from remyx_action.project.models.metrics import BarMetric
from remyx_action.readers.scores import Reason

from .binomial import rate_at_least, rate_at_most
from .location import NotKnown, Tails
from .pseudo_samples import Prior, difference, locate, sums_of_one_arm, why_too_few

FEWEST_BEYOND = 5
"""Samples expected on the rarer side of the percentile; fewer, and it is not known where it lies."""
SIGN_SETTLED = 0.975
NOT_GATHERED = NotKnown(reason=Reason.NO_UNCERTAINTY, note="the counts behind this claim were not gathered")


class PercentileSide(Struct, frozen=True, kw_only=True):
    """The confidence in one side only; the other is a claim of its own."""

    confidence: float

    def at_least(self, _threshold: Fraction) -> float:
        return self.confidence

    def at_most(self, _threshold: Fraction) -> float:
        return self.confidence

    def interval(self, _level: float) -> None:
        return None


def share_of(metric: BarMetric) -> Fraction:
    """Return p of `aggregate: p95`: 19/20."""
    assert metric.aggregate is not None
    return Fraction(int(metric.aggregate.removeprefix("p")), 100)


def sign_of_baseline(evidence: MetricEvidence, metric: BarMetric) -> int | None:
    """Return the sign of the baseline's true percentile, or None where its 95 % interval holds 0."""
    state = evidence.percentiles
    sums = evidence.sums("baseline")
    if (
        state is None
        or sums is None
        or state.baseline_below_zero is None
        or state.baseline_up_to_zero is None
    ):
        return None
    n, share = sums.ids, share_of(metric)
    rate, rest = float(share), float(1 - share)
    if rate_at_most(min(state.baseline_up_to_zero, n), n, rate, rest) >= SIGN_SETTLED:
        return 1
    return -1 if rate_at_least(min(state.baseline_below_zero, n), n, rate, rest) >= SIGN_SETTLED else None


def counts_of(evidence: MetricEvidence, claim: Claim) -> ClaimCounts | None:
    for counts in evidence.percentiles.counts if evidence.percentiles else ():
        if (counts.quantity, counts.side, counts.threshold) == (claim.quantity, claim.side, claim.threshold):
            return counts
    return None


def of_value(evidence: MetricEvidence, metric: BarMetric, claim: Claim) -> Tails | NotKnown:
    """Return the exact binomial on `score <= t`; with clusters the formula on the same indicators."""
    counts = counts_of(evidence, claim)
    if counts is None or counts.variant is None:
        return NOT_GATHERED
    few = _too_few(metric, counts.variant)
    if few is not None:
        return few
    share = share_of(metric)
    sums = counts.variant
    n, within = sums.ids, sums.total(sums.scores)
    if sums.clusters is None:
        side = rate_at_least if claim.side == "at_most" else rate_at_most
        return PercentileSide(confidence=side(within, n, float(share), float(1 - share)))
    mean = locate(sums_of_one_arm(sums), Prior(center=Fraction(1, 2), reach=Fraction(1, 2)))
    tails = mean.location
    return PercentileSide(
        confidence=tails.at_least(share) if claim.side == "at_most" else tails.at_most(share)
    )


def of_difference(evidence: MetricEvidence, metric: BarMetric, claim: Claim) -> Tails | NotKnown:
    """Return the smaller of the confidences at the variant's and at the moved baseline's percentile."""
    counts = counts_of(evidence, claim)
    if counts is None or not counts.pairs:
        return NOT_GATHERED
    few = _too_few(metric, counts.pairs[0])
    if few is not None:
        return few
    prior = Prior(center=Fraction(0), reach=Fraction(1))
    tails = [locate(difference(pairs, Fraction(1)), prior).location for pairs in counts.pairs]
    # The variant's percentile is no larger where more of its scores lie below: a positive difference.
    if claim.side == "at_most":
        return PercentileSide(confidence=min(tail.at_least(Fraction(0)) for tail in tails))
    return PercentileSide(confidence=min(tail.at_most(Fraction(0)) for tail in tails))


def _too_few(metric: BarMetric, sums: ArmSums | PairedSums) -> NotKnown | None:
    observed = sums_of_one_arm(sums) if isinstance(sums, ArmSums) else difference(sums, Fraction(1))
    few = why_too_few(observed, is_bounded=True)
    if few is not None:
        return few
    share = share_of(metric)
    if observed.n * min(share, 1 - share) >= FEWEST_BEYOND:
        return None
    needed = -(-FEWEST_BEYOND // min(share, 1 - share))
    note = f"{observed.n} samples do not show where the {metric.aggregate} lies: evaluate at least {needed}"
    return NotKnown(reason=Reason.TOO_FEW_SAMPLES, note=note)
