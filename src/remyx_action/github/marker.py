"""The hidden last line of our comment: what it is about and which run wrote it."""

from __future__ import annotations

import hashlib
import re

from msgspec import Struct

from remyx_action.events import Commit

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
