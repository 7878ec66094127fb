"""Evidence from outside: what no samples can have left behind is refused before anything is computed."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from remyx_action.evidence.evidence import Inputs, MetricEvidence
from remyx_action.policy.advice import advice_for
from remyx_action.policy.bar import Bar
from remyx_action.policy.judgement import judge
from support.bars import bar, inputs, samples

HUGE = "1" + "0" * 399
CONDITIONS: list[dict[str, Any]] = [
    {"metric": "a.delta", "op": ">=", "threshold": 0.02, "confidence": 0.8},
    {"metric": "a.relative_delta", "op": ">=", "threshold": 0.05, "confidence": 0.8},
    {"metric": "a.value", "op": "<=", "threshold": 5, "confidence": 0.8},
    {"field": "sample_size", "op": ">=", "threshold": 3},
]


def measured(**metric: Any) -> tuple[Bar, dict[str, Any]]:
    """The bar over one metric, and 60 clustered pairs as verdict.json would hold them."""
    subject = bar({"all": CONDITIONS}, metrics=[{"key": "a", "unit": "x", **metric}])
    clusters = [f"c{row % 7}" for row in range(60)]
    arms = [samples([str(row * step % 50) for row in range(60)], clusters=clusters) for step in (7, 11)]
    evidence = inputs(subject, {"a": arms[0]}, {"a": arms[1]}).metrics["a"]
    return subject, evidence.model_dump()


def changed(metric: dict[str, Any], value: Any, *place: str | int) -> dict[str, Any]:
    _, document = measured(**metric)
    inner: Any = document
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return document


PERCENTILE = {"aggregate": "p80"}
COLUMNS = ("variant", "baseline", "variant_squares", "products", "baseline_squares")
NINE_PAIRS = {"decimals": 0, "parts": "1", "clusters": None, "n": [9], **{key: ["3"] for key in COLUMNS}}


@pytest.mark.parametrize(
    ("metric", "value", "place", "words"),
    [
        ({}, HUGE, ("extremes", 0, "high"), "extremes that no scores have"),
        ({}, "-" + HUGE, ("extremes", 1, "low"), "extremes that no scores have"),
        ({}, Decimal("1e16"), ("extremes", 0, "ratio"), "is no ratio"),
        ({}, Decimal("1e-401"), ("extremes", 0, "ratio"), "is no ratio"),
        (PERCENTILE, HUGE, ("percentiles", "variant"), "a percentile that no score has"),
        (PERCENTILE, "-" + HUGE, ("percentiles", "baseline"), "a percentile that no score has"),
        (PERCENTILE, NINE_PAIRS, ("percentiles", "counts", 0, "pairs", 0), "are of other samples"),
        (PERCENTILE, [], ("percentiles", "counts", 2, "pairs"), None),
    ],
)
def test_what_no_samples_leave_behind_is_refused(
    metric: dict[str, Any], value: Any, place: tuple[str | int, ...], words: str | None
) -> None:
    document = changed(metric, value, *place)
    if words is None:
        assert MetricEvidence.model_validate(document)
        return
    with pytest.raises(ValidationError, match=words):
        MetricEvidence.model_validate(document)


def test_a_claim_about_a_percentile_has_one_table_or_two() -> None:
    _, document = measured(**PERCENTILE)
    counts = next(found for found in document["percentiles"]["counts"] if found["pairs"])
    counts["pairs"] = counts["pairs"][:1]
    with pytest.raises(ValidationError, match="one table, or a pair"):
        MetricEvidence.model_validate(document)


NUMBERS = ["0", "1", "-1", "9" * 30, "-" + "9" * 300, HUGE, "1000000000000000"]


def damaged(value: Any, random: Random, odds: int) -> Any:
    """The same tree with a few of its integers replaced."""
    if isinstance(value, dict):
        return {key: damaged(child, random, odds) for key, child in value.items()}
    if isinstance(value, list):
        return [damaged(child, random, odds) for child in value]
    if random.randrange(odds):
        return value
    if isinstance(value, str) and value.lstrip("-").isdecimal():
        return random.choice([*NUMBERS, value + "0" * random.randrange(90)])
    return random.choice([1, 2, 10**15]) if type(value) is int else value


@pytest.mark.parametrize(
    "metric", [{}, {"range": [-60, 60]}, PERCENTILE, {**PERCENTILE, "range": [0, 60]}], ids=str
)
def test_damaged_evidence_is_refused_or_judged(metric: dict[str, Any]) -> None:
    subject, document = measured(**metric)
    random, judged = Random(7), 0
    for _ in range(300):
        hostile = damaged(deepcopy(document), random, 40 if metric.get("aggregate") is None else 400)
        whole = {"metrics": {"a": hostile}, "arms": {}, "not_comparable": [], "caps": []}
        try:
            found = Inputs.model_validate(whole)
        except ValidationError:
            continue
        advice_for(judge(subject, found), bar=subject, inputs=found)
        judged += 1
    assert judged > 0
