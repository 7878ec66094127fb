from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from remyx_action.evidence.gathering import gather
from remyx_action.evidence.sums import ArmSums, PairedSums, add_arms, add_pairs
from support.bars import samples
from support.enumeration import metric

PAIRED = {
    "decimals": 1,
    "parts": "1",
    "clusters": ["a", "b"],
    "n": [2, 1],
    "variant": ["12", "5"],
    "baseline": ["3", "5"],
    "variant_squares": ["80", "25"],
    "products": ["20", "25"],
    "baseline_squares": ["5", "25"],
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
    assert ["12", "5"] == PairedSums.model_validate(PAIRED).arm("variant").scores


@pytest.mark.parametrize(
    "wrong",
    [
        {"n": [2]},
        {"n": [0, 1]},
        {"n": []},
        {"clusters": ["b", "a"]},
        {"clusters": ["a", "a"]},
        {"clusters": None},
        {"parts": "0"},
        {"parts": "-1"},
        {"parts": "9" * 61},
        {"decimals": 101},
        {"variant": ["12", "05"]},
        {"variant": ["12", "5\n"]},
        {"variant": [12, 5]},
        {"variant_squares": ["71", "25"]},
        {"variant_squares": ["-1", "25"]},
        {"products": ["60", "25"]},
        {"products": ["20", "24"]},
        {"variant_squares": ["9" * 60, "25"]},
        {"extra": 1},
    ],
    ids=str,
)
def test_sums_that_no_scores_have_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PairedSums.model_validate(PAIRED | wrong)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(ROWS, st.booleans(), st.integers(1, 29))
def test_adding_shards_gives_the_sums_of_all_rows(
    rows: list[tuple[str, str, str, int]], clustered: bool, cut: int
) -> None:
    def sums(part: list[tuple[str, str, str, int]], first: int) -> PairedSums:
        def arm(column: int) -> object:
            clusters = [row[2] for row in part] if clustered else None
            return samples([row[column] for row in part], first=first, clusters=clusters)

        paired = gather(metric(), [], arm(1), arm(0), "unmatched").paired  # type: ignore[arg-type]
        assert paired is not None
        return paired

    cut = min(cut, len(rows) - 1)
    whole, parts = sums(rows, 0), [sums(rows[:cut], 0), sums(rows[cut:], cut)]
    assert whole.model_dump_json() == add_pairs(parts[0], parts[1]).model_dump_json()
    assert whole.model_dump_json() == add_pairs(parts[1], parts[0]).model_dump_json()
    assert whole.arm("variant") == add_arms(parts[0].arm("variant"), parts[1].arm("variant"))
    assert PairedSums.model_validate(whole.model_dump()) == whole


def test_shards_with_and_without_clusters_do_not_add_up() -> None:
    bare = ArmSums(decimals=0, parts="1", clusters=None, n=[1], scores=["1"], squares=["1"])
    with pytest.raises(ValueError, match="one shard has clusters"):
        add_arms(bare, bare.model_copy(update={"clusters": ["a"]}))


def test_sums_over_thirds_stay_exact() -> None:
    thirds = samples(["1", "0", "0", "1"], repeats=["1", "2", "3", "1"])
    twice = type(thirds)(ids=["a", "a", "a", "b"], scores=thirds.scores, repeats=thirds.repeats)
    evidence = gather(metric(), [], twice, twice, "unmatched")
    assert Fraction(2, 3) == evidence.mean("variant")
    assert evidence.paired is not None
    assert "3" == evidence.paired.parts
