"""Conditions and rules as parts of a sentence."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from remyx_action.decimals import plain, round_significant
from remyx_action.policy.rules import Condition, Gate, OnField, OnMetric, Role

from .logic import COUNTS, RuleNode, about

SHOWN = 6
"""Conditions or names that are listed before the rest is counted."""

SHIP_BOUNDS = {
    ("at_least", False): "must reach",
    ("at_least", True): "must exceed",
    ("at_most", False): "may be at most",
    ("at_most", True): "must stay below",
    ("equal", False): "must be exactly",
}
REJECT_BOUNDS = {
    ("at_least", False): "fires from",
    ("at_least", True): "fires above",
    ("at_most", False): "fires down from",
    ("at_most", True): "fires below",
    ("equal", False): "fires at exactly",
}
SHIP_MOVES = {
    "improves_by": "must improve by",
    "regresses_by": "must regress by more than",
    "no_regression": "may regress by",
}
REJECT_MOVES = {
    "improves_by": "fires when it improves by",
    "regresses_by": "fires when it regresses by more than",
    "no_regression": "fires when it regresses by more than",
}


def number(value: Decimal | Fraction) -> str:
    return f"{plain(value) if isinstance(value, Decimal) else round_significant(value):f}"


def node_in_words(node: RuleNode) -> str:
    """`any of (a.delta >= 0.02; b no_regression 0.01)`."""
    if isinstance(node, Condition):
        return node.text
    return f"{combinator(node)} ({listed([node_in_words(child) for child in node.children], '; ')})"


def combinator(gate: Gate) -> str:
    """`all of`, `any of`, `at least 2 of 3`."""
    if gate.k == len(gate.children):
        return "all of"
    return "any of" if gate.k == 1 else f"at least {gate.k} of {len(gate.children)}"


def listed(words: list[str], between: str = ", ") -> str:
    rest = len(words) - SHOWN
    return between.join(words[:SHOWN]) + (f"{between}and {rest} more" if rest > 0 else "")


def threshold_moved(before: Condition, after: Condition, role: Role) -> str:
    """The same condition with another number."""
    name, of = about(after), ""
    if isinstance(after, OnField) and after.metric is not None and after.field not in COUNTS:
        name = f"{name} of {after.metric.key}"
    if isinstance(after, OnMetric) and after.is_directional:
        verb = (SHIP_MOVES if role == "ship" else REJECT_MOVES)[after.op]
        of = " of the baseline" if after.is_relative else ""
    else:
        name = name if isinstance(after, OnField) else f"{name}.{after.claim.quantity}"
        bounds = SHIP_BOUNDS if role == "ship" else REJECT_BOUNDS
        verb = bounds[(after.claim.side, after.claim.strict)]
    new, old = number(after.threshold), number(before.threshold)
    return f"{role}: {name} {verb} {new}{of} instead of {old}"
