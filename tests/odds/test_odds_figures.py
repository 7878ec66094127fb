"""A small sample of the figures that `benchmarks/figures.py` prints."""

from __future__ import annotations

from support.odds_figures import (
    backtested,
    boundary_rates,
    closed_form_beside_enumeration,
    power_beside_enumeration,
    power_beside_noise,
)


def test_power_of_0_and_1_is_exact_and_the_closed_form_needs_624_pairs() -> None:
    seen, needed = power_beside_enumeration(sizes=(200,), shares=(0.05, 0.2))
    assert seen.value <= 1e-9
    assert needed.holds


def test_the_closed_form_takes_over_where_it_is_within_a_hundredth() -> None:
    [form] = closed_form_beside_enumeration(shares=(0.02, 0.8), effects=(-0.02,))
    assert form.holds


def test_the_rate_at_the_boundary_is_the_true_one_on_average() -> None:
    assert [] == [found for found in boundary_rates(12, draws=200) if not found.holds]


def test_power_agrees_with_noise_on_the_worked_example() -> None:
    assert [] == [found for found in power_beside_noise(sizes=(300,), draws=1000) if not found.holds]


def test_a_bar_moves_none_of_its_own_verdicts() -> None:
    assert all(found.holds for found in backtested(60))
