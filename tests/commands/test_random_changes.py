"""Whatever a pull request holds: what ships is what was measured, and what is green was not touched."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from remyx_action.commands.on_github import run
from remyx_action.commands.on_github.job import Job
from remyx_action.commands.run.request import World
from remyx_action.errors import Exit
from remyx_action.github.events import Commit, PullRequestEvent
from remyx_action.github.settings import ActionInputs, Runner
from support.jobs import outputs_in
from support.random_changes import Change, Reading, change_of, write_all

SHARES = 5
"""Of how many trees at least one ships, so that what is asserted of ships says something."""


def judged(
    scratch: Path, change: Change, commits: Mapping[str, str]
) -> tuple[Exit, dict[str, str], Any, str]:
    """`mode: run` on one change: exit code, outputs, verdict.json and summary.

    `commits`: full ids by the name of their ref.
    """
    home = scratch / f"job-{change.number}"
    home.mkdir()
    job = Job(
        event=PullRequestEvent(
            number=change.number,
            base_branch=f"main-{change.number}",
            base_commit=Commit(commits[f"{'before' if change.is_stale else 'main'}-{change.number}"]),
            head_commit=Commit(commits[f"head-{change.number}"]),
            from_fork=True,
        ),
        inputs=ActionInputs(
            mode="run",
            template=None,
            policy=None,
            variant=change.given,
            results=None,
            comment="never",
            fail_on="policy",
            working_directory=".",
            check_id=None,
        ),
        runner=Runner(
            api_url="https://api.invalid",
            server_url=f"file://{scratch}",
            repository="team/spatial",
            run_id=change.number + 1,
            run_attempt=1,
            token=None,
            summary_file=home / "summary",
            output_file=home / "output",
        ),
        make_world=lambda: World(environment={"PATH": os.environ["PATH"]}),
        out=home / "out",
        say=lambda _: None,
    )
    with chdir(scratch / "clone"):
        ended = run.carry_out(job)
    outputs = outputs_in((home / "output").read_text())
    report = json.loads(Path(outputs["verdict-json"]).read_text()) if outputs.get("verdict-json") else None
    summary = (home / "summary").read_text()
    shutil.rmtree(home)
    return ended, outputs, report, summary


def check_a_ship(reading: Reading, change: Change, report: Any) -> None:
    asset = report["arms"]["variant"]["asset"]
    assert {asset} == reading.named(change.given)
    assert [] == reading.harness_paths()
    assert [] == reading.written_paths()
    assert not reading.beyond_the_name()
    assert reading.content("before", asset) == reading.content("head", asset)
    (row,) = report["metrics"]
    assert [reading.share_right("half"), reading.share_right(asset)] == [row["baseline"], row["variant"]]


def check_nothing(reading: Reading, change: Change, summary: str) -> None:
    assert set() == reading.named(change.given)
    assert [] == reading.written_paths()
    assert reading.document("before") == reading.document("head")
    for path in reading.harness_paths():
        assert path in summary


def sweep(scratch: Path, numbers: Iterable[int]) -> Counter[str]:
    """Judge every change and hold it against the reading; how many ended how."""
    changes = [change_of(number) for number in numbers]
    (scratch / "team").mkdir()
    write_all(scratch / "team" / "spatial", changes)
    names = Reading(folder=scratch / "team" / "spatial", number=0).git(
        "for-each-ref", "--format=%(refname:lstrip=2) %(objectname)"
    )
    commits = dict(line.split(" ") for line in names.splitlines())
    reading = Reading(folder=scratch / "clone", number=0)
    reading.folder.mkdir()
    reading.git("init", "-q", "--template=", ".")
    borrowed = reading.folder / ".git" / "objects" / "info" / "alternates"
    borrowed.parent.mkdir(parents=True, exist_ok=True)
    borrowed.write_text(f"{scratch}/team/spatial/objects\n")
    ends: Counter[str] = Counter()
    for change in changes:
        ended, outputs, report, summary = judged(scratch, change, commits)
        ends[f"{outputs['verdict']} {outputs['reason']}"] += 1
        reading = Reading(folder=scratch / "team" / "spatial", number=change.number)
        try:
            if outputs["verdict"] == "ship":
                check_a_ship(reading, change, report)
            elif outputs["verdict"] == "nothing":
                check_nothing(reading, change, summary)
            else:
                assert ended is not Exit.SHIP
            assert outputs["verdict"] != "internal-error"
        except AssertionError as wrong:
            wrong.add_note(f"change {change.number}: {outputs['verdict']} {outputs['reason']}")
            raise
    return ends


@pytest.fixture
def in_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is in memory where the system has one: on a disk half of a change's time goes there."""
    memory = "/dev/shm"
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(2))
def test_what_ships_is_what_was_measured(in_memory: Path, part: int) -> None:
    count = 150
    ends = sweep(in_memory, range(part * count, (part + 1) * count))
    assert ends["ship bar_met"] * SHARES >= count, ends
    assert ends["nothing nothing_to_evaluate"] > 0, ends
