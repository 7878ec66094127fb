"""One metric, compared: points, interval and the confidence that the variant is better."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

from msgspec import Struct

from remyx_action.decimals import PROBABILITY_DECIMALS, round_significant
from remyx_action.evidence.claims import IMPROVED, Claim
from remyx_action.evidence.evidence import ArmState, MetricEvidence, SummaryState
from remyx_action.evidence.sums import ArmSums, PairedSums
from remyx_action.project.models.metrics import BarMetric
from remyx_action.readers.scores import Reason

from .location import INTERVAL_LEVEL, Inference, NotKnown
from .methods import infer, missing_in, unknown_for_missing, y_bounds
from .one_sample import mean_of_arm
from .percentiles import counts_of
from .plausibility import delta_of, max_change_of, point_of, range_of
from .pseudo_samples import (
    Observed,
    Prior,
    difference,
    locate,
    prior_of_arm,
    prior_of_difference,
    sums_of_one_arm,
)
from .remarks import remark_on

LEVEL = Decimal(str(INTERVAL_LEVEL))


class Estimate(Struct, frozen=True, kw_only=True):
    """Both arms of one metric; `reason` says why something is None."""

    baseline: Fraction | None
    variant: Fraction | None
    delta: Fraction | None
    """variant - baseline, in the metric's unit; never turned by direction."""
    interval: tuple[float, float] | None
    """Of the delta, two-sided, at `level`; 12 significant digits; cut to what is possible."""
    level: Decimal
    lowest_confidence_better: Decimal | None
    """P(the variant is truly better), 9 decimals; the smallest over all missing scores."""
    highest_confidence_better: Decimal | None = None
    """The largest over all missing scores; equal to `lowest_confidence_better` where none is missing."""
    n: int | None
    """Ids scored in both arms; unpaired: the smaller n; against an exact baseline: the variant's."""
    n_effective: float | None
    """12 significant digits; None without clusters, or where it is unknown."""
    clusters: int | None
    method: str | None
    """paired · unpaired · one-sample · quantile."""
    reason: Reason | None
    """Why there is no confidence."""
    note: str | None
    """The reason in words, or a remark where there is no reason."""


class Weighed(Struct, frozen=True, kw_only=True):
    """One claim, weighed by the evidence."""

    left: Fraction | None
    """The left side of the claim's inequality: the value, or the delta."""
    right: Fraction | None
    """The right side: the threshold; for a relative claim r·abs(baseline)."""
    holds: bool | None
    """Whether the point satisfies the claim, exactly."""
    point_reason: Reason | None
    """Why the point is unknown."""
    lowest_confidence: Decimal | None
    """P(the claim holds for the true value), 9 decimals; the smallest over all missing scores."""
    highest_confidence: Decimal | None = None
    """The largest over all missing scores; equal to `lowest_confidence` where none is missing."""
    reason: Reason | None
    """Why the confidence is unknown."""
    n: int | None

    def is_sure(self, floor: Fraction) -> bool | None:
        """Return whether the confidence reaches the floor, or None where that depends on missing scores."""
        if self.lowest_confidence is None or self.highest_confidence is None:
            return None
        if Fraction(self.lowest_confidence) >= floor:
            return True
        return False if Fraction(self.highest_confidence) < floor else None


def estimate(evidence: MetricEvidence, metric: BarMetric) -> Estimate:
    """Return the metric's estimate: all that does not depend on a condition."""
    known = _points(evidence, metric)
    better = IMPROVED[metric.direction]
    inference = infer(evidence, metric, better)
    if isinstance(inference, NotKnown):
        return Estimate(
            **known,
            interval=None,
            level=LEVEL,
            lowest_confidence_better=None,
            n=_size(evidence, better),
            n_effective=_effective(evidence, metric),
            clusters=_clusters(evidence),
            method=None,
            reason=inference.reason,
            note=inference.note,
        )
    lowest, highest = _confidences(inference, better)
    return Estimate(
        **known,
        interval=_interval(inference, metric, INTERVAL_LEVEL),
        level=LEVEL,
        lowest_confidence_better=lowest,
        highest_confidence_better=highest,
        n=inference.n,
        n_effective=_effective(evidence, metric)
        if inference.n_effective is None
        else _rounded(inference.n_effective),
        clusters=inference.clusters,
        method=inference.method,
        reason=None,
        note=remark_on(evidence, metric, inference.clusters),
    )


def _points(evidence: MetricEvidence, metric: BarMetric) -> dict[str, Any]:
    points = {
        "baseline": point_of(evidence, metric, "baseline"),
        "variant": point_of(evidence, metric, "variant"),
        "delta": delta_of(evidence, metric),
    }
    return {name: None if isinstance(point, NotKnown) else point for name, point in points.items()}


def weigh(evidence: MetricEvidence, metric: BarMetric, claim: Claim) -> Weighed:
    """Return whether the points satisfy the claim, exactly, and the confidence in it."""
    left = point_of(evidence, metric, "variant") if claim.quantity == "value" else delta_of(evidence, metric)
    if isinstance(left, NotKnown):
        return _unweighed(left.reason, None)
    right = Fraction(claim.threshold)
    if claim.quantity == "relative_delta":
        baseline = point_of(evidence, metric, "baseline")
        assert isinstance(baseline, Fraction)
        if baseline == 0 and not _tolerates_zero(claim, metric):
            return _unweighed(Reason.ZERO_BASELINE, _size(evidence, claim))
        right *= abs(baseline)
    inference = None if claim.side == "equal" else infer(evidence, metric, claim)
    known = inference if isinstance(inference, Inference) else None
    holds, point_reason = _holds_whatever_is_missing(evidence, metric, claim, left, right)
    lowest, highest = _confidences(known, claim) if known else (None, None)
    return Weighed(
        left=left,
        right=right,
        holds=holds,
        point_reason=point_reason,
        lowest_confidence=lowest,
        highest_confidence=highest,
        reason=inference.reason if isinstance(inference, NotKnown) else None,
        n=known.n if known else _size(evidence, claim),
    )


def _unweighed(reason: Reason, n: int | None) -> Weighed:
    return Weighed(
        left=None, right=None, holds=None, point_reason=reason, lowest_confidence=None, reason=reason, n=n
    )


def _tolerates_zero(claim: Claim, metric: BarMetric) -> bool:
    """Whether a relative claim says something about a baseline of exactly 0: a guard, or a regression.

    Nothing is 5 % better than nothing. A loss is one beyond nothing at all, where the range has one side.
    """
    limits = metric.range
    if limits is None or limits[0] < 0 < limits[1] or claim.side == "equal":
        return False
    gain = claim.threshold if metric.direction == "higher" else -claim.threshold
    favours_better = (claim.side == "at_least") == (metric.direction == "higher")
    return gain < 0 or (gain == 0 and not (favours_better and claim.strict))


def _holds_whatever_is_missing(
    evidence: MetricEvidence, metric: BarMetric, claim: Claim, left: Fraction, right: Fraction
) -> tuple[bool | None, Reason | None]:
    """Return whether the claim holds for the points under all missing scores, or why that is unknown."""
    unknown = unknown_for_missing(evidence, metric, claim)
    if unknown is not None:
        return None, unknown.reason
    sums = evidence.sums("variant")
    if sums is None or sums.missing is None:
        return _holds(left, right, claim), None
    ends = y_bounds(evidence, metric, claim)
    if isinstance(ends, NotKnown):
        return None, ends.reason
    nearest = min(max(ends[0], Fraction(0)), ends[1])
    found = {_holds(end, Fraction(0), claim) for end in (*ends, nearest)}
    return (found.pop(), None) if len(found) == 1 else (None, Reason.MISSING_SAMPLES)


def interval_of_baseline(
    evidence: MetricEvidence, metric: BarMetric, level: float
) -> tuple[float, float] | None:
    """Return the two-sided interval of the baseline's own true mean, whatever is missing; or None.

    Pairs alone say little of the baseline where the variant lacks just the ids that are hard.
    """
    inference = None if metric.aggregate else mean_of_arm(evidence, metric, "baseline")
    if not isinstance(inference, Inference):
        return None
    if inference.bounds is None and missing_in(evidence, "baseline"):
        return None
    found = (inference.bounds or inference.tails).interval(level)
    return found and _cut(found, range_of(metric))


def _holds(left: Fraction, right: Fraction, claim: Claim) -> bool:
    if claim.side == "equal":
        return left == right
    if left == right:
        return not claim.strict
    return (left > right) == (claim.side == "at_least")


def _confidences(inference: Inference, claim: Claim) -> tuple[Decimal, Decimal]:
    """Return the smallest and the largest confidence over all missing scores; equal where none is missing."""
    if inference.bounds is not None:
        both = inference.bounds.at_least if claim.side == "at_least" else inference.bounds.at_most
        lowest, highest = both(inference.threshold)
        return _probability(lowest), _probability(highest)
    side = inference.tails.at_least if claim.side == "at_least" else inference.tails.at_most
    confidence = _probability(side(inference.threshold))
    return confidence, confidence


def _probability(value: float) -> Decimal:
    return Decimal(value).quantize(Decimal(1).scaleb(-PROBABILITY_DECIMALS), ROUND_HALF_EVEN)


def _interval(inference: Inference, metric: BarMetric, level: float) -> tuple[float, float] | None:
    found = (inference.bounds or inference.tails).interval(level)
    if found is None:
        return None
    range_, shift = range_of(metric), inference.shift
    possible = None
    if range_ is not None:
        low, high = range_
        possible = (low, high) if inference.method == "one-sample" else (low - high, high - low)
    low_end, high_end = _cut(found, possible)
    return _rounded(Fraction(low_end) - shift), _rounded(Fraction(high_end) - shift)


def _cut(interval: tuple[float, float], possible: tuple[Fraction, Fraction] | None) -> tuple[float, float]:
    if possible is None:
        return interval
    return max(interval[0], float(possible[0])), min(interval[1], float(possible[1]))


def _rounded(value: float | Fraction) -> float:
    return float(round_significant(value))


def _clusters(evidence: MetricEvidence) -> int | None:
    return None if evidence.paired is None else evidence.paired.cluster_count


CLUSTERS_NOT_GATHERED = NotKnown(
    reason=Reason.TOO_FEW_CLUSTERS,
    note="the samples come in clusters, and what these are worth was not gathered: judge the files anew",
)
INDICATOR = Prior(center=Fraction(1, 2), reach=Fraction(1, 2))
DIFFERENCE_OF_INDICATORS = Prior(center=Fraction(0), reach=Fraction(1))


def effective_size(evidence: MetricEvidence, metric: BarMetric, claim: Claim) -> float | NotKnown | None:
    """Return n over the design effect of the claim's y, at most n; None without clusters.

    It needs no five clusters, as no confidence follows from it: a thousand samples of two clusters are
    worth less than a thousand also where nothing else is known about them. Of a percentile it is the
    smallest over the indicators that the claim is weighed by; of two arms apart the smaller arm's.
    """
    sampled = _sums(evidence, claim)
    if all(sums.clusters is None for sums in sampled):
        return None
    if metric.aggregate is not None:
        counts = counts_of(evidence, claim)
        tables = [counts.variant, *counts.pairs] if counts else []
        return _smallest([_effective_samples_of_indicator(sums) for sums in tables if sums is not None])
    clustered = [sums for sums in sampled if sums.clusters is not None]
    return _smallest([_effective_samples_of_scores(evidence, metric, sums) for sums in clustered])


def _sums(evidence: MetricEvidence, claim: Claim) -> list[ArmSums | PairedSums]:
    if claim.quantity != "value" and evidence.paired is not None:
        return [evidence.paired]
    arms = (evidence.sums("variant"), None if claim.quantity == "value" else evidence.sums("baseline"))
    return [sums for sums in arms if sums is not None]


def _effective_samples_of_scores(
    evidence: MetricEvidence, metric: BarMetric, sums: ArmSums | PairedSums
) -> float | NotKnown | None:
    range_ = range_of(metric)
    if isinstance(sums, PairedSums):
        observed = difference(sums, Fraction(1))
        most = max_change_of(metric)
        prior = prior_of_difference(evidence, observed, range_, Fraction(1), max_change=most)
    else:
        observed = sums_of_one_arm(sums)
        prior = prior_of_arm(evidence, observed, range_, of_baseline=sums is evidence.baseline)
    return prior if isinstance(prior, NotKnown) else _effective_samples(observed, prior)


def _effective_samples_of_indicator(sums: ArmSums | PairedSums) -> float | None:
    if isinstance(sums, PairedSums):
        return _effective_samples(difference(sums, Fraction(1)), DIFFERENCE_OF_INDICATORS)
    return _effective_samples(sums_of_one_arm(sums), INDICATOR)


def _effective_samples(observed: Observed, prior: Prior) -> float | None:
    return locate(observed, prior).n_effective


def _smallest(sizes: Sequence[float | NotKnown | None]) -> float | NotKnown:
    unknown = next((size for size in sizes if isinstance(size, NotKnown)), None)
    known = [size for size in sizes if isinstance(size, float)]
    if unknown is not None or len(known) < len(sizes) or not known:
        return unknown or CLUSTERS_NOT_GATHERED
    return min(known)


def sample_size(evidence: MetricEvidence, metric: BarMetric, claim: Claim) -> Fraction | Reason | None:
    """Return the samples behind the claim; clustered ones count as the independent ones they are worth.

    None where no arm says how many there are; the reason where what clusters are worth is unknown.
    """
    n = _size(evidence, claim)
    effective = effective_size(evidence, metric, claim)
    if n is None or isinstance(effective, NotKnown):
        return effective.reason if isinstance(effective, NotKnown) and n is not None else None
    scored = n if evidence.both is None else evidence.both  # filled-in scores are no samples
    return min(Fraction(n), Fraction(scored), Fraction(n if effective is None else _rounded(effective)))


def _effective(evidence: MetricEvidence, metric: BarMetric) -> float | None:
    size = effective_size(evidence, metric, IMPROVED[metric.direction])
    return _rounded(size) if isinstance(size, float) else None


def _size(evidence: MetricEvidence, claim: Claim) -> int | None:
    """Return the samples behind the claim: pairs, the smaller arm's, or those of the only arm that counts."""
    if evidence.unmatched is not None and claim.quantity != "value":
        return None
    if evidence.paired is not None:
        return evidence.paired.ids
    baseline, variant = (_n_of(state) for state in (evidence.baseline, evidence.variant))
    exact = isinstance(evidence.baseline, SummaryState) and evidence.baseline.exact
    if claim.quantity == "value" or exact or variant is None:
        return variant
    return None if baseline is None else min(baseline, variant)


def _n_of(state: ArmState | None) -> int | None:
    if isinstance(state, ArmSums):
        return state.ids
    return state.n if isinstance(state, SummaryState) else None
