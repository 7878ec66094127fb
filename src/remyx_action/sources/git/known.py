"""What git knows of objects, by their full ids: it never changes, so git is asked once in a process."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from . import git

_FULL_ID = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")

GitAnswer = TypeVar("GitAnswer")


class Known(Generic[GitAnswer]):
    """Answers about objects, as many as there is room for; what was not asked for longest leaves first."""

    def __init__(self, *, room: int, size: Callable[[GitAnswer], int] = lambda _: 1) -> None:
        self._answers: OrderedDict[tuple[str, ...], GitAnswer] = OrderedDict()
        self._left, self._size = room, size

    def get(self, top: Path, *words: str) -> GitAnswer | None:
        """Return the answer that was kept; None without one."""
        key = (str(top), *words)
        if key not in self._answers:
            return None
        self._answers.move_to_end(key)
        return self._answers[key]

    def keep(self, answer: GitAnswer, top: Path, *words: str) -> None:
        """Keep an answer about what the words name: never a ref, which may move."""
        key = (str(top), *words)
        if key in self._answers:
            return
        self._answers[key] = answer
        self._left -= self._size(answer)
        while self._left < 0:
            _, oldest = self._answers.popitem(last=False)
            self._left += self._size(oldest)


def is_full_id(name: str) -> bool:
    """Whether a name is an object's own, and no ref's."""
    return _FULL_ID.fullmatch(name) is not None


_COMMITS: Known[str] = Known(room=1024)
_DIFFERENCES: Known[bytes] = Known(room=1 << 24, size=len)


def commit_named(top: Path, ref: str) -> str | None:
    """Full id of the commit that a name denotes; None where there is none, which may change."""
    found = _COMMITS.get(top, ref)
    if found is None:
        found = git.look_for(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        if found == ref and is_full_id(ref):
            _COMMITS.keep(found, top, ref)
    return found


def difference(top: Path, one: str, other: str) -> bytes:
    """`git diff-tree` of two commits: what differs and the path of it, in turns, each ended by a NUL byte."""
    found = _DIFFERENCES.get(top, one, other)
    if found is None:
        options = ("-r", "-z", "--no-renames", "--ignore-submodules=none")
        found = git.run(top, "diff-tree", *options, "--end-of-options", one, other)
        if is_full_id(one) and is_full_id(other):
            _DIFFERENCES.keep(found, top, one, other)
    return found
