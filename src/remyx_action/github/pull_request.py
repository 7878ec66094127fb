"""Reads of a pull request: as it is now, its looks, the failed jobs of a run, the policies of a commit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from .check_run import Named, read_checks
from .client import Client, number_in, text_in
from .events import Commit
from .marks import Order
from .trouble import NotRead, Trouble, TroubleKind, not_read

if TYPE_CHECKING:
    from github.PullRequest import PullRequest as Answer
    from github.Repository import Repository

    from remyx_action.policy.looks import Look


class PullRequest(Struct, frozen=True, kw_only=True):
    number: int
    base_branch: str
    base_commit: Commit
    """As the pull request names it; the base branch's tip may be newer."""
    head_commit: Commit
    draft: bool


def current(client: Client, number: int) -> PullRequest | NotRead:
    """Return head and base branch as they are now: one request."""
    try:
        return client.read(lambda repository: _read(repository.get_pull(number)))
    except Trouble as trouble:
        return not_read(f"pull request {number}", trouble, "pull-requests: read")


def with_head(client: Client, *, owner: str, branch: str, head: Commit) -> list[PullRequest] | NotRead:
    """Return the open pull requests whose head is this very commit of `owner:branch`: one request.

    For a `workflow_run` publisher: payloads of forks name no pull request, and an artifact may lie.
    """

    def ask(repository: Repository) -> list[PullRequest]:
        pulls = [_read(pull) for pull in repository.get_pulls(state="open", head=f"{owner}:{branch}")]
        return [pull for pull in pulls if pull.head_commit == head]

    try:
        return client.read(ask)
    except Trouble as trouble:
        return not_read(f"pull requests of commit {head}", trouble, "pull-requests: read")


def commits_of(client: Client, number: int) -> list[Commit] | NotRead:
    """Return the commits of a pull request, oldest first, at most 250 as GitHub tells: one request a page."""

    def ask(repository: Repository) -> list[Commit]:
        return [Commit(text_in(each.sha)) for each in repository.get_pull(number).get_commits()]

    try:
        return client.read(ask)
    except Trouble as trouble:
        return not_read(f"commits of pull request {number}", trouble, "pull-requests: read")


def _read(pull: Answer) -> PullRequest:
    return PullRequest(
        number=number_in(pull.number),
        base_branch=text_in(pull.base.ref),
        base_commit=Commit(text_in(pull.base.sha)),
        head_commit=Commit(text_in(pull.head.sha)),
        draft=bool(pull.draft),
    )


def policy_names(client: Client, folder: str, commit: Commit) -> Sequence[str] | NotRead:
    """Return the names of the policies of the project in `folder` ("" is the root): one request."""
    path = "/".join(filter(None, (folder, ".remyx/policies")))

    def names(answer: Any) -> list[str]:
        files = [each["name"] for each in answer if each["type"] == "file"]
        return sorted(name.removesuffix(".yaml") for name in files if name.endswith(".yaml"))

    try:
        return client.get(f"/contents/{quote(path)}", names, ref=commit)
    except Trouble as trouble:
        if trouble.kind is TroubleKind.GONE:
            return ()
        return not_read("policies of the base branch", trouble, "contents: read")


ENDINGS = {"failure": "failed", "cancelled": "was cancelled", "timed_out": "ran out of time"}
"""A job's conclusion → in words; others are no failure."""


class FailedJob(Struct, frozen=True, kw_only=True):
    name: str
    ending: str
    url: str


def failed_jobs(client: Client, head: Commit, run_id: int) -> list[FailedJob] | NotRead:
    """Return the jobs of that run that failed, were cancelled or ran out of time: one request a page."""

    def ask(repository: Repository) -> list[FailedJob]:
        runs = repository.get_commit(head).get_check_runs(status="completed", filter="latest")
        return [
            FailedJob(name=text_in(run.name), ending=ENDINGS[run.conclusion], url=text_in(run.html_url))
            for run in runs
            if f"/actions/runs/{run_id}/job/" in text_in(run.html_url) and run.conclusion in ENDINGS
        ]

    try:
        return client.read(ask)
    except Trouble as trouble:
        return not_read("jobs of the run", trouble, "checks: read")


def looks_of_checks(client: Client, number: int, named: Named) -> list[Look] | NotRead:
    """Return every look at one policy, oldest run first: a request for the commits, and one for each of them.

    Of looks before a comment of ours was written, or after it was deleted. GitHub names 250 commits at most.
    """
    from remyx_action.policy.looks import Look

    commits = commits_of(client, number)
    if isinstance(commits, NotRead):
        return commits
    found: dict[str, Order] = {}
    for commit in dict.fromkeys([*commits, named.head]):
        checks = read_checks(client, replace(named, head=commit))
        if isinstance(checks, NotRead):
            return checks
        for seen in checks.ours:
            posted = seen.external_id
            if posted is not None and posted.look is not None:
                found[posted.look] = min(found.get(posted.look, posted.order), posted.order)
    return [Look(id=id_) for id_ in sorted(found, key=lambda id_: found[id_])]
