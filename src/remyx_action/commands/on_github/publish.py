"""`publish`: the trusted step, which judges another job's raw arms anew by what the base branch says now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.commands.run.pipeline import Ran, run
from remyx_action.commands.run.project import load_project
from remyx_action.commands.run.request import CacheSettings, Request, World
from remyx_action.errors import FilesWrong, NotJudged, Refusal
from remyx_action.github import pull_request
from remyx_action.github.client import Client
from remyx_action.github.events import Event, PullRequestEvent, WorkflowRunEvent
from remyx_action.github.settings import Inputs
from remyx_action.github.trouble import NotRead
from remyx_action.project.models.shard import WHOLE, Shard
from remyx_action.report.conclusion import Section, of_bug, of_nothing, of_problems, of_refusal, of_report
from remyx_action.sources.disk.archive import unpack_all
from remyx_action.sources.git import find_repository, obtain

from .posting import Desk, GitHubEvent, Posts


class Task(Struct, frozen=True, kw_only=True):
    """What a job is asked to judge and post."""

    root: Path
    """The project's."""
    out: Path
    world: World
    results: Path | None
    """What another job left; None: measured here, or nothing."""
    measured: Path | None = None
    """What this very job measured."""
    shard: Shard = WHOLE
    kept: Path | None = None
    """Where a job on the default branch kept baseline arms."""


def request_of(task: Task, event: Event, inputs: Inputs) -> Request:
    """What the line is asked for, from an event and the action's inputs."""
    return Request(
        root=task.root,
        out=task.out,
        event=event,
        template=inputs.template,
        policy=inputs.policy,
        variant=inputs.variant,
        cache=CacheSettings(folder=task.kept, may_put=False),
        shard=task.shard,
    )


def judged(
    task: Task, event: GitHubEvent, inputs: Inputs, policies: Sequence[str]
) -> tuple[list[Section], Exception | None]:
    """The sections of a verdict on what another job left, and the defect of ours where there was one."""

    def carry_out() -> Ran:
        with TemporaryDirectory(prefix="remyx-") as scratch:
            folder = Path(scratch)
            if task.results is not None and task.results.exists():
                refuse_inside_checkout(task)
                folder = unpack_all(task.results, folder)
            return run(replace(request_of(task, event, inputs), measured=folder), task.world)

    return sections_of(carry_out, inputs, policies, commit=event.head_commit)


def refuse_inside_checkout(task: Task) -> None:
    """NotJudged where the results may be files of the pull request; ours are made outside, or just now."""
    repository = find_repository(task.root)
    if repository is None or task.results is None or task.results == task.measured:
        return
    top = task.root.resolve()
    for _ in range(repository.prefix.count("/")):
        top = top.parent
    if task.results.resolve().is_relative_to(top):
        raise NotJudged(
            "the results lie inside the checkout, where a pull request could have put them",
            help="download them elsewhere: `path: ${{ runner.temp }}/remyx-results`",
        )


def sections_of(
    carry_out: Callable[[], Ran], inputs: Inputs, policies: Sequence[str], *, commit: str | None = None
) -> tuple[list[Section], Exception | None]:
    """Every way of ending as sections, one a policy: nothing ends without a word."""
    folder = "" if inputs.working_directory == "." else f"{inputs.working_directory}/"
    report_only = inputs.fail_on == "never"
    named = list(policies) or [inputs.policy or ""]
    try:
        ran = carry_out()
    except FilesWrong as wrong:
        return [
            of_problems(one, wrong.problems, folder=folder, report_only=report_only, commit=commit)
            for one in named
        ], None
    except Refusal as refusal:
        return [of_refusal(one, refusal, report_only=report_only, commit=commit) for one in named], None
    except Exception as bug:  # noqa: BLE001 - said in the check, then raised again by the caller
        return [of_bug(one, type(bug).__name__, commit=commit) for one in named], bug
    return _of_run(ran, folder, named, report_only=report_only, commit=commit), None


def _of_run(
    ran: Ran, folder: str, named: Sequence[str], *, report_only: bool, commit: str | None
) -> list[Section]:
    sections = []
    for report in ran.reports:
        path = f".remyx/policies/{report.policy.policy.name}.yaml"
        places = ran.bundle.places.get(path, {})
        sections.append(of_report(report, places=places, path=f"{folder}{path}", report_only=report_only))
    judged_policies = {section.policy for section in sections}
    why = ran.nothing or "the change touches nothing that this policy's template evaluates"
    return [
        *sections,
        *(
            of_nothing(one, why, commit=commit, first=ran.first)
            for one in named
            if one not in judged_policies
        ),
    ]


def policies_of(root: Path, event: GitHubEvent, inputs: Inputs) -> list[str]:
    """Whose checks this job answers for: the one that is asked for, else every one on the base branch.

    Before there are any on base, the ones that the head introduces.
    """
    if inputs.policy is not None:
        return [inputs.policy]
    for commit in (event.base_commit, event.head_commit):
        with suppress(FilesWrong, Refusal):
            bundle = load_project(root, base=commit).bundle
            names = [name for name, one in bundle.policies.items() if inputs.template in {None, one.template}]
            if names:
                return names
    return []


def event_of_run(client: Client | None, event: WorkflowRunEvent) -> PullRequestEvent:
    """The pull request behind another workflow's run, from the API alone; NotJudged without exactly one."""
    if event.triggered_by != "pull_request" or event.head_owner is None:
        raise NotJudged(
            f"the run was started by {event.triggered_by}, not by a pull request",
            help="start this workflow `on: workflow_run` of the workflow that evaluates pull requests",
        )
    if client is None:
        raise NotJudged(
            "the pull request of the run cannot be looked up without a token",
            help="pass `token: ${{ github.token }}` to the action",
        )
    numbers = pull_request.numbers_of(
        client, owner=event.head_owner, branch=event.head_branch, head=event.head_commit
    )
    if isinstance(numbers, NotRead):
        raise NotJudged(numbers.reason, help=numbers.next_step)
    if len(numbers) != 1:
        raise NotJudged(
            f"{len(numbers)} open pull requests have the head {event.head_commit}",
            help="nothing, if it was closed or moved on since: the newer commit has its own run",
        )
    now = pull_request.current(client, numbers[0])
    if isinstance(now, NotRead):
        raise NotJudged(now.reason, help=now.next_step)
    return PullRequestEvent(
        action="synchronize",
        number=now.number,
        base_branch=now.base_branch,
        base_commit=now.base_commit,
        head_branch=now.head_branch,
        head_commit=event.head_commit,
        from_fork=event.from_fork,
        base_changed=False,
    )


def look_again(desk: Desk, posts: Posts) -> pull_request.PullRequest | NotRead | None:
    """Head and base as they stand now; None where there is no pull request or nobody to ask."""
    if desk.client is None or not isinstance(desk.event, PullRequestEvent):
        return None
    now = pull_request.current(desk.client, desk.event.number)
    if isinstance(now, NotRead):
        posts.say(now)
    return now


def at_the_tip(event: GitHubEvent, now: pull_request.PullRequest | NotRead | None) -> GitHubEvent:
    """The event with the base branch's newest commit, so that the newest rules judge."""
    if not isinstance(now, pull_request.PullRequest) or now.base_branch != event.base_branch:
        return event
    return replace(event, base_commit=now.base_commit)


def fetch_commits(root: Path, desk: Desk) -> None:
    """Bring the event's commits into the clone, where they are missing: a fork's head, a newer base."""
    event = desk.event
    wanted = {event.base_commit: f"refs/heads/{event.base_branch}"}
    if isinstance(event, PullRequestEvent):
        wanted[event.head_commit] = f"refs/pull/{event.number}/head"
    with suppress(Refusal):  # what is missing is said where it is needed
        repository = find_repository(root)
        if repository is None:
            return
        for commit, ref in wanted.items():
            obtain(repository, commit, ref, server_url=desk.runner.server_url, token=desk.runner.token)
