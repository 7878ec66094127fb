"""Rules × facts → the trace: every condition with its mark, its reason and its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.confidence import Estimate, weigh
from remyx_action.evidence.claims import Claim, claim_of
from remyx_action.project.models import Comparison, Equality, FieldCondition, MetricCondition
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.policy import AllOf, AnyOf, AtLeast, Leaf, Node, children_of, key_of
from remyx_action.readers.reasons import Reason

from .bar import effective_floor, share_of
from .fields import Facts, field_value


class Mark(StrEnum):
    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


def mark_of(truth: bool | None) -> Mark:  # noqa: FBT001 - a truth value is what it is about
    """None is unknown."""
    if truth is None:
        return Mark.UNKNOWN
    return Mark.TRUE if truth else Mark.FALSE


def at_least(k: int, marks: Sequence[Mark]) -> Mark:
    """True with k trues, false once k trues are out of reach, else unknown.

    `all` is at_least(len(marks)), `any` is at_least(1).
    """
    true = sum(mark is Mark.TRUE for mark in marks)
    unknown = sum(mark is Mark.UNKNOWN for mark in marks)
    if true >= k:
        return Mark.TRUE
    return Mark.UNKNOWN if true + unknown >= k else Mark.FALSE


Role = Literal["ship", "reject"]


class ConditionTrace(Struct, frozen=True, kw_only=True):
    """One condition, held against the facts."""

    condition: Leaf
    mark: Mark
    reason: Reason | None
    """Why the mark is false or unknown, or was unknown before `on_missing: violated`."""
    observed: Fraction | None
    """What stands against the threshold: value, delta, gain, loss or field."""
    confidence: Decimal | None = None
    floor: Fraction | None = None
    """The floor that applies, after sharing."""
    declared_floor: Decimal | None = None
    n: int | None = None


class RuleTrace(Struct, frozen=True, kw_only=True):
    combinator: Literal["all", "any", "at_least"]
    k: int | None
    mark: Mark
    children: tuple[RuleTrace | ConditionTrace, ...]


def trace_rule(rule: Node, facts: Facts, *, role: Role, share: int = 1) -> RuleTrace:
    """The rule and everything below it; `share` is what the rules above divide 1 - floor by."""
    share *= share_of(rule)
    children = tuple(_trace(child, facts, role, share) for child in children_of(rule))
    k = rule.at_least if isinstance(rule, AtLeast) else len(children) if isinstance(rule, AllOf) else 1
    return RuleTrace(
        combinator="all" if isinstance(rule, AllOf) else "any" if isinstance(rule, AnyOf) else "at_least",
        k=k if isinstance(rule, AtLeast) else None,
        mark=at_least(k, [child.mark for child in children]),
        children=children,
    )


def _trace(child: Node | Leaf, facts: Facts, role: Role, share: int) -> RuleTrace | ConditionTrace:
    if isinstance(child, AllOf | AnyOf | AtLeast):
        return trace_rule(child, facts, role=role, share=share)
    if isinstance(child, FieldCondition):
        trace = trace_field(child, facts)
    else:
        trace = trace_metric(child, facts, share)
    if trace.mark is Mark.UNKNOWN and trace.condition.on_missing == "violated":
        return replace(trace, mark=Mark.FALSE if role == "ship" else Mark.TRUE)
    return trace


def trace_metric(condition: MetricCondition, facts: Facts, share: int) -> ConditionTrace:
    """Without a floor the point decides; with one, the point and the confidence, by Kleene's and."""
    metric = facts.bar.metric(key_of(condition))
    claim = claim_of(condition, metric.direction)
    declared = None if isinstance(condition, Equality) else condition.confidence
    floor = None if declared is None else effective_floor(declared, share)
    blocked = _blocked(claim, facts)
    if blocked:
        return ConditionTrace(
            condition=condition,
            mark=Mark.UNKNOWN,
            reason=blocked,
            observed=None,
            floor=floor,
            declared_floor=declared,
        )
    weighed = weigh(facts.inputs.metrics[metric.key], metric, claim)
    sure = None if floor is None or weighed.confidence is None else Fraction(weighed.confidence) >= floor
    marks = [mark_of(weighed.holds)] + ([] if floor is None else [mark_of(sure)])
    mark = at_least(len(marks), marks)
    return ConditionTrace(
        condition=condition,
        mark=mark,
        reason=_reason(mark, weighed.holds, weighed.point_reason, weighed.reason),
        observed=observed_of(condition, metric, facts.estimates[metric.key]),
        confidence=weighed.confidence,
        floor=floor,
        declared_floor=declared,
        n=weighed.n,
    )


def _blocked(claim: Claim, facts: Facts) -> Reason | None:
    """A failed arm blocks everything; arms that are not comparable still have values of their own."""
    if facts.blocked_by is Reason.NOT_COMPARABLE and claim.quantity == "value":
        return None
    return facts.blocked_by


def _reason(
    mark: Mark,
    holds: bool | None,  # noqa: FBT001
    point_reason: Reason | None,
    confidence_reason: Reason | None,
) -> Reason | None:
    if mark is Mark.TRUE:
        return None
    if holds is False:
        return Reason.THRESHOLD
    if mark is Mark.FALSE:
        return Reason.LOW_CONFIDENCE
    return point_reason if holds is None else confidence_reason


def observed_of(condition: MetricCondition, metric: BarMetric, estimate: Estimate) -> Fraction | None:
    """The number that stands against the condition's threshold, in the condition's own terms.

    `improves_by` is held against the gain, `regresses_by` and `no_regression` against the loss.
    """
    quantity = claim_of(condition, metric.direction).quantity
    if quantity == "value":
        return estimate.variant
    if estimate.delta is None or quantity == "delta":
        return None if estimate.delta is None else turn_of(condition, metric) * estimate.delta
    turned = turn_of(condition, metric) * estimate.delta
    return turned / abs(estimate.baseline) if estimate.baseline else None


def turn_of(condition: MetricCondition, metric: BarMetric) -> Literal[1, -1]:
    """What a delta is multiplied by to stand in the condition's own terms."""
    if isinstance(condition, Comparison | Equality):
        return 1
    return 1 if (condition.op == "improves_by") == (metric.direction == "higher") else -1


def trace_field(condition: FieldCondition, facts: Facts) -> ConditionTrace:
    """A field against its threshold; unknown where the field is, with the field's reason."""
    found = field_value(condition.field, facts, key=condition.metric)
    threshold = Fraction(condition.threshold)
    holds: bool | None = None
    if found.value is not None:
        holds = {
            ">=": found.value >= threshold,
            ">": found.value > threshold,
            "<=": found.value <= threshold,
            "<": found.value < threshold,
        }[condition.op]
    mark = mark_of(holds)
    reason = None if holds else Reason.THRESHOLD if holds is False else found.reason
    return ConditionTrace(condition=condition, mark=mark, reason=reason, observed=found.value)
