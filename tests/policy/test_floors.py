"""Shared floors keep the chance of a wrong claim of the whole rule at 1 - c."""

from decimal import Decimal
from fractions import Fraction

import pytest

from remyx_action.policy.bar import effective_floor, share_of
from remyx_action.project.models import Guard
from remyx_action.project.models.policy import AllOf, AnyOf, AtLeast, Leaf, Node

GUARDS: list[Node | Leaf] = [Guard(metric=key, op="no_regression") for key in "abcd"]


@pytest.mark.parametrize(
    ("rule", "share"),
    [
        (AllOf(all=GUARDS), 1),
        (AnyOf(any=GUARDS), 1),
        (AnyOf(any=GUARDS, floors="shared"), 4),
        (AtLeast(at_least=3, of=GUARDS, floors="shared"), 2),
        (AtLeast(at_least=4, of=GUARDS, floors="shared"), 1),
    ],
)
def test_the_error_is_shared_by_the_children_that_could_be_false(rule: Node, share: int) -> None:
    assert share == share_of(rule)


def test_a_floor_is_shared_exactly() -> None:
    assert Fraction(95, 100) == effective_floor(Decimal("0.80"), 4)
    assert Fraction(80, 100) == effective_floor(Decimal("0.80"), 1)
