"""What a posted check and comment carry, so that later runs recognise them: whose, of which run, which looks.

Everything here may be forged by whoever can post as the same app, so it is read strictly and only decides
what is overwritten and how many looks there were; nothing is concluded from it about a verdict.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote

from msgspec import Struct, field

from .events import Commit

if TYPE_CHECKING:
    from remyx_action.policy.looks import Look

MOST_LOOKS = 50
"""In one comment's marker, of all its policies together; the oldest are left out."""


class Order(NamedTuple):
    """Which of two runs is newer: later runs have larger ids, and re-runs larger attempts."""

    run_id: int
    attempt: int

    def __str__(self) -> str:
        return f"run {self.run_id}, attempt {self.attempt}"


class Scope(NamedTuple):
    """What one comment is about: two projects, or two workflows with a policy each, have a comment each."""

    folder: str
    """The project's; "" is the root."""
    policy: str | None
    """The one that the workflow asks for; None: all of them."""


_EXTERNAL_ID = re.compile(
    r"remyx/2 ([1-9][0-9]{0,18})\.([1-9][0-9]{0,9}) ([0-9a-f]{40}|[0-9a-f]{64})"
    r" ([0-9a-f]{16}|-) ([0-9a-f]{12})"
)


class ExternalId(Struct, frozen=True, kw_only=True):
    """The text of a check's `external_id`."""

    order: Order
    base: Commit
    """The base branch's commit that was judged by."""
    key: str
    look: str | None = None
    """None until the check is closed, and where nothing was measured."""

    def __str__(self) -> str:
        run, attempt = self.order
        return f"remyx/2 {run}.{attempt} {self.base} {self.look or '-'} {self.key}"

    @classmethod
    def read(cls, text: str | None) -> ExternalId | None:
        """Return what an `external_id` says, or None where it is none of ours."""
        match = _EXTERNAL_ID.fullmatch(text or "")
        if match is None:
            return None
        return cls(
            order=Order(int(match[1]), int(match[2])),
            base=Commit(match[3]),
            look=None if match[4] == "-" else match[4],
            key=match[5],
        )


_MARKER = re.compile(
    r"<!-- remyx-verdict/2 folder=(\S*) policy=(\S+) head=([0-9a-f]{40}|[0-9a-f]{64})"
    r" run=([1-9][0-9]{0,18})\.([1-9][0-9]{0,9}) word=([a-z-]{1,32}) looks=(\S*) -->"
)
_LOOK = re.compile(r"([0-9a-f]{16}):(ship|reject|iterate|):([-+0-9.]{0,40})")


class Marker(Struct, frozen=True, kw_only=True):
    """The last line of our comment; quoted or pasted anywhere else it means nothing."""

    scope: Scope
    head: Commit
    order: Order
    word: str
    """The verdict in one word, such as `ship` or `not-judged`."""
    looks: Mapping[str, Sequence[Look]] = field(default_factory=dict)
    """By the key of folder and policy, oldest first."""

    def line(self) -> str:
        folder, policy = self.scope
        policy = "*" if policy is None else _quoted(policy)
        return (
            f"<!-- remyx-verdict/2 folder={_quoted(folder)} policy={policy} head={self.head}"
            f" run={self.order.run_id}.{self.order.attempt} word={self.word}"
            f" looks={_looks_as_text(self.looks)} -->"
        )

    @classmethod
    def read(cls, body: str) -> Marker | None:
        """Return the marker that ends a comment, or None where there is none."""
        lines = body.rstrip().splitlines()
        match = _MARKER.fullmatch(lines[-1].strip()) if lines else None
        if match is None:
            return None
        return cls(
            scope=Scope(unquote(match[1]), None if match[2] == "*" else unquote(match[2])),
            head=Commit(match[3]),
            order=Order(int(match[4]), int(match[5])),
            word=match[6],
            looks=_looks_in(match[7]),
        )


def with_marker(body: str, marker: Marker) -> str:
    """Return the body as it is sent; what no server can store becomes U+FFFD."""
    sendable = re.sub(r"[\x00\ud800-\udfff]", "\ufffd", body)
    return f"{sendable.rstrip()}\n\n{marker.line()}\n"


def without_marker(body: str) -> str:
    """Return the text of a comment that ends with a marker."""
    return body.rstrip().rpartition("\n")[0].rstrip()


def _quoted(text: str) -> str:
    """Percent-encoded, dashes too: two of them would end the HTML comment in some readers."""
    return quote(text, safe="/").replace("-", "%2D").replace("*", "%2A")


def _looks_as_text(looks: Mapping[str, Sequence[Look]]) -> str:
    """`key=look:verdict:delta,…;key=…`, the newest MOST_LOOKS of them."""
    most = max(1, MOST_LOOKS // max(1, len(looks)))
    groups = {
        key: ",".join(f"{look.id}:{look.verdict or ''}:{look.delta or ''}" for look in several[-most:])
        for key, several in looks.items()
    }
    return ";".join(f"{key}={entries}" for key, entries in groups.items())


def _looks_in(text: str) -> dict[str, list[Look]]:
    """What cannot be read is left out."""
    from remyx_action.policy.looks import Look  # loads pydantic, which `open` does not need

    looks: dict[str, list[Look]] = {}
    for group in text.split(";"):
        key, _, entries = group.partition("=")
        found = [_LOOK.fullmatch(entry) for entry in entries.split(",")]
        if re.fullmatch(r"[0-9a-f]{12}", key):
            looks[key] = [
                Look(id=one[1], verdict=one[2] or None, delta=one[3] or None)  # type: ignore[arg-type]
                for one in found
                if one
            ]
    return looks
