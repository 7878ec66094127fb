"""`power` beside exact enumeration with SciPy, and the reference figures of the page on statistics."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from remyx_action.odds.means import chance_by_mean, fewest_samples, smallest_effect
from remyx_action.odds.power import power_at, spreads_for
from remyx_action.odds.requirements import Requirement
from remyx_action.odds.scenarios import bounds_of_rule, outcomes_of_metric, outlook_of
from remyx_action.odds.spread import Spread
from remyx_action.policy.bar import Bar
from support.bars import bar
from support.enumeration import chance, claim, condition_passes, fewest_wins, metric, most_losses

ASSUMED = Spread(deviation=0.44, changed=None, is_binary=False, source="assumed")
BINARY = [{"key": "a", "unit": "accuracy", "scores": "binary"}]


def requirement(threshold: str = "0.02", floor: str = "0.80") -> Requirement:
    return Requirement(
        metric=metric(), claim=claim("delta", "at_least", threshold), floor=Fraction(Decimal(floor))
    )


def of_binary(n: int, effect: float, condition: str = "a.delta >= 0.02 at 80%") -> float:
    subject = bar({"all": [condition]}, metrics=BINARY)
    outlook = outlook_of(subject, n, spreads_for(subject, changed=0.2))
    [(key, requirements)] = outlook.by_metric().items()
    found = outcomes_of_metric(outlook, key, requirements, effect)
    assert found is not None
    assert sum(found.values()) == pytest.approx(1, abs=1e-9)
    return sum(share for marks, share in found.items() if marks[0])


@pytest.mark.parametrize(("n", "effect"), [(200, 0.05), (300, 0.02), (1000, 0.0), (1000, 0.05)])
def test_power_of_binary_scores_is_the_exact_enumeration(n: int, effect: float) -> None:
    boundary = fewest_wins(n, condition_passes(n, "0.02", "0.80"), most_losses(n))
    exact = chance(n, boundary, win=(0.2 + effect) / 2, loss=(0.2 - effect) / 2)
    assert exact == pytest.approx(of_binary(n, effect), abs=1e-9)
    spread = Spread(deviation=0.0, changed=0.2, is_binary=True, source="given")
    assert exact == pytest.approx(chance_by_mean(requirement(), spread, n, effect) or 0.0, abs=0.01)


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
    keys = [{"key": key, "unit": "accuracy"} for key in "abc"]
    return bar(GUARDED["ship"], GUARDED["reject"], metrics=keys)


def test_verdicts_add_up_and_lie_within_their_bounds() -> None:
    found = power_at(guarded(), 1000, spreads_for(guarded()), gain=0.05)
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
        power_at(subject, 300, spreads_for(subject), gain=0.05).chance("as hoped").ship
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
    assert ["a.delta <= -5 at 80%"] == list(power_at(subject, 300, {}).unknown)
    found = power_at(subject, 300, spreads_for(subject, deviation=20.0), gain=10.0)
    assert found.chance("as hoped").ship > 0.99
    assert found.chance("unchanged").ship < 0.01
