"""The distributions of `power`, `noise` and `backtest` beside SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import integrate, optimize, stats

from remyx_action.confidence.binomial import chance_of_split
from remyx_action.odds.backtest import shrink
from remyx_action.odds.distributions import (
    binomial_at_least,
    binomial_mass,
    normal_below,
    probable_counts,
    rate_limits,
    t_quantile,
)

COUNTS = some.integers(1, 3000)
RATES = some.floats(0.001, 0.999)


@given(COUNTS, RATES, RATES)
def test_counts(n: int, rate: float, place: float) -> None:
    k = round(place * n)
    assert binomial_mass(k, n, rate) == pytest.approx(stats.binom.pmf(k, n, rate), rel=1e-8, abs=1e-300)
    assert binomial_at_least(k, n, rate) == pytest.approx(stats.binom.sf(k - 1, n, rate), abs=1e-12)
    counts = probable_counts(n, rate)
    inside = stats.binom.cdf(counts[-1], n, rate) - stats.binom.cdf(counts[0] - 1, n, rate)
    assert inside == pytest.approx(1, abs=1e-11)
    exact = stats.binomtest(k, n).proportion_ci(0.95, method="exact")
    assert rate_limits(k, n) == pytest.approx((exact.low, exact.high), abs=1e-9)


@given(some.integers(1, 200), some.integers(0, 200))
def test_a_split_by_chance_is_the_exact_test_of_mcnemar(one: int, other: int) -> None:
    exact = stats.binomtest(one, one + other).pvalue
    assert chance_of_split(one, other) == pytest.approx(exact, abs=1e-9)
    assert chance_of_split(other, one) == pytest.approx(exact, abs=1e-9)


@given(some.floats(-8, 8), some.floats(0.01, 0.99), some.floats(1, 5000))
def test_normal_and_student(z: float, probability: float, degrees: float) -> None:
    assert normal_below(z) == pytest.approx(stats.norm.cdf(z), rel=1e-9)
    assert t_quantile(probability, degrees) == pytest.approx(stats.t.ppf(probability, degrees), abs=1e-7)


@pytest.mark.parametrize("spread", [0.0, 0.02, 0.2])
def test_shrinkage_is_the_posterior_mean_under_the_variance_of_dersimonian_and_laird(spread: float) -> None:
    random = np.random.default_rng(6)
    errors = random.uniform(0.01, 0.06, 12)
    changes = random.normal(0.01, spread, 12) + random.normal(0, errors)
    weights = np.diag(errors**-2)
    # Q = x'Ax is expected to be the trace of A times the covariance; the variance is where it is.
    form = weights - np.outer(errors**-2, errors**-2) / np.sum(errors**-2)

    def excess(variance: float) -> float:
        return float(changes @ form @ changes - np.trace(form @ np.diag(errors**2 + variance)))

    deviation = optimize.brentq(excess, 0, 1) ** 0.5 if excess(0) > 0 else 0.0
    middle = float(np.average(changes, weights=1 / (errors**2 + deviation**2)))

    def posterior_mean(change: float, error: float) -> float:
        if not deviation:
            return middle
        grid = np.linspace(middle - 12 * deviation, middle + 12 * deviation, 20_001)
        density = stats.norm.pdf(grid, middle, deviation) * stats.norm.pdf(change, grid, error)
        return float(integrate.simpson(grid * density, x=grid) / integrate.simpson(density, x=grid))

    found = shrink(list(zip(changes.tolist(), errors.tolist(), strict=True)))
    expected = [posterior_mean(*pair) for pair in zip(changes, errors, strict=True)]
    assert found == pytest.approx(expected, abs=1e-9)
