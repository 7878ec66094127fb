from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from remyx_action.confidence.student import log_gamma_half_step, lower_tail, quantile

DEGREES = st.floats(0.5, 1e8)


@pytest.mark.parametrize("degrees", [0.5, 1, 2, 7.3, 19, 400, 1e5])
@pytest.mark.parametrize("t", [-40, -3, -1.7, -0.5, 0, 1e-4, 0.8, 2, 6])
def test_the_lower_tail_is_scipys(t: float, degrees: float) -> None:
    assert stats.t.cdf(t, degrees) == pytest.approx(lower_tail(t, degrees), abs=1e-11)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.floats(0, 1e6), DEGREES)
def test_both_tails_add_up_to_one(t: float, degrees: float) -> None:
    assert pytest.approx(1, abs=1e-15) == lower_tail(t, degrees) + lower_tail(-t, degrees)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.floats(-50, 50), st.floats(1e-6, 10), DEGREES)
def test_a_larger_t_never_has_a_smaller_tail(t: float, step: float, degrees: float) -> None:
    assert lower_tail(t, degrees) <= lower_tail(t + step, degrees)


@pytest.mark.parametrize("probability", [0.6, 0.9, 0.975, 0.995])
@pytest.mark.parametrize("degrees", [0.5, 1, 4, 21, 1001, 1e6])
def test_the_quantile_is_scipys(probability: float, degrees: float) -> None:
    assert stats.t.ppf(probability, degrees) == pytest.approx(quantile(probability, degrees), rel=1e-9)


@pytest.mark.parametrize("t", [1e101, -1e101, float("inf"), -float("inf")])
def test_what_is_far_away_is_settled(t: float) -> None:
    assert float(t > 0) == lower_tail(t, 3)


def test_the_gamma_ratio_is_that_of_the_gamma_function() -> None:
    from math import lgamma

    assert [lgamma(a + 0.5) - lgamma(a) for a in (0.25, 3, 11, 40)] == pytest.approx(
        [log_gamma_half_step(a) for a in (0.25, 3, 11, 40)], abs=1e-13
    )
