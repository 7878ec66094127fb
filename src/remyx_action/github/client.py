"""The one door to GitHub: reads are asked again, writes never blindly, limits are waited for in bounds."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from .trouble import Trouble, TroubleKind, trouble_of_answer

if TYPE_CHECKING:
    from github import GithubException
    from github.Repository import Repository
    from github.Requester import Requester


POSTPONED = frozenset({"github", "jwt", "nacl"})
"""PyGithub's own, and what it needs for an App's key and for secrets."""


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == "github" or fullname.partition(".")[0] not in POSTPONED:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


def postpone() -> None:
    """Postpone the modules from here on; without bytecode a start takes a fifth less processor time."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


T = TypeVar("T")

API_VERSION = "2022-11-28"
TIMEOUT_SECONDS = 15
"""For a connection, and for each part of an answer."""
WHOLE_SECONDS = 60.0
"""For a call with all of its answers, however slowly they drip in."""
LONGEST_WAIT_SECONDS = 120.0
"""For all rate limits of one process together."""
READS_REPEATED = 4
"""Second attempts of one process together, so that a GitHub that is down costs a minute, not the job."""
PAUSE_SECONDS = 2.0
"""Before asking again after an answer without a result."""
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
    """The token only reads; a refusal gets another message."""
    app: str | None = None
    """Slug of the app that the token belongs to; None: not known yet, or a person's token."""
    timeout_seconds: int = TIMEOUT_SECONDS
    whole_seconds: float = WHOLE_SECONDS


def text_in(value: str | None) -> str:
    """The text of a field; PyGithub makes None of every field that an answer of another shape lacks."""
    if not isinstance(value, str):
        raise TypeError("the answer lacks a text")
    return value


def number_in(value: int | None) -> int:
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
        self._connection = connection
        self.name = connection.repository
        """`owner/name`."""
        self._connect()
        self._may_be_renamed = True
        self.app = connection.app
        self.is_of_an_app = connection.app is not None or connection.token.startswith("ghs_")
        self.from_fork = connection.from_fork
        self._clock = clock
        self._sleep = sleep
        self._patience_seconds = LONGEST_WAIT_SECONDS
        self._reads_left = READS_REPEATED

    def _connect(self) -> None:
        postpone()
        from github import Auth, Github

        connection = self._connection
        self._github = Github(
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
        self._repository = self._github.get_repo(self.name)
        self.requester: Requester = self._github.requester
        """For what PyGithub has no words for."""

    def read(self, ask: Callable[[Repository], T]) -> T:
        """Carry out an asking that changes nothing, again where GitHub was out of reach."""
        while True:
            try:
                return self._attempt(ask)
            except Trouble as trouble:
                if trouble.kind is TroubleKind.UNREACHABLE and self._reads_left:
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

    def get(self, path: str, parse: Callable[[Any], T], **query: Any) -> T:
        """What `parse` makes of a JSON answer that PyGithub has no words for; `path` below the repository."""

        return self.get_anywhere(f"/repos/{self.name}{path}", parse, **query)

    def get_anywhere(self, path: str, parse: Callable[[Any], T], **query: Any) -> T:
        """The same of a path below the server's root."""

        def ask(_: Repository) -> T:
            _headers, answer = self.requester.requestJsonAndCheck("GET", path, parameters=query or None)
            return parse(answer)

        return self.read(ask)

    def send(self, verb: str, path: str, body: Any, parse: Callable[[Any], T]) -> T:
        """Carry out a change that PyGithub has no words for; `path` below the repository."""

        def tell(_: Repository) -> T:
            _headers, answer = self.requester.requestJsonAndCheck(
                verb, f"/repos/{self.name}{path}", input=body
            )
            return parse(answer)

        return self.write(tell)

    def login(self) -> str:
        """Return the login under which the token writes; an app's token cannot ask for its own."""
        if self.is_of_an_app:
            return f"{self.app or 'github-actions'}[bot]"
        try:
            return self.read(lambda _: self._github.get_user().login)
        except Trouble as trouble:
            if trouble.kind is not TroubleKind.NOT_PERMITTED:
                raise
            return "github-actions[bot]"

    def pause(self) -> None:
        self._sleep(PAUSE_SECONDS)

    def _wait_for_limit(self, trouble: Trouble) -> None:
        wait = trouble.wait_seconds
        if trouble.kind is not TroubleKind.RATE_LIMITED or wait is None or wait > self._patience_seconds:
            raise trouble
        self._patience_seconds -= wait
        self._sleep(wait)

    def _attempt(self, act: Callable[[Repository], T]) -> T:
        from github import BadAttributeException, GithubException
        from requests import RequestException

        try:
            return _in_time(lambda: act(self._repository), self._connection.whole_seconds)
        except _TooSlowError as slow:
            self._connect()  # whoever waits on the old connection keeps it
            raise Trouble(TroubleKind.UNREACHABLE, "GitHub did not answer in time") from slow
        except GithubException as answer:
            raise self._trouble_of(answer) from answer
        except RequestException as failure:
            raise Trouble(
                TroubleKind.UNREACHABLE, f"GitHub did not answer ({type(failure).__name__})"
            ) from failure
        except (BadAttributeException, *UNREADABLE) as surprise:
            if self._follow_rename():
                return self._attempt(act)
            raise Trouble(TroubleKind.UNREACHABLE, "GitHub's answer could not be read") from surprise

    def _follow_rename(self) -> bool:
        """Return whether the repository has another name now, which is then used.

        A write to the old name is answered with a redirection (307) that PyGithub does not follow, and was
        not carried out; a read is redirected (301) to its new place.
        """
        if not self._may_be_renamed:
            return False
        self._may_be_renamed = False
        from github import GithubException
        from requests import RequestException

        try:
            _headers, answer = self.requester.requestJsonAndCheck("GET", f"/repos/{self.name}")
            name = text_in(answer["full_name"])
        except (GithubException, RequestException, *UNREADABLE):
            return False
        if name.casefold() == self.name.casefold():
            return False
        self.name = name
        self._repository = self._github.get_repo(name)
        return True

    def _trouble_of(self, answer: GithubException) -> Trouble:
        data = answer.data if isinstance(answer.data, dict) else {}
        headers = {name.lower(): str(value) for name, value in (answer.headers or {}).items()}
        message = str(data.get("message") or answer.message or "")
        reasons = [each.get("message") for each in data.get("errors") or [] if isinstance(each, dict)]
        message = "; ".join([message, *(reason for reason in reasons if isinstance(reason, str))])
        return trouble_of_answer(answer.status, message, headers, now=self._clock())


class _TooSlowError(Exception):
    """A call was not over in time."""


def _in_time(call: Callable[[], T], seconds: float) -> T:
    """Return what a call returns, or raise what it raises; _TooSlowError where it takes longer.

    A client's own timeout starts anew with every byte, so the call is waited for in a thread, and left there.
    """
    ended: list[Callable[[], T]] = []

    def carry_out() -> None:
        try:
            value = call()
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            ended.append(partial(_raise, error))
        else:
            ended.append(lambda: value)

    thread = threading.Thread(target=carry_out, daemon=True)
    thread.start()
    thread.join(seconds)
    if not ended:
        raise _TooSlowError
    return ended[0]()


def _raise(error: BaseException) -> NoReturn:
    raise error
