from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from remyx_action.evidence.samples_changed import SampleChange, samples_changed
from remyx_action.readers.scores import Samples
from support.bars import samples


def change(id_: str, baseline: str, variant: str) -> SampleChange:
    return SampleChange(id=id_, baseline=Decimal(baseline), variant=Decimal(variant))


def test_the_largest_changes_come_first_then_by_id() -> None:
    found = samples_changed(samples(["0", "1", "0.5", "1", "0"]), samples(["1", "0.25", "0.5", "0", "1"]))
    assert (2, 2) == (found.up, found.down)
    assert [
        change("q0", "0", "1"),
        change("q3", "1", "0"),
        change("q4", "0", "1"),
        change("q1", "1", "0.25"),
    ] == found.examples


def test_the_twenty_largest_of_either_way_are_named() -> None:
    """Large gains never hide what got worse."""
    found = samples_changed(samples(["0"] * 100 + ["1"] * 30), samples(["1"] * 100 + ["0.5"] * 30))
    assert (100, 30) == (found.up, found.down)
    names = [example.id for example in found.examples]
    assert [sorted(f"q{place}" for place in rows)[:20] for rows in (range(100), range(100, 130))] == [
        names[:20],
        names[20:],
    ]


def test_changes_are_counted_by_their_size() -> None:
    before, after = ["0"] * 6, ["0", "0.1", "0.5", "1", "1", "-1"]
    bins = samples_changed(samples(before), samples(after)).bins
    assert bins is not None
    assert Decimal(1) == bins.largest
    assert [0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2] == bins.up
    assert [0] * 11 + [1] == bins.down
    assert samples_changed(samples(["0", "1", "1"]), samples(["1", "0", "1"])).bins is None


def test_what_was_asked_and_answered_comes_with_the_scores() -> None:
    one = Samples(ids=["a", "b"], scores=["1", "0"], inputs=["2+2?", "f" * 64], outputs=["4", None])
    two = Samples(ids=["b", "a"], scores=["1", "0"], inputs=["f" * 64, "2+2?"], outputs=["y" * 400, "5"])
    first, second = samples_changed(one, two).examples
    assert ("2+2?", {"baseline": "4", "variant": "5"}) == (first.input, first.outputs)
    assert (None, {"variant": "y" * 300}) == (second.input, second.outputs), "a digest is no question"


def test_only_ids_in_both_arms_change() -> None:
    found = samples_changed(samples(["0", "0", "0"]), samples(["1", "0", "1"], first=1))
    assert (1, 0, [change("q1", "0", "1")]) == (found.up, found.down, found.examples)


def test_repeats_change_by_their_mean() -> None:
    variant = Samples(ids=["q0"] * 3, scores=["1", "0", "0"], repeats=["1", "2", "3"])
    found = samples_changed(samples(["0"]), variant)
    assert [change("q0", "0", "0.333333333333")] == found.examples


def test_nothing_in_common_is_no_change() -> None:
    nothing = samples_changed(samples(["0"]), samples(["1"], first=5))
    assert (0, 0, []) == (nothing.up, nothing.down, nothing.examples)
    empty = samples_changed(samples(["0"]), samples([]))
    assert (0, 0, []) == (empty.up, empty.down, empty.examples)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40), st.randoms())
def test_the_order_of_rows_does_not_matter(rows: list[tuple[int, int]], random) -> None:  # type: ignore[no-untyped-def]
    def arm(column: int, order: list[int]) -> Samples:
        return Samples(ids=[f"q{row}" for row in order], scores=[str(rows[row][column]) for row in order])

    order = list(range(len(rows)))
    before = samples_changed(arm(0, order), arm(1, order))
    random.shuffle(order)
    shuffled = list(order)
    random.shuffle(shuffled)
    assert before == samples_changed(arm(0, order), arm(1, shuffled))
