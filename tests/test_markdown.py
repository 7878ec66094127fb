"""How a report is shortened until it fits, and that no text in it can act."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings

from remyx_action import render
from remyx_action.render.job_summary import LIMIT as SUMMARY_LIMIT
from remyx_action.render.markdown import SHEDDING
from remyx_action.render.pull_request import LIMIT, MARKER
from remyx_action.report import Advice, Report, SampleChange, SamplesChanged
from reports import REPORTS, arm, many
from test_neutral import CORPUS, Page, acted_on, hostile
from test_render import OUR_TAGS

COMMENT_TAG = f"comment {MARKER[4:-3]}"


def spoken_by(text: str, kind: str = "partial") -> Report:
    """The report with `text` wherever text from outside can stand."""
    report = REPORTS[kind]()
    rows = [row.model_copy(update={"label": text, "unit": text, "note": text}) for row in report.metrics]
    advice = Advice(
        condition=text,
        metric="mindcube",
        kind="no_estimate",
        n_needed=None,
        n_now=None,
        smallest_effect=None,
        expected=None,
        expected_from=None,
        counted_in="samples",
        evidence_against=False,
        message=text,
    )
    ship = report.rules.ship
    conditions = [child.model_copy(update={"why": text, "text": text}) for child in ship.conditions]
    change = SampleChange(id=text, baseline=Decimal(0), variant=Decimal(1))
    spoken = arm(
        text, provenance={text: text}, digests={text: text}, unnamed=[text], warnings=[text], detail=text
    )
    under = {"source": text, "isolation_note": text, "lock": text, "reproduce": text}
    return report.model_copy(
        update={
            "metrics": rows,
            "advice": [advice],
            "rules": report.rules.model_copy(
                update={"ship": ship.model_copy(update={"conditions": conditions})}
            ),
            "samples_changed": {text: SamplesChanged(up=1, down=0, examples=[change])},
            "arms": {"baseline": spoken, "variant": spoken},
            "judged_under": report.judged_under.model_copy(
                update={**under, "digests": {text: text}, "commits": {"head": text, text: text}}
            ),
            "inputs": report.inputs.model_copy(update={"not_comparable": [text]}),
        }
    )


def check(report: Report) -> None:
    comment = render.comment(report)
    page = Page(comment)
    assert page.tags - {COMMENT_TAG} <= OUR_TAGS
    assert acted_on(page) == []
    assert comment.count(MARKER) == 1
    lines = render.text(report, width=80).replace("\N{NO-BREAK SPACE}", " ").split("\n")
    assert [line for line in lines if not line.isprintable()] == []


@pytest.mark.parametrize("kind", ["partial", "failed", "not_comparable"])
@pytest.mark.parametrize("text", CORPUS)
def test_hostile_text_anywhere_in_a_report_does_nothing(text: str, kind: str) -> None:
    failing = spoken_by(text, kind)
    check(failing)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, derandomize=True)
@given(hostile)
def test_any_text_anywhere_in_a_report_does_nothing(text: str) -> None:
    check(spoken_by(text))


@pytest.mark.slow
@pytest.mark.parametrize("amount", [1, 4, 40, 400])
def test_any_number_of_metrics_fits(amount: int) -> None:
    report = many(amount)
    assert len(render.comment(report).encode()) <= LIMIT
    assert len(render.summary(report).encode()) <= SUMMARY_LIMIT


@pytest.mark.slow
def test_the_longest_report_fits_and_says_what_was_left_out() -> None:
    report = many(1000)
    wordy = "`|@" * 160
    rows = [
        row.model_copy(update={"label": wordy, "note": wordy, "reason": "out_of_range"})
        for row in report.metrics
    ]
    arms = {
        "variant": arm(wordy, warnings=[wordy] * 500, provenance={f"{wordy}{i}": wordy for i in range(500)})
    }
    comment = render.comment(report.model_copy(update={"metrics": rows, "arms": arms}))
    assert len(comment.encode()) <= LIMIT
    assert comment.startswith("### 🔁 Iterate: the bar is not met\n")
    assert f"Left out here to fit: {SHEDDING[0][0]}, {SHEDDING[1][0]}" in comment
    assert "All of it stands in the job summary and verdict.json." in comment


def test_a_report_that_fits_leaves_nothing_out() -> None:
    assert "Left out" not in render.comment(REPORTS["ship"]())


@pytest.mark.slow
def test_a_summary_holds_what_a_comment_leaves_out() -> None:
    report = many(400)
    assert ["task_399-0" in drawn for drawn in (render.comment(report), render.summary(report))] == [
        False,
        True,
    ]


def test_what_would_settle_an_iterate_is_told_by_condition() -> None:
    report = spoken_by("more samples are not expected to help", "iterate")
    told = "#### What would settle it\n\n- `more samples are not expected to help`: more samples are not"
    assert told in render.comment(report)
