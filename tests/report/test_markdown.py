"""How a report is shortened until it fits, and that no text in it can act."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from remyx_action.policy.looks import Look
from remyx_action.report import render
from remyx_action.report.render.markdown import SHEDDING
from remyx_action.report.render.sections import COMMENT_LIMIT, MARKER, SUMMARY_LIMIT
from remyx_action.report.report import BarChange, ExperimentReport, LooksReport, Report
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
    assert comment.startswith("### 🔁 Iterate, not good enough: ")
    assert f"Left out here to fit: {SHEDDING[0][0]}, {SHEDDING[1][0]}" in comment
    assert "All of it is in the job summary and verdict.json." in comment


def test_a_report_that_fits_leaves_nothing_out() -> None:
    assert "Left out" not in render.comment(REPORTS["ship"]())


@pytest.mark.slow
def test_a_summary_holds_what_a_comment_leaves_out() -> None:
    report = many(400)
    assert ["task_399-0" in drawn for drawn in (render.comment(report), render.summary(report))] == [
        False,
        True,
    ]


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
    assert "`.github/workflows/5.yaml` and 19 more\n" in comment
    assert "\n- and 5 tightened\n" in comment
    assert all(file in render.summary(report) for file in files)


def test_the_experiment_is_short_and_its_target_is_named_as_the_table_names_it() -> None:
    experiment = ExperimentReport(name="e", hypothesis="why " * 100, target_metric="mindcube", tags=[])
    line = next(
        line
        for line in render.comment(on_a_pull_request(REPORTS["ship"](), experiment=experiment)).split("\n")
        if line.startswith("**Experiment**")
    )
    assert line.endswith("why…; target MindCube (measured \N{MINUS SIGN}0.002)")
    assert len(line) < 280


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"protected": ["eval/run.py"], "others": 0}, [True, False]),
        ({"protected": ["eval/run.py"], "others": 1}, [True, True]),
        ({"protected": [".github/w.yaml"], "workflow": [".github/w.yaml"]}, [False, False]),
        ({}, [False, False]),
    ],
)
def test_files_that_judge_and_the_advice_to_split_are_named_where_they_are_concerned(
    changes: dict[str, object], expected: list[bool]
) -> None:
    report = on_a_pull_request(REPORTS["ship"](), **changes)
    sought = ["also changes", "irst move the files that the verdict is judged by into a pull request"]
    for drawn in (render.comment(report), " ".join(render.text(report).split())):
        assert [words in drawn for words in sought] == expected


def test_a_changed_bar_is_a_line_directly_under_the_headline() -> None:
    lines = render.comment(REPORTS["loosens"]()).split("\n")
    judged_by = "⚠️ Judged by the bar of the base branch. This pull request loosens that bar (ship: "
    assert lines[1].startswith(judged_by)
    assert lines[1].endswith(
        ", and 6 other changes). Under the changed bar it would pass; this verdict doesn't use it."
    )


def test_an_edited_workflow_is_reported_whatever_the_verdict() -> None:
    for kind in ("ship", "reject", "failed"):
        report = on_a_pull_request(REPORTS[kind](), workflow=[".github/w.yaml"], protected=[".github/w.yaml"])
        for drawn in (render.comment(report), render.text(report)):
            assert "edits the workflow that starts its own evaluation" in " ".join(drawn.split())


def with_notes(kind: str, notes: str) -> Report:
    report = REPORTS[kind]()
    policy = report.policy.policy.model_copy(update={"notes": notes})
    return report.model_copy(update={"policy": report.policy.model_copy(update={"policy": policy})})


def test_notes_that_the_rule_contradicts_are_shown_with_what_it_asks() -> None:
    remark = "3 of 4 benchmarks must gain. (the ship rule itself asks for all of 5)\n"
    drawn = render.comment(with_notes("iterate", "3 of 4 benchmarks must gain."))
    assert 2 == drawn.count(f"Why this bar: {remark}")
    assert "itself asks" not in render.comment(with_notes("iterate", "A retraining costs a day."))


def test_the_notes_of_the_policy_are_shown_where_the_bar_was_not_met_and_whole_below() -> None:
    notes = "A retraining costs a day. " * 12
    above, _, below = render.comment(with_notes("iterate", notes)).partition("<details>")
    assert "> Why this bar: A retraining costs a day." in above
    assert "…" in above
    assert notes.strip() in below
    above, _, below = render.comment(with_notes("ship", notes)).partition("<details>")
    assert ("Why this bar" in above, "Why this bar" in below) == (False, True)


@pytest.mark.parametrize("kind", [kind for kind in REPORTS if kind != "failed"])
def test_every_judged_comment_has_all_conditions(kind: str) -> None:
    report = REPORTS[kind]()
    comment = render.comment(report)
    assert "<summary>All conditions (" in comment
    assert all(f"`{condition.text}`" in comment for condition in report.policy.rules.conditions())


def test_a_condition_links_its_line_in_the_policy() -> None:
    report = REPORTS["ship"]()
    tree = "https://github.com/o/r/blob/1/p.yaml"
    pointers = [condition.pointer for condition in report.policy.rules.conditions()]
    lines = {pointer: f"{tree}#L{place}" for place, pointer in enumerate(pointers)}
    comment = render.comment(report, lines={"default": lines})
    for condition, address in zip(report.policy.rules.conditions(), lines.values(), strict=True):
        assert f"[`{condition.text}`]({address})" in comment
    assert "](http" not in render.comment(report, lines={"other": lines})


def test_the_look_before_is_named_with_its_verdict_and_change() -> None:
    def line(known: list[Look], this: str = "b" * 16) -> str:
        looks = LooksReport(id=this, known=known)
        comment = render.comment(REPORTS["ship"]().model_copy(update={"looks": looks}))
        return next(line for line in comment.split("\n") if line.startswith("📌"))

    first = Look(id="a" * 16, verdict="iterate", delta="-0.012")
    assert line([first]).endswith("; second look (first: iterate, −0.012)")
    assert "third look (second: no verdict)" in line([first, Look(id="c" * 16)])
    assert "look" not in line([])
    assert "look" not in line([first], this=first.id), "judged again, it is still the first"


def test_marks_tell_what_lets_the_change_through() -> None:
    """A reject condition that holds is a cross in its row, and says it for the ship rule too."""
    [row] = [line for line in render.comment(REPORTS["reject"]()).split("\n") if "**MindCube**<br>" in line]
    assert "✗ lost more than the 0.01 allowed: rejected<br>over 99 % sure" in row.replace("\u00a0", " ")
    assert 1 == row.count("✗")


@pytest.mark.parametrize(("kind", "said"), [("iterate", 1), ("reject", 0), ("no_reject_bare", 0)])
def test_that_nothing_rejects_is_reported_once_and_not_in_each_row(kind: str, said: int) -> None:
    comment = render.comment(REPORTS[kind]())
    assert [said, 0] == [comment.count("No reject condition holds."), comment.count("not rejected")]


def test_what_holds_without_a_row_is_named_so_that_the_counts_agree() -> None:
    comment = render.comment(REPORTS["ship"]())
    assert "ship conditions met: 5 of 5" in comment
    assert "\nAlso met: every target gains more than 0 (over 99 % sure" in comment.replace("\u00a0", " ")


def test_a_policy_that_spends_looks_says_where_they_are_not_counted() -> None:
    report = REPORTS["ship"]()
    policy = report.policy.policy.model_copy(update={"looks": "corrected"})
    spends = report.model_copy(update={"policy": report.policy.model_copy(update={"policy": policy})})
    said = "looks are not counted here (floors as written)"
    assert said not in render.comment(report)
    assert said in render.comment(spends)
    counted = spends.model_copy(update={"looks": LooksReport(id="a" * 16, known=[])})
    assert said not in render.comment(counted)
