"""Claims about a recipe: the variance between its seeds is added to that between samples."""

from __future__ import annotations

from decimal import Decimal
from math import sqrt

import pytest
from pydantic import ValidationError
from scipy import stats

from remyx_action.confidence import estimate, weigh
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
    found = weigh(gathered(VARIANT, BASELINE), metric(), LEVEL).confidence
    assert by_hand(1, 0.05) == pytest.approx(float(found or 0), abs=1e-9)
    alone = weigh(gathered(VARIANT, BASELINE, seeds=False), metric(), LEVEL).confidence
    assert alone is not None
    assert found is not None
    assert found < alone


def test_a_relative_claim_weighs_the_seeds_of_the_baseline() -> None:
    found = weigh(gathered(VARIANT, BASELINE), metric(), claim("relative_delta", "at_least", "0.25"))
    assert by_hand(1.25, 0) == pytest.approx(float(found.confidence or 0), abs=1e-9)


def test_a_value_is_about_the_variants_seeds() -> None:
    half = claim("value", "at_least", "0.5")
    widened = weigh(gathered(VARIANT, BASELINE), metric(), half).confidence
    alone = weigh(gathered(VARIANT, BASELINE, seeds=False), metric(), half).confidence
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
