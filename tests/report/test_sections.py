"""Several reports in one comment: the worst first, the room shared, one alone as ever."""

from __future__ import annotations

import pytest

from remyx_action.report import render
from remyx_action.report.render.no_verdict import NoVerdict
from remyx_action.report.render.sections import MARKER, fair_shares, worst_first
from remyx_action.report.report import Report
from support.no_verdicts import NO_VERDICTS
from support.reports import REPORTS, many


def headings(comment: str) -> list[str]:
    return [line.split(":")[0] for line in comment.split("\n") if line.startswith("### ")]


def named(kind: str, policy: str) -> Report:
    report = REPORTS[kind]()
    policy_of = report.policy.policy.model_copy(update={"name": policy})
    return report.model_copy(update={"policy": report.policy.model_copy(update={"policy": policy_of})})


def test_the_worst_verdict_is_the_first_line_and_the_first_section() -> None:
    results = [named("ship", "speed"), named("reject", "quality"), named("iterate", "cost")]
    comment = render.comment(*results)
    assert "### ❌ Reject: 1 of 3 policies · `9d1e2f30a with uncommitted changes`" == comment.split("\n")[0]
    assert ["### ❌ Reject", "### ❌ Reject", "### 🔁 Iterate", "### ✅ Ship"] == headings(comment)
    rows = [line for line in comment.split("\n") if line.startswith("| `")][:3]
    assert [
        "| `quality` | ❌ **Reject**: the reject rule is triggered |",
        "| `cost` | 🔁 **Iterate**: the bar is not met |",
        "| `speed` | ✅ **Ship**: the bar is met |",
    ] == rows
    assert [1, True] == [comment.count(MARKER), comment.endswith(f"\n{MARKER}\n")]


def test_what_could_not_be_judged_comes_before_what_was() -> None:
    green, without = NO_VERDICTS["nothing"], NO_VERDICTS["no_variant"]
    results: list[Report | NoVerdict] = [REPORTS["reject"](), green, without]
    files = NO_VERDICTS["files_wrong"]
    ordered = worst_first([*results, files])
    assert [files, without, results[0], green] == ordered


@pytest.mark.slow
@pytest.mark.parametrize("limit", [65_000, 25_000, 16_000])
def test_several_reports_fit_and_a_short_one_leaves_its_room_to_a_long_one(limit: int) -> None:
    results: list[Report | NoVerdict] = [many(120), REPORTS["ship"](), NO_VERDICTS["nothing"]]
    comment = render.comment(*results, limit=limit)
    assert len(comment.encode()) <= limit
    shown = headings(comment)
    assert ["### 🔁 Iterate", "### 🔁 Iterate", "### ✅ Ship", "### ✅ Nothing to evaluate"] == shown


@pytest.mark.slow
def test_reports_that_cannot_all_fit_keep_a_line_each() -> None:
    results = [named("ship", f"p{place}") for place in range(12)] + [named("reject", "bad")]
    comment = render.comment(*results, limit=20_000)
    assert len(comment.encode()) <= 20_000
    assert comment.startswith("### ❌ Reject: 1 of 13 policies")
    assert all(f"| `p{place}` |" in comment for place in range(12))
    assert "10 sections left out to fit: all in the job summary and verdict.json." in comment


def test_room_that_the_short_leave_goes_to_the_long() -> None:
    drawings = [lambda room, size=size: "x" * min(size, room) for size in (10, 400, 60, 500)]
    assert [10, 215, 60, 215] == [len(text) for text in fair_shares(drawings, limit=500)]
    assert [10, 400, 60, 500] == [len(text) for text in fair_shares(drawings, limit=1_000)]
