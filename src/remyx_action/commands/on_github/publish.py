"""`mode: publish`: the trusted step, which judges another job's raw results anew and posts the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from remyx_action.commands.run.artifacts import Incomplete
from remyx_action.errors import Exit, NotJudged, Refusal, WrongUsage, most_severe
from remyx_action.github import pull_request
from remyx_action.github.client import Client
from remyx_action.github.events import Commit, MergeGroupEvent, PullRequestEvent, WorkflowRunEvent
from remyx_action.github.marks import Order
from remyx_action.github.pull_request import failed_jobs
from remyx_action.github.trouble import NotRead
from remyx_action.report.conclusion import Section, of_nothing, of_refusal, whole_exit

from .job import Job
from .judging import Cause, at_the_tip, judge_measured, last_lines, policies_of
from .outputs import outputs_of, write_outputs, write_posts, write_verdict
from .posting import find_comments, post_all
from .recorded import recorded, write_page
from .target import Posts, Target, connect

NOTHING_TO_PUBLISH = ("skipped", "cancelled", "action_required")
"""Conclusions of a run that measured nothing, or not to its end, because somebody wanted it so."""
DRAFT = NotJudged("a draft is not evaluated", help="mark it ready for review")


class Published(Struct, frozen=True, kw_only=True):
    """What was judged and posted on one pull request or merge group."""

    sections: list[Section]
    posts: Posts
    bug: Exception | None = None
    pull_request: int | None = None

    @property
    def exit(self) -> Exit:
        """Return 0 exactly where every check passes and is closed as this run says."""
        exit_code = whole_exit(self.sections)
        return Exit.NOT_JUDGED if exit_code is Exit.SHIP and self.posts.red else exit_code


def carry_out(job: Job) -> Exit:
    """Publish on the event's pull request or merge group, or on those of the run that ended."""
    event = job.event
    if isinstance(event, WorkflowRunEvent):
        return _carry_out_of_run(job, event)
    if not isinstance(event, PullRequestEvent | MergeGroupEvent):
        raise WrongUsage(
            "this event belongs to no pull request, so there is nothing to publish on",
            help="start the workflow `on: pull_request`, `merge_group` or `workflow_run`",
        )
    if job.is_draft:
        return refused(job, DRAFT)
    target = at_the_tip(job, event)
    return finish(job, [_publish(job, target, run_id=job.runner.run_id, opened_at=event.base_commit)])


def _carry_out_of_run(job: Job, event: WorkflowRunEvent) -> Exit:
    """Publish on every open pull request whose head another workflow's run was about, as GitHub tells it."""
    if event.conclusion in NOTHING_TO_PUBLISH:
        why = f"the run that ended was {event.conclusion.replace('_', ' ')}: nothing is posted"
        nothing = of_nothing(job.inputs.policy or "", why, commit=event.head_commit)
        write_verdict(job.runner, [nothing], job.say)
        return finish(job, [Published(sections=[nothing], posts=Posts())])
    client = connect(event, job.runner)
    try:
        pulls = _pull_requests(client, event)
    except Refusal as refusal:
        return refused(job, refusal)
    order = Order(event.run_id, event.run_attempt)
    published = []
    for pull in pulls:
        found = PullRequestEvent(
            number=pull.number,
            base_branch=pull.base_branch,
            base_commit=pull.base_commit,
            head_commit=event.head_commit,
            from_fork=event.from_fork,
        )
        target = at_the_tip(job, found, client=client, order=order)
        published.append(_publish(job, target, run_id=event.run_id))
    return finish(job, published)


def _pull_requests(client: Client | None, event: WorkflowRunEvent) -> Sequence[pull_request.PullRequest]:
    """Return the pull requests behind another workflow's run, from the API alone; NotJudged without one."""
    if event.triggered_by != "pull_request":
        raise NotJudged(
            f"the run was started by {event.triggered_by}, not by a pull request",
            help="start this workflow `on: workflow_run` of the workflow that evaluates pull requests",
        )
    if event.head_owner is None:
        raise NotJudged(
            "the repository of the fork is gone, and with it the name of its branch",
            help="open the pull request anew, from a repository that is there",
        )
    if client is None:
        raise NotJudged(
            "the pull request of the run cannot be looked up without a token",
            help="pass `token: ${{ github.token }}` to the action",
        )
    pulls = pull_request.with_head(
        client, owner=event.head_owner, branch=event.head_branch, head=event.head_commit
    )
    if isinstance(pulls, NotRead):
        raise NotJudged(pulls.reason, help=pulls.next_step)
    ready = [pull for pull in pulls if not pull.draft]
    if not ready:
        raise NotJudged(
            f"no open pull request has the head {event.head_commit}",
            help="nothing, if it was closed or moved on since: the newer commit has its own run",
        )
    return ready


def _publish(job: Job, target: Target, *, run_id: int, opened_at: Commit | None = None) -> Published:
    """Judge what `run_id` measured and post it; `opened_at`: see `policies_of`."""
    policies = policies_of(job, target.event, opened_at=opened_at)
    posts = Posts()
    if job.inputs.check_id is not None:
        if len(policies) != 1:
            raise WrongUsage(
                f"one check-id was given for {len(policies)} policies",
                help="add `policy: NAME`, or leave check-id out: open checks are found by what they carry",
            )
        posts.opened[policies[0]] = job.inputs.check_id
    results = None if job.inputs.results is None else Path(job.inputs.results)

    def cause(folder: Path, missing: Incomplete) -> Exception:
        return _why_incomplete(target, folder, missing, run_id, posts)

    return judge_and_post(job, target, policies, posts, results=results, cause=cause)


def _why_incomplete(
    target: Target, folder: Path, missing: Incomplete, run_id: int, posts: Posts
) -> NotJudged:
    """Return the reason for a missing arm or shard: the job that died, and the arm's last output."""
    found = failed_jobs(target.client, target.event.head_commit, run_id) if target.client else []
    died = [] if isinstance(found, NotRead) else found
    posts.failed_jobs = died
    parts = [*(f"the job {each.name!r} {each.ending}" for each in died), missing.message]
    return NotJudged("; ".join(parts) + last_lines(folder), help=missing.help)


def judge_and_post(
    job: Job,
    target: Target,
    policies: Sequence[str],
    posts: Posts,
    *,
    results: Path | None,
    cause: Cause,
    measured_here: bool = False,
) -> Published:
    """Judge the results at the base branch's tip; summary and log come before the posts."""
    thread = find_comments(target, posts)
    found = recorded(job, target, posts)
    sections, bug = judge_measured(
        job, target, policies, thread, found, results=results, cause=cause, measured_here=measured_here
    )
    write_verdict(job.runner, sections, job.say)
    if found is not None:
        write_page(found, job.out, job.world.now().clock)
    post_all(target, sections, thread, posts, found)
    event = target.event
    number = event.number if isinstance(event, PullRequestEvent) else None
    return Published(sections=sections, posts=posts, bug=bug, pull_request=number)


def refused(job: Job, refusal: Refusal) -> Exit:
    """End a job that can judge nothing and knows no pull request to post on."""
    sections = [of_refusal(job.inputs.policy or "", refusal, report_only=False)]
    write_verdict(job.runner, sections, job.say)
    return finish(job, [Published(sections=sections, posts=Posts())])


def finish(job: Job, published: Sequence[Published]) -> Exit:
    """Write what is left to write, and return the job's exit code: the most severe."""
    for each in published:
        write_posts(job.runner, each.sections, each.posts, job.say)
    exit_code = most_severe([each.exit for each in published])
    chosen = next(each for each in published if each.exit == exit_code)
    outputs = outputs_of(chosen.sections, chosen.posts, job.out, exit_code, pull_request=chosen.pull_request)
    write_outputs(job.runner, outputs, job.say)
    for each in published:
        if each.bug is not None:
            raise each.bug
    return exit_code
