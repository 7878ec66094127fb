"""Choose for each claim the data and the statistical method that it is weighed by.

In this room y is the number of a sample that a claim is about, and its true mean is what is weighed:

* of a claim about a value, and of a change from a baseline that is an exact number: the variant's score;
* of any other change: variant - ratio * baseline. The ratio is 1 for a delta. For a relative change r
  it is 1 + r where the baseline's mean is positive and 1 - r where it is negative, so that the mean of y
  reaches 0 exactly where the delta reaches r * abs(baseline).
"""

from __future__ import annotations

from fractions import Fraction

from msgspec.structs import replace

from remyx_action.decimals import round_significant
from remyx_action.evidence.claims import Claim
from remyx_action.evidence.evidence import MetricEvidence, SummaryState
from remyx_action.evidence.sums import ArmSums, PairedSums
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.template import ArmName
from remyx_action.readers.scores import Reason

from . import percentiles
from .bounds import bounds_of_difference, mean_bounds, missing_pairs, missing_scores
from .location import DECLARE_A_RANGE, INTERVAL_LEVEL, Inference, NotKnown, Tails
from .one_sample import mean_of_arm
from .plausibility import delta_of, max_change_of, point_of, range_of
from .pseudo_samples import difference, locate, prior_of_difference, sums_of_one_arm, why_too_few
from .remarks import who_lacks
from .seeds import seeds_of, widen
from .unpaired import arm_mean, difference_of_means


def sign_of_baseline(evidence: MetricEvidence, metric: BarMetric) -> int | NotKnown:
    """Return the sign of the baseline's true mean, where range or samples settle it."""
    range_ = range_of(metric)
    if range_ is not None and (range_[0] >= 0 or range_[1] <= 0):
        return 1 if range_[0] >= 0 else -1
    state = evidence.baseline
    if isinstance(state, SummaryState) and state.exact and state.value != 0:
        return 1 if state.value > 0 else -1
    unsettled = NotKnown(
        reason=Reason.ZERO_BASELINE,
        note="the baseline may be 0, so a change relative to it says nothing: use an absolute threshold",
    )
    if isinstance(state, SummaryState) and state.exact:
        return unsettled
    if metric.aggregate is not None:
        return percentiles.sign_of_baseline(evidence, metric) or unsettled
    inference = mean_of_arm(evidence, metric, "baseline")
    if isinstance(inference, NotKnown):
        return inference
    interval = (inference.bounds or inference.tails).interval(INTERVAL_LEVEL)
    if interval is None or interval[0] <= 0 <= interval[1]:
        return unsettled
    return 1 if interval[0] > 0 else -1


def ratio_of(evidence: MetricEvidence, metric: BarMetric, claim: Claim) -> Fraction | NotKnown:
    """Return the ratio in the claim's y, or why the baseline's sign, which it needs, is not known."""
    if claim.quantity == "delta":
        return Fraction(1)
    sign = sign_of_baseline(evidence, metric)
    return sign if isinstance(sign, NotKnown) else 1 + Fraction(claim.threshold) * sign


def unknown_for_missing(evidence: MetricEvidence, metric: BarMetric, claim: Claim) -> NotKnown | None:
    """Return why missing samples leave the claim unknown.

    None: nothing is missing, or the missing scores have bounds.
    """
    missing, scored = evidence.missing, evidence.scored
    who = who_lacks(evidence)
    if evidence.paired is None and claim.quantity == "value" and "variant" in evidence.facts:
        missing, scored = missing_in(evidence, "variant"), evidence.facts["variant"].ids
        who = "have no score in the variant"
    if not missing or scored is None:
        return None
    expected = missing + scored
    note = f"{missing:,} of {expected:,} samples {who}"
    if missing > metric.max_missing * expected:
        most = f"{(100 * metric.max_missing).normalize():f} %"
        return NotKnown(reason=Reason.TOO_MANY_MISSING, note=f"{note}; max_missing allows {most}")
    if metric.missing == "unknown":
        return NotKnown(
            reason=Reason.MISSING_SAMPLES, note=f"{note}: evaluate them, or set `missing: bounds`"
        )
    if metric.aggregate is not None:
        return NotKnown(
            reason=Reason.MISSING_SAMPLES,
            note=f"{note}, and a {metric.aggregate} has no bounds: evaluate them",
        )
    if range_of(metric) is None:
        return NotKnown(reason=Reason.MISSING_SAMPLES, note=f"{note}: evaluate them, or {DECLARE_A_RANGE}")
    if evidence.paired is None and claim.quantity != "value" and not _is_exact(evidence):
        return NotKnown(
            reason=Reason.MISSING_SAMPLES, note=f"{note}: evaluate them, or report samples of both"
        )
    return None


def missing_in(evidence: MetricEvidence, arm: ArmName) -> int:
    """Return how many samples the sums of an arm lack; pairs lack those that either arm has no score for."""
    if evidence.paired is not None:
        return evidence.missing
    facts = evidence.facts.get(arm)
    return facts.missing + evidence.absent if facts else 0


def _is_exact(evidence: MetricEvidence) -> bool:
    return isinstance(evidence.baseline, SummaryState) and evidence.baseline.exact


def y_bounds(
    evidence: MetricEvidence, metric: BarMetric, claim: Claim
) -> tuple[Fraction, Fraction] | NotKnown:
    """Return the least and the most by which the mean of y can exceed the claim's threshold.

    Missing scores may be anything within the range; without any missing the two are equal. For claims that
    `unknown_for_missing` lets through.
    """
    if evidence.paired is not None and claim.quantity != "value":
        ratio = ratio_of(evidence, metric, claim)
        if isinstance(ratio, NotKnown):
            return ratio
        observed, missing = difference(evidence.paired, ratio), missing_pairs(evidence.paired, ratio)
        threshold = threshold_of(claim)
    else:
        sums, margin = evidence.sums("variant"), Fraction(claim.threshold)
        assert sums is not None
        observed, missing, threshold = sums_of_one_arm(sums), missing_scores(sums), margin
        if claim.quantity != "value":
            baseline = point_of(evidence, metric, "baseline")
            assert isinstance(baseline, Fraction)
            threshold = baseline + margin * (abs(baseline) if claim.quantity == "relative_delta" else 1)
    low, high = mean_bounds(observed, missing)
    if any(facts.rounded for facts in evidence.facts.values()):
        low, high = Fraction(round_significant(low)), Fraction(round_significant(high))
    return low - threshold, high - threshold


def infer(evidence: MetricEvidence, metric: BarMetric, claim: Claim) -> Inference | NotKnown:
    """Return what the claim is weighed by: a distribution of y's mean; or why there is no confidence."""
    unknown = unknown_for_missing(evidence, metric, claim)
    if claim.quantity == "value":
        point = point_of(evidence, metric, "variant")
        if isinstance(point, NotKnown):
            return point
        if unknown is not None:
            return unknown
        return _of_value(evidence, metric, claim, Fraction(claim.threshold))
    delta = delta_of(evidence, metric)
    if isinstance(delta, NotKnown):
        return delta
    if unknown is not None:
        return unknown
    state = evidence.baseline
    if isinstance(state, SummaryState) and state.exact:
        return _against_exact(evidence, metric, claim)
    if metric.aggregate is not None:
        return _of_percentiles(evidence, metric, claim)
    if evidence.paired is not None:
        return _paired(evidence, evidence.paired, metric, claim)
    return _unpaired(evidence, metric, claim)


def threshold_of(claim: Claim) -> Fraction:
    """Return the threshold that the claim's y is compared with."""
    return Fraction(0) if claim.quantity == "relative_delta" else Fraction(claim.threshold)


def _of_value(
    evidence: MetricEvidence, metric: BarMetric, claim: Claim, threshold: Fraction
) -> Inference | NotKnown:
    if metric.aggregate is None:
        inference = mean_of_arm(evidence, metric, "variant")
        if isinstance(inference, NotKnown):
            return inference
        return replace(inference, threshold=threshold)
    sums = evidence.sums("variant")
    if sums is None:
        return _needs_samples(metric)
    tails = percentiles.of_value(evidence, metric, claim)
    if isinstance(tails, NotKnown):
        return tails
    return _of_quantile(tails, sums)


def _against_exact(evidence: MetricEvidence, metric: BarMetric, claim: Claim) -> Inference | NotKnown:
    baseline = point_of(evidence, metric, "baseline")
    assert isinstance(baseline, Fraction)
    margin = Fraction(claim.threshold)
    if claim.quantity == "relative_delta":
        sign = sign_of_baseline(evidence, metric)
        if isinstance(sign, NotKnown):
            return sign
        margin *= abs(baseline)
    inference = _of_value(evidence, metric, claim, baseline + margin)
    return inference if isinstance(inference, NotKnown) else replace(inference, shift=baseline)


def _paired(
    evidence: MetricEvidence, paired: PairedSums, metric: BarMetric, claim: Claim
) -> Inference | NotKnown:
    ratio = ratio_of(evidence, metric, claim)
    if isinstance(ratio, NotKnown):
        return ratio
    observed = difference(paired, ratio)
    range_, max_change = range_of(metric), max_change_of(metric)
    few = why_too_few(observed, is_bounded=range_ is not None or max_change is not None)
    if few is not None:
        return few
    prior = prior_of_difference(evidence, observed, range_, ratio, max_change=max_change)
    if isinstance(prior, NotKnown):
        return prior
    widest = None if range_ is None else prior_of_difference(evidence, observed, range_, ratio)
    if isinstance(widest, NotKnown):
        return widest
    mean = locate(observed, prior)
    bounds = bounds_of_difference(observed, missing_pairs(paired, ratio), prior, widest)
    seeds = seeds_of(evidence, metric, {"variant": Fraction(1), "baseline": ratio})
    return Inference(
        tails=widen(mean.location, seeds),
        threshold=threshold_of(claim),
        method="paired",
        n=mean.n,
        n_effective=mean.n_effective,
        clusters=mean.clusters,
        bounds=bounds and bounds.widen(seeds),
    )


def _unpaired(evidence: MetricEvidence, metric: BarMetric, claim: Claim) -> Inference | NotKnown:
    variant = arm_mean(evidence, metric, "variant")
    baseline = arm_mean(evidence, metric, "baseline")
    for arm in (variant, baseline):
        if isinstance(arm, NotKnown):
            return arm
    ratio = ratio_of(evidence, metric, claim)
    if isinstance(ratio, NotKnown):
        return ratio
    assert not isinstance(variant, NotKnown)
    assert not isinstance(baseline, NotKnown)
    clusters = [arm.clusters for arm in (variant, baseline) if arm.clusters is not None]
    return Inference(
        tails=difference_of_means(variant, baseline, ratio),
        threshold=threshold_of(claim),
        method="unpaired",
        n=min(variant.n, baseline.n),
        clusters=min(clusters, default=None),
    )


def _of_percentiles(evidence: MetricEvidence, metric: BarMetric, claim: Claim) -> Inference | NotKnown:
    if evidence.paired is None:
        return _needs_samples(metric)
    if claim.quantity == "relative_delta":
        sign = sign_of_baseline(evidence, metric)
        if isinstance(sign, NotKnown):
            return sign
    tails = percentiles.of_difference(evidence, metric, claim)
    if isinstance(tails, NotKnown):
        return tails
    return _of_quantile(tails, evidence.paired)


def _of_quantile(tails: Tails, sums: ArmSums | PairedSums) -> Inference:
    return Inference(
        tails=tails,
        threshold=Fraction(0),
        method="quantile",
        n=sums.ids,
        clusters=sums.cluster_count,
    )


def _needs_samples(metric: BarMetric) -> NotKnown:
    return NotKnown(
        reason=Reason.NO_UNCERTAINTY,
        note=f"a {metric.aggregate} needs samples in baseline and variant: report them",
    )
