from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from remyx_action.confidence.binomial import clopper_pearson, rate_at_least, rate_at_most

COUNTS = st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(derandomize=True, deadline=None, max_examples=300)
@given(COUNTS, st.floats(1e-6, 1 - 1e-6))
def test_each_side_is_one_minus_its_p_value(counts: tuple[int, int], rate: float) -> None:
    successes, n = counts
    expected = (1 - binom.sf(successes - 1, n, rate), 1 - binom.cdf(successes, n, rate))
    found = (rate_at_least(successes, n, rate, 1 - rate), rate_at_most(successes, n, rate, 1 - rate))
    assert expected == pytest.approx(found, abs=1e-10)


def test_a_million_trials_keep_nine_decimals() -> None:
    rates = [(round(1e6 * u) + step, u) for u in (0.001, 0.03, 0.5, 0.97) for step in (-900, 0, 900)]
    expected = [1 - binom.cdf(k, 10**6, u) for k, u in rates]
    assert expected == pytest.approx([rate_at_most(k, 10**6, u, 1 - u) for k, u in rates], abs=5e-10)


def test_no_success_shows_nothing_and_the_ends_are_settled() -> None:
    assert 0.0 == rate_at_least(0, 10, 0.3, 0.7)
    assert 0.0 == rate_at_most(10, 10, 0.3, 0.7)
    assert (1.0, 0.0) == (rate_at_least(3, 10, 0.0, 1.0), rate_at_most(3, 10, 0.0, 1.0))
    assert (0.0, 1.0) == (rate_at_least(3, 10, 1.0, 0.0), rate_at_most(3, 10, 1.0, 0.0))
    assert (1.0, 0.0) == (rate_at_least(3, 10, -0.5, 1.5), rate_at_least(3, 10, 1.5, -0.5))


@pytest.mark.parametrize(("successes", "n"), [(0, 1), (1, 1), (0, 10), (3, 10), (420, 1000), (999, 1000)])
@pytest.mark.parametrize("level", [0.95, 0.99])
def test_the_interval_is_clopper_and_pearsons(successes: int, n: int, level: float) -> None:
    expected = binomtest(successes, n).proportion_ci(level, method="exact")
    found = clopper_pearson(successes, n, level)
    assert (expected.low, expected.high) == pytest.approx(found, rel=1e-11, abs=1e-14)
