"""The bar: one policy in normal form with everything of metrics and template that it needs.

A verdict follows from the bar and the evidence alone; verdict.json carries both, so it replays.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Literal, Self

from pydantic import model_validator

from remyx_action.decimals import plain
from remyx_action.evidence.claims import IMPROVED, Claim, Direction, claim_of
from remyx_action.project.models import FieldCondition, Guard, MetricCondition, Metrics, Policy, Template
from remyx_action.project.models.fields import Name, Spec, unchecked
from remyx_action.project.models.metrics import BarMetric, measured_metrics
from remyx_action.project.models.policy import (
    AllOf,
    AnyOf,
    AtLeast,
    Directional,
    Leaf,
    Node,
    children_of,
    key_of,
    leaves_of,
)


class Bar(Spec):
    policy: Policy
    """In normal form: `no_regression` inside reject has become `regresses_by`."""
    template: Name
    missing: Literal["unmatched", "worst"]
    baseline: Literal["measured", "recorded"]
    metrics: list[BarMetric]
    """Every metric that the template measures, in its order."""

    @model_validator(mode="after")
    def _names_what_it_has(self) -> Self:
        """A bar from outside (replay) may name anything; one that was set has been checked before."""
        keys = {metric.key for metric in self.metrics}
        leaves = leaves_of(self.policy.ship) + leaves_of(self.policy.reject)
        named = {leaf.metric if isinstance(leaf, FieldCondition) else key_of(leaf) for leaf in leaves}
        if len(keys) != len(self.metrics) or not named - {None} <= keys:
            raise ValueError("a rule names a metric that the bar does not have, or has twice")
        if any(metric.range and metric.range[0] >= metric.range[1] for metric in self.metrics):
            raise ValueError("a range ends where it begins, or before")
        return self

    def metric(self, key: str) -> BarMetric:
        """The metric of that key; KeyError where the template does not measure it."""
        for metric in self.metrics:
            if metric.key == key:
                return metric
        raise KeyError(key)


def claims_in(bar: Bar) -> dict[str, list[Claim]]:
    """By metric key, every claim that is weighed: those of the rules, and that the variant is better."""
    claims = {metric.key: {IMPROVED[metric.direction]: None} for metric in bar.metrics}
    for leaf in leaves_of(bar.policy.ship) + leaves_of(bar.policy.reject):
        if not isinstance(leaf, FieldCondition):
            key = key_of(leaf)
            claims[key][claim_of(leaf, bar.metric(key).direction)] = None
    return {key: list(found) for key, found in claims.items()}


def set_bar(policy: Policy, template: Template, vocabulary: Metrics) -> Bar:
    """The bar of a checked policy, template and vocabulary."""
    reject = policy.reject and _violations(policy.reject)
    return unchecked(Bar)(
        policy=policy.model_copy(update={"reject": reject}),
        template=template.name,
        missing=template.missing,
        baseline=template.baseline,
        metrics=list(measured_metrics(template, vocabulary).values()),
    )


def _violations(rule: Node) -> Node:
    """Turn each guard of a reject rule into the regression that violates it."""
    children = [_violation(child) for child in children_of(rule)]
    field = "all" if isinstance(rule, AllOf) else "any" if isinstance(rule, AnyOf) else "of"
    return rule.model_copy(update={field: children})


def _violation(child: Node | Leaf) -> Node | Leaf:
    if isinstance(child, AllOf | AnyOf | AtLeast):
        return _violations(child)
    if isinstance(child, Guard):
        return Directional.model_validate(child.model_dump() | {"op": "regresses_by"})
    return child


def share_of(rule: Node) -> int:
    """By how much the rule divides 1 - c for the conditions below it; 1 where floors are not shared."""
    if isinstance(rule, AllOf) or rule.floors == "each":
        return 1  # `all` needs none: intersection-union
    return len(rule.any) if isinstance(rule, AnyOf) else len(rule.of) - rule.at_least + 1


def effective_floor(declared: Decimal, share: int) -> Fraction:
    """1 - (1 - c)/share, exactly."""
    return 1 - (1 - Fraction(declared)) / share


def text_of(condition: Leaf) -> str:
    """Such as `accuracy improves_by 0.01` or `delta_confidence >= 0.95`."""
    threshold = f"{plain(condition.threshold):f}"
    if isinstance(condition, FieldCondition):
        field = f"{condition.field} of {condition.metric}" if condition.metric else condition.field
        return f"{field} {condition.op} {threshold}"
    relative = " relative" if getattr(condition, "mode", None) == "relative" else ""
    return f"{condition.metric} {condition.op} {threshold}{relative}"


def asked_to_improve(rule: Node, directions: Mapping[str, Direction]) -> list[str]:
    """Keys of the metrics that the rule asks to be better than the baseline, at any depth.

    Guards and `.value` do not count: a policy would otherwise wait for proof that what it only guards
    has become better.
    """
    conditions = [leaf for leaf in leaves_of(rule) if not isinstance(leaf, FieldCondition)]
    asked = (key_of(leaf) for leaf in conditions if _asks(leaf, directions[key_of(leaf)]))
    return list(dict.fromkeys(asked))


def _asks(condition: MetricCondition, direction: Direction) -> bool:
    if isinstance(condition, Directional | Guard):
        return condition.op == "improves_by"
    claim = claim_of(condition, direction)
    better = "at_least" if direction == "higher" else "at_most"
    beyond_zero = claim.threshold >= 0 if direction == "higher" else claim.threshold <= 0
    return claim.quantity != "value" and claim.side == better and beyond_zero
