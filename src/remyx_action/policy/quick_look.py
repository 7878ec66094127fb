"""judge: whether a policy lets so few samples ship as a quick look takes."""

from __future__ import annotations

from remyx_action.policy.bar import Node
from remyx_action.specs import FieldCondition
from remyx_action.specs.policy import AllOf

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
