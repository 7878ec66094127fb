"""The judge: bar × evidence → marks → verdict. Pure, so that a verdict replays from its own file."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from remyx_action.confidence import Estimate, estimate
from remyx_action.evidence.evidence import Inputs
from remyx_action.project.models import FieldCondition
from remyx_action.project.models.policy import AllOf, Node
from remyx_action.readers.reasons import Reason

from .bar import Bar
from .fields import Facts, FieldValue, coverage, delta_confidence, sample_size
from .rules import Mark, RuleTrace, trace_rule

QUICK_LOOK = "quick_look"
"""The cap where fewer samples were asked for than there are."""


def is_enough(ship: Node, samples: int) -> bool:
    """Whether the ship rule itself says that so many samples suffice.

    It does by a condition that every ship has to meet and that so many samples do:
    `{field: sample_size, op: ">=", threshold: N}`, for all metrics.
    """
    if not isinstance(ship, AllOf):
        return False
    return any(
        _suffices(child, samples) if isinstance(child, FieldCondition) else is_enough(child, samples)
        for child in ship.all
        if isinstance(child, FieldCondition | AllOf)
    )


def _suffices(condition: FieldCondition, samples: int) -> bool:
    if condition.field != "sample_size" or condition.metric is not None:
        return False
    if condition.op == ">":
        return samples > condition.threshold
    return condition.op == ">=" and samples >= condition.threshold


Verdict = Literal["ship", "reject", "iterate"]
RunState = Literal["complete", "partial", "not_comparable", "failed"]

INCOMPLETE = frozenset(
    {
        Reason.MISSING_METRIC,
        Reason.NO_BASELINE,
        Reason.INVALID_VALUE,
        Reason.OUT_OF_RANGE,
        Reason.UNMATCHED_SAMPLES,
    }
)
"""Reasons of a metric that make the run partial: it is absent, invalid or not matched."""


class Judgement(Struct, frozen=True, kw_only=True):
    verdict: Verdict | None
    """None where the run failed: a crash is never a verdict."""
    reason: str
    run_state: RunState
    estimates: dict[str, Estimate]
    """By metric key, in the bar's order."""
    ship: RuleTrace
    reject: RuleTrace | None
    delta_confidence: FieldValue
    sample_size: FieldValue
    coverage: FieldValue

    @property
    def least_sure(self) -> str | None:
        """Key of the metric that ship asks to improve and that is least surely better."""
        return self.delta_confidence.key


def judge(bar: Bar, inputs: Inputs) -> Judgement:
    """The verdict on `inputs` under `bar`, with the trace of every condition."""
    estimates = {metric.key: estimate(inputs.metrics[metric.key], metric) for metric in bar.metrics}
    state = run_state_of(inputs, estimates)
    facts = Facts(bar=bar, inputs=inputs, estimates=estimates, blocked_by=_blocked_by(state))
    ship = trace_rule(bar.policy.ship, facts, role="ship")
    reject = trace_rule(bar.policy.reject, facts, role="reject") if bar.policy.reject else None
    verdict, reason = decide(
        ship=ship.mark, reject=reject.mark if reject else Mark.FALSE, state=state, caps=inputs.caps
    )
    return Judgement(
        verdict=verdict,
        reason=reason,
        run_state=state,
        estimates=estimates,
        ship=ship,
        reject=reject,
        delta_confidence=delta_confidence(facts),
        sample_size=sample_size(facts),
        coverage=coverage(facts),
    )


def decide(*, ship: Mark, reject: Mark, state: RunState, caps: list[str]) -> tuple[Verdict | None, str]:
    """Verdict and reason of two marks; reject comes before caps, caps before ship."""
    if state == "failed":
        return None, "run_failed"
    if reject is Mark.TRUE:
        return "reject", "both_match" if ship is Mark.TRUE else "reject_rule"
    if state == "not_comparable":
        return "iterate", "not_comparable"
    if ship is Mark.FALSE:
        return "iterate", "below_bar"
    if ship is Mark.UNKNOWN:
        return "iterate", "ship_undetermined"
    if reject is Mark.UNKNOWN:
        return "iterate", "reject_undetermined"
    if caps:
        return "iterate", caps[0]
    return "ship", "bar_met"


def run_state_of(inputs: Inputs, estimates: dict[str, Estimate]) -> RunState:
    """How much of the run can be judged."""
    if any(state in {"failed", "timed_out"} for state in inputs.arms.values()):
        return "failed"
    if inputs.not_comparable:
        return "not_comparable"
    if any(estimate.reason in INCOMPLETE for estimate in estimates.values()):
        return "partial"
    return "complete"


def _blocked_by(state: RunState) -> Reason | None:
    """The reason why no comparison of the arms may count, whatever the numbers say."""
    if state == "failed":
        return Reason.ARM_FAILED
    return Reason.NOT_COMPARABLE if state == "not_comparable" else None
