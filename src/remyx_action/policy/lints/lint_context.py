"""What lints look at, and what they find: one policy with its template and metrics."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property

from msgspec import Struct

from remyx_action.policy.bar import Bar, make_bar
from remyx_action.policy.rules import Gate, OnField, OnMetric, Role, RuleTree
from remyx_action.project.models import Metrics, Policy, Template
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.results_map import is_read_alone


class Finding(Struct, frozen=True, kw_only=True):
    """One warning, not yet placed."""

    lint: str
    pointer: str
    """In the file of the policy, or of the template."""
    message: str
    help: str


class LintContext(Struct, frozen=True, kw_only=True, dict=True):
    """A policy with everything that its lints need."""

    policy: Policy
    """As written."""
    template: Template
    bar: Bar
    has_recorded_arm: bool
    """Whether `.remyx/baselines/` holds an arm of this template."""

    @cached_property
    def rules(self) -> RuleTree:
        """The rules as the first look at a pull request meets them: no floor is lower at another one."""
        return self.bar.rules_at(1)

    def on_metrics(self, *roles: Role) -> list[OnMetric]:
        """Conditions on metrics, in the file's order; of all roles where none is given."""
        return [found for found in self.rules.on_metrics() if not roles or found.role in roles]

    def on_fields_of_ship(self) -> Iterator[OnField]:
        """Conditions of the ship rule on fields."""
        for condition in self.rules.ship.conditions():
            if isinstance(condition, OnField):
                yield condition

    def gates(self) -> Iterator[Gate]:
        """Every gate of both rules."""
        yield from self.bar.rules.ship.gates()
        if self.bar.rules.reject is not None:
            yield from self.bar.rules.reject.gates()

    def deciding(self) -> set[str]:
        """Pointers of the conditions without which nothing ships, or each of which rejects by itself."""
        rules = [rule for rule in (self.bar.rules.ship, self.bar.rules.reject) if rule is not None]
        return {condition.pointer for rule in rules for condition in rule.deciding()}

    def is_read_alone(self, key: str) -> bool:
        """Whether the template's maps find a metric's value and nothing that says how sure it is."""
        return is_read_alone(self.template.results, key)


def context_of(
    policy: Policy, template: Template, vocabulary: Metrics, *, has_recorded_arm: bool
) -> LintContext:
    """The policy with its compiled bar."""
    return LintContext(
        policy=policy,
        template=template,
        bar=make_bar(policy, template, vocabulary),
        has_recorded_arm=has_recorded_arm,
    )


def width_of(metric: BarMetric) -> Decimal | None:
    """Of the metric's range."""
    return metric.range[1] - metric.range[0] if metric.range else None
