"""The bar: one policy with everything of metrics and template that it needs.

A verdict follows from the bar and the evidence alone; verdict.json carries both, so it replays.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import Literal, Self

from pydantic import model_validator

from remyx_action.evidence.claims import IMPROVED, Claim
from remyx_action.project.models import Metrics, Policy, Template
from remyx_action.project.models.field_types import Name, Spec, unchecked
from remyx_action.project.models.metrics import BarMetric, measured_metrics

from .rules import OnField, RuleTree, compile_policy


class Bar(Spec):
    policy: Policy
    """As written."""
    template: Name
    baseline: Literal["measured", "recorded"]
    metrics: list[BarMetric]
    """Every metric that the template measures, in its order."""

    @model_validator(mode="after")
    def _names_what_it_has(self) -> Self:
        """A bar from outside (replay) may name anything; one that `make_bar` made has been checked before."""
        if len({metric.key for metric in self.metrics}) != len(self.metrics):
            raise ValueError("the bar has a metric twice")
        try:
            self.rules  # noqa: B018 - compiles them
        except KeyError as error:
            raise ValueError(f"a rule names {error}, a metric that the bar does not have") from error
        if any(metric.range and metric.range[0] >= metric.range[1] for metric in self.metrics):
            raise ValueError("a range ends where it begins, or before")
        return self

    @cached_property
    def rules(self) -> RuleTree:
        """The compiled rules, not yet judged."""
        return compile_policy(self.policy, {metric.key: metric for metric in self.metrics})

    def rules_at(self, look: int | None) -> RuleTree:
        """The rules for the look-th measurement of a pull request; None: looks are not counted."""
        if look is None or self.policy.looks != "corrected":
            return self.rules
        return self.rules.at_look(look)

    def metric(self, key: str) -> BarMetric:
        """The metric of that key; KeyError where the template does not measure it."""
        for metric in self.metrics:
            if metric.key == key:
                return metric
        raise KeyError(key)


def claims_in(bar: Bar) -> dict[str, list[Claim]]:
    """By metric key, every claim that is weighed: those of the rules, and that the variant is better."""
    claims = {metric.key: {IMPROVED[metric.direction]: None} for metric in bar.metrics}
    for condition in bar.rules.on_metrics():
        claims[condition.metric.key][condition.claim] = None
    return {key: list(found) for key, found in claims.items()}


def sizes_in(bar: Bar) -> dict[str, list[Decimal]]:
    """By metric key, the sizes of changes that conditions count samples by."""
    sizes: dict[str, dict[Decimal, None]] = {metric.key: {} for metric in bar.metrics}
    for condition in bar.rules.conditions():
        if isinstance(condition, OnField) and condition.field in ("worse", "better"):
            sizes[condition.keys[0]][condition.by] = None
    return {key: list(found) for key, found in sizes.items()}


def make_bar(policy: Policy, template: Template, vocabulary: Metrics) -> Bar:
    """The bar of a checked policy, template and vocabulary."""
    return unchecked(Bar)(
        policy=policy,
        template=template.name,
        baseline=template.baseline,
        metrics=list(measured_metrics(template, vocabulary).values()),
    )
