"""Fields: how many samples a comparison rests on, whatever their clusters and however they are judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from remyx_action.policy.judgement import Judgement, judge
from remyx_action.readers.scores import Reason, Scores
from support.bars import bar, inputs, number, samples

NEEDS_500 = {"field": "sample_size", "op": ">=", "threshold": 500}
BETTER = {"metric": "a.delta", "op": ">=", "threshold": 0.02}
PERCENTILE = [{"key": "a", "unit": "x", "aggregate": "p90", "range": [0, 100]}]


def clusters(count: int, n: int) -> list[str]:
    return [f"c{row % count}" for row in range(n)]


def judged(
    conditions: Sequence[Mapping[str, Any]],
    baseline: Mapping[str, Scores],
    variant: Mapping[str, Scores],
    **changes: Any,
) -> Judgement:
    subject = bar({"all": list(conditions)}, **changes)
    return judge(subject, inputs(subject, baseline, variant))


def size(judgement: Judgement) -> tuple[float | None, Reason | None]:
    field = judgement.sample_size
    return None if field.value is None else float(field.value), field.reason


def test_a_thousand_samples_of_two_clusters_are_no_thousand() -> None:
    both = clusters(2, 1000)
    found = judged(
        [NEEDS_500, BETTER],
        {"a": samples(["1", "0"] * 500, clusters=both)},
        {"a": samples(["1", "1"] * 500, clusters=both)},
    )
    assert "iterate" == found.verdict
    effective, reason = size(found)
    assert reason is None
    assert effective is not None
    assert effective < 20


@pytest.mark.parametrize(("count", "expected"), [(3, 15), (8, 60)])
def test_clustered_samples_of_a_percentile_count_for_what_they_are_worth(count: int, expected: int) -> None:
    both = clusters(count, 600)
    found = judged(
        [NEEDS_500, {"metric": "a.delta", "op": ">=", "threshold": -5}],
        {"a": samples([str(row % count * 10 + row % 7) for row in range(600)], clusters=both)},
        {"a": samples([str(row % count * 10 + row % 3) for row in range(600)], clusters=both)},
        metrics=PERCENTILE,
    )
    assert "iterate" == found.verdict
    effective, reason = size(found)
    assert reason is None
    assert effective is not None
    assert 1 < effective < expected


def test_samples_that_say_nothing_of_their_clusters_leave_the_size_unknown() -> None:
    both = clusters(2, 1000)
    arm = samples(["1"] * 1000, clusters=both)
    ranged = judged([NEEDS_500, BETTER], {"a": arm}, {"a": arm})
    assert (1000.0, None) == size(ranged)
    unranged = judged([NEEDS_500, BETTER], {"a": arm}, {"a": arm}, metrics=[{"key": "a", "unit": "x"}])
    assert (None, Reason.NO_UNCERTAINTY) == size(unranged)


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        (samples(["1", "0"] * 20), (40.0, None)),
        (samples(["1", "0"] * 20, clusters=clusters(2, 40)), (None, 10)),
        (number("0.5"), (None, Reason.NO_BASELINE)),
    ],
)
def test_a_metric_judged_by_its_value_alone_has_its_own_samples(variant: Scores, expected: Any) -> None:
    value = {"metric": "a.value", "op": ">=", "threshold": 0.1}
    found = size(judged([NEEDS_500, value], {}, {"a": variant}))
    if isinstance(expected[1], int):
        assert found[0] is not None
        assert 1 < found[0] < expected[1]
    else:
        assert expected == found
    compared = size(judged([NEEDS_500, value, BETTER], {}, {"a": variant}))
    assert (None, Reason.NO_BASELINE) == compared
