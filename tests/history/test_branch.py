"""The record on a branch: several writers, the checkout untouched, a rewritten history noticed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from remyx_action.commands.backtest import sentence_of_branch
from remyx_action.commands.record import RecordPlace, add, decide, place_of, prune, read_branch, read_place
from remyx_action.history.record import BRANCH, Recording
from remyx_action.report.report import Report
from support.git_commands import commit, git
from support.reports import iterating, shipping

WRITERS, EACH = 3, 3
"""Eight of ten each were tried by hand: 80 kept."""


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
    assert "the history was rewritten" in warning
    place.store.write({added.path: "{}"}, "Forge")
    warnings = read_place(place).warnings
    assert any("changes 1 files that were written before" in line for line in warnings)


def test_decisions_stand_beside_their_verdict_and_old_months_go(place: RecordPlace) -> None:
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
    assert sentence_of_branch(root, bar) is None
    add(place, numbered(iterating(), 4), Recording(pull_request=1, run="41"))
    add(place, numbered(shipping(), 5), Recording(pull_request=2, run="42"))
    assert 2 == len(read_branch(root).verdicts)
    assert "of the last 2 verdicts, 0 would have been other" == sentence_of_branch(root, bar)


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
    from remyx_action.errors import NotJudged

    forged = iterating().model_copy(update={"verdict": "ship"})
    with pytest.raises(NotJudged, match="does not follow from its own inputs"):
        add(place, forged, Recording(run="1"))
