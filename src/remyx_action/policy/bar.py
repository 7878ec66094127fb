"""The bar: one policy in normal form with everything of metrics and template that it needs.

A verdict follows from the bar and the evidence alone; verdict.json carries both, so it replays.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from remyx_action.policy.claims import IMPROVED, Claim, claim_of, key_of
from remyx_action.specs import FieldCondition, Guard, Metric, MetricCondition, Metrics, Policy, Template
from remyx_action.specs.fields import Integer, Key, Line, Name, Number, Spec, unchecked
from remyx_action.specs.metrics import PERCENTILE_PATTERN, RANGE_OF_UNIT, ExactBaseline, RecordedBaseline
from remyx_action.specs.policy import AllOf, AnyOf, AtLeast, Directional


class BarMetric(Spec):
    """A metric with its defaults filled in."""

    key: Key
    label: Line
    unit: Line
    direction: Literal["higher", "lower"]
    range: Annotated[list[Number], Field(min_length=2, max_length=2)] | None
    """[lo, hi], declared or implied by the unit."""
    scores: Literal["binary"] | None
    aggregate: Annotated[str, Field(pattern=PERCENTILE_PATTERN)] | None
    baseline: Number | RecordedBaseline | ExactBaseline | None
    """The declared number: judged against where no baseline is measured, else checked for drift."""
    samples: Integer | None
    """How many samples the template expects."""


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


Node = AllOf | AnyOf | AtLeast
Leaf = MetricCondition | FieldCondition


def children_of(rule: Node) -> list[Node | Leaf]:
    """The conditions and rules below a rule, in the file's order."""
    if isinstance(rule, AllOf):
        return list(rule.all)
    return list(rule.any if isinstance(rule, AnyOf) else rule.of)


def leaves_of(rule: Node | None) -> list[Leaf]:
    """Every condition at any depth, in the file's order."""
    leaves: list[Leaf] = []
    for child in children_of(rule) if rule else []:
        leaves += leaves_of(child) if isinstance(child, AllOf | AnyOf | AtLeast) else [child]
    return leaves


def metric_keys(rule: Node | None) -> list[str]:
    """Keys named in the rule's metric conditions, each once, in the file's order."""
    leaves = leaves_of(rule)
    return list(dict.fromkeys(key_of(leaf) for leaf in leaves if not isinstance(leaf, FieldCondition)))


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


def measured_metrics(template: Template, vocabulary: Metrics) -> dict[str, BarMetric]:
    """By key, in the template's order, the metrics that it measures."""
    known = {metric.key: metric for metric in vocabulary.metrics}
    return {key: _filled_in(known[key], template) for key in template.metrics}


def implied_range(metric: Metric) -> list[Decimal] | None:
    """[lo, hi] as declared, else as the unit implies, else None."""
    if metric.range is not None:
        return metric.range
    implied = RANGE_OF_UNIT.get(metric.unit.casefold())
    return list(implied) if implied else None


def _filled_in(metric: Metric, template: Template) -> BarMetric:
    samples = template.samples
    return BarMetric(
        key=metric.key,
        label=metric.label or metric.key,
        unit=metric.unit,
        direction=metric.direction,
        range=implied_range(metric),
        scores=metric.scores,
        aggregate=metric.aggregate,
        baseline=metric.baseline,
        samples=samples.get(metric.key) if isinstance(samples, dict) else samples,
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
