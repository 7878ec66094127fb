"""Commits against commits, through the command line: a real history, three verdicts, nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from support.pages import ROOT, commands, table

EXAMPLE = ROOT / "examples" / "compare-commits"
PROGRAM = Path(sys.executable).with_name("remyx-action")
EXIT_CODES = {"ship": 0, "reject": 1, "iterate": 2}
VERDICTS = [(row[0], row[1]) for row in table(EXAMPLE / "README.md", "branch")]


def remyx_action(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )


def git(folder: Path, *words: str) -> str:
    return subprocess.run(
        ("git", *words), cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture
def triage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example's repository, on its branch that ships; temporary files have a folder to themselves."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    folder = tmp_path / "triage"
    subprocess.run([sys.executable, EXAMPLE / "make_history.py", folder], check=True)
    git(folder, "switch", "--quiet", "learn-more-words")
    return folder


def judged(folder: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    finished = remyx_action("-C", folder, "run", *arguments, "--format", "json")
    assert finished.stdout, finished.stderr
    return finished.returncode, json.loads(finished.stdout)


def left_behind(folder: Path) -> list[str]:
    return [path.name for path in (folder.parent / "temporary").iterdir()]


@pytest.mark.slow
@pytest.mark.parametrize(("branch", "verdict"), VERDICTS)
def test_each_branch_ends_as_its_page_says(triage: Path, branch: str, verdict: str) -> None:
    git(triage, "switch", "--quiet", branch)
    code, report = judged(triage)
    assert (verdict, "complete", EXIT_CODES[verdict]) == (report["verdict"], report["run_state"], code)
    ids = {name: git(triage, "rev-parse", name) for name in ("main", "main~1", branch)}
    assert {"base": ids["main"], "merge_base": ids["main~1"], "head": ids[branch]} == report["judged_under"][
        "commits"
    ]
    assert {"baseline": ids["main~1"][:12], "variant": ids[branch][:12]} == {
        arm: found["asset"] for arm, found in report["arms"].items()
    }
    assert [] == left_behind(triage)
    assert "" == git(triage, "status", "--porcelain")
    replayed = remyx_action("replay", triage / ".remyx-out" / "verdict.json")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr


def test_the_three_verdicts_are_all_there() -> None:
    assert {"ship", "iterate", "reject"} == {verdict for _, verdict in VERDICTS}
    assert {branch for branch, _ in VERDICTS} == {path.name for path in (EXAMPLE / "changes").iterdir()}


def test_the_page_shows_commands_that_exist() -> None:
    shown = [command.line for command in commands(EXAMPLE / "README.md")]
    assert [
        "python3 make_history.py /tmp/triage",
        "cd /tmp/triage",
        "git switch learn-more-words",
        "remyx-action run",
    ] == shown


def test_the_messages_are_what_their_program_writes(tmp_path: Path) -> None:
    (tmp_path / "project" / "evaluation").mkdir(parents=True)
    (tmp_path / "make_messages.py").write_text((EXAMPLE / "make_messages.py").read_text())
    subprocess.run([sys.executable, tmp_path / "make_messages.py"], check=True)
    written = Path("project", "evaluation", "messages.jsonl")
    assert (tmp_path / written).read_bytes() == (EXAMPLE / written).read_bytes()


def test_named_commits_are_judged_by_the_bar_of_their_base(triage: Path) -> None:
    (triage / ".remyx" / "policies" / "default.yaml").write_text("broken: [")
    code, report = judged(triage, "--base", "main", "--head", "shorter-code")
    assert (1, "reject") == (code, report["verdict"])
    assert git(triage, "rev-parse", "main") == report["judged_under"]["source"]
    assert (
        f"--base main --head {git(triage, 'rev-parse', 'shorter-code')}"
        in report["judged_under"]["reproduce"]
    )


def refused(folder: Path, *arguments: str) -> tuple[int, str]:
    finished = remyx_action("-C", folder, "run", *arguments)
    assert finished.stdout == ""
    assert "help: " in finished.stderr
    return finished.returncode, finished.stderr


def test_uncommitted_code_is_refused(triage: Path) -> None:
    (triage / "triage" / "classifier.py").write_text("uncommitted")
    code, said = refused(triage)
    assert (4, True) == (code, "uncommitted changes would not be judged: triage/classifier.py" in said)
    code, report = judged(triage, "--head", "HEAD")
    assert (0, "ship") == (code, report["verdict"])


def test_the_default_branch_itself_has_nothing_to_compare(triage: Path) -> None:
    git(triage, "switch", "--quiet", "main")
    code, said = refused(triage)
    assert (4, True) == (code, "same_commit: HEAD" in said)


def test_a_shallow_clone_says_how_to_deepen(triage: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", "--no-single-branch", f"file://{triage}", str(clone))
    code, said = refused(clone, "--base", "origin/main")
    assert (4, True) == (code, "git fetch --unshallow" in said)


def test_an_unknown_commit_and_a_missing_repository_are_reported(triage: Path, tmp_path: Path) -> None:
    assert refused(triage, "--head", "nowhere")[0] == 64
    git(triage, "switch", "--quiet", "main")
    (triage / ".git").rename(tmp_path / "hidden.git")
    code, said = refused(triage)
    assert (4, True) == (code, "lies in no git repository" in said)
    assert [] == left_behind(triage)


def test_a_commit_whose_code_cannot_be_scored_fails_its_arm(triage: Path) -> None:
    (triage / "triage" / "classifier.py").write_text("raise ValueError('broken on purpose')\n")
    git(triage, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "-am", "break")
    code, report = judged(triage)
    assert (4, None, "failed") == (code, report["verdict"], report["run_state"])
    assert "ValueError: broken on purpose" in report["arms"]["variant"]["detail"]
    assert "completed" == report["arms"]["baseline"]["state"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)]
)
def test_an_interrupted_run_leaves_neither_checkouts_nor_processes(
    triage: Path, number: signal.Signals, exit_code: int
) -> None:
    pids = triage.parent / "pids"
    pids.mkdir()
    script = triage / "evaluation" / "evaluate.py"
    script.write_text(f"import os, time\nopen(f'{pids}/{{os.getpid()}}', 'w').close()\ntime.sleep(300)\n")
    run = subprocess.Popen(
        [PROGRAM, "-C", triage, "run"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while not list(pids.iterdir()) and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left_behind(triage)
    run.send_signal(number)
    assert exit_code == run.wait(timeout=120)
    assert [] == left_behind(triage)
    deadline = time.monotonic() + 300  # the system may take a moment to forget a process that was killed
    while (left := running(pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [] == left


def running(pids: Path) -> list[str]:
    return [path.name for path in pids.iterdir() if Path("/proc", path.name).exists()]
