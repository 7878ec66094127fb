"""The pull request as it is now, read again directly before anything is written about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from .client import Client, numbered, said
from .events import Commit
from .trouble import NotRead, Trouble, not_read

if TYPE_CHECKING:
    from github.PullRequest import PullRequest as Answer
    from github.Repository import Repository


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
        return [Commit(said(each.sha)) for each in repository.get_pull(number).get_commits()]

    try:
        return client.read(ask)
    except Trouble as trouble:
        return not_read(f"commits of pull request {number}", trouble, "pull-requests: read")


def _read(pull: Answer) -> PullRequest:
    return PullRequest(
        number=numbered(pull.number),
        base_branch=said(pull.base.ref),
        base_commit=Commit(said(pull.base.sha)),
        head_commit=Commit(said(pull.head.sha)),
        draft=bool(pull.draft),
    )
