"""`history`, `decide` and `backtest` as people call them, on a repository of git's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from remyx_action.cli.app import app
from remyx_action.commands.record import place_of
from remyx_action.errors import Exit, Refusal
from remyx_action.history.record import BRANCH, LARGEST_BYTES
from remyx_action.report.report import Report, to_json
from support.git_commands import commit, git
from support.reports import failing, iterating, shipping
from support.small_project import UNLOCKED

Call = Callable[..., str]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("GITHUB_REF", "GITHUB_RUN_ID", "GITHUB_ACTOR", "GH_TOKEN", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    made = tmp_path / "some-team" / "project"
    made.mkdir(parents=True)
    git(made, "init", "--quiet", "--initial-branch=main")
    commit(made, UNLOCKED)
    return made


@pytest.fixture
def call(root: Path) -> Call:
    def said(*words: str, exit: int = Exit.SHIP) -> str:
        result = CliRunner().invoke(app, ["-C", str(root), *words], standalone_mode=False)
        if isinstance(result.exception, Refusal):
            assert exit == result.exception.exit, result.exception
            return f"{result.exception.message}\n{result.exception.help}"
        assert result.exception is None, result.exception
        assert exit == result.return_value
        return result.stdout

    return said


def verdict(report: Report, folder: Path, head: str) -> str:
    """The path of a verdict on a head commit."""
    under = report.judged_under.model_copy(update={"commits": {"head": head * 40}})
    path = folder / f"{head}.json"
    path.write_text(to_json(report.model_copy(update={"judged_under": under})))
    return str(path)


def test_a_verdict_is_added_decided_about_and_pruned_beside_a_dirty_checkout(
    root: Path, call: Call, tmp_path: Path
) -> None:
    (root / "README.md").write_text("not committed\n")
    (root / "staged.txt").write_text("staged\n")
    git(root, "add", "staged.txt")
    before = git(root, "status", "--porcelain"), git(root, "ls-files", "--stage")
    first = verdict(iterating(), tmp_path, "a")
    assert call("history", "add", first, "--pull-request", "12").startswith("recorded: v/20")
    assert call("history", "add", first, "--pull-request", "12").startswith("already recorded: v/20")
    call("history", "add", verdict(shipping(), tmp_path, "b"))
    call("decide", "#12", "ship", "--why", "the loss \x1b[31mis known", "--by", "lead")
    text = call("history")
    assert "2 verdicts" in text
    assert r"ship: the loss \x1b[31mis known" in text
    [made] = [
        one for row in json.loads(call("history", "--format", "json"))["verdicts"] for one in row["decisions"]
    ]
    assert ("ship", "lead") == (made["decision"], made["by"])
    assert "nothing is older" in call("history", "prune", "--before", "2001-01")
    assert "3 files removed" in call("history", "prune", "--before", "2999-01")
    assert "removes 3 files" in call("history")
    assert before == (git(root, "status", "--porcelain"), git(root, "ls-files", "--stage"))


def test_where_nothing_is_recorded_each_command_says_what_to_do(call: Call, tmp_path: Path) -> None:
    for words in (("history",), ("history", "--format", "page"), ("backtest",)):
        assert "history add VERDICT" in call(*words, exit=Exit.USAGE if words == ("backtest",) else Exit.SHIP)
    assert f"git fetch origin {BRANCH}" in call("history")
    assert "experiment new NAME" in call("history", "insights")
    assert "`remyx-action history` lists them" in call("decide", "#1", "ship", "--why", "x", exit=Exit.USAGE)
    assert "a decision has a reason" in call("decide", "#1", "ship", "--why", " ", exit=Exit.USAGE)
    absent = call("history", "add", str(tmp_path / "absent.json"), exit=Exit.USAGE)
    assert "name a verdict.json that `run` or `judge` wrote" in absent
    assert "write it as 2025-01" in call("history", "prune", "--before", "January", exit=Exit.USAGE)


def test_a_name_that_the_record_does_not_have_is_an_error_with_the_names_that_it_has(
    call: Call, tmp_path: Path
) -> None:
    report = shipping()
    call("history", "add", verdict(report, tmp_path, "a"))
    recorded = report.policy.policy.name
    assert f"did you mean {recorded}?" in call("history", "--policy", f"{recorded}s", exit=Exit.USAGE)
    assert "no recorded verdict has the metric nope" in call("history", "--metric", "nope", exit=Exit.USAGE)
    assert "none has any" in call("history", "insights", "--tag", "nope", exit=Exit.USAGE)


def test_a_policy_that_was_renamed_is_backtested_by_its_old_name(root: Path, call: Call) -> None:
    call("run", "--variant", "better", exit=Exit.SHIP)
    call("history", "add", str(root / ".remyx-out" / "verdict.json"))
    policies = root / ".remyx" / "policies"
    text = (policies / "default.yaml").read_text()
    (policies / "default.yaml").unlink()
    (policies / "strict.yaml").write_text(text.replace("name: default", "name: strict"))
    assert "recorded are default: --recorded NAME" in call("backtest", exit=Exit.USAGE)
    assert "strict: of the last 1 verdict, 0 would have been other" in call(
        "backtest", "--recorded", "default"
    )


def test_what_somebody_wrote_into_the_branch_is_named_and_counts_for_nothing(
    root: Path, call: Call, tmp_path: Path
) -> None:
    call("history", "add", verdict(shipping(), tmp_path, "a"))
    [path] = git(root, "ls-tree", "-r", "--name-only", BRANCH).splitlines()
    whole = json.loads(git(root, "show", f"{BRANCH}:{path}"))
    of_head = path.rpartition("/")[2]
    place_of(root).store.write(
        {
            f"v/2001/01/{of_head}": json.dumps(whole | {"verdict": "reject"}),
            f"v/2001/02/{of_head}": json.dumps(whole)[:-9],
            f"v/2001/03/{of_head}": " " * (LARGEST_BYTES + 1),
            "notes \x1b[31m.txt": "a file of somebody",
        },
        "By hand",
    )
    text = call("history")
    assert f"warning: v/2001/01/{of_head} does not follow from its own policy and inputs" in text
    assert f"not read: v/2001/02/{of_head}: it is not strict JSON" in text
    assert f"not read: v/2001/03/{of_head}: it has 4,194,305 bytes, more than 4,194,304" in text
    assert r"not read: notes \x1b[31m.txt: its name is none of the record's" in text
    plain = json.loads(call("history", "--format", "json"))
    assert (2, 1, 3) == (len(plain["verdicts"]), len(plain["warnings"]), len(plain["not_read"]))
    assert "does not follow" in call("history", "insights")


def test_a_rewritten_branch_is_named_by_every_command_until_it_is_accepted(root: Path, call: Call) -> None:
    call("run", "--variant", "better")
    for number in ("1", "2"):
        call("history", "add", str(root / ".remyx-out" / "verdict.json"), "--pull-request", number)
    assert "rewritten" not in call("history")
    git(root, "update-ref", f"refs/heads/{BRANCH}", f"{BRANCH}~1")
    for words in (("backtest",), ("history",), ("history", "insights"), ("history", "--format", "page")):
        assert "the history here was rewritten" in call(*words)
    git(root, "update-ref", "-d", f"refs/remyx/seen/here/{BRANCH}")
    assert "rewritten" not in call("history")


def test_the_record_of_a_repository_without_a_clone(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", tmp_path.as_uri())
    elsewhere = ("--repository", "some-team/project")
    assert "shows no branch" in call("history", *elsewhere, exit=Exit.NOT_JUDGED)
    call("history", "add", verdict(shipping(), tmp_path, "a"))
    assert 1 == len(json.loads(call("history", *elsewhere, "--format", "json"))["verdicts"])
    assert "is not OWNER/NAME" in call("history", "--repository", "../x", exit=Exit.USAGE)
    assert "name two places" in call("history", *elsewhere, "--record", ".", exit=Exit.USAGE)


def test_a_record_of_failed_runs_says_why_it_shows_no_change(call: Call, tmp_path: Path) -> None:
    call("history", "add", verdict(failing(), tmp_path, "a"))
    for words in (("history",), ("history", "--format", "page")):
        assert f"git show {BRANCH}:PATH" in call(*words)


def test_a_project_that_moved_says_that_the_branch_has_verdicts_of_another_folder(
    root: Path, call: Call, tmp_path: Path
) -> None:
    call("history", "add", verdict(shipping(), tmp_path, "a"))
    moved = root / "models" / "small"
    moved.mkdir(parents=True)
    (root / ".remyx").rename(moved / ".remyx")
    text = CliRunner().invoke(app, ["-C", str(moved), "history"], standalone_mode=False).stdout
    assert "the branch has 1 verdict of projects in other folders, or of this one before it moved" in text
