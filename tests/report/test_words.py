from __future__ import annotations

from typing import get_args

from remyx_action.readers.reasons import Reason
from remyx_action.report.render import words
from remyx_action.report.report import ArmReport, MarkName, Report


def values_of(annotation: object) -> set[object]:
    """The values of a Literal, also where None is allowed beside it."""
    found: set[object] = set()
    for part in get_args(annotation):
        found |= {None} if part is type(None) else values_of(part) if get_args(part) else {part}
    return found


def test_every_reason_of_a_condition_has_its_words() -> None:
    assert set(words.CONDITION_REASONS) == {reason.value for reason in Reason}


def test_every_unknown_has_a_next_step() -> None:
    decided = {Reason.THRESHOLD.value, Reason.LOW_CONFIDENCE.value}
    assert set(words.CONDITION_STEPS) == {reason.value for reason in Reason} - decided


def test_every_reason_of_a_verdict_has_its_words_and_its_next_step() -> None:
    table = {"bar_met", "reject_rule", "both_match", "below_bar", "ship_undetermined", "reject_undetermined"}
    others = {"not_comparable", "run_failed", *words.CAPS}
    assert set(words.REASONS) == set(words.NEXT_STEPS) == table | others


def test_every_verdict_mark_and_state_has_its_word() -> None:
    assert set(words.VERDICTS) == values_of(Report.model_fields["verdict"].annotation)
    assert set(words.SHIP_MARKS) == set(words.REJECT_MARKS) == set(words.MARKS) == set(get_args(MarkName))
    assert set(words.ARM_STATES) == values_of(ArmReport.model_fields["state"].annotation)


def test_rules_are_named_as_people_say_it() -> None:
    named = [words.combined("all", None, 5), words.combined("any", None, 2), words.combined("at_least", 2, 3)]
    assert named == ["all of 5", "any of 2", "at least 2 of 3"]
