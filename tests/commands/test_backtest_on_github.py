"""A pull request that changes the bar is told what the new bar would have said of the recorded verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from remyx_action.commands.replay import read_verdict
from remyx_action.history.record import BRANCH, Recording, content_of, path_of
from support.jobs import Jobs, jobs_on
from support.small_project import POLICY, model

LENIENT = POLICY.replace("threshold: 0.02, confidence: 0.80", "threshold: 0.001, confidence: 0.51")
PROPOSED: dict[str, str | None] = {"model.yaml": model("slightly"), ".remyx/policies/default.yaml": LENIENT}


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    yield from jobs_on(tmp_path)


def recorded(jobs: Jobs) -> dict[str, str | None]:
    """Files of the record: what `slightly`, `better` and `worse` came to."""
    files: dict[str, str | None] = {}
    for number, asset in enumerate(("slightly", "better", "worse"), start=11):
        jobs.propose({"model.yaml": model(asset)}, branch=f"feature/{asset}")
        report = read_verdict(Path(jobs.step("run").outputs["verdict-json"]))
        recording = Recording(pull_request=number, run=str(number))
        content = content_of(report)
        files[path_of(report, recording, content, folder="")] = content
    return files


def said(jobs: Jobs) -> str:
    """The comment on a pull request that loosens the bar."""
    jobs.propose(PROPOSED, branch=f"feature/bar-{jobs.count}")
    _, ended = jobs.evaluate()
    assert "iterate" == ended.outputs["verdict"]
    return jobs.ours()[-1].body


def test_the_record_is_read_as_the_server_has_it_and_where_only_the_bar_changes(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = recorded(jobs)
    first, *others = files
    jobs.world.history.write(BRANCH, {first: files[first]})
    jobs.propose({".remyx/policies/default.yaml": LENIENT}, branch="feature/bar")
    clone = jobs.clone

    def then_others_write(folder: Path, ref: str) -> Path:
        made = clone(folder, ref)
        jobs.world.history.write(BRANCH, {path: files[path] for path in others})
        return made

    jobs.evaluate()
    assert "of the last 1 verdict, 1 would have been other" in jobs.ours()[-1].body
    monkeypatch.setattr(jobs, "clone", then_others_write)
    jobs.evaluate()
    assert "of the last 3 verdicts, 1 would have been other" in jobs.ours()[-1].body


def test_the_comment_says_what_the_new_bar_would_have_decided(jobs: Jobs) -> None:
    assert "would have been other" not in said(jobs)
    files = recorded(jobs)
    jobs.world.history.write(BRANCH, files)
    assert "of the last 3 verdicts, 1 would have been other" in said(jobs)
    [path, *_] = files
    forged = str(files[path]).replace('"verdict": "iterate"', '"verdict": "ship"', 1)
    assert forged != files[path]
    hostile = "<img src=x onerror=alert(1)> ::error::x @everyone"
    jobs.world.history.write(
        BRANCH,
        {
            path: forged,
            "v/2026/01/1-000000000000-1-1-000000000000.json": f'{{"schema": "{hostile}"}}',
            "v/2026/01/2-000000000000-2-1-000000000000.json": "[" * 100_000,
            f"v/2026/01/{hostile}": hostile,
        },
    )
    comment = said(jobs)
    assert "of the last 2 verdicts, 0 would have been other; 1 more cannot be told" in comment
    assert hostile not in comment
