"""A commit's tree as programs read a checkout of it: with links followed."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterator
from hashlib import sha256

from remyx_action.errors import NotJudged

from .git import text_of
from .repository import LINK, SUBMODULE, Repository, TreeEntry

MOST_LINKS = 40
"""On the way to one file, as Linux has it."""


class Tree:
    """The files of a commit by their paths below the repository's root."""

    def __init__(self, repository: Repository, commit: str) -> None:
        self._entries = {entry.path: entry for entry in repository.all_entries(commit)}
        self._paths = sorted(self._entries)
        links = [entry for entry in self._entries.values() if entry.mode == LINK]
        self._links = {path: os.fsdecode(content) for path, content in repository.read(links)}
        self._folders = {""}
        for path in self._paths:
            while (path := path.rpartition("/")[0]) not in self._folders:
                self._folders.add(path)

    def resolve(self, path: str) -> str | None:
        """Return where a path ends once every link is followed; None where nothing is there.

        A path into a submodule ends at the submodule, whose files the tree does not hold.
        NotJudged where the path, or a link on the way, leads out of the repository, or in circles.
        """
        here, left, followed = "", path.split("/"), 0
        while left:
            part = left.pop(0)
            if part == ".." and not here:
                raise _leads_out(path)
            if part in {"", ".", ".."}:
                here = here.rpartition("/")[0] if part == ".." else here
                continue
            here = f"{here}/{part}".removeprefix("/")
            if here in self._links:
                followed += 1
                if followed > MOST_LINKS or self._links[here].startswith("/"):
                    raise _leads_out(path)
                left = [*self._links[here].split("/"), *left]
                here = here.rpartition("/")[0]
            elif here in self._entries:
                is_end = not any(left) or self._entries[here].mode == SUBMODULE
                return here if is_end else None
            elif here not in self._folders:
                return None
        return here

    def holds(self, path: str) -> bool:
        """Whether something is at a path, even a link that leads nowhere."""
        if path in self._entries:
            return True
        try:
            return self.resolve(path) is not None
        except NotJudged:
            return True

    def is_submodule(self, path: str) -> bool:
        """Whether a path leads into a submodule."""
        real = self.resolve(path)
        return real in self._entries and self._entries[real].mode == SUBMODULE

    def digest(self, path: str) -> str | None:
        """Return a digest of the file or folder that a path leads to; None where nothing is there.

        A link counts as what it leads to. NotJudged where one leads out of the repository, or in circles.
        """
        real = self.resolve(path)
        return None if real is None else self._digest(real, {}, ())

    def _digest(self, real: str, known: dict[str, str], above: tuple[str, ...]) -> str:
        if real in self._entries:
            return _identity(self._entries[real])
        if real in above:
            return f"the folder {above.index(real)} above"
        if len(above) > MOST_LINKS:
            raise _leads_out(real)
        if real not in known:
            found = sha256()
            for name, entry in self._below(real):
                found.update(os.fsencode(name) + b"\0")
                found.update(self._identity_of(entry, known, (*above, real)).encode() + b"\0")
            known[real] = found.hexdigest()
        return known[real]

    def _identity_of(self, entry: TreeEntry, known: dict[str, str], above: tuple[str, ...]) -> str:
        if entry.mode != LINK:
            return _identity(entry)
        target = self.resolve(entry.path)
        return "nothing" if target is None else self._digest(target, known, above)

    def _below(self, folder: str) -> Iterator[tuple[str, TreeEntry]]:
        """Every file below a folder, by its path from there."""
        start = f"{folder}/" if folder else ""
        for index in range(bisect_left(self._paths, start), len(self._paths)):
            path = self._paths[index]
            if not path.startswith(start):
                return
            yield path.removeprefix(start), self._entries[path]


def _identity(entry: TreeEntry) -> str:
    return f"{entry.mode} {entry.object_id}"


def _leads_out(path: str) -> NotJudged:
    return NotJudged(
        f"no_variant: a link on the way to {text_of(path)} leads out of the repository, or in circles",
        help="name the file or folder itself",
    )
