"""Conditions that count samples: how many got worse or better, by how much, and never without pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remyx_action.policy.judgement import judge
from remyx_action.policy.rules import Condition, Mark
from remyx_action.readers.scores import Reason, Scores
from support.bars import bar, inputs, number, samples

LOWER = {"key": "a", "unit": "s", "direction": "lower"}
HIGHER = {"key": "a", "unit": "points"}


def judged(line: str, before: Scores, after: Scores, metric: Mapping[str, Any] = HIGHER) -> Condition:
    held = bar({"all": [line]}, metrics=[metric], max_missing=0.99)
    [found] = judge(held, inputs(held, {"a": before}, {"a": after})).ship.conditions()
    return found


@pytest.mark.parametrize(
    ("line", "metric", "expected"),
    [
        ("worse(a) <= 2", HIGHER, 2),
        ("better(a) >= 1", HIGHER, 1),
        ("worse(a, by 0.1) <= 1", HIGHER, 1),
        ("worse(a, by 0.2) <= 3", HIGHER, 0),
        ("worse(a) <= 1", LOWER, 1),
        ("better(a) >= 2", LOWER, 2),
    ],
)
def test_samples_are_counted_by_the_metrics_direction(
    line: str, metric: Mapping[str, Any], expected: int
) -> None:
    before, after = samples(["0.5", "0.5", "0.5", "0.5"]), samples(["0.5", "0.4", "0.3", "0.8"])
    found = judged(line, before, after, metric)
    assert (Mark.TRUE, None, Decimal(expected)) == (found.mark, found.reason, found.observed)


def test_a_count_beyond_the_threshold_is_not_met() -> None:
    found = judged("worse(a) <= 3", samples(["1"] * 9), samples(["0"] * 4 + ["1"] * 5))
    assert (Mark.FALSE, Reason.THRESHOLD, Decimal(4)) == (found.mark, found.reason, found.observed)


def test_an_id_counts_by_the_mean_of_its_repeats() -> None:
    both = ["q0", "q0", "q1", "q1"]
    before = samples(["0", "1", "1", "1"]).__class__(
        ids=both, scores=["0", "1", "1", "1"], repeats=["0", "1", "0", "1"]
    )
    after = before.__class__(ids=both, scores=["1", "0", "1", "0"], repeats=["0", "1", "0", "1"])
    assert Decimal(1) == judged("worse(a) <= 3", before, after).observed


def test_what_the_variant_alone_lacks_is_worse() -> None:
    before, after = samples(["1"] * 6), samples(["1"] * 6, first=2)
    assert Decimal(2) == judged("worse(a) <= 3", before, after).observed
    assert Decimal(0) == judged("better(a) >= 0", before, after).observed


@pytest.mark.parametrize("role", ["ship", "reject"])
def test_without_pairs_a_count_is_unknown(role: str) -> None:
    lone = samples(["1"] * 4)
    for before, after in ((number(1), lone), (lone, number(1)), (lone, samples(["1"] * 4, first=9))):
        held = bar({"all": ["worse(a) <= 3"]}, {"any": ["worse(a) > 3"]}, metrics=[HIGHER])
        judgement = judge(held, inputs(held, {"a": before}, {"a": after}))
        rule = judgement.ship if role == "ship" else judgement.reject
        assert rule is not None
        assert ("iterate", Mark.UNKNOWN) == (judgement.verdict, rule.mark)


SCORES = st.lists(st.integers(0, 5), min_size=2, max_size=12)


@given(before=SCORES, after=SCORES, by=st.sampled_from(["0", "0.5", "1", "2"]))
def test_counts_are_those_of_one_loop_over_the_ids(
    before: Sequence[int], after: Sequence[int], by: str
) -> None:
    moves = [Decimal(b - a) for a, b in zip(before, after, strict=False)]
    worse = sum(-move > Decimal(by) for move in moves) + max(0, len(before) - len(after))
    better = sum(move > Decimal(by) for move in moves)
    one, other = samples([str(score) for score in before]), samples([str(score) for score in after])
    assert worse == judged(f"worse(a, by {by}) >= 0", one, other).observed
    assert better == judged(f"better(a, by {by}) >= 0", one, other).observed


def test_what_the_variant_lacks_keeps_from_shipping_and_does_not_reject() -> None:
    """Whether it got worse is not known: it may count neither for the variant nor against it."""
    before, after = samples(["1"] * 6), samples(["1"] * 4)
    for line, ship, reject in (
        ("worse(a) <= 2", Mark.TRUE, None),
        ("worse(a) <= 1", Mark.UNKNOWN, None),
        ("worse(a) > 2", None, Mark.FALSE),
        ("worse(a) > 1", None, Mark.UNKNOWN),
        ("worse(a) >= 0", None, Mark.TRUE),
    ):
        held = bar(
            {"all": [line if ship else "a.value >= 0"]},
            {"any": [line]} if reject else None,
            metrics=[HIGHER],
            max_missing=0.99,
        )
        found = judge(held, inputs(held, {"a": before}, {"a": after}))
        rule = found.ship if ship else found.reject
        assert rule is not None
        assert (ship or reject) is rule.mark


def test_where_any_missing_sample_is_one_too_many_no_count_is_known() -> None:
    held = bar({"all": ["worse(a) <= 9"]}, metrics=[HIGHER], max_missing=0.99, missing="unknown")
    found = judge(held, inputs(held, {"a": samples(["1"] * 6)}, {"a": samples(["1"] * 5)}))
    [condition] = found.ship.conditions()
    assert (Mark.UNKNOWN, Reason.MISSING_SAMPLES) == (condition.mark, condition.reason)
