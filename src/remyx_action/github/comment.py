"""The one comment of a pull request: found by marker and author, updated in place, never over newer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from .client import Client, numbered, said
from .events import Commit
from .trouble import Kind, LeftAlone, NotPosted, Posted, Superseded, Trouble, not_posted

if TYPE_CHECKING:
    from github.Repository import Repository


PATTERN = re.compile(
    r"<!-- remyx-verdict/1 scope=([0-9a-f]{12}) head=([0-9a-f]{40}|[0-9a-f]{64})"
    r" run=([1-9][0-9]{0,18})/([1-9][0-9]{0,9}) word=([a-z-]{1,32}) -->"
)
"""Only ever looked for as a body's last line: quoted or pasted anywhere else it means nothing."""


class Marker(Struct, frozen=True, kw_only=True):
    scope: str
    """The working directory, so that two projects in one repository keep a comment each."""
    head: Commit
    run_id: int
    run_attempt: int
    word: str
    """The verdict in one word, such as `ship` or `not-judged`."""

    @property
    def order(self) -> tuple[int, int]:
        """Later runs have larger ids, and reruns larger attempts."""
        return self.run_id, self.run_attempt

    def line(self) -> str:
        return (
            f"<!-- remyx-verdict/1 scope={scope_digest(self.scope)} head={self.head}"
            f" run={self.run_id}/{self.run_attempt} word={self.word} -->"
        )


def scope_digest(scope: str) -> str:
    return hashlib.sha256(scope.encode()).hexdigest()[:12]


def with_marker(body: str, marker: Marker) -> str:
    """The body as it is sent; what no server can store becomes U+FFFD."""
    sendable = re.sub(r"[\x00\ud800-\udfff]", "\ufffd", body)
    return f"{sendable.rstrip()}\n\n{marker.line()}\n"


def marker_of(body: str, scope: str) -> Marker | None:
    """The marker that ends a comment of this scope, None where there is none or another's."""
    lines = body.rstrip().splitlines()
    match = PATTERN.fullmatch(lines[-1].strip()) if lines else None
    if match is None or match[1] != scope_digest(scope):
        return None
    return Marker(
        scope=scope, head=Commit(match[2]), run_id=int(match[3]), run_attempt=int(match[4]), word=match[5]
    )


CommentMode = Literal["always", "on-change", "on-block", "never"]
Outcome = Posted | NotPosted | Superseded | LeftAlone

LONGEST_CHARACTERS = 65_536
ATTEMPTS = 3
"""At writing, each after another look at what stands there."""
TOO_LONG = Trouble(Kind.UNPROCESSABLE, "every rendering is longer than GitHub's 65,536 characters")


class Draft(Struct, frozen=True, kw_only=True):
    """What the comment shall say."""

    marker: Marker
    renderings: Sequence[str]
    """Longest first; each later one leaves more out and says so."""
    blocks: bool
    """The check's conclusion is failure."""


class Ours(Struct, frozen=True, kw_only=True):
    """One comment that carries our marker and was written with our token."""

    id: int
    url: str
    body: str
    marker: Marker


class Thread(Struct, frozen=True, kw_only=True):
    """What was found on one pull request."""

    number: int
    scope: str
    author: str
    ours: tuple[Ours, ...]
    """Oldest first; more than one only after trouble."""


class _Written(Struct, frozen=True, kw_only=True):
    id: int
    url: str
    author: str
    body: str


def look(client: Client, number: int, scope: str) -> Thread | NotPosted:
    """Find our comment on every page: two requests, and one more per further hundred comments."""
    try:
        return _look(client, number, scope, client.login())
    except Trouble as trouble:
        return _not_posted(client, trouble, written=False)


def post(
    client: Client, thread: Thread, draft: Draft, *, current_head: Commit | None, mode: CommentMode
) -> Outcome:
    """Write, update or leave the comment: one request, more only after trouble.

    `current_head` is the pull request's head as just read, None where that failed.
    """
    try:
        return _post(client, thread, draft, current_head, mode)
    except Trouble as trouble:
        return _not_posted(client, trouble, written=True)


def decide(
    thread: Thread, draft: Draft, current_head: Commit | None, mode: CommentMode
) -> Ours | Superseded | LeftAlone | None:
    """The comment to update; None: create one."""
    if current_head not in {None, draft.marker.head}:
        return Superseded(by=f"commit {current_head}")
    last = max(thread.ours, key=lambda each: each.marker.order, default=None)
    if last is not None and _is_newer(last.marker, draft.marker, current_head):
        return Superseded(by=f"run {last.marker.run_id}, attempt {last.marker.run_attempt}")
    if mode == "never":
        return LeftAlone(why="the workflow says `comment: never`")
    if last is None:
        quiet = mode == "on-block" and not draft.blocks
        return LeftAlone(why="nothing blocks and the workflow says `comment: on-block`") if quiet else None
    if mode == "on-change" and last.marker.word == draft.marker.word:
        return LeftAlone(
            why=f"the verdict is still {last.marker.word} and the workflow says `comment: on-change`"
        )
    return thread.ours[0]


def _is_newer(there: Marker, here: Marker, current_head: Commit | None) -> bool:
    """A marker for another head is old once the head was read; else the run's number decides."""
    if current_head is not None and there.head != current_head:
        return False
    return there.order > here.order


def _post(
    client: Client, thread: Thread, draft: Draft, current_head: Commit | None, mode: CommentMode
) -> Outcome:
    bodies = [with_marker(text, draft.marker) for text in draft.renderings]
    bodies = [body for body in bodies if len(body) <= LONGEST_CHARACTERS]
    trouble, attempts = TOO_LONG, 0
    while True:
        target = decide(thread, draft, current_head, mode)
        if isinstance(target, Superseded | LeftAlone):
            return target
        if bodies and target is not None and _same(target.body, bodies[0]):
            return _settled(client, thread, target)
        if not bodies or attempts == ATTEMPTS:
            raise trouble
        try:
            written = _write(client, thread.number, target, bodies[0])
        except Trouble as failure:
            trouble = failure
        else:
            surprising = attempts > 0 or len(thread.ours) > 1 or written.author != thread.author
            posted = Posted(url=written.url)
            return _tidied(client, thread, draft, written) if surprising else posted
        if trouble.kind is Kind.UNPROCESSABLE:
            bodies = bodies[1:]
            continue
        if trouble.kind is not Kind.UNREACHABLE and not (trouble.kind is Kind.GONE and target):
            raise trouble
        attempts += 1
        client.pause()
        thread = _look(client, thread.number, thread.scope, thread.author)


def _same(one: str, other: str) -> bool:
    return one.split() == other.split()


def _write(client: Client, number: int, target: Ours | None, body: str) -> _Written:
    """Create or edit; what cannot be read in the answer counts as no answer."""

    def tell(repository: Repository) -> _Written:
        issue = repository.get_issue(number)
        if target is None:
            comment = issue.create_comment(body)
        else:
            comment = issue.get_comment(target.id)
            comment.edit(body)
        author = said(comment.user.login)
        return _Written(id=numbered(comment.id), url=said(comment.html_url), author=author, body=body)

    return client.write(tell)


def _tidied(client: Client, thread: Thread, draft: Draft, written: _Written) -> Outcome:
    """Look once more where an earlier write may have landed late, or an app's token has another name."""
    try:
        seen = _look(client, thread.number, thread.scope, written.author)
        others = tuple(each for each in seen.ours if each.id != written.id)
        kept = decide(replace(seen, ours=others), draft, None, "always")
        if kept is None:
            return Posted(url=written.url)
        if isinstance(kept, Ours) and kept.id > written.id:
            kept = {each.id: each for each in seen.ours}.get(written.id, kept)
        if isinstance(kept, Superseded | LeftAlone):
            _delete(client, thread.number, written.id)
            return kept
        if not _same(kept.body, written.body):
            _write(client, thread.number, kept, written.body)
        return _settled(client, seen, kept)
    except Trouble:
        return Posted(url=written.url)  # it stands there; the next update clears what is left over


def _settled(client: Client, thread: Thread, kept: Ours) -> Posted:
    """Delete every comment of ours but the one that was kept."""
    for each in thread.ours:
        if each.id != kept.id:
            _delete(client, thread.number, each.id)
    return Posted(url=kept.url)


def _delete(client: Client, number: int, identity: int) -> None:
    try:
        client.write(lambda repository: repository.get_issue(number).get_comment(identity).delete())
    except Trouble:
        return  # the next update deletes it


def _look(client: Client, number: int, scope: str, author: str) -> Thread:
    def ask(repository: Repository) -> list[Ours]:
        return [
            Ours(id=numbered(each.id), url=said(each.html_url), body=each.body, marker=marker)
            for each in repository.get_issue(number).get_comments()
            if each.user is not None
            and each.user.login == author
            and (marker := marker_of(each.body or "", scope)) is not None
        ]

    ours = sorted(client.read(ask), key=lambda each: each.id)
    return Thread(number=number, scope=scope, author=author, ours=tuple(ours))


def _not_posted(client: Client, trouble: Trouble, *, written: bool) -> NotPosted:
    return not_posted("comment", trouble, "pull-requests: write", from_fork=client.from_fork, written=written)
