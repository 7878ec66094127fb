"""What happened on GitHub: a webhook payload becomes one frozen event, or every problem it has.

The payload is the only source of commits: for a pull request `GITHUB_SHA` names a merge commit that
moves under the run. Source of the shapes: https://docs.github.com/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, NewType, cast, get_args

from msgspec import Struct

Commit = NewType("Commit", str)
"""40 or 64 lower-case hexadecimal digits."""

PullRequestAction = Literal["opened", "synchronize", "reopened", "ready_for_review", "edited"]
PULL_REQUEST_ACTIONS: tuple[str, ...] = get_args(PullRequestAction)

NO_COMMIT = "0" * 40
"""What a push names before a branch exists and after it is deleted."""


class PullRequestEvent(Struct, frozen=True, kw_only=True):
    action: PullRequestAction
    number: int
    base_branch: str
    base_commit: Commit
    head_branch: str
    head_commit: Commit
    from_fork: bool
    """The head lives in another repository, or its repository is gone: the token is read-only."""
    base_changed: bool
    """`edited` that retargeted the pull request; a changed title or text is not one."""


class MergeGroupEvent(Struct, frozen=True, kw_only=True):
    base_branch: str
    base_commit: Commit
    head_branch: str
    head_commit: Commit


class PushEvent(Struct, frozen=True, kw_only=True):
    ref: str
    """In full, such as `refs/heads/main`."""
    before: Commit | None
    """None: the push created the branch."""
    after: Commit | None
    """None: the push deleted the branch."""
    to_default_branch: bool


class WorkflowDispatchEvent(Struct, frozen=True, kw_only=True):
    ref: str
    """In full; the payload names no commit, so the checkout's own is the one that is judged."""


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


class Laptop(Struct, frozen=True, kw_only=True):
    """No event: a person's own machine."""


Event = PullRequestEvent | MergeGroupEvent | PushEvent | WorkflowDispatchEvent | WorkflowRunEvent | Laptop


class SettingProblem(Struct, frozen=True, kw_only=True, order=True):
    """One thing that is wrong with what the runner handed over."""

    name: str
    """Environment variable, or `event /json/pointer`."""
    message: str
    """Lower case, no full stop."""
    help: str


class PayloadReader:
    """Walks one payload and collects every problem; a problem's value is a placeholder that is dropped."""

    def __init__(self, payload: object) -> None:
        self.payload = payload
        self.problems: list[SettingProblem] = []

    def look(self, pointer: str) -> object:
        """The value at an RFC 6901 pointer, None where nothing stands there."""
        value = self.payload
        for key in pointer.split("/")[1:]:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    def number(self, pointer: str) -> int:
        value = self.look(pointer)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63:
            return value
        return cast(int, self._refuse(pointer, value, "a whole number above 0"))

    def text(self, pointer: str) -> str:
        return self._matching(pointer, is_plain, "one line of text without control characters")

    def branch(self, pointer: str) -> str:
        return self._matching(pointer, is_ref, "a branch or ref name that git accepts")

    def commit(self, pointer: str) -> Commit:
        return Commit(self._matching(pointer, is_commit, "a commit: 40 or 64 hexadecimal digits"))

    def _matching(self, pointer: str, accepts: Callable[[str], bool], wanted: str) -> str:
        value = self.look(pointer)
        if isinstance(value, str) and accepts(value):
            return value
        return cast(str, self._refuse(pointer, value, wanted))

    def _refuse(self, pointer: str, value: object, wanted: str) -> object:
        found = "nothing" if value is None else shown(value)
        self.problems.append(
            SettingProblem(
                name=f"event {pointer}",
                message=f"expected {wanted}, found {found}",
                help="run the action in a GitHub workflow on the events that its documentation lists",
            )
        )
        return ""


def shown(value: object) -> str:
    """A short, escaped picture of a hostile value."""
    picture = ascii(value)
    return picture if len(picture) <= 60 else f"{picture[:57]}…"


def is_plain(value: str) -> bool:
    return 0 < len(value) <= 1024 and value.isprintable()


def is_commit(value: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", value) is not None


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


def parse_event(name: str, payload: object) -> Event | tuple[SettingProblem, ...]:
    """The event that the runner names, from its payload alone."""
    parse = PARSERS.get(name)
    if parse is None:
        return (_unknown_event(name),)
    reader = PayloadReader(payload)
    event = parse(reader)
    return tuple(reader.problems) or event


def _unknown_event(name: str) -> SettingProblem:
    next_step = f"let the workflow start `on:` one of {', '.join(PARSERS)}"
    if name == "pull_request_target":
        next_step = "use `on: pull_request`: pull_request_target hands secrets to code under test"
    return SettingProblem(
        name="GITHUB_EVENT_NAME", message=f"{shown(name)} is not an event that is judged", help=next_step
    )


def _pull_request(reader: PayloadReader) -> PullRequestEvent:
    action = reader.look("/action")
    if action not in PULL_REQUEST_ACTIONS:
        reader.problems.append(
            SettingProblem(
                name="event /action",
                message=f"{shown(action)} is not a pull_request activity that is judged",
                help=f"write `types: [{', '.join(PULL_REQUEST_ACTIONS)}]` in the workflow",
            )
        )
    return PullRequestEvent(
        action=cast(PullRequestAction, action),
        number=reader.number("/pull_request/number"),
        base_branch=reader.branch("/pull_request/base/ref"),
        base_commit=reader.commit("/pull_request/base/sha"),
        head_branch=reader.branch("/pull_request/head/ref"),
        head_commit=reader.commit("/pull_request/head/sha"),
        from_fork=_other_repository(reader, "/pull_request/head/repo/id", "/pull_request/base/repo/id"),
        base_changed=action == "edited" and reader.look("/changes/base") is not None,
    )


def _other_repository(reader: PayloadReader, head: str, base: str) -> bool:
    """Fails to the careful side: a head whose repository is gone counts as a fork."""
    return reader.look(head) != reader.number(base)


def _merge_group(reader: PayloadReader) -> MergeGroupEvent:
    return MergeGroupEvent(
        base_branch=reader.branch("/merge_group/base_ref").removeprefix("refs/heads/"),
        base_commit=reader.commit("/merge_group/base_sha"),
        head_branch=reader.branch("/merge_group/head_ref").removeprefix("refs/heads/"),
        head_commit=reader.commit("/merge_group/head_sha"),
    )


def _push(reader: PayloadReader) -> PushEvent:
    ref = reader.branch("/ref")
    before, after = reader.commit("/before"), reader.commit("/after")
    return PushEvent(
        ref=ref,
        before=None if set(before) == {"0"} else before,
        after=None if set(after) == {"0"} else after,
        to_default_branch=ref == f"refs/heads/{reader.branch('/repository/default_branch')}",
    )


def _workflow_dispatch(reader: PayloadReader) -> WorkflowDispatchEvent:
    return WorkflowDispatchEvent(ref=reader.branch("/ref"))


def _workflow_run(reader: PayloadReader) -> WorkflowRunEvent:
    owner = reader.look("/workflow_run/head_repository/owner/login")
    conclusion = reader.look("/workflow_run/conclusion")
    return WorkflowRunEvent(
        run_id=reader.number("/workflow_run/id"),
        run_attempt=reader.number("/workflow_run/run_attempt"),
        triggered_by=reader.text("/workflow_run/event"),
        conclusion=None if conclusion is None else reader.text("/workflow_run/conclusion"),
        head_branch=reader.branch("/workflow_run/head_branch"),
        head_commit=reader.commit("/workflow_run/head_sha"),
        head_owner=None if owner is None else reader.text("/workflow_run/head_repository/owner/login"),
        from_fork=_other_repository(reader, "/workflow_run/head_repository/id", "/repository/id"),
    )


PARSERS: dict[str, Callable[[PayloadReader], Any]] = {
    "pull_request": _pull_request,
    "merge_group": _merge_group,
    "push": _push,
    "workflow_dispatch": _workflow_dispatch,
    "workflow_run": _workflow_run,
}
