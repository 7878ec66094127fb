"""`noise`: draws from sums are draws from samples, flips agree with exact counts, repeats are judged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from random import Random
from statistics import pvariance
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import stats

from remyx_action.evidence.evidence import Inputs
from remyx_action.odds.boundary import at_boundary, worst_of
from remyx_action.odds.noise import noise, noise_of_inputs
from remyx_action.odds.power import spreads_for
from remyx_action.odds.repeats import judge_repeats
from remyx_action.odds.swaps import (
    ArmOfScores,
    SumOfChosen,
    changes_of_arms,
    changes_of_inputs,
    coins,
    swapped,
    units_of,
)
from remyx_action.policy.bar import Bar
from remyx_action.policy.judgement import judge
from remyx_action.project.files import json_text
from remyx_action.readers.scores import Samples
from support.bars import bar, inputs, samples

KEYS = [{"key": key, "unit": "accuracy"} for key in "abc"]
RULES: dict[str, Any] = {
    "ship": {"all": ["a.delta >= 0.005 at 60%", "delta_confidence >= 0.60", "b no_regression 0.03"]},
    "reject": {"any": ["c.delta < -0.01 at 60%", "b no_regression 0.05 at 60%"], "floors": "shared"},
}


def arm(random: Random, n: int, *, clusters: int | None = None) -> dict[str, Samples]:
    names = None if clusters is None else [f"c{place % clusters}" for place in range(n)]
    return {
        key: samples([round(random.random(), 3) for _ in range(n)], clusters=names) for key in ("a", "b", "c")
    }


def judged(
    subject: Bar, baseline: ArmOfScores, variant: ArmOfScores, draws: int, seed: int
) -> dict[str, int]:
    """Verdicts of the same draws, each gathered and judged from its samples."""
    unit_of = units_of(subject, baseline, variant)
    place = {unit: number for number, unit in enumerate(dict.fromkeys(unit_of.values()))}
    counts: dict[str, int] = {}
    for mask in coins(len(place), draws, seed):
        chosen = {id_ for id_, unit in unit_of.items() if mask >> place[unit] & 1}
        arms = swapped(baseline, variant, chosen.__contains__)
        verdict = judge(subject, inputs(subject, *arms)).verdict or ""
        counts[verdict] = counts.get(verdict, 0) + 1
    return counts


@pytest.mark.parametrize("clusters", [None, 12])
def test_a_draw_from_sums_is_the_draw_from_samples(clusters: int | None) -> None:
    subject, random = bar(RULES["ship"], RULES["reject"], metrics=KEYS), Random(5)
    baseline, variant = arm(random, 60, clusters=clusters), arm(random, 60, clusters=clusters)
    found = noise(subject, baseline, variant, lambda one, two: inputs(subject, one, two), draws=150, seed=7)
    counts = judged(subject, baseline, variant, 150, 7)
    assert 3 == len(counts), "the case has every verdict"
    assert (counts["ship"], counts["reject"]) == (round(found.ship * 150), round(found.reject * 150))
    assert found.ship_limits[0] < found.ship < found.ship_limits[1]


def test_what_sums_of_changes_cannot_say_is_judged_from_samples() -> None:
    subject, random = bar({"all": ["a.value >= 0.5 at 60%"]}, metrics=KEYS[:1]), Random(6)
    baseline, variant = arm(random, 30), arm(random, 30)
    found = noise(subject, baseline, variant, lambda one, two: inputs(subject, one, two), draws=100, seed=3)
    assert judged(subject, baseline, variant, 100, 3).get("ship", 0) == round(found.ship * 100)


def of_binary(n: int, wins: int, losses: int) -> tuple[ArmOfScores, ArmOfScores]:
    before = [0.0] * wins + [1.0] * losses + [1.0] * (n - wins - losses)
    after = [1.0] * wins + [0.0] * losses + [1.0] * (n - wins - losses)
    return {"a": samples(before)}, {"a": samples(after)}


def test_one_metric_of_0_and_1_is_exact() -> None:
    subject = bar({"all": ["a.delta >= 0.01 at 80%"]})
    baseline, variant = of_binary(200, 22, 18)
    exact = noise(subject, baseline, variant, lambda one, two: inputs(subject, one, two))
    drawn = judged(subject, baseline, variant, 400, 1).get("ship", 0) / 400
    assert (0, None) == (exact.draws, exact.seed)
    assert abs(drawn - exact.ship) < 3 * (exact.ship * (1 - exact.ship) / 400) ** 0.5


def scores_of(arm: ArmOfScores) -> Sequence[str]:
    found = arm["a"]
    assert isinstance(found, Samples)
    return found.scores


def nearly_binary(arm: ArmOfScores) -> ArmOfScores:
    """The same scores times 0.999: close to 0/1, and yet no counts of wins."""
    return {"a": samples([float(score) * 0.999 for score in scores_of(arm)])}


def test_flips_at_the_boundary_agree_with_exact_wins() -> None:
    subject = bar({"all": ["a improves_by 0.02 at 80%"]})
    baseline, variant = of_binary(400, 24, 16)
    [exact] = at_boundary(subject, changes_of_arms(subject, baseline, variant))
    nearly = nearly_binary(baseline), nearly_binary(variant)
    [flipped] = at_boundary(subject, changes_of_arms(subject, *nearly), draws=40_000)
    assert ("exact", "flips") == (exact.method, flipped.method)
    assert exact.rate == pytest.approx(0.2112, abs=5e-5)
    assert flipped.rate == pytest.approx(exact.rate, abs=3 * (0.2112 * 0.7888 / 40_000) ** 0.5)
    assert worst_of([exact, flipped]) is exact


def test_flips_are_drawn_from_their_exact_distribution() -> None:
    n, wins, losses, threshold = 80, 11, 6, 0.02
    mean = 0.999 * (wins - losses) / n
    counts, centred = (wins, losses, n - wins - losses), (0.999 - mean, -0.999 - mean, -mean)
    axes = np.meshgrid(*(np.arange(count + 1) for count in counts), indexing="ij")
    total = n * threshold + sum(
        part * (2 * axis - count) for part, axis, count in zip(centred, axes, counts, strict=True)
    )
    # Σ(t ± c)² = n·t² + 2t·Σ±c + Σc², and the two pseudo-samples lie at -1 and 1.
    squares = n * threshold**2 + 2 * threshold * (total - n * threshold) + 2
    squares = squares + sum(part**2 * count for part, count in zip(centred, counts, strict=True))
    middle = total / (n + 2)
    error = np.sqrt((squares - (n + 2) * middle**2) / ((n + 2) * (n + 1)))
    passes = (total >= n * threshold) & ((middle - threshold) / error >= stats.t.ppf(0.8, n + 1))
    chances = np.prod(
        [stats.binom.pmf(axis, count, 0.5) for axis, count in zip(axes, counts, strict=True)], 0
    )
    exact = float(np.sum(chances * passes))
    arms = (nearly_binary(arm) for arm in of_binary(n, wins, losses))
    subject = bar({"all": ["a improves_by 0.02 at 80%"]})
    [flipped] = at_boundary(subject, changes_of_arms(subject, *arms), draws=40_000)
    assert flipped.rate == pytest.approx(exact, abs=3 * (exact * (1 - exact) / 40_000) ** 0.5)


def test_clusters_flip_whole_at_the_boundary() -> None:
    subject, random = bar({"all": ["a improves_by 0.02 at 80%"]}), Random(2)
    arms = [{"a": arm(random, 240, clusters=40)["a"]} for _ in range(2)]
    [found] = at_boundary(subject, changes_of_arms(subject, *arms), draws=1500)
    assert found.rate == pytest.approx(0.2, abs=0.06)


def test_the_sum_of_chosen_values_is_exact() -> None:
    random = Random(8)
    values = [random.randrange(-(10**9), 10**9) for _ in range(500)]
    chosen = SumOfChosen(values)
    for mask in coins(500, 20, 4):
        assert sum(value for place, value in enumerate(values) if mask >> place & 1) == chosen.of(mask)


def test_repeats_tell_how_noisy_an_id_is_and_whether_the_variance_is_right() -> None:
    subject, random = bar({"all": ["a.delta >= 0.02 at 80%"]}), Random(11)

    def compared(one: ArmOfScores, two: ArmOfScores) -> Inputs:
        return inputs(subject, one, two)

    arms = [{"a": samples([float(random.random() < 0.5) for _ in range(100)])} for _ in range(24)]
    found = judge_repeats(subject, arms, compared)
    [row] = found.metrics
    assert (24, 276) == (found.measured, found.pairs)
    assert row.disagree == pytest.approx(0.5, abs=0.05)
    assert row.within == pytest.approx(0.5, abs=0.05)
    assert row.scaled_square == pytest.approx(1, abs=0.6)
    # Half of the ids of a variant that truly loses a quarter: the variance of a change is noise and loss.
    before, after = (
        [float(random.random() < 0.5 and n % 4 > least) for n in range(100)] for least in (-1, 0)
    )
    recorded = compared({"a": samples(before)}, {"a": samples(after)})
    [row] = judge_repeats(subject, arms[:8], compared, recorded=recorded).metrics
    variance = pvariance([new - old for new, old in zip(after, before, strict=True)])
    assert row.within is not None
    assert row.saved_by_two == pytest.approx(min(0.5, row.within**2 / variance))
    assert found.metrics[0].saved_by_two is None
    same = judge_repeats(subject, [arms[0]] * 3, compared)
    assert (0.0, 0) == (same.metrics[0].disagree, same.ships)


def test_max_change_sharpens_what_swaps_say() -> None:
    metric = {"key": "a", "unit": "accuracy", "max_change": 0.3}
    subject, random = bar({"all": ["a no_regression 0.02 at 80%"]}, metrics=[metric]), Random(4)
    before = [0.5 + 0.2 * random.random() for _ in range(50)]
    after = [score + 0.2 * (random.random() - 0.5) for score in before]
    arms = [{"a": samples([round(score, 3) for score in arm])} for arm in (before, after)]
    found = noise(subject, arms[0], arms[1], lambda one, two: inputs(subject, one, two), draws=200, seed=9)
    assert judged(subject, arms[0], arms[1], 200, 9).get("ship", 0) == round(found.ship * 200)
    [row] = at_boundary(subject, changes_of_arms(subject, *arms), draws=500)
    assert row.rate is not None
    assert 0 < row.rate < 0.3


def kept(subject: Bar, arms: Sequence[ArmOfScores]) -> Inputs:
    """The evidence as a verdict's file has it."""
    return Inputs.model_validate(json_text.read(inputs(subject, *arms).model_dump_json().encode()))


@pytest.mark.parametrize("clusters", [None, 12])
def test_one_metric_of_a_verdict_is_as_noisy_as_its_arms(clusters: int | None) -> None:
    subject, random = bar({"all": ["a no_regression 0.05 at 70%"]}, metrics=KEYS[:1]), Random(5)
    before, after = arms = [{"a": arm(random, 60, clusters=clusters)["a"]} for _ in range(2)]
    found = noise_of_inputs(subject, kept(subject, arms), draws=4000)
    drawn = noise(subject, before, after, lambda one, two: inputs(subject, one, two), draws=4000)
    assert found is not None
    assert 0.05 < drawn.ship < 0.95
    assert found.ship == pytest.approx(drawn.ship, abs=0.04)
    of_verdict, of_arms = (
        at_boundary(subject, changes, draws=4000)[0].rate
        for changes in (
            changes_of_inputs(subject, kept(subject, arms)),
            changes_of_arms(subject, *arms),
        )
    )
    assert of_verdict == pytest.approx(of_arms, abs=0.04)


def test_a_verdict_keeps_many_distinct_changes_in_cells() -> None:
    random = Random(12)
    subject = bar({"all": ["a.delta >= 0.01 at 80%"]}, metrics=KEYS[:1])
    arms = [{"a": samples([f"{random.random():.9f}" for _ in range(3000)])} for _ in range(2)]
    [of_verdict, of_arms] = (
        changes_of_inputs(subject, kept(subject, arms))["a"],
        changes_of_arms(subject, *arms)["a"],
    )
    assert of_verdict is not None
    assert of_arms is not None
    assert (200 < len(of_verdict.within) <= 256, of_arms.n) == (True, of_verdict.n)
    assert of_verdict.total / of_arms.scale == pytest.approx(of_arms.total / of_arms.scale, abs=1e-5)
    assert of_verdict.squares == pytest.approx(of_arms.squares, rel=1e-3)


def test_the_largest_change_is_kept_beside_cells() -> None:
    random = Random(12)
    subject = bar({"all": ["a.delta >= 0.01 at 80%"]}, metrics=KEYS[:1])
    arms = [
        {"a": samples(scores)} for scores in (["0"] * 3000, [f"{random.random():.9f}" for _ in range(3000)])
    ]
    [of_verdict, of_arms] = (
        changes_of_inputs(subject, kept(subject, arms))["a"],
        changes_of_arms(subject, *arms)["a"],
    )
    assert of_verdict is not None
    assert of_arms is not None
    assert of_verdict.largest == of_arms.largest > max(of_verdict.within)
    assert spreads_for(subject, kept(subject, arms))["a"].largest == Fraction(of_arms.largest, of_arms.scale)


@pytest.mark.parametrize(
    "distinct",
    [
        {"by": ["0", f"1{'0' * 300}"], "counts": [59, 1]},
        {"by": [f"-1{'0' * 300}", "0", f"1{'0' * 300}"], "counts": [1, 58, 1]},
        {"by": ["0"], "counts": [60], "largest": f"1{'0' * 300}"},
        {"by": ["-1", "1"], "counts": [30, 30], "largest": "0"},
        {"by": ["1000"], "counts": [60]},
    ],
)
def test_changes_that_the_sums_do_not_have_are_refused(distinct: dict[str, Any]) -> None:
    subject, random = bar({"all": ["a.delta >= 0.01 at 80%"]}, metrics=KEYS[:1]), Random(1)
    found = inputs(subject, *({"a": arm(random, 60)["a"]} for _ in range(2))).model_dump(mode="json")
    found["metrics"]["a"]["distinct"] = distinct
    with pytest.raises(ValidationError, match=r"changes of other pairs|larger than the largest"):
        Inputs.model_validate(json_text.read(json.dumps(found).encode()))


def test_a_verdict_with_missing_samples_needs_its_arms() -> None:
    subject, random = bar({"all": ["a.delta >= 0.01 at 80%"]}, metrics=KEYS[:1]), Random(1)
    whole, short = arm(random, 60)["a"], arm(random, 59)["a"]
    assert noise_of_inputs(subject, kept(subject, [{"a": whole}, {"a": short}])) is None
