"""`mode: run`: open, measure and publish in one job, for workflows whose pull requests are all trusted."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.structs import replace

from remyx_action.commands.run.pipeline import run
from remyx_action.errors import Exit, FilesWrong, Refusal
from remyx_action.github.events import MergeGroupEvent, PullRequestEvent

from .job import Job
from .judging import at_the_tip, policies_of, sections_of
from .outputs import write_verdict
from .publish import DRAFT, Published, finish, judge_and_post, refused
from .target import GitHubEvent, Posts, open_checks


def carry_out(job: Job) -> Exit:
    """Judge a pull request or merge group; any other event is judged as on a laptop and posts nothing."""
    event = job.event
    if isinstance(event, PullRequestEvent | MergeGroupEvent):
        return refused(job, DRAFT) if job.is_draft else _carry_out_on(job, event)
    sections, bug = sections_of(lambda: run(job.request(None, job.out), job.world), job, [])
    write_verdict(job.runner, sections, job.say)
    return finish(job, [Published(sections=sections, posts=Posts(), bug=bug)])


def _carry_out_on(job: Job, event: GitHubEvent) -> Exit:
    """Measure, then judge by the bar at the base branch's tip, which may have moved meanwhile."""
    target = at_the_tip(job, event)
    posts = Posts()
    open_checks(target, policies_of(job, target.event), posts)
    failure = _measure(job, target.event)
    target = at_the_tip(job, event, client=target.client)
    with TemporaryDirectory(prefix="remyx-") as scratch:
        judging = replace(job, out=Path(scratch) / "out")
        published = judge_and_post(
            judging,
            target,
            policies_of(job, target.event),
            posts,
            results=job.out,
            cause=lambda _folder, missing: failure or missing,
            measured_here=True,
        )
        if judging.out.is_dir():
            shutil.copytree(judging.out, job.out, dirs_exist_ok=True)
    return finish(job, [published])


def _measure(job: Job, event: GitHubEvent) -> Exception | None:
    """Run the arms and return why they could not be run, for the verdict to tell."""
    try:
        run(replace(job.request(event, job.out), measure_only=True), job.world)
    except (Refusal, FilesWrong) as failure:
        return failure
    return None
