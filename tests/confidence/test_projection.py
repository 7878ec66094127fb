"""What would settle a condition, against the reference numbers of docs/statistics.md."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from msgspec.structs import replace

from remyx_action.confidence import AdviceNumbers, advise, weigh
from remyx_action.evidence.claims import Claim
from remyx_action.evidence.evidence import MetricEvidence
from remyx_action.evidence.gathering import gather
from remyx_action.readers.scores import Summary
from support.bars import number, samples
from support.enumeration import claim, metric, of_wins

FLOOR = Fraction(4, 5)
TARGET = claim("delta", "at_least", "0.02")


def of_spread(n: int, mean: str, deviation: str, *, clusters: list[str] | None = None) -> MetricEvidence:
    """n pairs, half of them one deviation above the mean and half below."""
    ends = [str(Decimal(mean) + sign * Decimal(deviation)) for sign in (1, -1)]
    arm = samples([ends[row % 2] for row in range(n)], clusters=clusters)
    return gather(metric(), [], samples(["0"] * n, clusters=clusters), arm)


def advice(evidence: MetricEvidence, what: Claim = TARGET, expect: str | None = None) -> AdviceNumbers:
    return advise(evidence, metric(), what, FLOOR, None if expect is None else Decimal(expect))


def test_the_reference_case_needs_624_pairs() -> None:
    found = advice(of_spread(300, "0.01", "0.44"), expect="0.05")
    assert ("more_samples", 624, 300, "samples") == (
        found.kind,
        found.n_needed,
        found.n_now,
        found.counted_in,
    )
    assert 0.063 == pytest.approx(float(found.smallest_effect or 0), abs=5e-4)
    assert (Fraction(1, 20), "expect", False) == (found.expected, found.expected_from, found.evidence_against)


def test_the_observed_value_is_taken_where_nothing_is_expected() -> None:
    found = advice(of_spread(300, "0.05", "0.44"))
    assert (Fraction(1, 20), "observed", 624) == (found.expected, found.expected_from, found.n_needed)


def test_the_other_side_mirrors_it() -> None:
    found = advice(of_spread(300, "-0.05", "0.44"), claim("delta", "at_most", "-0.02"))
    assert 624 == found.n_needed
    assert -0.063 == pytest.approx(float(found.smallest_effect or 0), abs=5e-4)


@pytest.mark.parametrize("observed", ["0.02", "0.01", "-0.3"])
def test_more_samples_do_not_help_where_the_expected_value_fails(observed: str) -> None:
    found = advice(of_spread(300, observed, "0.44"))
    assert ("more_samples_do_not_help", None) == (found.kind, found.n_needed)
    assert found.evidence_against == (observed == "-0.3")


def test_a_projection_at_its_own_n_agrees_with_the_confidence() -> None:
    # At the n that the advice names, the observed gap is worth the power on top of the floor.
    needed = advice(of_spread(300, "0.05", "0.44")).n_needed
    assert needed is not None
    confidence = weigh(of_spread(needed, "0.05", "0.44"), metric(), TARGET).lowest_confidence
    assert confidence is not None
    assert Decimal("0.95") < confidence < Decimal("0.955")  # z of 0.80 twice: 0.9538


def test_clusters_are_counted_where_samples_come_in_clusters() -> None:
    clusters = [f"c{row // 10:03}" for row in range(300)]
    ends = [("0.5" if row // 10 % 2 else "-0.4") for row in range(300)]
    evidence = gather(metric(), [], samples(["0"] * 300, clusters=clusters), samples(ends, clusters=clusters))
    found = advice(evidence)
    assert ("clusters", 30) == (found.counted_in, found.n_now)
    alone = advice(of_spread(300, "0.05", "0.45")).n_needed
    assert found.n_needed is not None
    assert alone is not None
    assert alone / 10 < found.n_needed <= alone  # ten samples of a cluster tell little more than one


@pytest.mark.parametrize(
    ("ends", "kind"), [(["0.5", "0.4"], "no_estimate"), (["-0.4", "0"], "more_samples_do_not_help")]
)
def test_too_few_clusters_are_counted_in_clusters_too(ends: list[str], kind: str) -> None:
    clusters = [f"c{row % 3}" for row in range(300)]
    evidence = gather(
        metric(range=[Decimal(-1), Decimal(1)]),
        [],
        samples(["0"] * 300, clusters=clusters),
        samples(ends * 150, clusters=clusters),
    )
    found = advice(evidence)
    assert (kind, "clusters", 3, None) == (found.kind, found.counted_in, found.n_now, found.n_needed)


def test_clusters_of_summaries_are_counted_in_clusters() -> None:
    arms = [
        Summary(value=Decimal(value), n=400, stderr=Decimal("0.02"), clusters=clusters)
        for value, clusters in (("0.40", None), ("0.45", 12))
    ]
    found = advice(gather(metric(), [], arms[0], arms[1]))
    assert ("more_samples", "clusters", 12) == (found.kind, found.counted_in, found.n_now)
    assert found.n_needed is not None
    assert 27 < found.n_needed < 42  # (1.683·0.0283/0.03)²·12
    few = replace(arms[1], clusters=3)
    unknown = advice(gather(metric(), [], arms[0], few))
    assert ("no_estimate", "clusters", 3) == (unknown.kind, unknown.counted_in, unknown.n_now)


def test_summaries_are_projected_too() -> None:
    arms = [Summary(value=Decimal(value), n=400, stderr=Decimal("0.02")) for value in ("0.40", "0.45")]
    found = advice(gather(metric(), [], arms[0], arms[1]))
    assert ("more_samples", 400) == (found.kind, found.n_now)
    assert found.n_needed is not None
    assert 900 < found.n_needed < 1300  # (1.683·0.0283/0.03)²·400


def test_relative_effects_are_in_relative_terms() -> None:
    evidence = gather(metric(), [], samples(["0.5"] * 300), samples(["1", "0.1"] * 150))
    found = advice(evidence, claim("relative_delta", "at_least", "0.02"))
    assert (Fraction(1, 10), "more_samples") == (found.expected, found.kind)
    assert 0.02 + 1.683 * 0.0259 / 0.5 == pytest.approx(float(found.smallest_effect or 0), abs=2e-3)


def test_nothing_is_invented_where_there_is_no_spread_to_project() -> None:
    bare = advice(gather(metric(), [], number("0.4"), number("0.5")))
    assert ("no_estimate", None, None) == (bare.kind, bare.n_needed, bare.smallest_effect)
    zero = advice(of_wins(300, 0, 0), claim("relative_delta", "at_least", "0.02"))
    assert ("no_estimate", None, None) == (zero.kind, zero.expected, zero.smallest_effect)
    hair = advice(of_spread(300, "0.0200000001", "0.44"))
    assert ("no_estimate", None) == (hair.kind, hair.n_needed)


def test_a_value_is_projected_by_its_own_scores() -> None:
    found = advice(of_wins(300, 160, 0), claim("value", "at_least", "0.5"))
    assert ("more_samples", 300) == (found.kind, found.n_now)
    assert found.n_needed is not None
    assert 550 < found.n_needed < 750  # (1.683·0.499/0.0333)² = 635
