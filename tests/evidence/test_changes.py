from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from remyx_action.evidence.gathering import SampleChange, samples_changed
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


def test_at_most_twenty_are_shown() -> None:
    found = samples_changed(samples(["0"] * 100), samples(["1"] * 100))
    assert (100, 0, 20) == (found.up, found.down, len(found.examples))
    assert sorted(f"q{number}" for number in range(100))[:20] == [example.id for example in found.examples]


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
