"""A rule → its lines: every condition in the file's order, at its depth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.policy.rules import Condition, Gate, OnField, OnMetric

from .condition_words import ConditionView, MetricConditionView
from .field_words import FieldConditionView
from .metric_words import MetricView


class RuleLine(Struct, frozen=True, kw_only=True):
    """A rule inside a rule, where it begins."""

    depth: int
    gate: Gate

    @property
    def words(self) -> str:
        return rule_words(self.gate)


class ConditionText(Struct, frozen=True, kw_only=True):
    """A condition at its place in its rule."""

    depth: int
    view: ConditionView


def rule_words(gate: Gate) -> str:
    """Return how a rule combines what it holds: `all of 5`, `at least 2 of 3`, `any of 4`."""
    of = len(gate.children)
    return (
        f"at least {gate.k:,} of {of:,}" if gate.combinator == "at_least" else f"{gate.combinator} of {of:,}"
    )


def lines_of(gate: Gate, metrics: Mapping[str, MetricView]) -> Iterator[RuleLine | ConditionText]:
    """Yield every line below a rule, in the file's order."""
    alone = frozenset(condition.pointer for condition in gate.deciding()) if gate.role == "reject" else ()
    in_the_way = frozenset(condition.pointer for condition in gate.in_the_way())

    def below(gate: Gate, depth: int) -> Iterator[RuleLine | ConditionText]:
        for child in gate.children:
            if isinstance(child, Gate):
                yield RuleLine(depth=depth, gate=child)
                yield from below(child, depth + 1)
            else:
                view = _view_of(child, metrics, child.pointer in alone)
                yield ConditionText(depth=depth, view=replace(view, in_the_way=child.pointer in in_the_way))

    return below(gate, 0)


def _view_of(
    condition: Condition,
    metrics: Mapping[str, MetricView],
    rejects_alone: bool,  # noqa: FBT001
) -> ConditionView:
    if isinstance(condition, OnMetric):
        metric = metrics[condition.metric.key]
        return MetricConditionView(condition=condition, metric=metric, rejects_alone=rejects_alone)
    assert isinstance(condition, OnField)
    named = None if condition.metric is None else metrics[condition.metric.key]
    return FieldConditionView(condition=condition, metric=named, rejects_alone=rejects_alone)
