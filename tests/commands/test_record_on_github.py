"""The record on GitHub: written by a job of its own, read by the next judgement, and told in the comment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from remyx_action.commands.record import read_remote
from remyx_action.errors import Exit, NotJudged
from remyx_action.history.record import BRANCH
from remyx_action.sources.git import Remote
from support.github_stand_in import payloads
from support.jobs import TOKEN, Ended, Jobs, jobs_on
from support.small_project import UNLOCKED, locked, model

RECORDER = "token-of-the-recording-job"


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    for jobs in jobs_on(tmp_path, locked(UNLOCKED)):
        jobs.world.allow(RECORDER, contents="write")
        yield jobs


def record(jobs: Jobs, judged: Ended, **given: Any) -> Ended:
    """The recording job, on what the judging job left and handed on."""
    handed = {"verdicts": judged.outputs["verdicts"], "results": judged.outputs["report"]}
    return jobs.step("record", given.pop("payload", None), token=RECORDER, **(handed | given))


def judged(jobs: Jobs, asset: str) -> Ended:
    jobs.push({"model.yaml": model(asset)})
    return jobs.evaluate()[1]


def recorded(jobs: Jobs) -> list[str]:
    return jobs.world.history.git("ls-tree", "-r", "--name-only", BRANCH).splitlines()


def test_a_verdict_is_recorded_without_its_samples_once(jobs: Jobs) -> None:
    first = judged(jobs, "worse")
    ended = record(jobs, first, run=(800, 1))
    [path] = recorded(jobs)
    assert (Exit.SHIP, True) == (ended.exit, f"/1-{jobs.world.head(jobs.pull)[:12]}-800-1-" in path)
    kept = json.loads(jobs.world.history.git("show", f"{BRANCH}:{path}"))
    assert ("reject", {}) == (kept["verdict"], kept["samples_changed"])
    again = record(jobs, first, run=(800, 1))
    assert "recorded already" in again.said
    later = record(jobs, first, run=(801, 1))
    assert f"the first on this head, policy and digests is {path}" in later.said
    assert 2 == len(recorded(jobs))


def test_what_another_job_put_in_its_place_is_not_recorded(jobs: Jobs) -> None:
    rejected = judged(jobs, "worse")
    shipped = judged(jobs, "better")
    forged = record(jobs, rejected, results=shipped.outputs["report"])
    assert "does not hold the verdict that was published" in forged.said
    assert Exit.NOT_JUDGED == forged.exit
    elsewhere = record(jobs, rejected)  # the head has moved on: that commit's run recorded it, or did not
    assert "about another commit than this event" in elsewhere.said
    assert Exit.NOT_JUDGED == elsewhere.exit
    assert BRANCH not in jobs.world.history.branches()


def test_without_permission_the_line_to_add_is_reported_and_no_check_changes(jobs: Jobs) -> None:
    shipped = judged(jobs, "better")
    jobs.world.allow(RECORDER, contents="read")
    ended = record(jobs, shipped)
    assert Exit.NOT_JUDGED == ended.exit
    for text in (ended.said, ended.summary):
        assert "the record could not be written" in text
        assert "contents: write" in text
    assert ["success"] == jobs.concluded()


def test_a_fork_s_verdict_is_recorded_by_the_second_workflow(jobs: Jobs) -> None:
    jobs.world.history.write("refs/forks/stranger/patch", {"model.yaml": model("worse")}, onto="main")
    jobs.pull = jobs.world.open_pull("patch", owner="stranger")
    measured = jobs.step("measure", token=None)
    own = jobs.step("publish", results=measured.outputs["report"], token=None)
    assert "the workflow for forks records its verdicts" in record(jobs, own).said
    ended = payloads.workflow_run(jobs.world, jobs.pull, run_id=701, conclusion="failure")
    published = jobs.step(
        "publish", ended, name="workflow_run", clone="refs/heads/main", results=measured.outputs["report"]
    )
    done = record(jobs, published, payload=ended, name="workflow_run", clone="refs/heads/main")
    [path] = recorded(jobs)
    name = f"/{jobs.pull.number}-{jobs.world.head(jobs.pull)[:12]}-701-1-"
    assert (Exit.SHIP, True) == (done.exit, name in path)


def test_looks_come_from_the_record_where_comment_and_checks_are_gone(jobs: Jobs) -> None:
    """The policy counts and raises nothing; who may write may delete comments, and checks go with a push."""
    for asset in ("worse", "slightly"):
        record(jobs, judged(jobs, asset))
    jobs.world.comments.clear()
    jobs.world.checks.clear()
    third = judged(jobs, "better")
    assert 3 == third.report["inputs"]["look"]
    [comment] = jobs.ours()
    assert "Looks under `default`: reject −0.25, iterate +0.02, now ship +0.15." in comment.body
    page = (third.out / "history.html").read_text()
    assert "1 pull request or commit, 2 looks at it" in page
    assert f"/tree/{BRANCH}) (trends: `history.html` in the full report)" in comment.body
    assert "lacks" not in comment.body


def test_the_comment_names_how_others_fared_and_what_the_record_lacks(jobs: Jobs) -> None:
    record(jobs, judged(jobs, "worse"))
    first = jobs.pull
    jobs.propose({"model.yaml": model("better")})
    record(jobs, judged(jobs, "slightly"))
    judged(jobs, "better")  # its job that records fails
    judged(jobs, "trained")
    body = jobs.ours()[-1].body
    branch = f"{jobs.stand_in.address.removesuffix('/api/v3')}/{jobs.world.repository}/tree/{BRANCH}"
    assert f"Before this in [the record]({branch}), under `default`: `#{first.number}` reject −0.25." in body
    assert "⚠️ the record lacks 1 look under default that the comment names." in body
    assert "iterate +0.02, ship +0.15, now ship +0.15" in body


def test_a_hostile_record_counts_for_nothing_and_writes_nothing(jobs: Jobs) -> None:
    first = judged(jobs, "worse")
    record(jobs, first)
    [path] = recorded(jobs)
    kept = json.loads(jobs.world.history.git("show", f"{BRANCH}:{path}"))
    forged = kept | {"verdict": "ship", "looks": {"id": "0" * 16, "known": []}}
    evil = "<img src=x onerror=alert(1)> @octocat"
    for number, told in enumerate((json.dumps(forged), evil, json.dumps(kept | {"reason": evil}))):
        at = f"v/20{10 + number}/01/{path.rpartition('/')[2]}"
        jobs.world.history.write(BRANCH, {at: told})
    ended = judged(jobs, "better")
    assert 2 == ended.report["inputs"]["look"]
    assert "3 files of the record are no verdicts of this program" in ended.said
    body = jobs.ours()[0].body
    assert "onerror" not in body
    assert "@octocat" not in body


def test_the_record_of_a_repository_that_is_not_here_is_read(jobs: Jobs) -> None:
    server, name = jobs.stand_in.address.removesuffix("/api/v3"), jobs.world.repository
    with pytest.raises(NotJudged, match="shows no branch remyx-verdicts"):
        read_remote(Remote(server_url=server, name=name, token=TOKEN))
    record(jobs, judged(jobs, "worse"))
    found = read_remote(Remote(server_url=server, name=name, token=TOKEN))
    assert ["reject"] == [one.report.verdict for one in found.verdicts]
    assert () == tuple(found.unread)
