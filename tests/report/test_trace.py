"""What is said about each condition: its mark, its numbers and a few plain words."""

from __future__ import annotations

from typing import Any

import pytest

from remyx_action.readers.reasons import Reason
from remyx_action.readers.scores import Unusable
from remyx_action.report.render.neutral import Phrase, spell, terminal
from remyx_action.report.render.trace import TraceLine
from remyx_action.report.render.view import View, view_of
from remyx_action.report.report import Report
from support.reports import REPORTS, bar_of, flips, judged

SCORES = {
    "spatialscore": flips(110, 151, won=23, lost=16),
    "omnispatial": flips(90, 180, won=18, lost=12),
    "space10": flips(150, 111, won=15, lost=24),
    "mindcube": (
        flips(100, 200, won=0, lost=0)[0],
        Unusable(reason=Reason.MISSING_METRIC, message="the variant does not report mindcube"),
    ),
}


def said(phrase: Phrase) -> str:
    return spell(phrase, said=terminal, coded=terminal).replace("\N{NO-BREAK SPACE}", " ")


def report_on(*, ship: list[Any], reject: list[Any] | None = None) -> Report:
    return judged(bar_of({"all": ship}, {"any": reject} if reject else None), SCORES)


def only_line(condition: dict[str, Any], *, role: str = "ship") -> TraceLine:
    always = {"metric": "spatialscore.value", "op": ">=", "threshold": 0}
    if role == "ship":
        return view_of(report_on(ship=[condition])).ship.lines[0]
    reject = view_of(report_on(ship=[always], reject=[condition])).reject
    assert reject is not None
    return reject.lines[0]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (
            {"metric": "spatialscore.delta", "op": ">=", "threshold": 0.02},
            ("✓", "met", "delta +0.023", "0.560", ""),
        ),
        (
            {"metric": "spatialscore.delta", "op": ">=", "threshold": 0.02, "confidence": 0.8},
            ("✗", "not met", "delta +0.023", "0.560 < 0.80", "holds, but not surely enough"),
        ),
        (
            {"metric": "spatialscore", "op": "improves_by", "threshold": 0.05, "confidence": 0.8},
            ("✗", "not met", "gain +0.023", "0.103 < 0.80", "misses by 0.027"),
        ),
        (
            {"metric": "space10", "op": "no_regression", "threshold": 0.01},
            ("✗", "not met", "loss 0.030", "0.175", "misses by 0.020"),
        ),
        (
            {"metric": "omnispatial.delta", "op": ">", "threshold": 0.02},
            ("✗", "not met", "delta +0.020", "0.497", "exactly at the threshold"),
        ),
        (
            {"metric": "mindcube", "op": "improves_by", "threshold": 0},
            ("·", "unknown", "—", "—", "the variant does not report mindcube"),
        ),
    ],
)
def test_a_condition_of_ship_is_told_in_numbers_and_words(
    condition: dict[str, Any], expected: tuple[str, ...]
) -> None:
    line = only_line(condition)
    shown = (line.glyph, line.word, line.observed, line.confidence, said(line.words))
    assert tuple(part.replace("\N{NO-BREAK SPACE}", " ") for part in shown) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"metric": "space10.delta", "op": "<", "threshold": -0.01}, ("triggered", "past it by 0.020")),
        ({"metric": "omnispatial.delta", "op": "<", "threshold": -0.01}, ("clear", "0.030 away")),
        (
            {"metric": "space10", "op": "no_regression", "threshold": 0.01},
            ("triggered", "past it by 0.020; the guard is violated"),
        ),
        (
            {"metric": "omnispatial", "op": "no_regression", "threshold": 0.01},
            ("clear", "0.030 away; the guard holds"),
        ),
        (
            {"metric": "space10", "op": "no_regression", "threshold": 0.01, "confidence": 0.99},
            ("clear", "past it, but not surely; the guard is not surely violated"),
        ),
        (
            {"metric": "mindcube", "op": "no_regression", "threshold": 0.01},
            ("unknown", "the variant does not report mindcube; the guard is unknown"),
        ),
    ],
)
def test_a_condition_of_reject_is_told_in_both_readings(
    condition: dict[str, Any], expected: tuple[str, ...]
) -> None:
    line = only_line(condition, role="reject")
    assert (line.word, said(line.words)) == expected


def because(kind: str) -> list[str]:
    return [said(phrase) for phrase in view_of(REPORTS[kind]()).because]


def test_a_reject_names_what_triggered_it() -> None:
    expected = "MindCube: loss 0.046 violates mindcube no_regression 0.01 at 0.80, confidence 0.999"
    assert because("reject") == [expected]


def test_an_iterate_names_what_keeps_it_from_shipping() -> None:
    unsure = "but its confidence falls short: 0.560 < 0.80"
    assert because("iterate") == [
        f"SpatialScore: delta +0.023 satisfies spatialscore.delta >= 0.02 at 80%, {unsure}",
        "OmniSpatial: gain +0.013 misses omnispatial improves_by 0.02 at 0.80 by 0.007",
        "delta_confidence >= 0.8: 0.760 misses by 0.040",
    ]


def test_an_undetermined_rule_names_what_is_missing_and_what_to_do() -> None:
    assert because("partial") == [
        "MindCube: the variant did not report this metric (let the eval script report it)"
    ]


def test_a_failed_run_names_its_arm() -> None:
    assert because("failed") == ["The variant arm failed; no score of it counts, not even as 0."]


def test_arms_that_differ_are_named_by_what_differs() -> None:
    assert because("not_comparable") == ['dataset_revision: baseline "2025-11-03", variant "2025-12-19"']


def test_many_failing_conditions_are_counted() -> None:
    assert because("many")[-1] == "MMLU task_005: loss 0.059 misses task_005 no_regression 0.02 by 0.039"


def test_a_policy_without_reject_rule_is_said_aloud() -> None:
    view = view_of(REPORTS["no_reject_bare"]())
    assert [said(warning) for warning in view.warnings] == [
        "The policy has no reject rule: nothing can be rejected, however much it regresses."
    ]


def test_nested_rules_keep_their_place_and_depth() -> None:
    view: View = view_of(REPORTS["serving"]())
    assert [(line.depth, line.rule or line.text) for line in view.ship.lines] == [
        (0, "exact_match no_regression 4 at 0.8"),
        (0, "at least 2 of 3, floors shared"),
        (1, "latency improves_by 10 at 90%"),
        (1, "tokens.delta <= -20"),
        (1, "any of 1"),
        (2, "log_loss improves_by 0.01"),
        (0, "latency.value <= 170"),
        (0, "tokens improves_by 5% of baseline"),
    ]
