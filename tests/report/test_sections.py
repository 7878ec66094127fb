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
    return [line.split(":")[0] for line in comment.split("\n") if line.startswith(("### ", "#### "))]


def named(kind: str, policy: str) -> Report:
    report = REPORTS[kind]()
    policy_of = report.policy.policy.model_copy(update={"name": policy})
    return report.model_copy(update={"policy": report.policy.model_copy(update={"policy": policy_of})})


def test_the_worst_verdict_is_the_first_line_and_the_first_section() -> None:
    results = [named("ship", "speed"), named("reject", "quality"), named("iterate", "cost")]
    comment = render.comment(*results)
    lines = comment.split("\n")
    assert "### ❌ Reject: MindCube lost 0.046, more than the 0.01 allowed (`quality`)" == lines[0]
    assert "3 policies, ❌ reject 1, 🔁 iterate 1, ✅ ship 1" == lines[2]
    assert [
        "### ❌ Reject",
        "#### `quality` ❌ Reject",
        "#### `cost` 🔁 Iterate, not good enough",
        "#### `speed` ✅ Ship",
    ] == headings(comment)
    assert [1, True] == [comment.count(MARKER), comment.endswith(f"\n{MARKER}\n")]


def nexts(comment: str) -> list[str]:
    """Every line that says "Next"."""
    return [line for line in comment.split("\n") if "Next:" in line]


def test_several_policies_have_one_next_and_none_that_ships_says_merge() -> None:
    comment = render.comment(
        named("ship", "speed"),
        named("reject", "quality"),
        named("iterate", "cost"),
        NO_VERDICTS["no_variant"],
    )
    assert ["**Next:** Do not merge yet:"] == nexts(comment)
    steps = comment.partition("Next:")[2].partition("---")[0].split("\n- ")[1:]
    assert ["`quality`", "`cost`"] == [step.partition(":")[0] for step in steps[1:]]
    assert "Merge it" not in comment
    assert "Keep working" not in comment
    assert 1 == comment.count("\n`speed` would ship by itself.\n")
    assert "<details><summary>4 metrics</summary>" in comment.partition("`speed` ✅ Ship")[2]


def test_policies_that_all_ship_say_once_that_it_may_be_merged() -> None:
    assert ["**Next:** Merge it."] == nexts(render.comment(named("ship", "speed"), named("ship", "cost")))


def test_lock_and_commits_are_reported_once_where_all_policies_share_them() -> None:
    same = [named("ship", "speed"), named("experiment", "cost")]
    lock = "📌 evaluation as in its lock file; owner approval is not required"
    assert 1 == render.comment(*same).count(lock)
    different = [named("ship", "speed"), named("reject", "quality")]
    comment = render.comment(*different)
    assert [1, 1] == [comment.count(f"\n{lock}"), comment.count("\n⚠️ evaluation not locked")]


def test_what_could_not_be_judged_comes_before_what_was() -> None:
    green, without = NO_VERDICTS["nothing"], NO_VERDICTS["no_variant"]
    results: list[Report | NoVerdict] = [REPORTS["reject"](), green, without]
    files = NO_VERDICTS["files_wrong"]
    ordered = worst_first([*results, files])
    assert [files, without, results[0], green] == ordered


@pytest.mark.slow
@pytest.mark.parametrize("limit", [65_000, 25_000, 17_000])
def test_several_reports_fit_and_a_short_one_leaves_its_room_to_a_long_one(limit: int) -> None:
    results: list[Report | NoVerdict] = [many(120), REPORTS["ship"](), NO_VERDICTS["nothing"]]
    comment = render.comment(*results, limit=limit)
    assert len(comment.encode()) <= limit
    shown = headings(comment)
    assert [
        "### 🔁 Iterate, not good enough",
        "#### `default` 🔁 Iterate, not good enough",
        "#### `default` ✅ Ship",
        "### ✅ Nothing to evaluate",
    ] == shown


@pytest.mark.slow
def test_reports_that_cannot_all_fit_keep_a_line_each() -> None:
    results = [named("ship", f"p{place}") for place in range(12)] + [named("reject", "bad")]
    comment = render.comment(*results, limit=20_000)
    assert len(comment.encode()) <= 20_000
    assert comment.startswith("### ❌ Reject: ")
    assert "13 policies, ❌ reject 1, ✅ ship 12" in comment
    assert all(f"`p{place}`" in comment for place in range(12))
    assert "Details left out here to fit: all of it is in the job summary and verdict.json." in comment


def test_room_that_the_short_leave_goes_to_the_long() -> None:
    drawings = [lambda room, size=size: "x" * min(size, room) for size in (10, 400, 60, 500)]
    assert [10, 215, 60, 215] == [len(text) for text in fair_shares(drawings, limit=500)]
    assert [10, 400, 60, 500] == [len(text) for text in fair_shares(drawings, limit=1_000)]
