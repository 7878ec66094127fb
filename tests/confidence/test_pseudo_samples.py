"""The one formula, against the same thing written out row by row with matrices."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from remyx_action.confidence.pseudo_samples import Observed, Prior, bell_mccaffrey, locate

SCORES = st.lists(st.integers(-100, 100), min_size=2, max_size=12)
CLUSTERS = st.lists(st.lists(st.integers(-100, 100), min_size=1, max_size=6), min_size=2, max_size=7)
PRIOR = Prior(center=Fraction(5), reach=Fraction(250, 3))


def alone(scores: list[int], denominator: int = 7) -> Observed:
    return Observed(
        denominator=denominator,
        sizes=[len(scores)],
        sums=[sum(scores)],
        squares=sum(score**2 for score in scores),
    )


def clustered(groups: list[list[int]], denominator: int = 7) -> Observed:
    return Observed(
        denominator=denominator,
        sizes=list(map(len, groups)),
        sums=list(map(sum, groups)),
        squares=sum(score**2 for group in groups for score in group),
        clusters=[1] * len(groups),
    )


@settings(derandomize=True, deadline=None)
@given(SCORES, st.integers(-30, 30))
def test_without_clusters_it_is_a_t_test_with_two_more_samples(scores: list[int], threshold: int) -> None:
    rows = [score / 7 for score in scores] + [
        float(PRIOR.center + PRIOR.reach),
        float(PRIOR.center - PRIOR.reach),
    ]
    location = locate(alone(scores), PRIOR).location
    expected = stats.ttest_1samp(rows, threshold, alternative="greater").pvalue
    assert 1 - expected == pytest.approx(location.at_least(Fraction(threshold)), abs=1e-9)
    interval = stats.ttest_1samp(rows, 0).confidence_interval(0.95)
    assert (interval.low, interval.high) == pytest.approx(location.interval(0.95), rel=1e-9)


@settings(derandomize=True, deadline=None)
@given(CLUSTERS)
def test_with_clusters_it_is_cr2_with_bell_and_mccaffreys_degrees(groups: list[list[int]]) -> None:
    sizes = [*map(len, groups), 1, 1]
    rows = [score / 7 for group in groups for score in group]
    rows += [float(PRIOR.center + PRIOR.reach), float(PRIOR.center - PRIOR.reach)]
    variance, degrees = cr2(np.array(rows), sizes)
    mean = locate(clustered(groups), PRIOR)
    assert variance == pytest.approx(mean.location.variance * float(PRIOR.reach) ** 2, rel=1e-9)
    assert degrees == pytest.approx(mean.location.degrees, rel=1e-9)
    assert float(np.mean(rows)) == pytest.approx(float(mean.location.center), abs=1e-12)
    assert len(groups) == mean.clusters


def cr2(rows: np.ndarray, sizes: list[int]) -> tuple[float, float]:
    """Of an intercept alone, by the general matrix formulas for any regression."""
    count = len(rows)
    design = np.ones((count, 1))
    bread = np.linalg.inv(design.T @ design)
    residual_maker = np.eye(count) - design @ bread @ design.T
    residuals = residual_maker @ rows
    meat, columns, start = 0.0, [], 0
    for size in sizes:
        rows_of = slice(start, start + size)
        values, vectors = np.linalg.eigh(residual_maker[rows_of, rows_of])
        root = vectors @ np.diag(values**-0.5) @ vectors.T
        meat += float((design[rows_of].T @ root @ residuals[rows_of]).item()) ** 2
        columns.append((residual_maker[:, rows_of] @ root @ design[rows_of] @ bread).ravel())
        start += size
    gram = np.array(columns) @ np.array(columns).T
    return meat * bread.item() ** 2, np.trace(gram) ** 2 / np.trace(gram @ gram)


@settings(derandomize=True, deadline=None)
@given(SCORES, st.integers(-30, 30))
def test_clusters_of_size_one_equal_none(scores: list[int], threshold: int) -> None:
    one, none = locate(clustered([[score] for score in scores]), PRIOR), locate(alone(scores), PRIOR)
    at = Fraction(threshold)
    assert none.location.at_least(at) == pytest.approx(one.location.at_least(at), abs=1e-12)
    assert none.location.interval(0.95) == pytest.approx(one.location.interval(0.95), abs=1e-12)
    assert one.n_effective == pytest.approx(none.n, rel=1e-12)


@settings(derandomize=True, deadline=None)
@given(CLUSTERS)
def test_no_more_samples_are_effective_than_there_are(groups: list[list[int]]) -> None:
    mean = locate(clustered(groups), PRIOR)
    assert mean.n_effective is not None
    assert 0 < mean.n_effective <= mean.n


@settings(derandomize=True, deadline=None)
@given(CLUSTERS, st.fractions(-30, 30, max_denominator=50), st.fractions(0, 5, max_denominator=50))
def test_both_sides_add_up_and_rise_and_fall_with_the_threshold(
    groups: list[list[int]], threshold: Fraction, step: Fraction
) -> None:
    location = locate(clustered(groups), PRIOR).location
    assert pytest.approx(1, abs=1e-14) == location.at_least(threshold) + location.at_most(threshold)
    assert location.at_least(threshold + step) <= location.at_least(threshold)
    assert location.at_most(threshold + step) >= location.at_most(threshold)


@settings(derandomize=True, deadline=None)
@given(CLUSTERS, st.integers(-30, 30), st.integers(1, 10**9), st.integers(-(10**12), 10**12))
def test_unit_and_zero_point_of_the_scores_do_not_matter(
    groups: list[list[int]], threshold: int, factor: int, shift: int
) -> None:
    moved = [[score * factor + shift for score in group] for group in groups]
    prior = Prior(center=PRIOR.center * factor + Fraction(shift, 7), reach=PRIOR.reach * factor)
    before = locate(clustered(groups), PRIOR).location.at_least(Fraction(threshold))
    after = locate(clustered(moved), prior).location.at_least(
        Fraction(threshold * factor) + Fraction(shift, 7)
    )
    assert before == pytest.approx(after, abs=1e-12)


@settings(derandomize=True, deadline=None)
@given(CLUSTERS)
def test_equal_clusters_count_as_often_as_they_are(groups: list[list[int]]) -> None:
    one_by_one = clustered(groups * 3)
    counted = Observed(
        denominator=7,
        sizes=list(map(len, groups)),
        sums=list(map(sum, groups)),
        squares=one_by_one.squares,
        clusters=[3] * len(groups),
    )
    assert one_by_one.n == counted.n
    apart, together = locate(one_by_one, PRIOR), locate(counted, PRIOR)
    assert (apart.clusters, apart.location.center) == (together.clusters, together.location.center)
    assert apart.location.variance == pytest.approx(together.location.variance, rel=1e-12)
    assert apart.location.degrees == pytest.approx(together.location.degrees, rel=1e-12)


def test_degrees_without_clusters_are_one_less_than_all_samples() -> None:
    assert [pytest.approx(n + 1) for n in (2, 5, 1000)] == [bell_mccaffrey([1], [n]) for n in (2, 5, 1000)]


def test_scores_of_any_size_neither_vanish_nor_overflow() -> None:
    tiny = Prior(center=Fraction(0), reach=Fraction(1, 10**150))
    small = Observed(denominator=10**150, sizes=[9], sums=[3], squares=3)
    large = Observed(denominator=1, sizes=[9], sums=[3], squares=3)
    expected = locate(large, Prior(center=Fraction(0), reach=Fraction(1))).location.at_least(Fraction(1, 5))
    assert expected == locate(small, tiny).location.at_least(Fraction(1, 5 * 10**150))


@pytest.mark.parametrize("largest", [10**6, 10**12, 10**15])
def test_one_cluster_that_outweighs_all_others_leaves_one_degree(largest: int) -> None:
    assert 1 == pytest.approx(bell_mccaffrey([largest, 1], [1, 4]), rel=1e-4)
