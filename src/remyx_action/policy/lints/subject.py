"""What a lint looks at: one policy with its template and metrics, every condition with its place."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from msgspec import Struct

from remyx_action.evidence.claims import Claim, claim_of
from remyx_action.policy.bar import Bar, effective_floor, set_bar, share_of
from remyx_action.project.models import Equality, FieldCondition, Metrics, Policy, Template
from remyx_action.project.models.metrics import BarMetric, ExactBaseline, RecordedBaseline
from remyx_action.project.models.policy import AllOf, AnyOf, AtLeast, Leaf, Node, children_of, key_of

Role = Literal["ship", "reject"]


class Finding(Struct, frozen=True, kw_only=True):
    """One warning, not yet placed."""

    lint: str
    pointer: str
    """In the policy's file."""
    message: str
    help: str


class Condition(Struct, frozen=True, kw_only=True):
    """A condition on a metric, as it is judged."""

    pointer: str
    role: Role
    metric: BarMetric
    claim: Claim
    floor: Fraction | None
    """After sharing."""
    decides: bool
    """In ship: without it nothing ships. In reject: it rejects by itself."""
    is_equality: bool

    @property
    def favours_better(self) -> bool:
        """Whether its satisfied side is where the metric gets better."""
        return (self.claim.side == "at_least") == (self.metric.direction == "higher")

    @property
    def width(self) -> Decimal | None:
        """Of the metric's range."""
        return self.metric.range[1] - self.metric.range[0] if self.metric.range else None


class FieldLine(Struct, frozen=True, kw_only=True):
    """A condition on a field."""

    pointer: str
    role: Role
    leaf: FieldCondition
    decides: bool


class Subject(Struct, frozen=True, kw_only=True):
    policy: Policy
    """As written."""
    template: Template
    bar: Bar
    conditions: tuple[Condition, ...]
    fields: tuple[FieldLine, ...]
    has_recorded_arm: bool
    """Whether `.remyx/baselines/` holds an arm of this template."""

    def of(self, role: Role) -> list[Condition]:
        return [condition for condition in self.conditions if condition.role == role]


def subject_of(policy: Policy, template: Template, vocabulary: Metrics, *, has_recorded_arm: bool) -> Subject:
    """Everything the lints need, in the file's order."""
    bar = set_bar(policy, template, vocabulary)
    lines = [
        *_lines(bar.policy.ship, bar, "ship", "/ship", share=1, decides=True),
        *_lines(bar.policy.reject, bar, "reject", "/reject", share=1, decides=True),
    ]
    return Subject(
        policy=policy,
        template=template,
        bar=bar,
        conditions=tuple(line for line in lines if isinstance(line, Condition)),
        fields=tuple(line for line in lines if isinstance(line, FieldLine)),
        has_recorded_arm=has_recorded_arm,
    )


def needed(rule: Node) -> int:
    """How many children must hold for the rule to hold."""
    if isinstance(rule, AtLeast):
        return rule.at_least
    return len(rule.all) if isinstance(rule, AllOf) else 1


def located_children(rule: Node, pointer: str) -> Iterator[tuple[str, Node | Leaf]]:
    name = "all" if isinstance(rule, AllOf) else "any" if isinstance(rule, AnyOf) else "of"
    for index, child in enumerate(children_of(rule)):
        yield f"{pointer}/{name}/{index}", child


def located_rules(rule: Node | None, pointer: str) -> Iterator[tuple[str, Node]]:
    """The rule and every rule in it."""
    if rule is not None:
        yield pointer, rule
        for below, child in located_children(rule, pointer):
            if isinstance(child, AllOf | AnyOf | AtLeast):
                yield from located_rules(child, below)


def declared_value(metric: BarMetric) -> Decimal | None:
    """The baseline's value, however it is declared."""
    baseline = metric.baseline
    return baseline.value if isinstance(baseline, RecordedBaseline | ExactBaseline) else baseline


def _lines(
    rule: Node | None, bar: Bar, role: Role, pointer: str, *, share: int, decides: bool
) -> Iterator[Condition | FieldLine]:
    if rule is None:
        return
    share *= share_of(rule)
    decides = decides and needed(rule) == (len(children_of(rule)) if role == "ship" else 1)
    for below, child in located_children(rule, pointer):
        if isinstance(child, AllOf | AnyOf | AtLeast):
            yield from _lines(child, bar, role, below, share=share, decides=decides)
        elif isinstance(child, FieldCondition):
            yield FieldLine(pointer=below, role=role, leaf=child, decides=decides)
        else:
            metric = bar.metric(key_of(child))
            declared = None if isinstance(child, Equality) else child.confidence
            yield Condition(
                pointer=below,
                role=role,
                metric=metric,
                claim=claim_of(child, metric.direction),
                floor=None if declared is None else effective_floor(declared, share),
                decides=decides,
                is_equality=isinstance(child, Equality),
            )
