"""A branch of files that only grows, written through GitHub's API where there is no checkout.

Files are added as a tree, a commit, and the branch moved onto it. Where somebody else moved the branch
meanwhile, all of it is done again on the new tip; GitHub removes trees and commits that no branch holds.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from remyx_action.errors import NotJudged

from .client import Client, text_in
from .trouble import Trouble, TroubleKind, next_step

ATTEMPTS = 30
"""At moving the branch, each on the tip that it has by then."""
REGULAR = "100644"


class BranchOnGitHub(Struct, frozen=True, kw_only=True):
    """One branch of the repository that a client talks to."""

    client: Client
    name: str

    def files(self, wanted: Callable[[str], bool] = lambda _path: True) -> Iterator[tuple[str, bytes]]:
        """Yield path and content of every regular file whose path is wanted: a request for each."""
        try:
            tip = self._tip()
            if tip is None:
                return
            for path, blob in self._blobs(self._tree_of(tip)):
                if wanted(path):
                    yield path, self.client.get(f"/git/blobs/{blob}", _content)
        except Trouble as trouble:
            raise _refusal("read", trouble) from trouble

    def irregularities(self) -> Sequence[str]:
        """Return nothing: the API shows a tip, and a clone shows how it came about."""
        return []

    def write(self, files: Mapping[str, str], message: str, *, remove: Sequence[str] = ()) -> str:
        """Add files, path → content, in one commit, and return it; others may write at the same time.

        NotJudged where the token may not, or GitHub cannot be reached.
        """
        entries: list[dict[str, str | None]] = [
            {"path": path, "mode": REGULAR, "type": "blob", "content": content}
            for path, content in files.items()
        ]
        entries += [{"path": path, "mode": REGULAR, "type": "blob", "sha": None} for path in remove]
        try:
            return self._written(entries, frozenset(files), message)
        except Trouble as trouble:
            raise _refusal("written", trouble) from trouble

    def _written(self, entries: Sequence[Any], paths: frozenset[str], message: str) -> str:
        tip = self._tip()
        for _ in range(ATTEMPTS):
            try:
                return self._moved(tip, self._commit(tip, entries, message))
            except Trouble as trouble:
                # A lost answer says nothing, a moved branch refuses: read its tip before another try.
                lost = trouble.kind is TroubleKind.UNREACHABLE
                if lost:
                    self.client.pause()
                now = self._tip()
                if (
                    now is not None
                    and lost
                    and paths <= {path for path, _ in self._blobs(self._tree_of(now))}
                ):
                    return now
                if now == tip and not lost:
                    raise
                tip = now
        raise Trouble(TroubleKind.REFUSED, "others wrote each time")

    def _tip(self) -> str | None:
        try:
            return self.client.get(
                f"/git/ref/heads/{self.name}", lambda answer: text_in(answer["object"]["sha"])
            )
        except Trouble as trouble:
            if trouble.kind is TroubleKind.GONE:
                return None
            raise

    def _tree_of(self, commit: str) -> str:
        return self.client.get(f"/git/commits/{commit}", lambda answer: text_in(answer["tree"]["sha"]))

    def _blobs(self, tree: str, below: str = "") -> Iterator[tuple[str, str]]:
        """Yield path and id of every regular file; by folder where one answer is too small."""
        whole = self.client.get(f"/git/trees/{tree}", _entries, recursive="1")
        if whole is not None:
            yield from ((f"{below}{path}", id_) for path, kind, id_ in whole if kind == REGULAR)
            return
        for path, kind, id_ in self.client.get(f"/git/trees/{tree}", _entries) or ():
            if kind == REGULAR:
                yield f"{below}{path}", id_
            elif kind == "040000":
                yield from self._blobs(id_, f"{below}{path}/")

    def _commit(self, parent: str | None, entries: Sequence[Any], message: str) -> str:
        base = {} if parent is None else {"base_tree": self._tree_of(parent)}
        tree = self.client.send("POST", "/git/trees", {**base, "tree": list(entries)}, _id)
        parents = [] if parent is None else [parent]
        return self.client.send(
            "POST", "/git/commits", {"message": message, "tree": tree, "parents": parents}, _id
        )

    def _moved(self, tip: str | None, commit: str) -> str:
        ref = f"heads/{self.name}"
        if tip is None:
            self.client.send("POST", "/git/refs", {"ref": f"refs/{ref}", "sha": commit}, _moved_to)
        else:
            self.client.send("PATCH", f"/git/refs/{ref}", {"sha": commit, "force": False}, _moved_to)
        return commit


def _id(answer: Any) -> str:
    return text_in(answer["sha"])


def _moved_to(answer: Any) -> str:
    return text_in(answer["object"]["sha"])


def _content(answer: Any) -> bytes:
    return base64.b64decode(text_in(answer["content"]))


def _entries(answer: Any) -> list[tuple[str, str, str]] | None:
    """Return path, mode and id of each entry; None where GitHub left some out."""
    if answer["truncated"]:
        return None
    return [(text_in(each["path"]), text_in(each["mode"]), text_in(each["sha"])) for each in answer["tree"]]


def _refusal(what: str, trouble: Trouble) -> NotJudged:
    return NotJudged(
        f"the record could not be {what}: {trouble.detail}",
        help=next_step(
            trouble, "contents: write" if what == "written" else "contents: read", from_fork=False
        ),
    )
