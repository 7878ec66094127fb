from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remyx_action.report import render
from remyx_action.report.render import numbers
from remyx_action.report.render.metric_words import decimals_for_metric
from support.reports import REPORTS

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
    assert ["—"] * 3 == [numbers.number(None), numbers.signed(None), numbers.count(None)]


@settings(max_examples=400, deadline=None, derandomize=True)
@given(decimals, decimals, st.integers(min_value=0, max_value=4))
def test_a_shown_number_is_on_its_true_side_of_the_threshold(
    value: Decimal, threshold: Decimal, at_least: int
) -> None:
    digits = numbers.decimals_that_tell_apart([value], [threshold], at_least=at_least)
    shown = read(numbers.signed(value, digits))
    assert (shown > threshold, shown < threshold) == (value > threshold, value < threshold)


def in_percent(shown: str) -> Decimal:
    return read(shown.removesuffix(f"{KEPT}%")) / 100


@settings(max_examples=400, deadline=None, derandomize=True)
@given(probabilities, floors)
def test_a_shown_confidence_never_contradicts_its_floor(value: Decimal, floor: Decimal) -> None:
    bound, _, shown = numbers.sure(value, floor).rpartition(" ")
    if bound == "over":
        assert value > in_percent(shown) >= min(floor, numbers.MOST_SURE)
    elif bound == "under":
        assert value < in_percent(shown) < floor
    else:
        assert (in_percent(shown) >= floor) == (value >= floor)


@pytest.mark.parametrize(
    ("value", "floor", "expected"),
    [
        ("0.919255093", "0.8", "92 % of 80 %"),
        ("0.799999999", "0.8", "79.9999999 % of 80 %"),
        ("0.796", "0.8", "79.6 % of 80 %"),
        ("0.8", "0.8", "80 % of 80 %"),
        ("0.93335", "0.933333333333", "93.34 % of 93.3 %"),
        ("1", "0.95", "over 99 % of 95 %"),
        ("0.000000001", "0.95", "under 1 % of 95 %"),
        ("0.993", "0.995", "99 % of 99.5 %"),
        ("0.99999", "0.995", "over 99.99 % of 99.5 %"),
        ("0.975", "0.975", "97.5 % of 97.5 %"),
    ],
)
def test_a_confidence_is_shown_in_percent_beside_what_is_needed(
    value: str, floor: str, expected: str
) -> None:
    shown = f"{numbers.sure(Decimal(value), Decimal(floor))} of {numbers.needed(Decimal(floor))}"
    assert expected == shown.replace(KEPT, " ")


def test_a_confidence_is_never_certain() -> None:
    known = [numbers.sure(Decimal(value)) for value in ("1", "0.991", "0.99", "0.56", "0.002", "0")]
    expected = ["over 99 %", "over 99 %", "99 %", "56 %", "under 1 %", "under 1 %"]
    assert expected == [shown.replace(KEPT, " ") for shown in known]


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
        f"95{KEPT}%",
    ]


def test_what_no_rounding_can_tell_apart_is_shown_with_all_its_digits() -> None:
    value, threshold = Decimal("0.0200000000000001"), Decimal("0.02")
    digits = numbers.decimals_that_tell_apart([value], [threshold], at_least=3)
    assert numbers.signed(value, digits) == "+0.0200000000000001"


def test_what_is_in_a_row_adds_up_or_has_one_more_digit() -> None:
    comments = {kind: render.comment(REPORTS[kind]()) for kind in ("serving", "ship")}
    assert "0.5485 → 0.5515 | +0.003" in comments["ship"]
    assert "| 0.000<br>[−0.007, +0.006]" in comments["serving"].replace("\u00a0", " ")


@pytest.mark.parametrize(("value", "decimals"), [("1.23", 2), ("0.123456", 4), ("1234.5", 0), ("0", 0)])
def test_equal_numbers_without_an_interval_keep_four_digits(value: str, decimals: int) -> None:
    same = {"baseline": Decimal(value), "variant": Decimal(value), "delta": Decimal(0), "interval": None}
    row = REPORTS["ship"]().metrics[0].model_copy(update=same)
    assert decimals_for_metric(row, [Decimal(5)]) == decimals
