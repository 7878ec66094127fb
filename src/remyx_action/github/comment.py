"""The comment of a pull request: found by marker and author, updated in place, never over a newer one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from .client import Client, number_in, text_in
from .events import Commit
from .marks import Marker, Scope, with_marker, without_marker
from .trouble import LeftAlone, NotPosted, Posted, Superseded, Trouble, TroubleKind, not_posted

if TYPE_CHECKING:
    from github.Repository import Repository

    from remyx_action.policy.looks import Look


CommentMode = Literal["always", "on-change", "on-block", "never"]
Posting = Posted | NotPosted | Superseded | LeftAlone

LONGEST_CHARACTERS = 65_536
ATTEMPTS = 3
"""Attempts to write, each after reading the comments again."""
TOO_LONG = Trouble(TroubleKind.UNPROCESSABLE, "every rendering is longer than GitHub's 65,536 characters")


class CommentDraft(Struct, frozen=True, kw_only=True):
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
    """Our comments on one pull request."""

    number: int
    scope: Scope
    author: str
    ours: tuple[Ours, ...]
    """Of the scope, oldest first; more than one only after trouble."""
    looks: Mapping[str, Sequence[Look]] = field(default_factory=dict)
    """By the key of folder and policy: what the markers of all our comments say, whatever their scope."""


class _Written(Struct, frozen=True, kw_only=True):
    id: int
    url: str
    author: str
    body: str


def find_comments(client: Client, number: int, scope: Scope) -> Thread | NotPosted:
    """Find our comment on every page: one request per hundred comments, and one for an unknown login."""
    try:
        return _find(client, number, scope, client.login())
    except Trouble as trouble:
        return not_posted(
            "comment", trouble, "pull-requests: write", from_fork=client.from_fork, written=False
        )


def post(
    client: Client, thread: Thread, draft: CommentDraft, *, current_head: Commit | None, mode: CommentMode
) -> Posting:
    """Write, update or leave the comment: one request, more only after trouble.

    `current_head` is the pull request's head as just read, None where that failed.
    """
    try:
        return _post(client, thread, draft, current_head, mode)
    except Trouble as trouble:
        return not_posted("comment", trouble, "pull-requests: write", from_fork=client.from_fork)


def decide(
    thread: Thread, draft: CommentDraft, current_head: Commit | None, mode: CommentMode
) -> Ours | Superseded | LeftAlone | None:
    """Return the comment to update; None: create one."""
    last = max(thread.ours, key=lambda each: each.marker.order, default=None)
    if last is not None and last.marker.order > draft.marker.order:
        return Superseded(by=str(last.marker.order))
    if current_head not in {None, draft.marker.head}:
        return Superseded(by=f"commit {current_head}")
    if mode == "never":
        return LeftAlone(why="the workflow says `comment: never`")
    if last is None:
        quiet = mode == "on-block" and not draft.blocks
        return LeftAlone(why="nothing blocks and the workflow says `comment: on-block`") if quiet else None
    return thread.ours[0]


def _post(
    client: Client, thread: Thread, draft: CommentDraft, current_head: Commit | None, mode: CommentMode
) -> Posting:
    trouble, attempts, refused = TOO_LONG, 0, 0
    while True:
        target = decide(thread, draft, current_head, mode)
        if isinstance(target, Superseded | LeftAlone):
            return target
        body = next(islice(_bodies(draft, target, mode), refused, None), None)
        if body is not None and target is not None and _same(target.body, body):
            return _settled(client, thread, target)
        if body is None or attempts == ATTEMPTS:
            raise trouble
        try:
            written = _write(client, thread.number, target, body)
        except Trouble as failure:
            trouble = failure
        else:
            surprising = attempts > 0 or len(thread.ours) > 1 or written.author != thread.author
            posted = Posted(url=written.url)
            return _tidied(client, thread, draft, written) if surprising else posted
        if trouble.kind is TroubleKind.UNPROCESSABLE:
            refused += 1
            continue
        if trouble.kind is not TroubleKind.UNREACHABLE and not (trouble.kind is TroubleKind.GONE and target):
            raise trouble
        attempts += 1
        client.pause()
        thread = _find(client, thread.number, thread.scope, thread.author)


def _bodies(draft: CommentDraft, target: Ours | None, mode: CommentMode) -> Iterator[str]:
    """Yield what may be written, longest first; `on-change` leaves the text of an unchanged verdict alone.

    The marker is written in any case: it counts the looks.
    """
    unchanged = target is not None and mode == "on-change" and target.marker.word == draft.marker.word
    texts = [without_marker(target.body)] if target is not None and unchanged else draft.renderings
    bodies = (with_marker(text, draft.marker) for text in texts)
    return (body for body in bodies if len(body) <= LONGEST_CHARACTERS)


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
        author = text_in(comment.user.login)
        return _Written(id=number_in(comment.id), url=text_in(comment.html_url), author=author, body=body)

    return client.write(tell)


def _tidied(client: Client, thread: Thread, draft: CommentDraft, written: _Written) -> Posting:
    """Look once more where an earlier write may have landed late, or an app's token has another name."""
    try:
        seen = _find(client, thread.number, thread.scope, written.author)
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
        return Posted(url=written.url)  # it is written; the next update clears what is left over


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


def _find(client: Client, number: int, scope: Scope, author: str) -> Thread:
    def ask(repository: Repository) -> list[Ours]:
        return [
            Ours(id=number_in(each.id), url=text_in(each.html_url), body=each.body, marker=marker)
            for each in repository.get_issue(number).get_comments()
            if each.user is not None
            and each.user.login == author
            and (marker := Marker.read(each.body or "")) is not None
        ]

    every = sorted(client.read(ask), key=lambda each: each.id)
    ours = tuple(each for each in every if each.marker.scope == scope)
    return Thread(
        number=number, scope=scope, author=author, ours=ours, looks=_looks(each.marker for each in every)
    )


def _looks(markers: Iterable[Marker]) -> dict[str, list[Look]]:
    """Return every look once, in the order in which the markers were written."""
    looks: dict[str, dict[str, Look]] = {}
    for marker in sorted(markers, key=lambda each: each.order):
        for key, several in marker.looks.items():
            known = looks.setdefault(key, {})
            known.update({look.id: look for look in several if look.id not in known})
    return {key: list(known.values()) for key, known in looks.items()}
