"""Judge: which metrics a rule asks to be better, told from its conditions alone."""

from __future__ import annotations

from collections.abc import Mapping

from remyx_action.policy.bar import Node, leaves_of
from remyx_action.policy.claims import Direction, claim_of, key_of
from remyx_action.specs import Directional, FieldCondition, Guard, MetricCondition


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
