"""Looks at a pull request: what is one, which number it has, and what each costs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from scipy import stats

from remyx_action.evidence.evidence import Inputs
from remyx_action.policy.bar import Bar
from remyx_action.policy.judgement import judge
from remyx_action.policy.looks import identity_of, number_of
from remyx_action.policy.rules import OnField, effective_floor
from remyx_action.readers.scores import Samples, Scores
from support.bars import bar, exact, inputs, samples
from support.repeated_looks import simulate

GAIN = {"metric": "a.delta", "op": ">=", "threshold": 0, "confidence": 0.8}
LOSS = {"metric": "a", "op": "no_regression", "threshold": 0.02, "confidence": 0.8}
SURE = {"field": "delta_confidence", "metric": "a", "op": ">=", "threshold": 0.8}


def arms(wins: int, losses: int, n: int = 400) -> tuple[Samples, Samples]:
    """Binary pairs: the variant alone is right `wins` times, the baseline alone `losses` times."""
    baseline = ["0"] * wins + ["1"] * losses + ["1", "0"] * ((n - wins - losses) // 2)
    variant = ["1"] * wins + ["0"] * losses + ["1", "0"] * ((n - wins - losses) // 2)
    return samples(baseline), samples(variant)


def measured(subject: Bar, pair: tuple[Scores, Scores], look: int | None = None, **given: Any) -> Inputs:
    found = inputs(subject, {"a": pair[0]}, {"a": pair[1]}, **given)
    return found.model_copy(update={"look": look})


def corrected(ship: Mapping[str, Any], reject: Mapping[str, Any] | None = None, **given: Any) -> Bar:
    subject = bar(ship, reject, **given)
    return subject.model_copy(update={"policy": subject.policy.model_copy(update={"looks": "corrected"})})


def test_all_looks_together_spend_what_the_floor_leaves() -> None:
    spent = [1 - effective_floor(Decimal("0.8"), 1, look=look) for look in range(1, 2000)]
    assert spent[:3] == [Fraction(1, 10), Fraction(1, 30), Fraction(1, 60)]
    assert sum(spent) == Fraction(1, 5) * (1 - Fraction(1, 2000))
    assert effective_floor(Decimal("0.8"), 4, look=2) == 1 - Fraction(1, 5) / 24


@pytest.mark.parametrize("condition", [GAIN, {"metric": "a", "op": "improves_by", "confidence": 0.8}, SURE])
def test_a_gain_that_ships_at_the_first_look_does_not_at_the_third(condition: dict[str, Any]) -> None:
    condition = {"threshold": 0} | condition
    subject, pair = corrected({"all": [condition]}), arms(60, 44)
    verdicts = [judge(subject, measured(subject, pair, look)).verdict for look in (None, 1, 2, 3)]
    assert ["ship", "ship", "iterate", "iterate"] == verdicts
    counted = bar({"all": [condition]})
    assert {"ship"} == {judge(counted, measured(counted, pair, look)).verdict for look in (None, 1, 9)}


def test_floors_in_reject_and_shared_ones_are_raised_as_they_should() -> None:
    subject = corrected({"any": [GAIN, SURE], "floors": "shared"}, {"any": [LOSS]})
    rules = subject.rules_at(2)
    assert [1 - Fraction(1, 5) / 12] * 2 == [one.floor for one in rules.ship.conditions()]
    assert rules.reject is not None
    assert [Fraction(4, 5)] == [one.floor for one in rules.reject.conditions()]
    assert [2, 2] == [one.look for one in rules.ship.conditions()]
    assert subject.rules is subject.rules_at(None)


@pytest.mark.parametrize(
    ("field", "floor"),
    [
        ({"op": ">=", "threshold": 0.8}, Fraction(9, 10)),
        ({"op": ">", "threshold": 0.6}, Fraction(8, 10)),
        ({"op": ">=", "threshold": 0.5}, None),
        ({"op": ">=", "threshold": 0.2}, None),
        ({"op": "<=", "threshold": 0.8}, None),
        ({"op": ">=", "threshold": 1}, None),
        ({"field": "coverage", "op": ">=", "threshold": 0.8}, None),
        ({"field": "sample_size", "op": ">=", "threshold": 0.8}, None),
    ],
)
def test_a_threshold_of_delta_confidence_is_a_floor_where_it_asks_for_confidence(
    field: dict[str, Any], floor: Fraction | None
) -> None:
    subject = bar({"any": [SURE | field, GAIN], "floors": "shared"})
    [found] = [one for one in subject.rules.ship.conditions() if isinstance(one, OnField)]
    assert floor == found.floor


def test_the_same_numbers_are_the_same_look_whatever_bar_they_are_judged_under() -> None:
    pair = arms(60, 44)
    first = bar({"all": [GAIN]})
    known = identity_of(measured(first, pair), "asset")
    others = [
        bar({"all": [LOSS]}),
        bar({"all": [{"metric": "a.relative_delta", "op": ">=", "threshold": 0.05}]}, samples=500),
        bar({"all": [GAIN]}, metrics=[{"key": "a"}]),
        bar({"all": [GAIN]}, metrics=[{"key": "a", "range": [-0.25, 1.125]}]),
        bar({"all": [{"field": "worse", "metric": "a", "op": "<=", "threshold": 3}]}),
    ]
    assert {known} == {identity_of(measured(one, pair), "asset") for one in others}
    assert known != identity_of(measured(first, pair), "another asset")
    assert known != identity_of(measured(first, arms(61, 44)), "asset")
    assert known != identity_of(measured(first, arms(60, 44, 402)), "asset")
    shuffled = [Samples(ids=one.ids[::-1], scores=list(one.scores)[::-1]) for one in pair]
    assert known == identity_of(measured(first, (shuffled[0], shuffled[1])), "asset")


def test_clusters_and_missing_samples_make_another_look() -> None:
    subject, (before, after) = bar({"all": [GAIN]}), arms(60, 44)
    clusters = [f"c{row % 10}" for row in range(400)]
    of_clusters = [samples(list(one.scores), clusters=clusters) for one in (before, after)]
    lost = Samples(ids=after.ids[:-1], scores=after.scores[:-1], missing={after.ids[-1]: "time out"})
    found = [
        identity_of(measured(subject, pair), "asset")
        for pair in ((before, after), (of_clusters[0], of_clusters[1]), (before, lost), (exact(0.5), after))
    ]
    assert 4 == len({*found} - {None})


def test_nothing_scored_is_no_look() -> None:
    subject, (before, after) = bar({"all": [GAIN]}), arms(60, 44)
    assert identity_of(inputs(subject, {"a": before}, {}), "asset") is None
    assert identity_of(measured(subject, (before, after), states=("failed", "completed")), "asset") is None
    assert identity_of(inputs(subject, {}, {"a": after}), "asset") is not None


@pytest.mark.parametrize(
    ("identity", "known", "number"),
    [
        ("a", [], 1),
        ("b", ["a"], 2),
        ("c", ["a", "b"], 3),
        ("b", ["a", "b"], 2),
        ("a", ["a", "b", "c"], 1),
        ("d", ["a", "b", "a"], 3),
    ],
)
def test_a_measurement_that_is_published_again_keeps_its_number(
    identity: str, known: list[str], number: int
) -> None:
    assert number == number_of(identity, known)


def test_the_table_that_people_are_shown_is_what_applies() -> None:
    """At 0.80 the first look needs 90 %, the second 96.7 %, the third 98.3 %."""
    floors = [effective_floor(Decimal("0.80"), 1, look=look) for look in (1, 2, 3)]
    assert ["0.900", "0.967", "0.983"] == [f"{float(floor):.3f}" for floor in floors]
    subject, pair = corrected({"all": [GAIN]}), arms(60, 44)
    [condition] = judge(subject, measured(subject, pair, 1)).ship.conditions()
    assert condition.confidence is not None
    changes = [1.0] * 60 + [-1.0] * 44 + [0.0] * 296 + [1.0, -1.0]
    expected = 1 - stats.ttest_1samp(changes, 0, alternative="greater").pvalue
    assert expected == pytest.approx(float(condition.confidence), abs=1e-9)
    assert 0.9 < expected < 0.967


def test_of_many_looks_at_an_unchanged_model_hardly_any_ships_once_they_are_spent() -> None:
    """A small sample of benchmarks/looks.py."""
    corrected = simulate("corrected", seed=20, pull_requests=30, most_looks=6, n=60)
    counted = simulate("counted", seed=20, pull_requests=30, most_looks=6, n=60)
    assert corrected.limits[0] <= 0.2
    assert corrected.share < 0.3
    assert counted.share > 0.5
