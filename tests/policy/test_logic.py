"""Kleene logic, told by its meaning: what holds under every completion of the unknowns."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remyx_action.policy.rules import Mark, at_least, mark_of

MARKS = st.sampled_from(list(Mark))


def completions(marks: list[Mark]) -> list[list[Mark]]:
    """Every way of settling the unknowns."""
    choices = [[Mark.TRUE, Mark.FALSE] if mark is Mark.UNKNOWN else [mark] for mark in marks]
    return [list(chosen) for chosen in product(*choices)]


@given(marks=st.lists(MARKS, min_size=1, max_size=7), k=st.integers(1, 7))
def test_a_count_is_known_exactly_where_every_completion_agrees(marks: list[Mark], k: int) -> None:
    outcomes = {sum(mark is Mark.TRUE for mark in settled) >= k for settled in completions(marks)}
    expected = mark_of(outcomes.pop()) if len(outcomes) == 1 else Mark.UNKNOWN
    assert expected == at_least(k, marks)


@pytest.mark.parametrize(
    ("marks", "all_", "any_"),
    [
        ("TT", "T", "T"),
        ("TF", "F", "T"),
        ("TU", "U", "T"),
        ("FU", "F", "U"),
        ("UU", "U", "U"),
        ("FF", "F", "F"),
    ],
)
def test_all_and_any_are_counts_of_everything_and_of_one(marks: str, all_: str, any_: str) -> None:
    letters = {"T": Mark.TRUE, "F": Mark.FALSE, "U": Mark.UNKNOWN}
    given_marks = [letters[letter] for letter in marks]
    assert letters[all_] == at_least(len(given_marks), given_marks)
    assert letters[any_] == at_least(1, given_marks)
