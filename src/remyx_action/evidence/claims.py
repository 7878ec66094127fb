"""Conditions as claims: one inequality about the true value, whatever the condition's wording.

statistics.md, "What each condition claims": every metric condition is `x op t`, `x - b op t` or
`x - b op r*abs(b)`; the directional words only choose the sign and the side.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from remyx_action.project.models import Comparison, Equality, MetricCondition

Direction = Literal["higher", "lower"]
Quantity = Literal["value", "delta", "relative_delta"]
Side = Literal["at_least", "at_most", "equal"]


class Claim(Struct, frozen=True, kw_only=True):
    """`quantity side threshold`, raw: never turned by the metric's direction."""

    quantity: Quantity
    side: Side
    strict: bool
    """Only the point tells strict and non-strict apart; their confidence is the same."""
    threshold: Decimal
    """In the metric's unit; for `relative_delta` a fraction of abs(baseline)."""


IMPROVED: dict[Direction, Claim] = {
    "higher": Claim(quantity="delta", side="at_least", strict=True, threshold=Decimal(0)),
    "lower": Claim(quantity="delta", side="at_most", strict=True, threshold=Decimal(0)),
}
"""The claim behind `delta_confidence`: the variant is truly better, by however little."""

SIDES: dict[str, tuple[Side, bool]] = {
    ">=": ("at_least", False),
    ">": ("at_least", True),
    "<=": ("at_most", False),
    "<": ("at_most", True),
    "==": ("equal", False),
}


def quantity_of(condition: Comparison | Equality) -> Quantity:
    """Return the quantity that the suffix of the condition's metric names."""
    quantity = condition.metric.partition(".")[2]
    if quantity == "value":
        return "value"
    return "delta" if quantity == "delta" else "relative_delta"


def claim_of(condition: MetricCondition, direction: Direction, *, as_violation: bool = False) -> Claim:
    """Return the condition as an inequality about the true value.

    `as_violation`: of a guard (`no_regression`), the inequality that violates it, as reject asks for.
    """
    if isinstance(condition, Comparison | Equality):
        side, strict = SIDES[condition.op]
        return Claim(quantity=quantity_of(condition), side=side, strict=strict, threshold=condition.threshold)
    op = "regresses_by" if as_violation and condition.op == "no_regression" else condition.op
    higher = direction == "higher"
    threshold = condition.threshold
    if op == "improves_by":  # g >= t, and g > 0 where t is 0
        better, strict, bound = True, threshold == 0, threshold
    elif op == "regresses_by":  # -g > t
        better, strict, bound = False, True, -threshold
    else:  # no_regression: -g <= t, that is g >= -t
        better, strict, bound = True, False, -threshold
    return Claim(
        quantity="relative_delta" if condition.mode == "relative" else "delta",
        side="at_least" if better == higher else "at_most",
        strict=strict,
        threshold=(bound if higher else -bound) + 0,  # + 0: no negative zero
    )
