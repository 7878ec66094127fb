"""A branch of files that only grows, written through git's objects and never through a checkout."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from remyx_action.errors import NotJudged

from . import git
from .repository import REGULAR, Repository, TreeEntry

ATTEMPTS = 200
"""Of writing while others write too."""
_AUTHOR = {"NAME": "remyx-action", "EMAIL": "remyx-action@users.noreply.github.com"}
_IDENTITY = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _AUTHOR.items()}
_PROTOCOLS = [
    word for name in ("https", "http", "ssh", "file") for word in ("-c", f"protocol.{name}.allow=always")
]
_SEEN = "refs/remyx/seen/"
TIMEOUT_SECONDS = 120


class GrowingBranch(Struct, frozen=True, kw_only=True):
    """One branch of a repository, here and (with `remote`) at another place that writers share."""

    repository: Repository
    name: str
    remote: str | None = None
    """Name or address; None: only this repository is written."""
    at: str | None = None
    """The commit to read; None: the newest that is known here."""

    @property
    def _top(self) -> Path:
        return self.repository.top()

    def tip(self) -> str | None:
        """Return the commit that is read: `at`, else the newest of the branch here or of `origin`'s.

        None without one.
        """
        if self.at is not None:
            return self.at
        refs = (f"refs/heads/{self.name}", f"refs/remotes/origin/{self.name}")
        here, there = (
            git.look_for(self._top, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}") for ref in refs
        )
        if here is None or there is None:
            return here or there
        return there if self._holds(here, there) else here

    def files(self, wanted: Callable[[str], bool] = lambda _path: True) -> Iterator[tuple[str, bytes]]:
        """Yield path and content of every regular file at the tip whose path is wanted."""
        yield from self.repository.read([one for one in self._entries() if wanted(one.path)])

    def _entries(self) -> list[TreeEntry]:
        tip = self.tip()
        if tip is None:
            return []
        return [one for one in self.repository.all_entries(tip) if one.mode in REGULAR]

    def newest(self, count: int) -> Iterator[tuple[str, bytes]]:
        """Yield path and content of the files that were added last, newest first."""
        tip = self.tip()
        if tip is None:
            return
        words = (
            "--max-count",
            str(count),
            "--no-renames",
            "--diff-filter=A",
            "--name-only",
            "--format=",
            "-z",
        )
        log = git.run(self._top, "log", *words, tip)
        paths = [path for path in map(os.fsdecode, log.split(b"\0")) if path][:count]
        entries = {one.path: one for one in self._entries()}
        yield from self.repository.read([entries[path] for path in paths if path in entries])

    def irregularities(self) -> Sequence[str]:
        """Return what an append-only branch cannot hold: a rewritten history, changed or removed files.

        The tip is noted, so that the next call sees whether it is still part of the history.
        """
        tip = self.tip()
        if tip is None:
            return []
        found = []
        note = f"{_SEEN}{self.name}"
        seen = git.look_for(self._top, "rev-parse", "--verify", "--quiet", f"{note}^{{commit}}")
        if seen is not None and not self._holds(seen, tip):
            found.append(f"the history was rewritten: {seen[:12]}, seen here before, is no longer part of it")
        git.run(self._top, "update-ref", note, tip)
        log = git.run(
            self._top,
            "log",
            "--format=%x00%h %s%x00",
            "--name-status",
            "--no-renames",
            "--diff-filter=MD",
            tip,
        )
        parts = [os.fsdecode(part).strip() for part in log.split(b"\0")][1:]
        for commit, changes in zip(parts[::2], parts[1::2], strict=False):
            lines = [line for line in changes.splitlines() if line]
            removed = sum(line.startswith("D") for line in lines)
            if len(lines) > removed:
                found.append(f"commit {commit} changes {len(lines) - removed} files that were written before")
            if removed:
                found.append(f"commit {commit} removes {removed} files")
        return found

    def _holds(self, commit: str, tip: str) -> bool:
        done = git.attempt(self._top, "merge-base", "--is-ancestor", commit, tip)
        return done.returncode == 0

    def write(self, files: Mapping[str, str], message: str, *, remove: Sequence[str] = ()) -> str:
        """Add files, path → content, in one commit, and return it; others may write at the same time.

        NotJudged where the branch is checked out, or cannot be written.
        """
        head = git.look_for(self._top, "symbolic-ref", "--quiet", "HEAD")
        if head == f"refs/heads/{self.name}":
            raise NotJudged(
                f"the branch {self.name} is checked out here", help="switch to another branch first"
            )
        objects = {path: self._object(content) for path, content in files.items()}
        for attempt in range(ATTEMPTS):
            old = self._fetched() if self.remote is not None else self.tip()
            new = self._commit(old, objects, message, remove)
            if self._moved(old, new):
                return new
            time.sleep(0.01 * (1 + (os.getpid() + attempt * 7) % 11))
        raise NotJudged(
            f"the branch {self.name} could not be written: others wrote each time",
            help="check that this job may write contents, and try again",
        )

    def _object(self, content: str) -> str:
        with tempfile.NamedTemporaryFile("wb", prefix="remyx-") as file:
            file.write(content.encode())
            file.flush()
            return git.ask(self._top, "hash-object", "-w", "--no-filters", "--", file.name)

    def _commit(
        self, old: str | None, objects: Mapping[str, str], message: str, remove: Sequence[str]
    ) -> str:
        with tempfile.TemporaryDirectory(prefix="remyx-") as folder:
            given = {"GIT_INDEX_FILE": str(Path(folder) / "index"), **_IDENTITY}

            def ask(*words: str) -> str:
                done = git.attempt(self._top, *words, given=given)
                if done.returncode != 0:
                    raise git.failure(words[0], done.stderr)
                return os.fsdecode(done.stdout).strip()

            ask("read-tree", *([old] if old else ["--empty"]))
            for path, name in objects.items():
                ask("update-index", "--add", "--cacheinfo", f"100644,{name},{path}")
            for path in remove:
                ask("update-index", "--force-remove", "--", path)
            tree = ask("write-tree")
            return ask("commit-tree", tree, *(["-p", old] if old else []), "-m", message)

    def _moved(self, old: str | None, new: str) -> bool:
        """Return whether the branch is at the new commit now; not where others moved it meanwhile."""
        ref = f"refs/heads/{self.name}"
        if self.remote is not None:
            done = self._talk("push", "--quiet", "--no-verify", self.remote, f"{new}:{ref}")
            if done:
                git.run(self._top, "update-ref", f"refs/remotes/origin/{self.name}", new)
            return done
        expected = git.look_for(self._top, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        if old is not None and expected not in {None, old}:
            return False
        return git.attempt(self._top, "update-ref", ref, new, expected or "0" * len(new)).returncode == 0

    def _fetched(self) -> str | None:
        """Return the commit that the remote's branch is at; None where it has none yet."""
        assert self.remote is not None
        ref, kept = f"refs/heads/{self.name}", f"refs/remotes/origin/{self.name}"
        listing = git.attempt(
            self._top, *_PROTOCOLS, "ls-remote", "--quiet", self.remote, ref, timeout_seconds=TIMEOUT_SECONDS
        )
        if listing.returncode != 0:
            raise git.failure("ls-remote", listing.stderr)
        if not listing.stdout.strip():
            return None
        options = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
        self._talk("fetch", *options, self.remote, f"+{ref}:{kept}")
        return git.ask(self._top, "rev-parse", "--verify", f"{kept}^{{commit}}")

    def _talk(self, *words: str) -> bool:
        done = git.attempt(self._top, *_PROTOCOLS, *words, timeout_seconds=TIMEOUT_SECONDS)
        return done.returncode == 0
