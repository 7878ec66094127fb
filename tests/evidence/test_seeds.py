"""Claims about a recipe: the variance between its seeds is added to that between samples."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import sqrt
from random import Random

import pytest
from pydantic import ValidationError
from scipy import stats

from remyx_action.confidence import estimate, weigh
from remyx_action.confidence.bounds import Between
from remyx_action.confidence.seeds import SeedVariance
from remyx_action.evidence.evidence import MetricEvidence, SeedSums
from remyx_action.evidence.gathering import gather
from remyx_action.readers.scores import Samples
from support.enumeration import claim, metric

VARIANT = [[0.9, 0.2, 0.7, 0.4], [0.8, 0.4, 0.9, 0.5], [0.6, 0.1, 0.5, 0.4]]
BASELINE = [[0.5, 0.2, 0.6, 0.3], [0.4, 0.2, 0.4, 0.5]]
LEVEL = claim("delta", "at_least", "0.05")


def recipe(by_seed: list[list[float]], *, seeded: bool = True) -> Samples:
    rows = [
        (f"q{item}", str(score), f"s{seed}")
        for seed, scores in enumerate(by_seed)
        for item, score in enumerate(scores)
    ]
    ids, scores, seeds = (list(column) for column in zip(*rows, strict=True))
    return Samples(ids=ids, scores=scores, repeats=seeds, seeds=seeds if seeded else None)


def gathered(
    variant: list[list[float]], baseline: list[list[float]], *, seeds: bool = True
) -> MetricEvidence:
    before, after = (recipe(arm, seeded=seeds) for arm in (baseline, variant))
    return gather(metric(), [], before, after)


def by_hand(ratio: float, threshold: float) -> float:
    a = [sum(scores) / 3 for scores in zip(*VARIANT, strict=True)]
    b = [sum(scores) / 2 for scores in zip(*BASELINE, strict=True)]
    reach = max(abs(1 - ratio * 0), abs(0 - ratio * 1))
    y = [*(x - ratio * z for x, z in zip(a, b, strict=True)), reach, -reach]
    parts = [
        (stats.tvar(y) / 6, 5),
        (stats.tvar([sum(scores) / 4 for scores in VARIANT]) / 3, 2),
        (ratio**2 * stats.tvar([sum(scores) / 4 for scores in BASELINE]) / 2, 1),
    ]
    total = sum(variance for variance, _ in parts)
    degrees = total**2 / sum(variance**2 / freedom for variance, freedom in parts)
    return float(stats.t.cdf((sum(y) / 6 - threshold) / sqrt(total), degrees))


def test_seeds_widen_what_samples_alone_would_say() -> None:
    found = weigh(gathered(VARIANT, BASELINE), metric(), LEVEL).lowest_confidence
    assert by_hand(1, 0.05) == pytest.approx(float(found or 0), abs=1e-9)
    alone = weigh(gathered(VARIANT, BASELINE, seeds=False), metric(), LEVEL).lowest_confidence
    assert alone is not None
    assert found is not None
    assert found < alone


def test_a_relative_claim_weighs_the_seeds_of_the_baseline() -> None:
    found = weigh(gathered(VARIANT, BASELINE), metric(), claim("relative_delta", "at_least", "0.25"))
    assert by_hand(1.25, 0) == pytest.approx(float(found.lowest_confidence or 0), abs=1e-9)


def test_a_value_is_about_the_variants_seeds() -> None:
    half = claim("value", "at_least", "0.5")
    widened = weigh(gathered(VARIANT, BASELINE), metric(), half).lowest_confidence
    alone = weigh(gathered(VARIANT, BASELINE, seeds=False), metric(), half).lowest_confidence
    assert Decimal("0.5") < (widened or 0) < (alone or 0)


def test_a_single_seed_speaks_of_the_checkpoint_and_says_so() -> None:
    evidence = gathered(VARIANT, BASELINE[:1])
    alone = gathered(VARIANT, BASELINE[:1], seeds=False)
    assert weigh(evidence, metric(), LEVEL) == weigh(alone, metric(), LEVEL)
    assert "a single seed: this speaks of the checkpoint" in (estimate(evidence, metric()).note or "")
    assert estimate(alone, metric()).note is None
    once = gather(metric(), [], recipe(BASELINE[:1]), recipe(VARIANT[:1]))
    assert "a single seed" in (estimate(once, metric()).note or "")


def test_seeds_read_back_as_they_were_written() -> None:
    evidence = gathered(VARIANT, BASELINE)
    assert evidence == MetricEvidence.model_validate(evidence.model_dump())
    assert SeedSums(decimals=1, n=[4, 4], totals=["16", "15"]) == evidence.seeds["baseline"]


@pytest.mark.parametrize(
    "wrong", [{"totals": ["1"]}, {"n": []}, {"totals": ["1", "9" * 30]}, {"n": [1, 0]}], ids=str
)
def test_impossible_seeds_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SeedSums.model_validate({"decimals": 0, "n": [1, 1], "totals": ["1", "1"]} | wrong)


Rows = dict[str, list[float | None]]
"""Of each id its score under each seed; None: it is missing in all of them."""
CLAIMS = [
    claim(quantity, side, threshold)
    for quantity, threshold in [("delta", "0"), ("delta", "0.2"), ("relative_delta", "0.3"), ("value", "0.4")]
    for side in ("at_least", "at_most")
]


def of_seeds(rows: Rows) -> Samples:
    found = [
        (id_, str(score), f"s{seed}")
        for id_, scores in rows.items()
        for seed, score in enumerate(scores)
        if score is not None
    ]
    ids, scores, seeds = (list(column) for column in zip(*found, strict=True))
    lacking = {id_: "time out" for id_, scores in rows.items() if None in scores}
    return Samples(ids=ids, scores=scores, repeats=seeds, seeds=seeds, missing=lacking)


def completed(rows: Rows, random: Random, kind: str) -> Rows:
    """Return the rows with a score in place of each None: all at one end, by seed, by id, or drawn."""
    every = [0.0, 1.0] if kind in "ends" else [0.0, 0.3, 0.5, 1.0]
    by_seed = [random.choice(every) for _ in range(9)]

    def filled(scores: list[float | None]) -> list[float | None]:
        same = random.choice(every)
        end = {"low": 0.0, "high": 1.0, "same": same}.get(kind)
        drawn = [by_seed[seed] if kind == "seeds" else random.choice(every) for seed in range(len(scores))]
        return [
            (drawn[seed] if end is None else end) if score is None else score
            for seed, score in enumerate(scores)
        ]

    return {id_: filled(scores) for id_, scores in rows.items()}


@pytest.mark.parametrize("seed", range(20))
def test_no_completion_of_seeds_is_less_or_more_sure_than_the_bounds(seed: int) -> None:
    random = Random(seed)
    number = random.choice([4, 6, 10])
    steps = random.choice([[0.0, 1.0], [0.2, 0.5, 0.9], [0.5]])

    def arm(offset: float) -> Rows:
        """Seeds that differ much or little, beside ids that do: the degrees move towards either."""
        seeds, moved = random.choice([2, 3]), random.choice([0.0, 0.1, 0.4])
        shifts = [random.choice([-moved, 0, moved]) for _ in range(seeds)]
        rows: Rows = {"first": [0.5] * seeds, "second": [0.4] * seeds}
        for id_ in range(number):
            missing, middle = random.random() < 0.25, random.choice(steps) + offset
            rows[f"q{id_}"] = [
                None if missing else round(min(1.0, max(0.0, middle + shift)), 2) for shift in shifts
            ]
        return rows

    before, after = arm(0.0), arm(random.choice([0.0, 0.3]))
    of = metric(max_missing=1)
    bounded = gather(of, [], of_seeds(before), of_seeds(after))
    found = [weigh(bounded, of, asked) for asked in CLAIMS]
    interval = estimate(bounded, of).interval
    assert interval is not None
    for kind in ["low", "high", "same", "seeds", "ends", *["any"] * 5]:
        drawn = (completed(rows, random, kind) for rows in (before, after))
        whole = gather(of, [], *map(of_seeds, drawn))
        assert 0 == whole.missing
        for asked, bounds in zip(CLAIMS, found, strict=True):
            sure = weigh(whole, of, asked).lowest_confidence
            assert sure is not None
            assert (bounds.lowest_confidence or 0) <= sure <= (bounds.highest_confidence or 0), (asked, kind)
        inner = estimate(whole, of).interval
        assert inner is not None
        assert interval[0] <= inner[0] < inner[1] <= interval[1]


def test_degrees_are_bounded_apart_from_the_variance() -> None:
    """Two seeds an arm have two degrees where samples vary little, and more where these vary as much."""
    seeds = SeedVariance(variance=Fraction(1), degrees=1, scored=Fraction(1), reach=Fraction(0))
    items = Between(
        low=Fraction(6), high=Fraction(6), unit=Fraction(1), variances=(1e-12, 0.828), degrees=(50.0, 50.0)
    )
    bounds = items.widen([seeds, seeds])
    tight, wide, few, many = sqrt(2), sqrt(2.828), 2, 2.828**2 / 2
    least, most = bounds.at_least(Fraction(0))
    assert (stats.t.cdf(6 / wide, few), stats.t.cdf(6 / tight, many)) == pytest.approx((least, most))
    assert least < stats.t.cdf(6 / tight, few) < stats.t.cdf(6 / wide, many) < most
    assert (1 - most, 1 - least) == pytest.approx(bounds.at_most(Fraction(0)))
    reach = stats.t.ppf(0.975, few) * wide
    assert (6 - reach, 6 + reach) == pytest.approx(bounds.interval(0.95))
