"""Floors of confidence after sharing: what each condition of a rule must reach.

A rule that needs j of m children claims wrongly as soon as one of the m - j + 1 children that could be
false passes; `floors: shared` spreads the error over them (Bonferroni), and nested shares multiply.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from remyx_action.policy.bar import Node
from remyx_action.specs.policy import AllOf, AnyOf


def share_of(rule: Node) -> int:
    """By how much the rule divides 1 - c for the conditions below it; 1 where floors are not shared."""
    if isinstance(rule, AllOf) or rule.floors == "each":
        return 1  # `all` needs none: intersection-union
    return len(rule.any) if isinstance(rule, AnyOf) else len(rule.of) - rule.at_least + 1


def effective_floor(declared: Decimal, share: int) -> Fraction:
    """1 - (1 - c)/share, exactly."""
    return 1 - (1 - Fraction(declared)) / share
