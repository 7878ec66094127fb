"""`mode: record`: the verdicts that another job published, put into the record without a checkout.

What that job left is an artifact, which other jobs of the run could have replaced: only a file with the
digest that the job itself handed on is recorded. Head, run and pull request come from the event and from it.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from remyx_action.commands.record import Added, RecordPlace, add
from remyx_action.commands.replay import read_verdict
from remyx_action.errors import Exit, NotJudged, Refusal, WrongUsage
from remyx_action.github import workflow
from remyx_action.github.events import BranchEvent, Event, PullRequestEvent, WorkflowRunEvent
from remyx_action.github.growing_branch import BranchOnGitHub
from remyx_action.history.record import BRANCH, Recording
from remyx_action.report.report import Report, digest_of

from .job import Job
from .outputs import write_posts
from .target import Posts, connect


class Reached(Struct, frozen=True, kw_only=True, rename="kebab"):
    """One policy's entry in the output `verdicts` of the job that published."""

    digest: str | None = None
    """Of its verdict.json; None where there is no verdict."""
    pull_request: int | None = None


def carry_out(job: Job) -> Exit:
    """Record each verdict; NotJudged (4) where one could not be recorded, which changes no check."""
    event = job.event
    if isinstance(event, BranchEvent):
        raise WrongUsage(
            "this event belongs to no pull request, so there is no verdict to record",
            help="start the workflow `on: pull_request`, `merge_group` or `workflow_run`",
        )
    if isinstance(event, PullRequestEvent) and event.from_fork:
        job.say("the token of a fork only reads: the workflow for forks records its verdicts")
        return Exit.SHIP
    place, posts = _place(job, event), Posts()
    for policy, reached in _reached(job).items():
        if reached.digest is None:
            job.say(f"{policy}: there is no verdict to record")
            continue
        try:
            added = add(place, _verdict(job, event, policy, reached.digest), _recording(job, event, reached))
        except Refusal as refusal:
            posts.notes.append(f"{policy}: {refusal.message}\n{refusal.help}")
        else:
            job.say(workflow.annotation("notice", _sentence(added), title=f"remyx: {policy}"))
    write_posts(job.runner, [], posts, job.say)
    return Exit.NOT_JUDGED if posts.notes else Exit.SHIP


def _place(job: Job, event: Event) -> RecordPlace:
    client = connect(event, job.runner)
    if client is None:
        raise NotJudged(
            "the record cannot be written without a token",
            help="pass `token: ${{ github.token }}` to the action, and to its job:\n"
            "permissions:\n  contents: write",
        )
    return RecordPlace(store=BranchOnGitHub(client=client, name=BRANCH), project=job.inputs.folder)


def _reached(job: Job) -> dict[str, Reached]:
    """Return what the publishing job handed on, by policy. WrongUsage where it is none of its outputs."""
    try:
        return msgspec.json.decode(job.runner.verdicts, type=dict[str, Reached])
    except msgspec.MsgspecError as fault:
        raise WrongUsage(
            "REMYX_VERDICTS is not the output of the job that published",
            help="set it in the step's `env:` to `${{ needs.JOB.outputs.verdicts }}`",
        ) from fault


def _verdict(job: Job, event: Event, policy: str, digest: str) -> Report:
    folder = Path(job.inputs.results or "")
    alone = folder / "verdict.json"
    report = read_verdict(alone if alone.is_file() else folder / policy / "verdict.json")
    if digest_of(report) != digest or report.policy.policy.name != policy:
        raise NotJudged(
            "the artifact does not hold the verdict that was published",
            help="run the whole workflow again, and look at what else uploads this artifact",
        )
    assert not isinstance(event, BranchEvent)
    if report.judged_under.commits.get("head") != event.head_commit:
        raise NotJudged(
            "the verdict is about another commit than this event", help="run the whole workflow again"
        )
    return report


def _recording(job: Job, event: Event, reached: Reached) -> Recording:
    if isinstance(event, WorkflowRunEvent):
        return Recording(pull_request=reached.pull_request, run=str(event.run_id), attempt=event.run_attempt)
    number = event.number if isinstance(event, PullRequestEvent) else None
    return Recording(pull_request=number, run=str(job.runner.run_id), attempt=job.runner.run_attempt)


def _sentence(added: Added) -> str:
    words = "recorded" if added.is_new else "recorded already"
    first = "" if added.first is None else f"; the first on this head, policy and digests is {added.first}"
    return f"{words} on the branch {BRANCH}: {added.path}{first}"
