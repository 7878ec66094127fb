"""A rule as logic: what two rules have in common, whatever words they are written in."""

from __future__ import annotations

from msgspec.structs import replace

from remyx_action.policy.rules import Condition, Gate, OnField, OnMetric

RuleNode = Gate | Condition
COUNTS = ("worse", "better")
"""Fields that count samples of one metric."""


def simplified(node: RuleNode) -> RuleNode:
    """The same rule without what adds nothing: `all` in `all`, `any` in `any`, a gate of one."""
    if isinstance(node, Condition):
        return node
    parts = [simplified(child) for child in node.children]
    if len(parts) == 1:
        return parts[0]
    if node.k not in {1, len(parts)}:
        return replace(node, children=tuple(parts))
    is_all = node.k != 1
    flat: list[RuleNode] = []
    for part in parts:
        same = isinstance(part, Gate) and part.k == (len(part.children) if is_all else 1)
        flat += part.children if isinstance(part, Gate) and same else [part]
    return replace(node, k=len(flat) if is_all else 1, children=tuple(flat))


def conditions_of(node: RuleNode) -> list[Condition]:
    """Every condition at or below the node, in order."""
    return list(node.conditions()) if isinstance(node, Gate) else [node]


def about(condition: Condition) -> str:
    """The metric's key, or the field's name, with the metric that it counts samples of."""
    if isinstance(condition, OnField):
        by = f", by {condition.by:f}" if condition.by else ""
        return condition.field + (f"({condition.keys[0]}{by})" if condition.field in COUNTS else "")
    assert isinstance(condition, OnMetric)
    return condition.metric.key


def subject_of(condition: Condition) -> tuple[object, ...]:
    """Conditions of one subject differ in numbers only."""
    kind = "field" if isinstance(condition, OnField) else condition.claim.quantity
    return (about(condition), kind, condition.claim.side)


def identity_of(node: RuleNode) -> object:
    """Equal where two nodes are the same in effect; the order of a gate's children does not count."""
    if isinstance(node, Condition):
        is_field = isinstance(node, OnField)
        return (
            is_field,
            about(node),
            frozenset(node.keys),
            node.claim,
            node.floor,
            node.unknown_counts_against_variant,
        )
    children: dict[object, int] = {}
    for child in node.children:
        children[identity_of(child)] = children.get(identity_of(child), 0) + 1
    return (node.k, frozenset(children.items()))
