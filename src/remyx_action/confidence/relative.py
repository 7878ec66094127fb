"""Relative claims: a change against r·abs(baseline) is a claim about variant - ρ·baseline.

Source: E. C. Fieller, "Some Problems in Interval Estimation", JRSS B 16 (1954) 175-185.
"""

from __future__ import annotations

from fractions import Fraction

from remyx_action.evidence.inputs import MetricEvidence, SummaryState
from remyx_action.policy.bar import BarMetric
from remyx_action.policy.claims import Claim
from remyx_action.policy.reasons import Reason

from . import percentiles
from .basis import INTERVAL_LEVEL
from .one_sample import mean_of_arm
from .plausibility import range_of
from .unknown import Unknown


def sign_of_baseline(evidence: MetricEvidence, metric: BarMetric) -> int | Unknown:
    """The sign of the baseline's true mean, where range or samples settle it."""
    range_ = range_of(metric)
    if range_ is not None and (range_[0] >= 0 or range_[1] <= 0):
        return 1 if range_[0] >= 0 else -1
    state = evidence.baseline
    if isinstance(state, SummaryState) and state.exact and state.value != 0:
        return 1 if state.value > 0 else -1
    unsettled = Unknown(
        reason=Reason.ZERO_BASELINE,
        note="the baseline may be 0, so a change relative to it says nothing: use an absolute threshold",
    )
    if isinstance(state, SummaryState) and state.exact:
        return unsettled
    if metric.aggregate is not None:
        return percentiles.sign_of_baseline(evidence, metric) or unsettled
    basis = mean_of_arm(evidence, metric, "baseline")
    if isinstance(basis, Unknown):
        return basis
    interval = basis.tails.interval(INTERVAL_LEVEL)
    if interval is None or interval[0] <= 0 <= interval[1]:
        return unsettled
    return 1 if interval[0] > 0 else -1


def ratio_of(evidence: MetricEvidence, metric: BarMetric, claim: Claim) -> Fraction | Unknown:
    """ρ of y = variant - ρ·baseline: 1 for a delta, 1 ± r for a relative one."""
    if claim.quantity == "delta":
        return Fraction(1)
    sign = sign_of_baseline(evidence, metric)
    return sign if isinstance(sign, Unknown) else 1 + Fraction(claim.threshold) * sign
