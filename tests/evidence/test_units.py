"""Fractions under a unit of percent are named, and nothing else is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from remyx_action.evidence.gathering import fractions_in_percent
from remyx_action.readers.scores import Exact, Samples, Scores, Summary
from support.metrics import a_metric


def samples(*scores: str) -> Samples:
    return Samples(ids=[f"q{number}" for number, _ in enumerate(scores)], scores=scores)


@pytest.mark.parametrize("unit", ["%", "percent", "Percent"])
@pytest.mark.parametrize(
    "scores", [samples("0", "1", "0.5"), samples("1", "0"), Summary(value=Decimal("0.83"))]
)
def test_fractions_under_a_unit_of_percent_are_named(unit: str, scores: Scores) -> None:
    found = fractions_in_percent(a_metric("m", unit=unit), scores)
    assert found is not None
    assert f"every score is at most 1 and the unit is {unit}" in found


@pytest.mark.parametrize(
    ("unit", "scores"),
    [
        ("accuracy", samples("0", "1")),
        ("%", samples("0", "1", "1.5")),
        ("%", samples("0", "0")),
        ("%", samples("-0.5", "0.5")),
        ("%", Summary(value=Decimal(83))),
        ("%", Exact(value=Decimal("0.83"))),
        ("%", None),
    ],
)
def test_other_scores_are_not(unit: str, scores: Scores | None) -> None:
    assert fractions_in_percent(a_metric("m", unit=unit), scores) is None
