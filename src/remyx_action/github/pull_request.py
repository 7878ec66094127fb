"""The pull request as it is now, read again before anything is written about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from .client import Client, said
from .events import Commit
from .trouble import NotRead, Trouble, not_read

if TYPE_CHECKING:
    from github.Repository import Repository


class PullRequest(Struct, frozen=True, kw_only=True):
    number: int
    is_open: bool
    base_branch: str
    base_commit: Commit
    """The base branch's tip as just read; the one that the pull request itself names may be older."""
    head_branch: str
    head_commit: Commit


def current(client: Client, number: int) -> PullRequest | NotRead:
    """Head and base as they stand now: two requests."""

    def ask(repository: Repository) -> PullRequest:
        pull = repository.get_pull(number)
        base_branch = said(pull.base.ref)
        tip = repository.get_git_ref(f"heads/{base_branch}").object.sha
        return PullRequest(
            number=number,
            is_open=pull.state == "open",
            base_branch=base_branch,
            base_commit=Commit(said(tip)),
            head_branch=said(pull.head.ref),
            head_commit=Commit(said(pull.head.sha)),
        )

    try:
        return client.read(ask)
    except Trouble as trouble:
        return not_read(f"pull request {number}", trouble, "pull-requests: read")


def numbers_of(client: Client, *, owner: str, branch: str, head: Commit) -> tuple[int, ...] | NotRead:
    """Open pull requests whose head is this very commit of `owner:branch`: one request.

    For a `workflow_run` publisher: payloads of forks name no pull request, and an artifact may lie.
    """

    def ask(repository: Repository) -> tuple[int, ...]:
        pulls = repository.get_pulls(state="open", head=f"{owner}:{branch}")
        return tuple(pull.number for pull in pulls if pull.head.sha == head)

    try:
        return client.read(ask)
    except Trouble as trouble:
        return not_read(f"pull requests of commit {head}", trouble, "pull-requests: read")
