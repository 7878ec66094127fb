from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remyx_action.report.render import numbers

KEPT = "\N{NO-BREAK SPACE}"
decimals = st.decimals(min_value=-1000, max_value=1000, places=9, allow_nan=False)
probabilities = st.decimals(min_value=0, max_value=1, places=9, allow_nan=False)
floors = st.decimals(min_value="0.500001", max_value="0.999999", allow_nan=False).filter(lambda c: c < 1)


def read(shown: str) -> Decimal:
    return Decimal(shown.replace("−", "-").replace(",", "").replace("+", "").replace(f"≈{KEPT}", ""))


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        ("0.42", None, "0.42"),
        ("0.42", 3, "0.420"),
        ("1234567.891", 1, "1,234,567.9"),
        ("-0.0138", 3, "−0.014"),
        ("-0.0001", 2, "−0.00"),
        ("0", 2, "0.00"),
        ("-0", 2, "0.00"),
        ("1E+3", None, "1,000"),
        ("0.0000000000000123", None, f"1.23e{numbers.MINUS}14"),
    ],
)
def test_a_number_reads_as_people_write_it(value: str, digits: int | None, expected: str) -> None:
    assert numbers.number(Decimal(value), digits) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0.0301", "+0.030"), ("-0.0301", "−0.030"), ("0.00001", "+0.000"), ("0", "0.000")],
)
def test_a_delta_shows_its_sign_even_where_its_digits_are_zero(value: str, expected: str) -> None:
    assert numbers.signed(Decimal(value), 3) == expected


def test_no_number_is_a_dash() -> None:
    assert [numbers.number(None), numbers.signed(None), numbers.confidence(None), numbers.count(None)] == [
        "—"
    ] * 4


@settings(max_examples=400, deadline=None, derandomize=True)
@given(decimals, decimals, st.integers(min_value=0, max_value=4))
def test_a_shown_number_stands_on_its_true_side_of_the_threshold(
    value: Decimal, threshold: Decimal, at_least: int
) -> None:
    digits = numbers.decimals_that_tell_apart([value], [threshold], at_least=at_least)
    shown = read(numbers.signed(value, digits))
    assert (shown > threshold, shown < threshold) == (value > threshold, value < threshold)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(probabilities, floors)
def test_a_shown_confidence_never_contradicts_its_floor(value: Decimal, floor: Decimal) -> None:
    shown = numbers.against_floor(value, floor)
    relation = "≥" if value >= floor else "<"
    known, said, against = shown.partition(f"{KEPT}{relation}{KEPT}")
    assert said
    assert (read(known) >= read(against)) == (value >= floor)


@pytest.mark.parametrize(
    ("value", "floor", "expected"),
    [
        ("0.919255093", "0.8", "0.919 ≥ 0.80"),
        ("0.799999999", "0.8", "0.799999999 < 0.80"),
        ("0.79951", "0.8", "0.7995 < 0.80"),
        ("0.8", "0.8", "0.800 ≥ 0.80"),
        ("0.93335", "0.933333333333", "0.9334 ≥ 0.93333"),
        ("1", "0.95", "≈ 1 ≥ 0.95"),
        ("0.000000001", "0.95", "≈ 0 < 0.95"),
        ("0.99997", "0.99998", "0.99997 < 0.99998"),
    ],
)
def test_a_confidence_is_held_against_its_floor(value: str, floor: str, expected: str) -> None:
    shown = numbers.against_floor(Decimal(value), Decimal(floor))
    assert shown == expected.replace(" ", KEPT)


def test_a_confidence_is_never_certain() -> None:
    known = [numbers.confidence(Decimal(value)) for value in ("1", "0.9997", "0.999", "0.0002", "0")]
    assert known == [f"≈{KEPT}1", f"≈{KEPT}1", "0.999", f"≈{KEPT}0", f"≈{KEPT}0"]


def test_an_interval_stays_on_one_line() -> None:
    assert numbers.interval([Decimal("-0.0038"), Decimal("0.0238")], 3) == f"[−0.004,{KEPT}+0.024]"


@pytest.mark.parametrize(
    ("spread", "expected"), [("0.0138", 3), ("0.137", 2), ("2.5", 1), ("31", 0), ("0", 0)]
)
def test_an_uncertainty_shows_two_digits(spread: str, expected: int) -> None:
    assert numbers.decimals_for(Decimal(spread)) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [("0.44", "0.4 s"), ("42.4", "42 s"), ("371.4", "6 min 11 s"), ("7512", "2 h 05 min")],
)
def test_a_duration_reads_as_people_say_it(seconds: str, expected: str) -> None:
    assert numbers.duration(Decimal(seconds)) == expected


def test_amounts_agree_with_their_noun() -> None:
    assert [
        numbers.plural(1, "metric"),
        numbers.plural(1200, "metric"),
        numbers.percent(Decimal("0.95")),
    ] == [
        "1 metric",
        "1,200 metrics",
        "95%",
    ]


def test_what_no_rounding_can_tell_apart_is_shown_with_all_its_digits() -> None:
    value, threshold = Decimal("0.0200000000000001"), Decimal("0.02")
    digits = numbers.decimals_that_tell_apart([value], [threshold], at_least=3)
    assert numbers.signed(value, digits) == "+0.0200000000000001"
