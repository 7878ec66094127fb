from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remyx_action.evidence.sums import integers_of

LITERALS = st.one_of(
    st.integers(-(10**15), 10**15).map(str),
    st.decimals(-1000, 1000, allow_nan=False, places=3).map(lambda value: f"{value:f}"),
    st.floats(-1e6, 1e6, allow_nan=False).map(repr),
    st.sampled_from(["1e-7", "2.5E+3", "-0", "-0.0", "0.10", "1E-20"]),
)


@settings(derandomize=True, deadline=None)
@given(st.lists(LITERALS, min_size=1, max_size=60))
def test_every_literal_is_its_integer_over_the_power_of_ten(literals: list[str]) -> None:
    for rows in (literals, literals * 40):  # few distinct ones take another way
        column = integers_of(rows)
        assert [Decimal(literal) for literal in rows] == [
            Decimal(value).scaleb(-column.decimals) for value in column.values
        ]


@pytest.mark.parametrize(
    ("literal", "long"),
    [
        ("0.1", False),
        ("0.123456789012345", False),
        ("0.1234567890123456", True),
        ("0.30000000000000004", True),
        ("0.50000000000000000000", False),
        ("1000000000000000", False),
        ("-0.12345678901234567", True),
        ("1.23e-10", False),
    ],
)
def test_more_than_fifteen_significant_digits_are_long(literal: str, long: bool) -> None:
    assert long == integers_of([literal, "0.5"]).long


def test_a_column_takes_a_finer_power_of_ten() -> None:
    assert [1500, -20] == integers_of(["1.5", "-0.02"]).with_decimals(3)
