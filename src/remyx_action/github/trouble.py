"""How a request to GitHub can fail, and the advice for each way: outcomes are values, not tracebacks.

How limits and refusals are distinguished:
https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from msgspec import Struct

Permission = Literal[
    "pull-requests: write",
    "checks: write",
    "contents: write",
    "pull-requests: read",
    "contents: read",
    "checks: read",
]
"""A line under `permissions:` in a workflow file."""


SUMMARY_HAS_IT = "the verdict is in the job's summary and exit code"
UNSAID_WAIT_SECONDS = 60.0
"""Of a secondary limit without a time: GitHub asks for at least a minute then."""


class TroubleKind(StrEnum):
    BAD_TOKEN = "bad_token"  # noqa: S105 - a word, not a secret
    NOT_PERMITTED = "not_permitted"
    FORBIDDEN = "forbidden"
    """No permission would help: the conversation is locked, the repository archived, the network fenced."""
    GONE = "gone"
    UNPROCESSABLE = "unprocessable"
    RATE_LIMITED = "rate_limited"
    UNREACHABLE = "unreachable"
    """No answer, or one that does not say whether a write was carried out."""
    REFUSED = "refused"


class Trouble(Exception):
    """One request did not get what it asked for."""

    def __init__(self, kind: TroubleKind, detail: str, *, wait_seconds: float | None = None) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.wait_seconds = wait_seconds
        """Of a rate limit: when GitHub wants to be asked again."""


class Posted(Struct, frozen=True, kw_only=True):
    url: str


class NotPosted(Struct, frozen=True, kw_only=True):
    reason: str
    """One line, lower case."""
    next_step: str
    """What to do; may hold the lines to add to a workflow."""


class NotRead(Struct, frozen=True, kw_only=True):
    reason: str
    next_step: str


class Superseded(Struct, frozen=True, kw_only=True):
    """Something newer was posted, or will be; an old run leaves it alone."""

    by: str
    """The newer commit or run."""


class LeftAlone(Struct, frozen=True, kw_only=True):
    why: str


def trouble_of_answer(status: int, message: str, headers: Mapping[str, str], *, now: float) -> Trouble:
    """Tell one refusing answer's kind; `headers` in lower case, `now` in seconds since 1970."""
    detail = f"GitHub answered {status}: {_plain(message) or 'no message'}"
    if status in {403, 429} and _is_rate_limit(status, message, headers):
        return Trouble(TroubleKind.RATE_LIMITED, detail, wait_seconds=_wait_seconds(headers, now))
    if status == 403 and re.search(r"locked|archived|SAML|IP allow list|blocked", message):
        return Trouble(TroubleKind.FORBIDDEN, detail)
    if status == 403:
        accepted = _plain(headers.get("x-accepted-github-permissions", ""))
        return Trouble(TroubleKind.NOT_PERMITTED, f"{detail} (it wants {accepted})" if accepted else detail)
    kinds = {
        401: TroubleKind.BAD_TOKEN,
        404: TroubleKind.GONE,
        410: TroubleKind.GONE,
        422: TroubleKind.UNPROCESSABLE,
    }
    if status in kinds:
        return Trouble(kinds[status], detail)
    return Trouble(TroubleKind.UNREACHABLE if status >= 500 or status < 300 else TroubleKind.REFUSED, detail)


def _plain(text: str) -> str:
    """One short line without control and direction characters: a proxy may answer in GitHub's place."""
    visible = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(visible.split())[:200]


def _is_rate_limit(status: int, message: str, headers: Mapping[str, str]) -> bool:
    return (
        status == 429
        or "retry-after" in headers
        or headers.get("x-ratelimit-remaining") == "0"
        or "rate limit" in message.lower()
    )


def _wait_seconds(headers: Mapping[str, str], now: float) -> float:
    """GitHub's order: Retry-After, then the reset of the spent limit, else a minute."""
    after, reset = headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")
    if after.isdecimal():
        return max(1.0, float(after))
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(1.0, float(reset) - now + 1.0)
    return UNSAID_WAIT_SECONDS


def next_step(trouble: Trouble, permission: Permission, *, from_fork: bool) -> str:
    """What a person can do about it, with the exact line to add."""
    lines = f"permissions:\n  {permission}"
    write = permission.endswith("write")
    if trouble.kind is TroubleKind.NOT_PERMITTED and from_fork and write:
        return (
            "the token of a pull request from a fork only reads: the job's summary and exit code carry the "
            "verdict; a second workflow on `workflow_run` can publish it"
        )
    if (
        trouble.kind is TroubleKind.NOT_PERMITTED
        and permission == "checks: write"
        and _wants_an_app(trouble.detail)
    ):
        return (
            "only a GitHub App can post checks, a personal token cannot: pass `token: ${{ github.token }}`, "
            f"or an App's token, and to its job:\n{lines}"
        )
    if trouble.kind is TroubleKind.RATE_LIMITED:
        return f"run the job again in {trouble.wait_seconds or 0:.0f} s: {SUMMARY_HAS_IT}"
    steps = {
        TroubleKind.NOT_PERMITTED: f"add to the job in the workflow file:\n{lines}",
        TroubleKind.FORBIDDEN: f"ask an owner of the repository: {SUMMARY_HAS_IT}",
        TroubleKind.BAD_TOKEN: "pass `token: ${{ github.token }}` to the action, and to its job:\n" + lines,
        TroubleKind.GONE: "nothing, if it was deleted; else add to the job in the workflow file:\n" + lines,
        TroubleKind.UNREACHABLE: f"run the job again: {SUMMARY_HAS_IT}",
    }
    return steps.get(trouble.kind, "read the report in the job's summary, and file this answer as a defect")


def _wants_an_app(detail: str) -> bool:
    return "GitHub App" in detail or "personal access token" in detail


def not_posted(
    what: str, trouble: Trouble, permission: Permission, *, from_fork: bool, written: bool = True
) -> NotPosted:
    """`written`: the trouble came with a write, which may have been carried out all the same."""
    known = f"the {what} was not posted"
    if written and trouble.kind is TroubleKind.UNREACHABLE:
        known = f"it is not known whether the {what} was posted"
    return NotPosted(
        reason=f"{known}: {trouble.detail}",
        next_step=next_step(trouble, permission, from_fork=from_fork),
    )


def not_read(what: str, trouble: Trouble, permission: Permission) -> NotRead:
    return NotRead(
        reason=f"the {what} could not be read: {trouble.detail}",
        next_step=next_step(trouble, permission, from_fork=False),
    )
