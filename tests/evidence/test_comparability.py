"""What makes two arms not comparable, what only warns, and what the arms are there to differ in."""

from decimal import Decimal

import pytest

from remyx_action.evidence.comparability import compare_provenance
from remyx_action.readers.scores import ArmScores, Samples, Scores, Summary


def arm(inputs: list[str | None] | None = None, *, ids: str = "abc", **provenance: str) -> ArmScores:
    samples = Samples(ids=list(ids), scores=["1"] * len(ids), inputs=inputs)
    return ArmScores(scores={"mindcube": samples}, provenance=provenance)


def test_arms_that_say_nothing_or_the_same_are_comparable() -> None:
    found = compare_provenance(arm(), arm())
    assert (found.mismatches, found.warnings) == ((), ())
    same = arm(["x", "y", "z"], judge="m", dataset_revision="1", harness="sha256:0")
    assert compare_provenance(same, same) == found


@pytest.mark.parametrize("name", ["dataset_revision", "judge", "harness"])
def test_other_data_another_judge_and_another_harness_are_not_comparable(name: str) -> None:
    found = compare_provenance(arm(None, **{name: "1"}), arm(None, **{name: "2"}))
    assert found.mismatches == (f'{name}: baseline "1", variant "2"',)


def test_the_model_is_what_the_arms_differ_in() -> None:
    found = compare_provenance(arm(model_revision="1", seed="7"), arm(model_revision="2"))
    assert (found.mismatches, found.warnings) == ((), ())


def test_what_one_arm_says_alone_is_a_warning() -> None:
    found = compare_provenance(arm(["x", "y", "z"], judge="m"), arm(dataset_revision="1"))
    assert found.mismatches == ()
    assert found.warnings == (
        "dataset_revision is reported by the variant only",
        "judge is reported by the baseline only",
        "inputs of mindcube are reported by the baseline only",
    )
    assert compare_provenance(arm(), arm(["x", None, None])).warnings == (
        "inputs of mindcube are reported by the variant only",
    )


def test_inputs_are_compared_by_id_where_both_arms_give_them() -> None:
    assert compare_provenance(arm(["x", "y", "z"]), arm(["x", "Y", "Z"])).mismatches == (
        'mindcube: the question text of 2 samples differs, of 3 in baseline and variant ("b", "c")',
    )
    assert compare_provenance(arm(["x", "y", None]), arm(["y", "x", "q"], ids="bax")).mismatches == ()


def test_repeats_of_an_id_may_be_asked_in_any_order() -> None:
    assert compare_provenance(arm(["x", "y"], ids="aa"), arm(["y", "x"], ids="aa")).mismatches == ()
    assert len(compare_provenance(arm(["x", "y"], ids="aa"), arm(["x", "x"], ids="aa")).mismatches) == 1


def test_only_samples_have_inputs() -> None:
    summary = ArmScores(scores={"mindcube": Summary(value=Decimal(1))})
    assert compare_provenance(summary, arm(["x", "y", "z"])).warnings == ()


@pytest.mark.parametrize("shuffled", ["abcdefg", "gfedcba", "dgacfbe"])
def test_the_order_of_rows_does_not_change_the_report(shuffled: str) -> None:
    asked = compare_provenance(arm(list("abcdefg"), ids="abcdefg"), arm(["?"] * 7, ids=shuffled))
    told = compare_provenance(arm(["?"] * 7, ids=shuffled), arm(list("abcdefg"), ids="abcdefg"))
    expected = (
        'mindcube: the question text of 7 samples differs, of 7 in baseline and variant ("a", "b", "c", …)'
    )
    assert ((expected,), (expected,)) == (asked.mismatches, told.mismatches)


AVERAGED = "; an id's score is the mean of its repeats"


def summary(n: int | None) -> Summary:
    return Summary(value=Decimal("0.5"), n=n)


def sampled(*repeats: int) -> Samples:
    ids = [f"q{number}" for number, times in enumerate(repeats) for _ in range(times)]
    names = [str(repeat) for times in repeats for repeat in range(times)]
    return Samples(ids=ids, scores=["1"] * len(ids), repeats=names if max(repeats) > 1 else None)


@pytest.mark.parametrize(
    ("baseline", "variant", "expected"),
    [
        (summary(1000), summary(10), ("m: n is 1,000 in the baseline and 10 in the variant",)),
        (sampled(1, 1), summary(5), ("m: n is 2 in the baseline and 5 in the variant",)),
        (summary(1000), summary(500), ()),
        (summary(None), summary(500), ()),
        (sampled(2, 2), sampled(2, 2), ()),
        (
            sampled(1, 1, 1),
            sampled(3, 3, 3),
            (f"m: an id has 1 repeat in the baseline and 3 repeats in the variant{AVERAGED}",),
        ),
        (
            sampled(2, 2, 1),
            sampled(2, 2, 2),
            (
                (
                    "m: an id has 1 to 2 repeats (1 of 3 ids have fewer than 2) in the baseline "
                    f"and 2 repeats in the variant{AVERAGED}"
                ),
            ),
        ),
    ],
)
def test_sizes_that_are_far_apart_are_warned_about(
    baseline: Scores, variant: Scores, expected: tuple[str, ...]
) -> None:
    found = compare_provenance(ArmScores(scores={"m": baseline}), ArmScores(scores={"m": variant}))
    assert ((), expected) == (found.mismatches, found.warnings)
