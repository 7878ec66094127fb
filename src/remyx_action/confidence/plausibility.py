"""Points, and the standard errors that are believed: one that no scores can have is refused.

One popular harness prints standard errors some 31 times too small; believed, they would make noise
certain.
"""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

from remyx_action.decimals import round_significant
from remyx_action.evidence.evidence import MetricEvidence, SummaryState, UnusableState
from remyx_action.evidence.sums import EXACT_DIGITS
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.template import ArmName
from remyx_action.readers.scores import Reason

from .location import BARE_NUMBER, DECLARE_A_RANGE, NotKnown, too_few_clusters, too_few_samples
from .pseudo_samples import FEWEST_CLUSTERS, Range


def point_of(evidence: MetricEvidence, metric: BarMetric, arm: ArmName) -> Fraction | NotKnown:
    """Return the arm's value, or why there is none."""
    mean = evidence.mean(arm)
    if mean is None:
        return _of_numbers(evidence.baseline if arm == "baseline" else evidence.variant, metric, arm)
    if metric.aggregate is None:
        point = mean
    else:
        found = evidence.percentiles
        text = None if found is None else found.baseline if arm == "baseline" else found.variant
        if found is None or text is None:
            return NotKnown(reason=Reason.NO_UNCERTAINTY, note="the percentile was not gathered")
        point = Fraction(int(text), found.scale)
    facts = evidence.facts.get(arm)
    return Fraction(round_significant(point)) if facts and facts.rounded else point


def delta_of(evidence: MetricEvidence, metric: BarMetric) -> Fraction | NotKnown:
    """Return variant - baseline, or why there is none; the variant's reason comes first."""
    variant, baseline = (
        point_of(evidence, metric, "variant"),
        point_of(evidence, metric, "baseline"),
    )
    for point in (variant, baseline):
        if isinstance(point, NotKnown):
            return point
    if evidence.unmatched is not None:
        return NotKnown(reason=Reason.UNMATCHED_SAMPLES, note=evidence.unmatched)
    assert isinstance(variant, Fraction)
    assert isinstance(baseline, Fraction)
    return variant - baseline


def _of_numbers(
    state: SummaryState | UnusableState | object, metric: BarMetric, arm: ArmName
) -> Fraction | NotKnown:
    if isinstance(state, SummaryState):
        if metric.range and not metric.range[0] <= state.value <= metric.range[1]:
            low, high = metric.range
            note = f"the {arm}'s value {state.value:f} is outside [{low:f}, {high:f}]"
            return NotKnown(reason=Reason.OUT_OF_RANGE, note=note)
        digits = state.value.normalize().as_tuple().digits
        value = round_significant(state.value) if len(digits) > EXACT_DIGITS else state.value
        return Fraction(value)
    assert isinstance(state, UnusableState)
    lacks_baseline = arm == "baseline" and state.reason is Reason.MISSING_METRIC
    return NotKnown(reason=Reason.NO_BASELINE if lacks_baseline else state.reason, note=state.message)


SMALLEST_SHARE = Fraction(1, 10)
"""Of the largest standard error that independent scores can have; below, it is refused."""
SMALLEST_SHARE_BINARY = Fraction(9, 10)
"""Where every score is an end of the range there is only one possible standard error."""


def squared_error(state: SummaryState, metric: BarMetric, arm: ArmName) -> Fraction | NotKnown:
    """Return e², the squared standard error of the arm's mean: reported, or the largest possible."""
    if state.exact or state.n is None:
        return NotKnown(reason=Reason.NO_UNCERTAINTY, note=BARE_NUMBER.format(arm=arm))
    if state.stderr is not None and state.n < 2:
        note = f"the {arm}'s standard error {state.stderr:f} is of n = {state.n}: it needs n of at least 2"
        return NotKnown(reason=Reason.NO_UNCERTAINTY, note=note)
    if state.n < 2:
        return too_few_samples(state.n)
    if state.stderr is None and state.clusters is not None:
        note = f"the {arm} has n and clusters but no standard error: report `stderr`, or samples"
        return NotKnown(reason=Reason.NO_UNCERTAINTY, note=note)
    if state.clusters is not None and state.clusters < FEWEST_CLUSTERS:
        return too_few_clusters(state.clusters)
    value, range_ = Fraction(state.value), range_of(metric)
    if state.stderr is None:
        if range_ is None:
            note = f"the {arm} has n but no standard error: report `stderr` or {DECLARE_A_RANGE}"
            return NotKnown(reason=Reason.NO_UNCERTAINTY, note=note)
        return (value - range_[0]) * (range_[1] - value) / (state.n - 1)
    return _implausible(state, metric, range_, arm) or Fraction(state.stderr) ** 2


def range_of(metric: BarMetric) -> Range:
    """Return (low, high), or None without a range or with an empty one."""
    if metric.range is None or metric.range[0] >= metric.range[1]:
        return None
    return Fraction(metric.range[0]), Fraction(metric.range[1])


def max_change_of(metric: BarMetric) -> Fraction | None:
    """Return how far a sample's score may change, or None where nothing is declared."""
    return None if metric.max_change is None else Fraction(metric.max_change)


def _implausible(state: SummaryState, metric: BarMetric, range_: Range, arm: ArmName) -> NotKnown | None:
    assert state.stderr is not None
    assert state.n is not None
    found = f"the {arm}'s standard error {state.stderr:f}"
    if state.stderr < 0:
        return NotKnown(reason=Reason.NO_UNCERTAINTY, note=f"{found} is negative")
    if range_ is None:
        if state.stderr == 0:
            note = f"{found} leaves nothing to judge by: {DECLARE_A_RANGE}, or report samples"
            return NotKnown(reason=Reason.NO_UNCERTAINTY, note=note)
        return None
    value, squared = Fraction(state.value), Fraction(state.stderr) ** 2
    largest = (value - range_[0]) * (range_[1] - value)
    share = SMALLEST_SHARE_BINARY if metric.scores == "binary" else SMALLEST_SHARE
    smallest = share * share * largest / (state.n - 1)
    if smallest <= squared <= largest:
        return None
    bound = (
        f"above {sqrt(largest):.6g}, the largest possible standard deviation"
        if squared > largest
        else f"below {sqrt(smallest):.6g}, which scores with this mean and n = {state.n} do not reach"
    )
    note = f"{found} is {bound}: report samples, or check how the harness computes it"
    return NotKnown(reason=Reason.NO_UNCERTAINTY, note=note)
