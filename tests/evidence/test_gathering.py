"""Scores of two arms → evidence: what pairs, what is filled in, what cannot be used and why."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remyx_action.confidence import estimate, weigh
from remyx_action.confidence.methods import missing_in
from remyx_action.evidence.evidence import Extremes, MetricEvidence, SummaryState, UnusableState
from remyx_action.evidence.gathering import gather
from remyx_action.project.models.template import ArmName
from remyx_action.readers.scores import Reason, Samples, Scores, Summary, Unusable
from support.bars import exact, number, samples
from support.enumeration import claim, metric

LOWER = metric(direction="lower")
UNRANGED = metric(range=None)


def paired(baseline: Scores, variant: Scores, **changes: object) -> MetricEvidence:
    return gather(metric(**changes), [], baseline, variant)


def test_arms_pair_by_id_whatever_their_order() -> None:
    baseline = Samples(ids=["a", "b", "c"], scores=["1", "0", "0.5"])
    variant = Samples(ids=["c", "a", "b"], scores=["0.25", "1", "0"])
    sums = paired(baseline, variant).paired
    assert sums is not None
    assert (2, ["125"], ["150"], ["12500"]) == (
        sums.decimals,
        sums.variant,
        sums.baseline,
        sums.baseline_squares,
    )
    assert ["11250"] == sums.products


@settings(derandomize=True, deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["0", "1", "0.50", "1e-3"]), st.sampled_from(["0", "0.1"]), st.integers(1, 3)
        ),
        min_size=2,
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_shuffled_rows_give_the_same_bytes(rows, random) -> None:  # type: ignore[no-untyped-def]
    def arm(column: int) -> Samples:
        written = [
            (f"q{number}", row[column], f"c{number % 3}", str(again))
            for number, row in enumerate(rows)
            for again in range(row[2])
        ]
        random.shuffle(written)
        ids, scores, clusters, repeats = (list(entries) for entries in zip(*written, strict=True))
        return Samples(ids=ids, scores=scores, clusters=clusters, repeats=repeats)

    texts = {paired(arm(1), arm(0), range=None).model_dump_json() for _ in range(4)}
    assert 1 == len(texts)


def test_repeats_are_averaged_within_an_id() -> None:
    variant = Samples(ids=["a", "a", "a", "b"], scores=["1", "0", "0", "1"], repeats=["1", "2", "3", "1"])
    evidence = paired(
        samples(["0", "0"]), Samples(ids=["q0", "q0", "q1"], scores=["1", "0", "1"], repeats=["1", "2", "1"])
    )
    assert Fraction(3, 4) == evidence.mean("variant")
    assert [1, 2] == evidence.facts["variant"].repeats
    assert evidence.facts["baseline"].repeats is None
    note = estimate(evidence, metric()).note
    assert note == "ids of the variant have 1 to 2 repeats"
    assert Fraction(2, 3) == paired(variant, variant).mean("variant")


def test_a_repeat_column_that_repeats_nothing_is_none() -> None:
    once = Samples(ids=["a", "b"], scores=["1", "0"], repeats=["1", "1"])
    assert paired(once, once).facts["variant"].repeats is None


def test_arms_without_a_common_id_leave_only_each_arms_own_value() -> None:
    evidence = paired(samples(["1", "0", "1"]), samples(["1", "1", "1"], first=3))
    assert evidence.unmatched == (
        "3 ids are only in the baseline: q0, q1, q2; 3 ids are only in the variant: q3, q4, q5 "
        "(baseline 3, variant 3 ids): evaluate the same samples in baseline and variant, by ids "
        "that are the data set's and not the run's own"
    )
    delta = weigh(evidence, metric(), claim("delta", "at_least", "-1"))
    assert (None, Reason.UNMATCHED_SAMPLES, None) == (delta.holds, delta.point_reason, delta.n)
    value = weigh(evidence, metric(), claim("value", "at_least", "0.5"))
    assert (True, 3) == (value.holds, value.n)
    found = estimate(evidence, metric())
    assert (Fraction(2, 3), Fraction(1), None) == (found.baseline, found.variant, found.delta)
    assert (None, Reason.UNMATCHED_SAMPLES) == (found.n, found.reason)
    assert 0 == evidence.coverage(expected=None) == evidence.coverage(expected=10)


def test_missing_ids_are_kept_beside_the_pairs_with_the_ends_of_their_scores() -> None:
    baseline = Samples(ids=["a", "b", "c"], scores=["1", "0", "1"], missing={"e": "time out"})
    variant = Samples(ids=["b", "c", "d"], scores=["0", "1", "1"], missing={"e": "time out", "a": "refused"})
    evidence = gather(metric(), [], baseline, variant, expected=7)
    assert (2, 5, 2, 5) == (evidence.both, evidence.asked, evidence.absent, evidence.missing)
    assert (2, 2) == (evidence.facts["baseline"].missing, evidence.facts["variant"].missing)
    assert ("refused", 1) == (evidence.facts["variant"].error, evidence.facts["variant"].errors)
    assert {"baseline": 1, "variant": 1} == evidence.alone
    assert (Fraction(1, 2), Fraction(1, 2)) == (evidence.mean("baseline"), evidence.mean("variant"))
    assert evidence.paired is not None
    missing = evidence.paired.missing
    assert missing is not None
    # a is known in the baseline, d in the variant; e and the two declared ones in neither.
    assert ([5], ["1"], ["5"], ["1"], ["5"]) == (
        missing.ids,
        missing.variant_low,
        missing.variant_high,
        missing.baseline_low,
        missing.baseline_high,
    )
    assert Fraction(2, 7) == evidence.coverage(expected=7)
    assert evidence == MetricEvidence.model_validate_json(evidence.model_dump_json())


def test_a_range_with_decimals_bounds_exactly() -> None:
    subject = metric(range=[Decimal("0.125"), Decimal("1.5")])
    sums = gather(subject, [], samples(["1"]), samples(["1", "1"])).paired
    assert sums is not None
    assert sums.missing is not None
    assert (["125"], ["1500"], 1000) == (sums.missing.baseline_low, sums.missing.baseline_high, sums.scale)


def test_missing_ids_keep_the_cluster_of_the_arm_that_has_them() -> None:
    baseline = Samples(ids=["a", "b"], scores=["1", "1"], clusters=["x", "y"], missing={"e": ""})
    variant = Samples(ids=["b", "c"], scores=["1", "1"], clusters=["y", "y"])
    evidence = paired(baseline, variant)
    sums = evidence.paired
    assert sums is not None
    assert sums.missing is not None
    # Nobody names the cluster of e; x has lost its only id, and y has one of two.
    assert ([1, 1, 1], [0, 0, 1], [1, 1, 1]) == (sums.clusters, sums.n, sums.missing.ids)
    assert {"baseline": 1, "variant": 1} == evidence.alone
    assert (1, 1) == (sums.ids, sums.cluster_count)


@pytest.mark.parametrize(
    ("baseline", "variant", "words"),
    [
        (None, ["x", "y"], "the variant has clusters and the baseline has none: report them in both"),
        (["x", "y"], None, "the baseline has clusters and the variant has none: report them in both"),
        (["x", "y"], ["x", "x"], "1 ids stand in different clusters in baseline and variant: q1"),
    ],
)
def test_clusters_that_disagree_make_the_metric_invalid(
    baseline: list[str] | None, variant: list[str] | None, words: str
) -> None:
    evidence = paired(samples(["1", "0"], clusters=baseline), samples(["1", "0"], clusters=variant))
    found = estimate(evidence, metric())
    assert (Reason.INVALID_VALUE, words, None) == (found.reason, found.note, found.variant)


def test_an_id_in_two_clusters_makes_its_arm_invalid() -> None:
    torn = Samples(ids=["a", "a"], scores=["1", "0"], clusters=["x", "y"], repeats=["1", "2"])
    found = estimate(paired(torn, samples(["1"])), metric())
    assert (Reason.INVALID_VALUE, "1 ids of the baseline stand in several clusters: a") == (
        found.reason,
        found.note,
    )


def test_repeats_without_a_common_multiple_are_refused() -> None:
    counts = [
        101,
        103,
        107,
        109,
        113,
        127,
        131,
        137,
        139,
        149,
        151,
        157,
        163,
        167,
        173,
        179,
        181,
        191,
        193,
        197,
    ]
    counts += [199, 211, 223, 227, 229, 233, 239, 241]
    ids = [f"q{count}" for count in counts for _ in range(count)]
    repeats = [str(again) for count in counts for again in range(count)]
    many = Samples(ids=ids, scores=["1"] * len(ids), repeats=repeats)
    assert Reason.INVALID_VALUE == estimate(paired(many, many), metric()).reason


def test_an_arm_without_rows_is_invalid() -> None:
    assert Reason.INVALID_VALUE == estimate(paired(samples(["1"]), samples([])), metric()).reason


@pytest.mark.parametrize("missing", [Reason.MISSING_METRIC, Reason.OUT_OF_RANGE])
def test_the_reason_of_an_arm_that_cannot_be_used_is_kept(missing: Reason) -> None:
    lost = Unusable(reason=missing, message="what was found")
    found = estimate(paired(samples(["1"]), lost), metric())
    assert (missing, "what was found") == (found.reason, found.note)
    without = estimate(paired(lost, samples(["1"])), metric())
    assert without.reason is (Reason.NO_BASELINE if missing is Reason.MISSING_METRIC else missing)
    assert Fraction(1) == without.variant


def test_summaries_and_exact_baselines_are_kept_as_numbers() -> None:
    evidence = paired(exact("0.5"), Summary(value=Decimal("0.4"), n=10, stderr=Decimal("0.1"), clusters=7))
    assert SummaryState(value=Decimal("0.5"), exact=True) == evidence.baseline
    assert SummaryState(value=Decimal("0.4"), n=10, stderr=Decimal("0.1"), clusters=7) == evidence.variant


def test_a_summary_beyond_all_bounds_is_invalid() -> None:
    variant = paired(number("0.5"), Summary(value=Decimal("0.5"), n=0)).variant
    assert isinstance(variant, UnusableState)
    assert (Reason.INVALID_VALUE, "the variant's summary: n: ") == (variant.reason, variant.message[:26])
    assert Reason.INVALID_VALUE == estimate(paired(number("0.5"), number("1e16")), UNRANGED).reason
    assert Reason.INVALID_VALUE == estimate(paired(number("0.5"), number("1e-101")), UNRANGED).reason


def test_extremes_are_gathered_only_without_a_range() -> None:
    relative = claim("relative_delta", "at_most", "0.25")
    arms = samples(["1", "2"]), samples(["3", "1"])
    assert [] == gather(metric(), [relative], *arms).extremes
    assert [
        Extremes(ratio=Decimal(0), low="1", high="3"),
        Extremes(ratio=Decimal(1), low="-1", high="2"),
        Extremes(ratio=Decimal("1.25"), low="-6", high="7"),
        Extremes(ratio=Decimal("0.75"), low="-2", high="9"),
        Extremes(ratio=None, low="1", high="2"),
    ] == gather(UNRANGED, [relative], *arms).extremes


UNUSABLE = Unusable(reason=Reason.INVALID_VALUE, message="")


def test_coverage_is_unknown_where_no_arm_has_ids_or_one_has_no_score() -> None:
    assert paired(number("0.5"), number("0.5")).coverage(expected=3) is None
    assert paired(UNUSABLE, samples(["1"])).coverage(expected=3) is None
    assert Fraction(1, 3) == paired(number("0.5"), samples(["1"])).coverage(expected=3)
    assert Fraction(1) == paired(samples(["1"]), samples(["1"])).coverage(expected=None)


def test_evidence_reads_back_as_it_was_written() -> None:
    clusters = ["x", "y", "x"]
    arms = [samples(scores, clusters=clusters) for scores in (["1", "2", "3"], ["3", "1", "2.5"])]
    relative = claim("relative_delta", "at_most", "0.25")
    for subject in (metric(range=None), metric(range=None, aggregate="p50")):
        evidence = gather(subject, [relative], arms[0], arms[1])
        assert evidence == MetricEvidence.model_validate(evidence.model_dump())


@pytest.mark.parametrize(
    ("before", "after"),
    [("caf\u00e9", "cafe\u0301"), ("q", "q "), ("Q", "q"), ("\uff41", "a"), ("q", "\u00a0q")],
)
def test_ids_that_only_look_alike_are_quoted_and_called_alike(before: str, after: str) -> None:
    message = paired(
        Samples(ids=[before, "x"], scores=["1", "0"]), Samples(ids=[after, "y"], scores=["1", "0"])
    ).unmatched
    assert message is not None
    assert f"{before!a}" in message
    assert f"{after!a}" in message
    assert "1 of them differ in case, Unicode form or outer blanks alone" in message
    assert message.isascii()


def test_ids_that_look_unlike_are_shown_as_they_are() -> None:
    message = paired(Samples(ids=["caf\u00e9"], scores=["1"]), Samples(ids=["tea"], scores=["1"])).unmatched
    assert message is not None
    assert "1 ids are only in the baseline: caf\u00e9; 1 ids are only in the variant: tea (" in message


@pytest.mark.parametrize(
    ("before", "after", "declared", "missing", "lacks"),
    [
        (100, 50, 100, 150, {"baseline": 0, "variant": 50}),
        (50, 50, 100, 100, {"baseline": 50, "variant": 50}),
        (50, 50, 120, 120, {"baseline": 70, "variant": 70}),
        (50, 60, 0, 110, {"baseline": 0, "variant": 0}),
    ],
)
def test_arms_without_a_common_id_lack_their_own_declared_samples(
    before: int, after: int, declared: int, missing: int, lacks: dict[ArmName, int]
) -> None:
    """No percentile is judged on half of the samples, and what is missing is counted once."""
    p90, below = metric(aggregate="p90"), claim("value", "at_most", "1")
    arms = (samples(["1"] * before), samples(["1"] * after, first=before))
    evidence = gather(p90, [below], *arms, expected=declared)
    assert missing == evidence.missing
    assert lacks == {arm: missing_in(evidence, arm) for arm in evidence.facts}
    judged = weigh(evidence, p90, below)
    assert (Reason.TOO_MANY_MISSING if lacks["variant"] else None) is judged.reason is judged.point_reason
    bounded = gather(metric(), [], *arms, expected=declared).sums("variant")
    assert bounded is not None
    assert lacks["variant"] == (0 if bounded.missing is None else sum(bounded.missing.ids))
