"""Rounding happens once, half to even, and shows no noise."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remyx_action.decimals import plain, round_beside, round_significant


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Fraction(1, 3), "0.333333333333"),
        (Fraction(2, 3), "0.666666666667"),
        (Fraction(42, 100), "0.42"),
        (Fraction(5000), "5000"),
        (Decimal(1234567890125), "1234567890120"),  # half to even
        (Decimal(1234567890135), "1234567890140"),
        (Fraction(-0), "0"),
        (0.1, "0.1"),
        (Fraction(-1, 100), "-0.01"),
    ],
)
def test_twelve_digits_half_to_even_without_trailing_zeros(value: Fraction, expected: str) -> None:
    assert expected == str(round_significant(value))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_plain_keeps_the_number_and_drops_its_spelling(value: Decimal) -> None:
    shown = plain(value)
    assert value == shown
    assert "E" not in f"{shown:f}"
    assert str(shown) not in {"-0", "-0.0"}


def test_a_number_that_rounds_onto_a_mark_keeps_the_digits_that_tell_them_apart() -> None:
    value, mark = Fraction("0.299999999999999"), Fraction("0.3")
    assert Decimal("0.299999999999999") == round_beside(value, mark)
    assert Decimal("0.3") == round_beside(mark, mark)
    assert Decimal("0.333333333333") == round_beside(Fraction(1, 3), mark)


def test_a_number_of_any_size_is_written_out() -> None:
    assert "1" + "0" * 115 == str(round_significant(Fraction(10) ** 115))
