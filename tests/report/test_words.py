from __future__ import annotations

from typing import get_args

import pytest

from remyx_action.policy.rules import Mark
from remyx_action.readers.scores import Reason
from remyx_action.report.render import numbers, words
from remyx_action.report.report import ArmReport, Report


def values_of(annotation: object) -> set[object]:
    """The values of a Literal, also where None is allowed beside it."""
    found: set[object] = set()
    for part in get_args(annotation):
        found |= {None} if part is type(None) else values_of(part) if get_args(part) else {part}
    return found


def test_every_reason_of_an_unknown_has_its_words() -> None:
    decided = {Reason.THRESHOLD.value, Reason.LOW_CONFIDENCE.value}
    assert {reason.value for reason in Reason} - decided <= set(words.UNKNOWN)
    for unknown in words.UNKNOWN.values():
        assert all((unknown.short, unknown.sentence, unknown.step))


def test_every_cap_has_its_words_and_its_next_step() -> None:
    assert set(words.CAPS) - {"not_locked"} | {"bar_met", "not_comparable", "run_failed"} == set(words.NEXT)
    assert set(words.CAPS) < set(words.KINDS)


def test_every_verdict_mark_and_state_has_its_word() -> None:
    assert set(words.VERDICTS) == set(words.UNDER_PROPOSED)
    assert set(words.VERDICTS) == values_of(Report.model_fields["verdict"].annotation)
    assert set(words.MARKS) == set(words.MARK_OF_REJECT) == set(Mark)
    assert set(words.MARK_WORDS) == {(role, mark) for role in ("ship", "reject") for mark in Mark}
    assert set(words.ARM_STATES) == values_of(ArmReport.model_fields["state"].annotation)


@pytest.mark.parametrize(
    ("lock", "expected"),
    [
        ("locked", ("🔒", "evaluation locked")),
        ("captured", ("📌", "evaluation as in its lock file; owner approval not proven")),
        ("unlocked: there is no lock", ("⚠️", "evaluation not locked: there is no lock")),
        ("anything else", ("⚠️", "evaluation not locked: anything else")),
    ],
)
def test_only_a_lock_that_holds_is_called_locked(lock: str, expected: tuple[str, str]) -> None:
    assert expected == words.lock_words(lock)


def test_small_numbers_are_words() -> None:
    assert ["two", "nine", "10"] == [words.in_words(number) for number in (2, 9, 10)]
    assert ["first", "third", "12th"] == [numbers.ordinal(number) for number in (1, 3, 12)]


@pytest.mark.parametrize(
    ("lock", "required", "said", "step"),
    [
        ("locked", "locked", "evaluation locked", ""),
        ("captured", "captured", "owner approval is not required", ""),
        ("captured", "locked", "owner approval not proven", "remyx-action doctor"),
        ("unlocked: there is no lock", "off", "a lock is not required", ""),
        ("unlocked: there is no lock", "captured", "there is no lock", "remyx-action lock"),
    ],
)
def test_a_lock_says_whether_it_is_enough(lock: str, required: str, said: str, step: str) -> None:
    assert words.lock_words(lock, required)[1].endswith(said)
    assert step in words.lock_step(lock, required)
    assert bool(step) == bool(words.lock_step(lock, required))
