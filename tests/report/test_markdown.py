"""How a report is shortened until it fits, and that no text in it can act."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from remyx_action.report import render
from remyx_action.report.render.markdown import SHEDDING
from remyx_action.report.render.sections import COMMENT_LIMIT, MARKER, SUMMARY_LIMIT
from remyx_action.report.report import BarChange, ExperimentReport, Report
from support.hostile_text import CORPUS, Page, acted_on, hostile
from support.reports import REPORTS, arm, many, on_a_pull_request, proposed
from support.spoken import spoken_by
from support.tags import OUR_TAGS

COMMENT_TAG = f"comment {MARKER[4:-3]}"


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
    assert len(render.comment(report).encode()) <= COMMENT_LIMIT
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
    files = [f"{wordy}{i}" for i in range(500)]
    proposal = proposed(
        experiment=ExperimentReport(name="a", hypothesis=wordy, target_metric=wordy, tags=[]),
        protected=files,
        workflow=files[:200],
        changes=[BarChange(effect="loosened", path=path, sentence=wordy) for path in files],
        verdict="ship",
        reason="bar_met",
    )
    comment = render.comment(report.model_copy(update={"metrics": rows, "arms": arms, "proposal": proposal}))
    assert len(comment.encode()) <= COMMENT_LIMIT
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


def test_files_and_changed_rules_beyond_the_limit_are_counted() -> None:
    files = [f"eval/case_{place}.json" for place in range(30)]
    report = on_a_pull_request(
        REPORTS["ship"](),
        protected=files,
        workflow=[f".github/workflows/{place}.yaml" for place in range(25)],
        changes=[BarChange(effect="tightened", path=path, sentence="more") for path in (files * 2)[:45]],
        reason="bar_met",
        verdict="ship",
    )
    comment = render.comment(report)
    assert "\n- and 10 more\n" in comment
    assert "`.github/workflows/19.yaml` and 5 more\n" in comment
    assert "\n- and 5 tightened\n" in comment
    assert all(file in render.summary(report) for file in files)


def test_the_experiment_is_short_and_its_target_is_named_as_the_table_names_it() -> None:
    experiment = ExperimentReport(name="e", hypothesis="why " * 100, target_metric="mindcube", tags=[])
    line = next(
        line
        for line in render.comment(on_a_pull_request(REPORTS["ship"](), experiment=experiment)).split("\n")
        if line.startswith("**Experiment**")
    )
    assert line.endswith("why… · target metric MindCube (\N{MINUS SIGN}0.002)")
    assert len(line) < 280


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"protected": ["eval/run.py"], "others": 0}, [True, True, False]),
        ({"protected": ["eval/run.py"], "others": 1}, [True, True, True]),
        ({"protected": [".github/w.yaml"], "workflow": [".github/w.yaml"]}, [False, False, False]),
        ({}, [False, False, False]),
    ],
)
def test_rules_and_the_advice_to_split_stand_where_they_are_concerned(
    changes: dict[str, object], expected: list[bool]
) -> None:
    report = on_a_pull_request(REPORTS["ship"](), **changes)
    sought = [
        "Rules changed in this pull request",
        "template and policy stay as they are",
        "two pull requests",
    ]
    for drawn in (render.comment(report), " ".join(render.text(report).split())):
        assert [words in drawn for words in sought] == expected


def test_an_edited_workflow_is_said_whatever_the_verdict() -> None:
    for kind in ("ship", "reject", "failed"):
        report = on_a_pull_request(REPORTS[kind](), workflow=[".github/w.yaml"], protected=[".github/w.yaml"])
        for drawn in (render.comment(report), render.text(report)):
            assert "edits the workflow that starts its own evaluation" in " ".join(drawn.split())
