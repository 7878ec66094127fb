"""`power` beside exact enumeration with SciPy, and the reference figures of the page on statistics."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from scipy import stats

from remyx_action.odds.joint import joint_draws
from remyx_action.odds.outcomes import fewest_samples, outcomes_of, smallest_effect
from remyx_action.odds.power import plan_samples, power_at, sizes_in, spreads_for
from remyx_action.odds.requirements import Requirement
from remyx_action.odds.scenarios import bounds_of_rule, outlook_of
from remyx_action.odds.sentences import bounds_in_words, planned_in_words
from remyx_action.odds.spread import Spread
from remyx_action.odds.wins import boundary_of, evidence_of_wins, outcomes_of_wins
from remyx_action.policy.bar import Bar
from remyx_action.policy.rules import Mark
from support.bars import bar, inputs, samples
from support.enumeration import chance, claim, condition_passes, fewest_wins, metric, most_losses
from support.odds_figures import of_clusters

ASSUMED = Spread(deviation=0.44, changed=None, is_binary=False, source="assumed")
KEYS = [{"key": key, "unit": "accuracy"} for key in "abc"]
BINARY = [{"key": "a", "unit": "accuracy", "scores": "binary"}]


def requirement(threshold: str = "0.02", floor: str = "0.80") -> Requirement:
    return Requirement(
        metric=metric(), claim=claim("delta", "at_least", threshold), floor=Fraction(Decimal(floor))
    )


def of_binary(n: int, effect: float, condition: str = "a.delta >= 0.02 at 80%") -> float:
    subject = bar({"all": [condition]}, metrics=BINARY)
    outlook = outlook_of(subject, sizes_in(subject, n), spreads_for(subject, changed=0.2))
    [(key, requirements)] = outlook.by_metric().items()
    found = outcomes_of(requirements, outlook.spreads[key], n, effect)
    assert found is not None
    assert sum(found.values()) == pytest.approx(1, abs=1e-9)
    return sum(share for marks, share in found.items() if marks[0])


@pytest.mark.parametrize(("n", "effect"), [(200, 0.05), (300, 0.02), (1000, 0.0), (1000, 0.05)])
def test_power_of_binary_scores_is_the_exact_enumeration(n: int, effect: float) -> None:
    boundary = fewest_wins(n, condition_passes(n, "0.02", "0.80"), most_losses(n))
    exact = chance(n, boundary, win=(0.2 + effect) / 2, loss=(0.2 - effect) / 2)
    assert exact == pytest.approx(of_binary(n, effect), abs=1e-9)


@pytest.mark.parametrize("side", ["at_least", "at_most"])
@pytest.mark.parametrize("floor", [None, "0.80", "0.25", "0.9999"])
@pytest.mark.parametrize(("op", "with_point"), [(">=", True), (">", False), ("<", False)])
def test_outcomes_are_weighed_as_by_the_program_itself(
    side: str, floor: str | None, op: str, with_point: bool
) -> None:
    asked = Requirement(
        metric=metric(range=[Decimal(-1), Decimal(3)], unit="points"),
        claim=claim("delta", side, "0.4", strict=True),
        floor=None if floor is None else Fraction(Decimal(floor)),
        op=op if floor else ">=",
        with_point=with_point or floor is None,
    )
    n, win, loss = 10, 0.35, 0.25
    exact = sum(
        float(stats.multinomial.pmf([wins, losses, n - wins - losses], n, [win, loss, 1 - win - loss]))
        for wins in range(n + 1)
        for losses in range(n + 1 - wins)
        if asked.mark(evidence_of_wins(asked.metric, n, wins, losses)) is Mark.TRUE
    )
    found = outcomes_of_wins([boundary_of(asked, n)], n, win=win, loss=loss)
    assert found.get((True,), 0.0) == pytest.approx(exact, abs=1e-9)


def test_a_condition_that_losses_help_is_enumerated_alike() -> None:
    guard = of_binary(300, -0.05, "a regresses_by 0.02 at 80%")
    assert guard == pytest.approx(of_binary(300, 0.05, "a improves_by 0.02 at 80%"), abs=1e-9)


def test_the_reference_case_needs_624_pairs_within_one_percent() -> None:
    assert 624 == pytest.approx(fewest_samples(requirement(), ASSUMED, 0.05) or 0, rel=0.01)
    assert 0.063 == pytest.approx(smallest_effect(requirement(), ASSUMED, 300) or 0, abs=5e-4)
    assert fewest_samples(requirement(), ASSUMED, 0.02) is None


GUARDED: dict[str, Any] = {
    "ship": {"all": ["a.delta >= 0.02 at 80%", "delta_confidence >= 0.80", "b no_regression 0.01"]},
    "reject": {"any": ["b no_regression 0.01 at 80%", "c.delta < -0.01 at 80%"], "floors": "shared"},
}


def guarded() -> Bar:
    return bar(GUARDED["ship"], GUARDED["reject"], metrics=KEYS)


def test_verdicts_add_up_and_lie_within_their_bounds() -> None:
    found = power_at(guarded(), sizes_in(guarded(), 1000), spreads_for(guarded()), gain=0.05)
    names = [scenario.name for scenario, _ in found.scenarios]
    assert ["unchanged", "as hoped", "b broken", "c broken"] == names
    for _, chances in found.scenarios:
        assert chances.ship + chances.reject + chances.iterate == pytest.approx(1, abs=1e-6)
        assert chances.ship_bounds[0] - 1e-9 <= chances.ship <= chances.ship_bounds[1] + 1e-9
        assert chances.reject_bounds[0] - 1e-9 <= chances.reject <= chances.reject_bounds[1] + 1e-9
    assert (
        found.chance("unchanged").ship < 0.02 < found.chance("b broken").ship < found.chance("as hoped").ship
    )


def test_a_confidence_that_follows_from_another_condition_costs_nothing() -> None:
    alone = bar({"all": ["a.delta >= 0.02 at 80%"]})
    both = bar({"all": ["a.delta >= 0.02 at 80%", "delta_confidence >= 0.80"]})
    shares = [
        power_at(subject, sizes_in(subject), spreads_for(subject), gain=0.05).chance("as hoped").ship
        for subject in (alone, both)
    ]
    assert shares[0] == pytest.approx(shares[1], abs=1e-9)


@pytest.mark.parametrize(
    ("rule", "low", "high"),
    [
        ({"all": ["a.value >= 0", "b.value >= 0"]}, 0.1, 0.5),
        ({"any": ["a.value >= 0", "b.value >= 0"]}, 0.6, 1.0),
        ({"at_least": 2, "of": ["a.value >= 0", "b.value >= 0", "a.value >= 0.1"]}, 0.4, 0.9),
    ],
)
def test_bounds_of_a_rule_hold_whatever_the_dependence(
    rule: dict[str, object], low: float, high: float
) -> None:
    subject = bar(rule, metrics=[{"key": key, "unit": "accuracy"} for key in "ab"])
    single = dict(
        zip(
            (condition.pointer for condition in subject.rules.ship.conditions()),
            [(0.5, 0.5), (0.6, 0.6), (0.7, 0.7)],
            strict=False,
        )
    )
    found = bounds_of_rule(subject.rules.ship, single)
    assert list(found) == pytest.approx([low, high])


def test_a_metric_without_a_range_has_no_power_until_its_spread_is_given() -> None:
    subject = bar(
        {"all": ["a.delta <= -5 at 80%"]}, metrics=[{"key": "a", "unit": "ms", "direction": "lower"}]
    )
    assert {} == spreads_for(subject)
    assert ["a.delta <= -5 at 80%"] == list(power_at(subject, sizes_in(subject), {}).unknown)
    found = power_at(subject, sizes_in(subject), spreads_for(subject, deviation=20.0), gain=10.0)
    assert found.chance("as hoped").ship > 0.99
    assert found.chance("unchanged").ship < 0.01


def test_what_corrected_looks_cost() -> None:
    subject = bar({"all": ["a.delta >= 0.02 at 80%"]}, metrics=BINARY, looks="corrected")
    found = power_at(subject, sizes_in(subject, 1000), spreads_for(subject, changed=0.2), gain=0.05)
    assert [None, 1, 2, 3] == [one.look for one in found.looks]
    assert [0.90, 0.80, 0.62, 0.50] == pytest.approx([one.ship for one in found.looks], abs=0.015)
    assert found.chance("as hoped").ship == found.looks[1].ship
    [condition] = found.conditions
    assert condition.floor == pytest.approx(0.9)


def test_metrics_that_move_together_pass_together() -> None:
    random = Random(3)
    moves = [random.choice([-0.4, 0.0, 0.4]) for _ in range(400)]
    after = samples([round(0.5 + move, 1) for move in moves])
    subject = bar({"all": ["a.delta >= 0.01 at 80%", "b.delta >= 0.01 at 80%"]}, metrics=KEYS[:2])
    arms = {"a": samples([0.5] * 400), "b": samples([0.5] * 400)}, {"a": after, "b": after}
    spreads = spreads_for(subject, inputs(subject, *arms))
    sizes = sizes_in(subject, 400)
    joint = joint_draws(subject, *arms, draws=2000)
    together, apart = (
        power_at(subject, sizes, spreads, gain=0.03, joint=one).chance("as hoped").ship
        for one in (joint, None)
    )
    alone = apart**0.5
    assert 0.3 < alone < 0.9
    # Ties are put in an order of their own in each metric, which costs a little of what they share.
    assert together == pytest.approx(alone, abs=0.03)


def test_the_samples_that_are_planned_pass_four_times_in_five() -> None:
    subject = guarded()
    planned = plan_samples(subject, sizes_in(subject), spreads_for(subject), gain=0.05)
    assert planned is not None
    assert planned.n_needed is not None
    for part, passes in ((1.0, True), (0.9, False)):
        sizes = sizes_in(subject, int(part * planned.n_needed))
        again = plan_samples(subject, sizes, spreads_for(subject), gain=0.05)
        assert again is not None
        assert passes == (again.ship >= 0.8)


@pytest.mark.parametrize(
    ("rules", "metrics", "sentence"),
    [
        (
            ["a.delta >= 0.02 at 80%"],
            [{"key": "a", "unit": "accuracy"}],
            "a true gain of 0.04 in 47 of 100 runs; plan 1,400 samples for 80.",
        ),
        (
            ["a.delta >= 0.02 at 80%", "b.delta <= -5 at 80%"],
            [
                {"key": "a", "unit": "accuracy"},
                {"key": "b", "label": "T", "unit": "ms", "direction": "lower"},
            ],
            (
                "a true gain of 0.04 in a in at most 47 of 100 runs (the spread of T is unknown); "
                "plan 1,400 samples or more for 80."
            ),
        ),
        (
            ["a no_regression 0 at 80%"],
            [{"key": "a", "unit": "accuracy"}],
            "an unchanged variant in 20 of 100 runs; no number of samples makes it 80.",
        ),
    ],
)
def test_the_sentence_of_check(rules: list[str], metrics: list[dict[str, Any]], sentence: str) -> None:
    subject = bar({"all": rules}, metrics=metrics)
    planned = plan_samples(subject, sizes_in(subject), spreads_for(subject))
    assert planned is not None
    assert f"With 300 samples this bar ships {sentence}" == planned_in_words(subject, planned)


def test_scores_at_the_ends_of_the_range_are_known_from_their_sums() -> None:
    subject = bar({"all": ["a.delta >= 0.02 at 80%"]})
    whole = {"a": samples([0, 1, 1, 0, 1])}, {"a": samples([1, 1, 0, 0, 1])}
    broken = {"a": samples([0, 1, 1, 0, 1])}, {"a": samples([1, 1, 0, 0, 0.5])}
    found = [spreads_for(subject, inputs(subject, *arms))["a"] for arms in (whole, broken)]
    assert [(True, 0.4), (False, None)] == [(one.is_binary, one.changed) for one in found]


def test_samples_in_clusters_are_counted_in_clusters() -> None:
    subject = bar({"all": ["a.delta >= 0.02 at 80%"]})
    before, after = of_clusters(Random(5))
    evidence = inputs(subject, {"a": before}, {"a": after})
    spreads = spreads_for(subject, evidence)
    planned = plan_samples(subject, sizes_in(subject), spreads)
    [condition] = power_at(subject, sizes_in(subject), spreads).conditions
    assert planned is not None
    assert planned.n_needed is not None
    assert planned.clusters_needed == -(-planned.n_needed // 5)
    assert condition.n_needed is not None
    assert condition.clusters_needed == -(-condition.n_needed // 5)
    assert f"samples in {planned.clusters_needed:,} clusters for 80." in planned_in_words(subject, planned)


@pytest.mark.parametrize(
    ("n", "largest", "more", "proposed"),
    [
        (300, 0.27, {}, "0.3"),
        *((300, tenths / 10, {}, f"0.{tenths}") for tenths in (1, 2, 3, 4)),
        (299, 0.27, {}, None),
        (300, 0.55, {}, None),
        (300, 0.27, {"max_change": 0.3}, None),
    ],
)
def test_a_range_far_wider_than_the_changes_is_named(
    n: int, largest: float, more: dict[str, Any], proposed: str | None
) -> None:
    subject = bar({"all": ["a.delta >= 0.02 at 80%"]}, metrics=[{"key": "a", "unit": "accuracy", **more}])
    changes = [largest, *([0.05, -0.05] * n)][:n]
    after = samples([round(0.4 + change, 2) for change in changes])
    spreads = spreads_for(subject, inputs(subject, {"a": samples([0.4] * n)}, {"a": after}))
    found = bounds_in_words(subject, spreads, sizes_in(subject, 300))
    assert len(found) == (proposed is not None)
    if proposed:
        assert f"`max_change: {proposed}`" in found[0]
        assert f"changed by more than {largest:g}, and" in found[0]
    # With so many samples that the range no longer matters, nothing is said.
    assert bounds_in_words(subject, spreads, sizes_in(subject, 100_000)) == []
