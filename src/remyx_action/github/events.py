"""The event that started a job, read from its webhook payload.

The payload is the only source of commits: for a pull request `GITHUB_SHA` names a merge commit that
moves under the run. Its shapes: https://docs.github.com/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

import re
from typing import Annotated, NewType

import msgspec
from msgspec import Meta, Struct

from remyx_action.errors import WrongUsage

Commit = NewType("Commit", str)
"""40 or 64 lower-case hexadecimal digits."""


class PullRequestEvent(Struct, frozen=True, kw_only=True):
    """Any activity of a pull request: what is judged is its head, whatever happened to it."""

    number: int
    base_branch: str
    base_commit: Commit
    head_commit: Commit
    from_fork: bool
    """The head lives in another repository, or its repository is gone: the token is read-only."""
    draft: bool = False
    previous_head: Commit | None = None
    """After a push to the pull request: the head before it, whose run may have been ended by force."""


class MergeGroupEvent(Struct, frozen=True, kw_only=True):
    base_branch: str
    base_commit: Commit
    head_commit: Commit


class BranchEvent(Struct, frozen=True, kw_only=True):
    """A push, a schedule or a dispatch: no pull request belongs to it, the checkout is what it is about."""

    on_default_branch: bool
    """What runs there was reviewed, so its measurements may be cached for others."""


class WorkflowRunEvent(Struct, frozen=True, kw_only=True):
    """Another workflow ended; what it left behind is hostile, these fields are GitHub's own."""

    run_id: int
    run_attempt: int
    triggered_by: str
    """Name of the event that started that run, such as `pull_request`."""
    conclusion: str | None
    head_branch: str
    head_commit: Commit
    head_owner: str | None
    """Login that owns the head repository; None where that repository is gone."""
    from_fork: bool


Event = PullRequestEvent | MergeGroupEvent | BranchEvent | WorkflowRunEvent


def parse_event(name: str, payload: object, ref: str = "") -> Event:
    """Return the event that the runner names; WrongUsage for another one, or for a payload that lacks a part.

    `ref` is GITHUB_REF: the payload of a dispatch may name its branch by another form.
    """
    if name not in PARSERS:
        if name == "pull_request_target":
            next_step = "use `on: pull_request`: pull_request_target hands secrets to code under test"
        else:
            next_step = f"let the workflow start `on:` one of {', '.join(PARSERS)}"
        raise WrongUsage(f"{shown(name)} is not an event that is judged", help=next_step)
    try:
        event: Event = msgspec.convert(payload, PARSERS[name]).event(ref)
    except msgspec.ValidationError as fault:
        raise WrongUsage(
            f"the payload of `{name}` is not GitHub's: {shown(str(fault), most=200)}",
            help="run the action in a GitHub workflow on the events that its documentation lists",
        ) from None
    return event


def shown(value: object, *, most: int = 60) -> str:
    """Return a short, escaped picture of a hostile value."""
    picture = ascii(value)
    return picture if len(picture) <= most else f"{picture[: most - 3]}…"


def is_plain(value: str) -> bool:
    return 0 < len(value) <= 1024 and value.isprintable()


def is_ref(value: str) -> bool:
    """git-check-ref-format's rules, and no leading dash that a command could take for an option."""
    parts = value.split("/")
    return (
        is_plain(value)
        and re.search(r"[\s~^:?*\[\\\x7f]|\.\.|@\{|//", value) is None
        and not value.startswith(("-", "/"))
        and not value.endswith(("/", "."))
        and value != "@"
        and not any(part.startswith(".") or part.endswith(".lock") for part in parts)
    )


_Number = Annotated[int, Meta(ge=1, le=2**63 - 1)]
_Commit = Annotated[Commit, Meta(pattern=r"\A([0-9a-f]{40}|[0-9a-f]{64})\Z")]
_Text = Annotated[str, Meta(pattern=r"\A[^\x00-\x1f\x7f-\x9f]{1,1024}\Z")]


def _refuse_unless_ref(value: str) -> None:
    """ValueError, which msgspec reports with the place in the payload."""
    if not is_ref(value):
        raise ValueError(f"not a ref that git accepts: {value[:60]!r}")


class _Owner(Struct):
    login: _Text


class _Repository(Struct):
    id: _Number


class _HeadRepository(Struct):
    id: _Number
    owner: _Owner


class _End(Struct):
    """One end of a pull request."""

    ref: str
    sha: _Commit
    repo: _Repository | None

    def __post_init__(self) -> None:
        _refuse_unless_ref(self.ref)


class _PullRequest(Struct):
    number: _Number
    base: _End
    head: _End
    draft: bool = False


class _PullRequestPayload(Struct):
    pull_request: _PullRequest
    before: _Commit | None = None
    """Of `synchronize` alone."""

    def event(self, _ref: str) -> PullRequestEvent:
        pull = self.pull_request
        return PullRequestEvent(
            number=pull.number,
            base_branch=pull.base.ref,
            base_commit=pull.base.sha,
            head_commit=pull.head.sha,
            from_fork=pull.head.repo is None or pull.base.repo is None or pull.head.repo != pull.base.repo,
            draft=pull.draft,
            previous_head=self.before,
        )


class _MergeGroup(Struct):
    base_ref: str
    base_sha: _Commit
    head_sha: _Commit

    def __post_init__(self) -> None:
        _refuse_unless_ref(self.base_ref)


class _MergeGroupPayload(Struct):
    merge_group: _MergeGroup

    def event(self, _ref: str) -> MergeGroupEvent:
        group = self.merge_group
        branch = group.base_ref.removeprefix("refs/heads/")
        return MergeGroupEvent(base_branch=branch, base_commit=group.base_sha, head_commit=group.head_sha)


class _BranchRepository(Struct):
    default_branch: str


class _BranchPayload(Struct):
    repository: _BranchRepository

    def event(self, ref: str) -> BranchEvent:
        return BranchEvent(on_default_branch=ref == f"refs/heads/{self.repository.default_branch}")


class _SchedulePayload(Struct):
    """A schedule runs on the default branch alone."""

    def event(self, _ref: str) -> BranchEvent:
        return BranchEvent(on_default_branch=True)


class _WorkflowRun(Struct):
    id: _Number
    run_attempt: _Number
    event: _Text
    conclusion: _Text | None
    head_branch: _Text
    head_sha: _Commit
    head_repository: _HeadRepository | None


class _WorkflowRunPayload(Struct):
    workflow_run: _WorkflowRun
    repository: _Repository

    def event(self, _ref: str) -> WorkflowRunEvent:
        run = self.workflow_run
        head = run.head_repository
        return WorkflowRunEvent(
            run_id=run.id,
            run_attempt=run.run_attempt,
            triggered_by=run.event,
            conclusion=run.conclusion,
            head_branch=run.head_branch,
            head_commit=run.head_sha,
            head_owner=None if head is None else head.owner.login,
            from_fork=head is None or head.id != self.repository.id,
        )


PARSERS = {
    "pull_request": _PullRequestPayload,
    "merge_group": _MergeGroupPayload,
    "push": _BranchPayload,
    "schedule": _SchedulePayload,
    "workflow_dispatch": _BranchPayload,
    "workflow_run": _WorkflowRunPayload,
}
"""What is read of each event's payload."""
