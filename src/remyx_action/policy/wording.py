"""Conditions in one line, as one would say them."""

from __future__ import annotations

from remyx_action.decimals import plain
from remyx_action.policy.bar import Leaf
from remyx_action.specs import FieldCondition


def text_of(condition: Leaf) -> str:
    """Such as `accuracy improves_by 0.01` or `delta_confidence >= 0.95`."""
    threshold = f"{plain(condition.threshold):f}"
    if isinstance(condition, FieldCondition):
        field = f"{condition.field} of {condition.metric}" if condition.metric else condition.field
        return f"{field} {condition.op} {threshold}"
    relative = " relative" if getattr(condition, "mode", None) == "relative" else ""
    return f"{condition.metric} {condition.op} {threshold}{relative}"
