"""The number that stands for an arm, exactly: a mean, a percentile, or what its summary says."""

from __future__ import annotations

from fractions import Fraction

from remyx_action.decimals import round_significant
from remyx_action.evidence.inputs import Arm, MetricEvidence, SummaryState, UnusableState
from remyx_action.policy.bar import BarMetric
from remyx_action.policy.reasons import Reason

from .unknown import Unknown

EXACT_DIGITS = 15
"""Literals up to this many significant digits count exactly; a binary float prints up to 17."""


def point_of(evidence: MetricEvidence, metric: BarMetric, arm: Arm) -> Fraction | Unknown:
    """The arm's value, or why there is none."""
    mean = evidence.mean(arm)
    if mean is None:
        return _of_numbers(evidence.baseline if arm == "baseline" else evidence.variant, metric, arm)
    if metric.aggregate is None:
        point = mean
    else:
        found = evidence.percentiles
        text = None if found is None else found.baseline if arm == "baseline" else found.variant
        if found is None or text is None:
            return Unknown(reason=Reason.NO_UNCERTAINTY, note="the percentile was not gathered")
        point = Fraction(int(text), found.scale)
    facts = evidence.facts.get(arm)
    return Fraction(round_significant(point)) if facts and facts.rounded else point


def delta_of(evidence: MetricEvidence, metric: BarMetric) -> Fraction | Unknown:
    """variant - baseline, or why there is none; the variant's reason comes first."""
    variant, baseline = (
        point_of(evidence, metric, "variant"),
        point_of(evidence, metric, "baseline"),
    )
    for point in (variant, baseline):
        if isinstance(point, Unknown):
            return point
    if evidence.unmatched is not None:
        return Unknown(reason=Reason.UNMATCHED_SAMPLES, note=evidence.unmatched)
    assert isinstance(variant, Fraction)
    assert isinstance(baseline, Fraction)
    return variant - baseline


def _of_numbers(
    state: SummaryState | UnusableState | object, metric: BarMetric, arm: Arm
) -> Fraction | Unknown:
    if isinstance(state, SummaryState):
        if metric.range and not metric.range[0] <= state.value <= metric.range[1]:
            low, high = metric.range
            note = f"the {arm}'s value {state.value:f} is outside [{low:f}, {high:f}]"
            return Unknown(reason=Reason.OUT_OF_RANGE, note=note)
        digits = state.value.normalize().as_tuple().digits
        value = round_significant(state.value) if len(digits) > EXACT_DIGITS else state.value
        return Fraction(value)
    assert isinstance(state, UnusableState)
    lacks_baseline = arm == "baseline" and state.reason is Reason.MISSING_METRIC
    return Unknown(reason=Reason.NO_BASELINE if lacks_baseline else state.reason, note=state.message)
