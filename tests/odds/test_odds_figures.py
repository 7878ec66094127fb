"""A small sample of the figures that `benchmarks/figures.py` prints."""

from __future__ import annotations

from support.odds_figures import backtested, boundary_rates, power_beside_enumeration, power_beside_noise


def test_the_closed_form_of_power_is_within_a_hundredth_and_needs_624_pairs() -> None:
    form, needed = power_beside_enumeration(sizes=(300,), shares=(0.2,))
    assert form.value <= 0.01
    assert needed.holds


def test_the_rate_at_the_boundary_is_the_true_one_on_average() -> None:
    assert [] == [found for found in boundary_rates(12, draws=200) if not found.holds]


def test_power_agrees_with_noise_on_the_worked_example() -> None:
    assert [] == [found for found in power_beside_noise(sizes=(300,), draws=1000) if not found.holds]


def test_a_bar_moves_none_of_its_own_verdicts() -> None:
    assert all(found.holds for found in backtested(60))
