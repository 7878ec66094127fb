"""The one door to GitHub: reads are asked again, writes never blindly, limits are waited for in bounds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from .trouble import Kind, Trouble, trouble_of_answer

if TYPE_CHECKING:
    from github import GithubException
    from github.Repository import Repository
    from github.Requester import Requester

T = TypeVar("T")

API_VERSION = "2022-11-28"
TIMEOUT_SECONDS = 15
LONGEST_WAIT_SECONDS = 30.0
"""For all rate limits of one process together."""
READS_REPEATED = 4
"""Second attempts of one process together, so that a GitHub that is down costs a minute, not the job."""
PAUSE_SECONDS = 2.0
"""Before asking again after an answer that said nothing."""
UNREADABLE = (AssertionError, AttributeError, KeyError, RuntimeError, TypeError, ValueError)
"""What PyGithub raises, here or there, of an answer or a redirection that it did not expect."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Whom to talk to, and as whom."""

    api_url: str
    repository: str
    """`owner/name`."""
    token: str = field(repr=False)
    from_fork: bool = False
    """The token only reads; a refusal is said in other words."""
    timeout_seconds: int = TIMEOUT_SECONDS


def said(value: str | None) -> str:
    """The text of a field; PyGithub makes None of every field that an answer of another shape lacks."""
    if not isinstance(value, str):
        raise TypeError("the answer lacks a text")
    return value


def numbered(value: int | None) -> int:
    """The same for a whole number."""
    if not isinstance(value, int):
        raise TypeError("the answer lacks a number")
    return value


class Client:
    """One repository on one server; made once a process.

    `read` and `write` raise Trouble; the callers in this folder turn it into outcomes.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        from github import Auth, Github

        github = Github(
            auth=Auth.Token(connection.token),
            base_url=connection.api_url,
            timeout=connection.timeout_seconds,
            user_agent="remyx-action",
            per_page=100,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
            lazy=True,
            api_version=API_VERSION,
        )
        self._name = connection.repository
        self._repository = github.get_repo(connection.repository)
        self.requester: Requester = github.requester
        """For what PyGithub has no words for."""
        self.from_fork = connection.from_fork
        self._github = github
        self._clock = clock
        self._sleep = sleep
        self._patience_seconds = LONGEST_WAIT_SECONDS
        self._reads_left = READS_REPEATED

    def read(self, ask: Callable[[Repository], T]) -> T:
        """Carry out an asking that changes nothing, again where GitHub was out of reach."""
        while True:
            try:
                return self._attempt(ask)
            except Trouble as trouble:
                if trouble.kind is Kind.UNREACHABLE and self._reads_left:
                    self._reads_left -= 1
                    self.pause()
                else:
                    self._wait_for_limit(trouble)

    def write(self, tell: Callable[[Repository], T]) -> T:
        """Carry out a change once; only a rate limit, which refuses before anything happened, is repeated."""
        while True:
            try:
                return self._attempt(tell)
            except Trouble as trouble:
                self._wait_for_limit(trouble)

    def get(self, path: str, told: Callable[[Any], T], **query: Any) -> T:
        """What `told` makes of a JSON answer that PyGithub has no words for; `path` below the repository."""

        def ask(_: Repository) -> T:
            _headers, answer = self.requester.requestJsonAndCheck(
                "GET", f"/repos/{self._name}{path}", parameters=query or None
            )
            return told(answer)

        return self.read(ask)

    def login(self) -> str:
        """The token's own login; a workflow's token may not ask, and is GitHub Actions' own."""
        try:
            return self.read(lambda _: self._github.get_user().login)
        except Trouble as trouble:
            if trouble.kind is not Kind.NOT_PERMITTED:
                raise
            return "github-actions[bot]"

    def pause(self) -> None:
        self._sleep(PAUSE_SECONDS)

    def _wait_for_limit(self, trouble: Trouble) -> None:
        wait = trouble.wait_seconds
        if trouble.kind is not Kind.RATE_LIMITED or wait is None or wait > self._patience_seconds:
            raise trouble
        self._patience_seconds -= wait
        self._sleep(wait)

    def _attempt(self, act: Callable[[Repository], T]) -> T:
        from github import BadAttributeException, GithubException
        from requests import RequestException

        try:
            return act(self._repository)
        except GithubException as answer:
            raise self._trouble_of(answer) from answer
        except RequestException as failure:
            raise Trouble(Kind.UNREACHABLE, f"GitHub did not answer ({type(failure).__name__})") from failure
        except (BadAttributeException, *UNREADABLE) as surprise:
            raise Trouble(Kind.UNREACHABLE, "GitHub's answer could not be read") from surprise

    def _trouble_of(self, answer: GithubException) -> Trouble:
        data = answer.data if isinstance(answer.data, dict) else {}
        headers = {name.lower(): str(value) for name, value in (answer.headers or {}).items()}
        message = str(data.get("message") or answer.message or "")
        reasons = [each.get("message") for each in data.get("errors") or [] if isinstance(each, dict)]
        message = "; ".join([message, *(reason for reason in reasons if isinstance(reason, str))])
        return trouble_of_answer(answer.status, message, headers, now=self._clock())
