"""The figures of docs/statistics.md, each printed with what it measured (`pytest -s`)."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest

import support.measured_figures as figures
from support.enumeration import EASY, HARD, condition_passes, worst_false_pass, worst_false_pass_of_any_rule
from support.measured_figures import Measured


def held(found: Iterable[Measured]) -> list[Measured]:
    """Print every number; return those that miss what they must be."""
    measured = list(found)
    for number in measured:
        print(number)  # noqa: T201 - to show the number is the point
    assert measured
    return [number for number in measured if not number.holds]


def test_figure_1_identical_pairs_are_not_certain() -> None:
    assert [] == held(figures.identical_pairs())


@pytest.mark.parametrize("n", [2, 5, 10, 20, 50, 100])
def test_figure_2_false_ships_of_small_samples_stay_near_the_floor(n: int) -> None:
    assert [] == held(figures.enumerated_false_ships(n))


@pytest.mark.slow
@pytest.mark.parametrize("n", [300, 1000])
def test_figure_2_false_ships_of_large_samples_stay_near_the_floor(n: int) -> None:
    assert [] == held(figures.enumerated_false_ships(n))


@pytest.mark.slow
def test_figure_3_uneven_clusters_do_not_ship_what_is_no_better() -> None:
    assert [] == held(figures.uneven_clusters(10_000))


@pytest.mark.slow
def test_figure_3_rare_losses_in_few_clusters_are_printed() -> None:
    assert [] == held([figures.rare_losses(clusters, 1000) for clusters in (15, 30)])


def test_figure_3_clusters_of_size_one_equal_none() -> None:
    assert [] == held([figures.clusters_of_one()])


@pytest.mark.slow
def test_figure_4_students_t_is_exact() -> None:
    assert [] == held([figures.student_against_mpmath()])


def test_figure_5_rows_shuffled_and_sharded_give_the_same_bytes() -> None:
    found = figures.shard_bytes(1)
    print(Measured(figure=5, what="different texts", value=len(found), allowed="= 1", holds=True))  # noqa: T201
    assert 1 == len(found)


def test_figure_5_values_far_from_zero_lose_nothing() -> None:
    assert [] == held([figures.far_from_zero()])


@pytest.mark.slow
@pytest.mark.parametrize("n", [20, 100, 300])
def test_figure_7_without_a_range_the_threshold_is_tested_itself(n: int) -> None:
    assert [] == held(figures.without_range(n, 3_000))


@pytest.mark.slow
def test_figure_8_relative_thresholds_keep_their_confidence() -> None:
    assert [] == held(figures.relative_thresholds(1_500))


@pytest.mark.slow
@pytest.mark.parametrize("n", [10, 30, 100, 300, 1000])
def test_figure_9_binary_values_never_pass_too_often(n: int) -> None:
    assert [] == held(figures.binary_values(n))


@pytest.mark.slow
def test_figure_10_the_example_policy_ships_what_is_better() -> None:
    assert [] == held(figures.example_policy(200))


@pytest.mark.parametrize("floor", ["0.80", "0.95"])
def test_the_search_along_the_boundary_finds_what_asking_for_every_case_finds(floor: str) -> None:
    thresholds = (*EASY, *HARD)
    rules = {threshold: condition_passes(20, threshold, floor) for threshold in thresholds}
    expected = worst_false_pass_of_any_rule(20, thresholds, rules.__getitem__)
    assert expected == pytest.approx(worst_false_pass(20, thresholds, rules.__getitem__), abs=1e-12)


def test_a_missed_figure_is_seen() -> None:
    missed = figures.at_most(0, "made up", math.inf, 1)
    assert [missed] == held([missed])
    assert "MISSED" in str(missed)
