from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from remyx_action.evidence.evidence import MetricEvidence
from remyx_action.evidence.gathering import gather
from remyx_action.evidence.merging import merge_shards
from remyx_action.evidence.summing import UNSCALED, paired_sums, rows_of
from remyx_action.evidence.sums import PairedSums
from remyx_action.readers.scores import ArmScores, Samples
from support.bars import samples
from support.enumeration import metric

PAIRED = {
    "decimals": 1,
    "parts": "1",
    "clusters": [3, 1],
    "n": [1, 2],
    "variant": ["5", "12"],
    "baseline": ["5", "3"],
    "variant_squares": ["25", "80"],
    "products": ["25", "20"],
    "baseline_squares": ["25", "5"],
    "named": {"depth": 1},
}
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["0", "1", "0.5", "0.25", "1e-3", "0.123456789"]),
        st.sampled_from(["0", "1", "0.75"]),
        st.sampled_from("abc"),
        st.integers(0, 2),
    ),
    min_size=3,
    max_size=30,
)


def test_possible_sums_are_read() -> None:
    assert 10 == PairedSums.model_validate(PAIRED).scale
    sums = PairedSums.model_validate(PAIRED)
    assert ["5", "12"] == sums.arm("variant").scores
    assert (5, 4, 27) == (sums.ids, sums.cluster_count, sums.total(sums.variant))


@pytest.mark.parametrize(
    "wrong",
    [
        {"n": [2]},
        {"n": [0, 1]},
        {"n": []},
        {"n": [2, 1]},
        {field: [value[0]] * 2 for field, value in PAIRED.items() if isinstance(value, list)},
        {"clusters": [0, 1]},
        {"clusters": None},
        {"named": {"depth": 2}},
        {"named": {"depth": -1}},
        {"named": {f"c{number}": 0 for number in range(101)}},
        {"parts": "0"},
        {"parts": "-1"},
        {"parts": "9" * 61},
        {"decimals": 101},
        {"variant": ["05", "12"]},
        {"variant": ["5\n", "12"]},
        {"variant": [5, 12]},
        {"variant_squares": ["25", "71"]},
        {"variant_squares": ["25", "-1"]},
        {"products": ["25", "60"]},
        {"products": ["24", "20"]},
        {"variant_squares": ["25", "9" * 60]},
        {"extra": 1},
    ],
    ids=str,
)
def test_sums_that_no_scores_have_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PairedSums.model_validate(PAIRED | wrong)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(ROWS, st.booleans(), st.integers(1, 29), st.randoms(use_true_random=False))
def test_shards_in_any_order_have_the_sums_of_all_rows(
    rows: list[tuple[str, str, str, int]], clustered: bool, cut: int, random: Random
) -> None:
    def arm(column: int, part: Sequence[int]) -> ArmScores:
        clusters = [f"c{rows[row][3]}" for row in part] if clustered else None
        scores = [str(rows[row][column]) for row in part]
        return ArmScores(
            scores={"a": Samples(ids=[f"q{row}" for row in part], scores=scores, clusters=clusters)}
        )

    def gathered(parts: Sequence[Sequence[int]]) -> str:
        baseline, variant = (
            merge_shards([(f"shard {part}", arm(column, part)) for part in parts]).scores["a"]
            for column in (1, 0)
        )
        return gather(metric(), [], baseline, variant).model_dump_json()

    every = list(range(len(rows)))
    whole = gathered([every])
    random.shuffle(every)
    cut = min(cut, len(rows) - 1)
    assert whole == gathered([every[:cut], every[cut:]])
    assert whole == MetricEvidence.model_validate_json(whole).model_dump_json()


BINARY = st.integers(0, 1)
GRADED = st.integers(-9, 9)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(
    st.sampled_from([BINARY, GRADED]).flatmap(
        lambda scores: st.lists(st.tuples(scores, scores, st.sampled_from("abcd")), min_size=1, max_size=40)
    )
)
def test_a_row_counts_the_clusters_whose_samples_sum_to_it(rows: list[tuple[int, int, str]]) -> None:
    sums_of = {name: [0] * 6 for _, _, name in rows}
    for a, b, name in rows:
        products = (1, a, b, a * a, a * b, b * b)
        sums_of[name] = [total + more for total, more in zip(sums_of[name], products, strict=True)]
    variant, baseline, clusters = zip(*rows, strict=True)
    sums = paired_sums(rows_of(variant, baseline, clusters), UNSCALED, named=True)
    texts = (sums.variant, sums.baseline, sums.variant_squares, sums.products, sums.baseline_squares)
    entries = list(zip(sums.n, *(map(int, column) for column in texts), strict=True))
    counted = Counter(map(tuple, sums_of.values()))
    assert sorted(counted) == entries
    assert [counted[entry] for entry in entries] == sums.clusters
    assert {name: entries.index(tuple(found)) for name, found in sums_of.items()} == sums.named


def test_fifty_thousand_clusters_of_two_binary_samples_are_a_hundred_rows() -> None:
    random = Random(1)
    ids = [f"q{row}" for row in range(100_000)]
    clusters = [f"cluster {row // 2}" for row in range(100_000)]
    baseline, variant = (
        Samples(ids=ids, scores=[str(random.randint(0, 1)) for _ in ids], clusters=clusters) for _ in "ab"
    )
    evidence = gather(metric(), [], baseline, variant)
    assert evidence.paired is not None
    assert (100_000, 50_000, 100) == (
        evidence.paired.ids,
        evidence.paired.cluster_count,
        len(evidence.paired.named),
    )
    assert len(evidence.paired.n) == 10
    assert len(evidence.model_dump_json()) < 5_000


def test_sums_over_thirds_stay_exact() -> None:
    thirds = samples(["1", "0", "0", "1"], repeats=["1", "2", "3", "1"])
    twice = type(thirds)(ids=["a", "a", "a", "b"], scores=thirds.scores, repeats=thirds.repeats)
    evidence = gather(metric(), [], twice, twice)
    assert Fraction(2, 3) == evidence.mean("variant")
    assert evidence.paired is not None
    assert "3" == evidence.paired.parts
