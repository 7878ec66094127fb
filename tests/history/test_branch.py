"""The record on a branch: several writers, the checkout untouched, a rewritten history noticed."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from remyx_action.commands.past_verdicts import sentence_of
from remyx_action.commands.record import (
    RecordPlace,
    add,
    decide,
    newest_of_branch,
    newest_report,
    place_of,
    prune,
    read_place,
)
from remyx_action.errors import NotJudged
from remyx_action.history.record import BRANCH, Recording
from remyx_action.report.report import Report
from remyx_action.sources.git import GrowingBranch
from support.git_commands import commit, git
from support.reports import iterating, shipping

WRITERS, EACH = 8, int(os.environ.get("REMYX_VERDICTS_EACH", "2"))
"""Ten each in CI, where the machine does nothing else."""


def clone(shared: Path, folder: Path) -> Path:
    git(shared.parent, "clone", "--quiet", str(shared), str(folder))
    return folder


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A bare repository with one commit on main."""
    bare = tmp_path / "shared.git"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    first = clone(bare, tmp_path / "first")
    git(first, "switch", "--quiet", "--create", "main")
    commit(first, {"README.md": "text\n"})
    git(first, "push", "--quiet", "origin", "main")
    return bare


def numbered(report: Report, number: int) -> Report:
    """The same verdict, of another head commit."""
    head = f"{number:040x}"
    under = report.judged_under.model_copy(update={"commits": {"head": head}})
    return report.model_copy(update={"judged_under": under})


@pytest.mark.slow
def test_writers_at_the_same_time_keep_every_verdict(shared: Path, tmp_path: Path) -> None:
    report = iterating()

    def write(writer: int) -> Path:
        root = clone(shared, tmp_path / f"writer-{writer}")
        for number in range(EACH):
            place = place_of(root, push="origin")
            run = Recording(pull_request=number + 1, run=f"{writer + 1}00{number}")
            assert add(place, numbered(report, 100 * writer + number), run).is_new
        return root

    with ThreadPoolExecutor(WRITERS) as pool:
        roots = list(pool.map(write, range(WRITERS)))
    listing = git(shared, "ls-tree", "-r", "--name-only", BRANCH).splitlines()
    assert WRITERS * EACH == len(listing)
    assert str(WRITERS * EACH) == git(shared, "rev-list", "--count", BRANCH).strip()
    for root in roots:
        assert ("", "main") == (
            git(root, "status", "--porcelain"),
            git(root, "branch", "--show-current").strip(),
        )
        assert ["README.md"] == sorted(path.name for path in root.iterdir() if path.name != ".git")
    record = read_place(place_of(clone(shared, tmp_path / "reader")))
    assert WRITERS * EACH == len(record.verdicts)
    assert ([], []) == (list(record.warnings), list(record.unread))


def test_what_was_recorded_here_and_at_the_server_is_read_together_and_joined(
    shared: Path, tmp_path: Path
) -> None:
    one, other = clone(shared, tmp_path / "one"), clone(shared, tmp_path / "other")
    for root, number in ((one, 1), (other, 2)):
        add(place_of(root), numbered(shipping(), number), Recording(run=str(number)))
    add(place_of(other, push="origin"), numbered(shipping(), 3), Recording(run="3"))
    assert ["2", "3"] == runs(other)
    git(one, "fetch", "--quiet")
    assert ["1", "2", "3"] == runs(one)
    add(place_of(one), numbered(shipping(), 4), Recording(run="4"))
    assert 2 == prune(place_of(other, push="origin"), "2027-01")
    add(place_of(one, push="origin"), numbered(shipping(), 5), Recording(run="5"))
    assert ["1", "4", "5"] == runs(one), "what was pruned meanwhile is not pushed anew"
    assert git(shared, "rev-parse", BRANCH) == git(one, "rev-parse", BRANCH)
    assert ["1", "4", "5"] == runs(clone(shared, tmp_path / "reader"))
    [warning] = read_place(place_of(one)).warnings
    assert "removes 2 files" in warning


def test_a_branch_that_is_behind_a_fetched_one_is_written(shared: Path, tmp_path: Path) -> None:
    one, other = clone(shared, tmp_path / "one"), clone(shared, tmp_path / "other")
    add(place_of(one, push="origin"), numbered(shipping(), 1), Recording(run="1"))
    git(one, "branch", "--quiet", "--no-track", BRANCH, f"origin/{BRANCH}")
    add(place_of(other, push="origin"), numbered(shipping(), 2), Recording(run="2"))
    git(one, "fetch", "--quiet")
    add(place_of(one), numbered(shipping(), 3), Recording(run="3"))
    assert ["1", "2", "3"] == runs(one)


def test_the_newest_files_include_those_of_a_join_and_each_once(shared: Path, tmp_path: Path) -> None:
    one, other = clone(shared, tmp_path / "one"), clone(shared, tmp_path / "other")
    for root, number in ((one, 1), (other, 2)):
        place_of(root).store.write({"v/same.json": "{}", f"v/{number}.json": "{}"}, "Record")
    git(other, "push", "--quiet", "origin", BRANCH)
    git(one, "fetch", "--quiet")
    place_of(one).store.write({"v/join.json": "{}"}, "Record")
    branch = place_of(one).store
    assert isinstance(branch, GrowingBranch)
    newest = [path for path, _ in branch.newest(9)]
    assert ["v/1.json", "v/2.json", "v/join.json", "v/same.json"] == sorted(newest)
    assert "v/join.json" == newest[0]


def test_a_merge_that_drops_what_its_second_parent_holds_is_noticed(place: RecordPlace, root: Path) -> None:
    place.store.write({"v/1.json": "1", "v/2.json": "2"}, "Record")
    tip = git(root, "rev-parse", BRANCH).strip()
    git(root, "update-ref", "-d", f"refs/heads/{BRANCH}")
    place.store.write({"v/1.json": "altered"}, "Forge")
    tree, forged = git(root, "rev-parse", f"{BRANCH}^{{tree}}", BRANCH).split()
    merge = git(root, "commit-tree", tree, "-p", forged, "-p", tip, "-m", "Merge").strip()
    git(root, "update-ref", f"refs/heads/{BRANCH}", merge)
    changes, removes = place.store.irregularities()
    assert "Merge changes 1 file written before" in changes
    assert "Merge removes 1 file" in removes


def test_a_branch_that_is_deleted_is_noticed(place: RecordPlace, root: Path) -> None:
    place.store.write({"v/1.json": "1"}, "Record")
    assert [] == list(place.store.irregularities())
    git(root, "update-ref", "-d", f"refs/heads/{BRANCH}")
    [warning] = place.store.irregularities()
    assert "the branch here is gone" in warning
    git(root, *warning.split("`")[1].split()[1:])
    assert [] == list(place.store.irregularities())


def test_a_verdict_below_many_decisions_is_the_newest(place: RecordPlace, root: Path) -> None:
    add(place, numbered(shipping(), 1), Recording(pull_request=1, run="11"))
    place.store.write({f"d/{number}.json": "{}" for number in range(30)}, "Decide")
    assert newest_report(root, shipping().policy.template) is not None


def runs(root: Path) -> list[str]:
    """The run of each verdict that a clone shows."""
    return sorted(one.path.split("-")[2] for one in read_place(place_of(root)).verdicts)


def test_a_server_that_refuses_is_quoted_soon_and_a_branch_that_is_checked_out_is_left_alone(
    shared: Path, tmp_path: Path
) -> None:
    root, run = clone(shared, tmp_path / "root"), Recording(run="1")
    hook = shared / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho only robots may push >&2; exit 1\n")
    hook.chmod(0o755)
    with pytest.raises(NotJudged, match="could not be written: remote: only robots may push"):
        add(place_of(root, push="origin"), numbered(shipping(), 1), run)
    with pytest.raises(NotJudged, match="cannot be read at nowhere: fatal: 'nowhere' does not appear"):
        add(place_of(root, push="nowhere"), numbered(shipping(), 1), run)
    add(place_of(root), numbered(shipping(), 1), run)
    git(root, "worktree", "add", "--quiet", str(tmp_path / "tree"), BRANCH)
    with pytest.raises(NotJudged, match=r"is checked out in .*/tree"):
        add(place_of(root), numbered(shipping(), 2), Recording(run="2"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path, {"README.md": "text\n"})
    return tmp_path


@pytest.fixture
def place(root: Path) -> RecordPlace:
    return place_of(root)


def test_a_second_verdict_on_the_same_head_names_the_first(place: RecordPlace, root: Path) -> None:
    report = numbered(shipping(), 5)
    first = add(place, report, Recording(pull_request=7, run="11"))
    again = add(place, report, Recording(pull_request=7, run="11"))
    second = add(place, report, Recording(pull_request=7, run="12"))
    assert (True, None) == (first.is_new, first.first)
    assert (False, first.path) == (again.is_new, again.path)
    assert (True, first.path) == (second.is_new, second.first)
    verdicts = read_place(place).verdicts
    assert [(1, None), (2, first.path)] == [(one.look, one.first) for one in verdicts]
    assert first.path in git(root, "log", "-1", "--format=%b", BRANCH)


def test_a_rewritten_history_and_a_changed_file_are_noticed(place: RecordPlace, root: Path) -> None:
    added = add(place, numbered(shipping(), 1), Recording(run="1"))
    add(place, numbered(shipping(), 2), Recording(run="2"))
    assert [] == list(read_place(place).warnings)
    git(root, "update-ref", f"refs/heads/{BRANCH}", f"{BRANCH}~1")
    [warning] = read_place(place).warnings
    assert "the history here was rewritten" in warning
    assert [warning] == list(read_place(place).warnings), "a warning that is read once is missed"
    place.store.write({added.path: "{}"}, "Forge")
    warnings = read_place(place).warnings
    assert any("changes 1 file written before" in line for line in warnings)


def test_decisions_come_with_their_verdict_and_old_months_go(place: RecordPlace) -> None:
    add(place, numbered(iterating(), 3), Recording(pull_request=12, run="31"))
    decide(place, "#12", "ship", why="the loss is known", by="lead", clock="2026-05-05T10:00:00Z")
    [verdict] = read_place(place).verdicts
    assert [("ship", "the loss is known")] == [(one.decision, one.why) for one in verdict.decisions]
    assert 0 == prune(place, "2026-05")
    assert 2 == prune(place, "2026-06")
    record = read_place(place)
    assert () == tuple(record.verdicts)
    assert any("removes 2 files" in line for line in record.warnings)


def test_a_proposed_bar_is_held_against_the_branch(place: RecordPlace, root: Path) -> None:
    bar = iterating().policy
    assert sentence_of(bar, newest_of_branch(root)) is None
    add(place, numbered(iterating(), 4), Recording(pull_request=1, run="41"))
    add(place, numbered(shipping(), 5), Recording(pull_request=2, run="42"))
    assert 2 == len(read_place(place).verdicts)
    assert "of the last 2 verdicts, 0 would have been other" == sentence_of(bar, newest_of_branch(root))


def test_two_projects_with_a_policy_of_one_name_have_records_of_their_own(root: Path) -> None:
    report = numbered(iterating(), 9)
    run = Recording(pull_request=3, run="51")
    for name in ("models/a", "models/b"):
        (root / name).mkdir(parents=True)
        added = add(place_of(root / name), report, run)
        assert (True, None) == (added.is_new, added.first)
    assert 2 == len(git(root, "ls-tree", "-r", "--name-only", BRANCH).splitlines())
    for name in ("models/a", "models/b"):
        [verdict] = read_place(place_of(root / name)).verdicts
        assert (1, None) == (verdict.look, verdict.first)


def test_a_forged_verdict_is_not_recorded(place: RecordPlace) -> None:
    forged = iterating().model_copy(update={"verdict": "ship"})
    with pytest.raises(NotJudged, match="does not follow from its own inputs"):
        add(place, forged, Recording(run="1"))
