from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from remyx_action.report.render.drawing import HEADING, REACH, WIDTH, Bar, draw, extent

numbers = st.decimals(min_value=-10, max_value=10, places=6, allow_nan=False)


def drawn(delta: str, low: str, high: str, *marks: str, scale: str = "0.1", lower: bool = False) -> str:
    bar = Bar(
        delta=Decimal(delta),
        low=Decimal(low),
        high=Decimal(high),
        marks=tuple(map(Decimal, marks)),
        turned=lower,
    )
    return draw(bar, Decimal(scale)).replace("\N{NO-BREAK SPACE}", " ")


def test_zero_stands_in_the_middle_below_its_heading() -> None:
    assert HEADING[REACH] == "0"
    assert len(HEADING) == WIDTH


def test_an_interval_is_a_line_around_its_point() -> None:
    assert drawn("0.05", "0.02", "0.08") == "          │ ━━━●━━━  "


def test_a_line_across_zero_crosses_it() -> None:
    assert drawn("0.02", "-0.03", "0.07") == "       ━━━┿━●━━━━━   "


def test_a_threshold_is_marked() -> None:
    assert drawn("0.05", "0.04", "0.06", "0.02", "-0.01") == "         ┊│ ┊ ━●━    "


def test_lower_is_better_is_mirrored_so_that_better_is_to_the_right() -> None:
    assert drawn("-0.05", "-0.08", "-0.02", lower=True) == drawn("0.05", "0.02", "0.08")


def test_a_point_alone_has_no_line() -> None:
    bar = Bar(delta=Decimal("0.02"), low=None, high=None)
    assert draw(bar, Decimal("0.02")).strip("\N{NO-BREAK SPACE}") == "│" + "\N{NO-BREAK SPACE}" * 9 + "●"


def test_nothing_at_all_is_a_point_on_zero() -> None:
    bar = Bar(delta=Decimal(0), low=None, high=None)
    assert draw(bar, extent([bar])).strip("\N{NO-BREAK SPACE}") == "●"


@settings(max_examples=300, deadline=None, derandomize=True)
@given(numbers, numbers, numbers, numbers, st.booleans())
def test_every_drawing_has_its_width_and_its_point_on_the_true_side(
    delta: Decimal, one: Decimal, other: Decimal, mark: Decimal, turned: bool
) -> None:
    low, high = sorted((one, other))
    bar = Bar(delta=delta, low=low, high=high, marks=(mark,), turned=turned)
    shown = draw(bar, extent([bar]))
    point = shown.index("●") - REACH
    gain = -delta if turned else delta
    assert len(shown) == WIDTH
    assert (point > 0, point < 0) == (gain > 0, gain < 0)
