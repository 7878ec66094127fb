"""Shared floors keep the chance of a wrong claim of the whole rule at 1 - c."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from remyx_action.policy.rules import effective_floor
from support.bars import bar

METRICS = [{"key": key, "unit": "accuracy"} for key in "abcd"]
GUARDS = [{"metric": key, "op": "no_regression", "confidence": 0.8} for key in "abcd"]
PAIR = [{"any": GUARDS[:2], "floors": "shared"}, {"all": GUARDS[2:]}]


@pytest.mark.parametrize(
    ("rule", "shares"),
    [
        ({"all": GUARDS}, [1, 1, 1, 1]),
        ({"any": GUARDS}, [1, 1, 1, 1]),
        ({"any": GUARDS, "floors": "shared"}, [4, 4, 4, 4]),
        ({"at_least": 3, "of": GUARDS, "floors": "shared"}, [2, 2, 2, 2]),
        ({"at_least": 4, "of": GUARDS, "floors": "shared"}, [1, 1, 1, 1]),
        ({"any": PAIR, "floors": "shared"}, [4, 4, 2, 2]),
        ({"all": PAIR}, [2, 2, 1, 1]),
    ],
)
def test_the_error_is_shared_by_the_children_that_could_be_false(
    rule: Mapping[str, Any], shares: list[int]
) -> None:
    conditions = list(bar(rule, metrics=METRICS).rules.ship.conditions())
    assert shares == [condition.shared_by for condition in conditions]
    assert [effective_floor(Decimal("0.8"), share) for share in shares] == [
        condition.floor for condition in conditions
    ]


def test_a_floor_is_shared_exactly() -> None:
    assert Fraction(95, 100) == effective_floor(Decimal("0.80"), 4)
    assert Fraction(80, 100) == effective_floor(Decimal("0.80"), 1)
