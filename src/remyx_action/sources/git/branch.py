"""A branch of files that only grows, written through git's objects and never through a checkout."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from secrets import randbelow

from msgspec import Struct

from remyx_action.errors import NotJudged
from remyx_action.project.files.wording import shown_as

from . import git
from .repository import REGULAR, Repository, TreeEntry

ATTEMPTS = 200
"""Of writing while others write too."""
REFUSALS = 5
"""Of writing onto one and the same commit: then nobody else writes, and the place refuses."""
_AUTHOR = {"NAME": "remyx-action", "EMAIL": "remyx-action@users.noreply.github.com"}
_IDENTITY = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _AUTHOR.items()}
_PROTOCOLS = ("https", "http", "ssh", "file")
HERE, ELSEWHERE = "here", "elsewhere"
_PLACES = {
    HERE: "refs/heads/{}",
    "origin": "refs/remotes/origin/{}",
    "upstream": "refs/remotes/upstream/{}",
    ELSEWHERE: "refs/remyx/pushed/{}",
}
"""Where the branch is read: here, the remotes that people call so, and any other that was written from here.

Not every remote counts: whoever fetches a stranger's fork would read what the stranger recorded.
"""


class GrowingBranch(Struct, frozen=True, kw_only=True):
    """One branch of a repository, here and (with `remote`) at another place that writers share."""

    repository: Repository
    name: str
    remote: str | None = None
    """Name or address; None: only this repository is written."""
    at: str | None = None
    """The commit to read; None: whatever is known here."""

    @property
    def _top(self) -> Path:
        return self.repository.top()

    def tips(self) -> Sequence[str]:
        """Return the commits that are read, each with what no other holds; none where nothing was recorded.

        Either `at`, or the branch here and those of the remotes that were fetched.
        """
        known = list(dict.fromkeys(self._known().values()))
        return [one for one in known if not any(other != one and self._holds(one, other) for other in known)]

    def _known(self) -> Mapping[str, str]:
        """Return place → commit; each place has a note of its own of what was seen there."""
        if self.at is not None:
            return {"origin": self.at}
        found = ((place, self._commit_of(ref.format(self.name))) for place, ref in _PLACES.items())
        return {place: commit for place, commit in found if commit is not None}

    def _commit_of(self, ref: str) -> str | None:
        return git.look_for(self._top, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")

    def files(self, wanted: Callable[[str], bool] = lambda _path: True) -> Iterator[tuple[str, bytes]]:
        """Yield path and content of every regular file at the tips whose path is wanted."""
        yield from self.repository.read([one for one in self._entries(self.tips()) if wanted(one.path)])

    def _entries(self, tips: Sequence[str]) -> list[TreeEntry]:
        found: dict[str, TreeEntry] = {}
        for tip in tips:
            for one in self.repository.all_entries(tip):
                if one.mode in REGULAR:
                    found.setdefault(one.path, one)
        return list(found.values())

    def newest(self, count: int) -> Iterator[tuple[str, bytes]]:
        """Yield path and content of the files that were added last, newest first."""
        tips = self.tips()
        if not tips:
            return
        words = (
            "--max-count",
            str(count),
            "--diff-merges=combined",
            "--no-renames",
            "--diff-filter=A",
            "--name-only",
            "--format=",
            "-z",
        )
        log = git.run(self._top, "log", *words, *tips)
        added = dict.fromkeys(path for path in map(os.fsdecode, log.split(b"\0")) if path)
        paths = list(added)[:count]
        entries = {one.path: one for one in self._entries(tips)}
        yield from self.repository.read([entries[path] for path in paths if path in entries])

    def irregularities(self) -> Sequence[str]:
        """Return what an append-only branch cannot hold: a rewritten history, changed or removed files.

        Each place's commit is noted, so that the next call sees whether it is still part of the history; a
        rewritten history is told again until somebody removes the note.
        """
        return [*self._rewritten(), *self._changed()]

    def _rewritten(self) -> Iterator[str]:
        known = self._known()
        for place in _PLACES if self.at is None else known:
            note, commit = f"refs/remyx/seen/{place}/{self.name}", known.get(place)
            seen = self._commit_of(note)
            where = "here" if place == HERE else f"at {place}"
            if commit is None:
                if seen is not None and not any(self._holds(seen, tip) for tip in known.values()):
                    yield (
                        f"the branch {where} is gone, and with it {seen[:12]}, seen before; "
                        f"`git update-ref {_PLACES[place].format(self.name)} {seen[:12]}` brings it back, "
                        f"`git update-ref -d {note}` accepts that it is gone"
                    )
                continue
            if seen is None or self._holds(seen, commit):
                git.run(self._top, "update-ref", note, commit)
                continue
            yield (
                f"the history {where} was rewritten: {seen[:12]}, seen before, is no longer part of it; "
                f"`git log {seen[:12]}` shows what it was, `git update-ref -d {note}` accepts what it is"
            )

    def _changed(self) -> Iterator[str]:
        """Yield each commit that changes or removes files of a parent."""
        tips = self.tips()
        if not tips:
            return
        words = ("--diff-merges=separate", "--name-status", "--no-renames", "--diff-filter=MTD")
        log = git.run(self._top, "log", "--format=%x00%H %P%x00%h %s%x00", *words, *tips)
        parts = [os.fsdecode(part).strip() for part in log.split(b"\0")][1:]
        joins: set[str] = set()
        for ids, commit, changes in zip(parts[::3], parts[1::3], parts[2::3], strict=False):
            own, *parents = ids.split()
            lines = [line for line in changes.splitlines() if line]
            if not lines or own in joins:
                continue
            removed = sum(line.startswith("D") for line in lines)
            changed = len(lines) - removed
            if len(parents) > 1:
                joins.add(own)
                changed, removed = self._changed_by_join(own, parents)
            if changed:
                yield f"commit {commit} changes {_files(changed)} written before"
            if removed:
                yield f"commit {commit} removes {_files(removed)}"

    def _changed_by_join(self, commit: str, parents: Sequence[str]) -> tuple[int, int]:
        """Return how many files of its parents a merge changes and removes itself.

        Where one parent changed or removed a file after it left the others, a commit of that parent is named.
        """
        joined, kept = self._objects(commit), {parent: self._objects(parent) for parent in parents}
        wrong: set[str] = set()
        for parent in parents:
            lost = {path for path, one in kept[parent].items() if joined.get(path) != one}
            for other in parents if lost else ():
                bases = git.look_for(self._top, "merge-base", "--all", parent, other) or ""
                for base in map(self._objects, bases.split()):
                    by_other = {path for path, one in base.items() if kept[other].get(path) != one}
                    lost -= {path for path in by_other if kept[other].get(path) == joined.get(path)}
            wrong |= lost
        return len(wrong & joined.keys()), len(wrong - joined.keys())

    def _objects(self, commit: str) -> Mapping[str, tuple[str, str]]:
        return {one.path: (one.mode, one.object_id) for one in self.repository.all_entries(commit)}

    def _holds(self, commit: str, tip: str) -> bool:
        done = git.attempt(self._top, "merge-base", "--is-ancestor", commit, tip)
        return done.returncode == 0

    def write(self, files: Mapping[str, str], message: str, *, remove: Sequence[str] = ()) -> str:
        """Add files, path → content, in one commit, and return it; others may write at the same time.

        NotJudged where the branch is checked out, or cannot be written.
        """
        self._refuse_checked_out()
        objects = {path: self._object(content) for path, content in files.items()}
        parents: Sequence[str] | None = None
        same = 0
        for attempt in range(ATTEMPTS):
            began = time.monotonic()
            before, parents = parents, self._parents()
            same = same + 1 if parents == before else 0
            new = self._commit(parents, objects, message, remove)
            why = self._moved(parents, new)
            if why is None:
                return new
            if same == REFUSALS:
                raise NotJudged(
                    f"the branch {self.name} could not be written: {why}",
                    help="check that you may push there, or leave --push out and push the branch later",
                )
            # Others wrote meanwhile: the more often, the longer the wait, in times of how long one try takes.
            time.sleep(min(5.0, (time.monotonic() - began) * (attempt + 1) * randbelow(1000) / 1000))
        raise NotJudged(
            f"the branch {self.name} could not be written: others wrote each time", help="try again"
        )

    def _refuse_checked_out(self) -> None:
        """NotJudged where a working tree has the branch: its files would seem to be removed."""
        for tree in os.fsdecode(git.run(self._top, "worktree", "list", "--porcelain")).split("\n\n"):
            folder, *about = tree.split("\n")
            if f"branch refs/heads/{self.name}" in about:
                raise NotJudged(
                    f"the branch {self.name} is checked out in {folder.removeprefix('worktree ')}",
                    help="switch to another branch there first",
                )

    def _parents(self) -> Sequence[str]:
        """Return what the next commit follows: what is at the remote, and what is only here."""
        if self.remote is None:
            return self.tips()
        here, there = self._commit_of(_PLACES[HERE].format(self.name)), self._fetched()
        if there is None or here is None:
            return [one for one in (there, here) if one is not None]
        return [there] if self._holds(here, there) else [there, here]

    def _object(self, content: str) -> str:
        with tempfile.NamedTemporaryFile("wb", prefix="remyx-") as file:
            file.write(content.encode())
            file.flush()
            return git.ask(self._top, "hash-object", "-w", "--no-filters", "--", file.name)

    def _commit(
        self, parents: Sequence[str], objects: Mapping[str, str], message: str, remove: Sequence[str]
    ) -> str:
        added = {**self._added_beside(parents), **objects}
        entries = [f"100644,{name},{path}" for path, name in added.items()]
        with tempfile.TemporaryDirectory(prefix="remyx-") as folder:
            given = {"GIT_INDEX_FILE": str(Path(folder) / "index"), **_IDENTITY}

            def ask(*words: str) -> str:
                done = git.attempt(self._top, *words, given=given)
                if done.returncode != 0:
                    raise git.failure(words[0], done.stderr)
                return os.fsdecode(done.stdout).strip()

            ask("read-tree", *(parents[:1] or ["--empty"]))
            for some in _in_parts(entries):
                ask("update-index", "--add", *(word for one in some for word in ("--cacheinfo", one)))
            for some in _in_parts(remove):
                ask("update-index", "--force-remove", "--", *some)
            tree = ask("write-tree")
            return ask("commit-tree", tree, *(f"-p{parent}" for parent in parents), "-m", message)

    def _added_beside(self, parents: Sequence[str]) -> Mapping[str, str]:
        """Return path → object of each file that a further parent added since it left the first one."""
        first, *others = parents or ("",)
        added: dict[str, str] = {}
        for other in others:
            base = git.look_for(self._top, "merge-base", first, other)
            known = {one.path for commit in (first, base) if commit for one in self._entries([commit])}
            added |= {one.path: one.object_id for one in self._entries([other]) if one.path not in known}
        return added

    def _moved(self, parents: Sequence[str], new: str) -> str | None:
        """Move the branch to the new commit; return why it could not be: others moved it meanwhile, say."""
        ref = _PLACES[HERE].format(self.name)
        if self.remote is not None:
            why = self._talk("push", "--quiet", "--no-verify", self.remote, f"{new}:{ref}")
            if why is None:
                git.run(self._top, "update-ref", self._kept(), new)
                here = self._commit_of(ref)
                if here is not None and self._holds(here, new):
                    git.attempt(self._top, "update-ref", ref, new, here)
            return why
        here = self._commit_of(ref)
        if here is not None and not any(self._holds(here, parent) for parent in parents):
            return "others wrote"
        done = git.attempt(self._top, "update-ref", ref, new, here or "0" * len(new))
        return None if done.returncode == 0 else _reason(done.stderr)

    def _kept(self) -> str:
        """Return the name under which the remote's branch is known here."""
        return _PLACES.get(self.remote or "", _PLACES[ELSEWHERE]).format(self.name)

    def _fetched(self) -> str | None:
        """Return the commit that the remote's branch is at; None where it has none yet."""
        assert self.remote is not None
        ref, kept = f"refs/heads/{self.name}", self._kept()
        options = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-gc")
        done = self._asked("fetch", *options, self.remote, f"+{ref}:{kept}")
        if b"couldn't find remote ref" in done.stderr:
            return None
        if done.returncode != 0:
            raise NotJudged(
                f"the record cannot be read at {self.remote}: {_reason(done.stderr)}",
                help="`git remote` lists the remotes; without --push the record is written here alone",
            )
        return self._commit_of(kept)

    def _talk(self, *words: str) -> str | None:
        """Return why the remote refused; None where it did not."""
        done = self._asked(*words)
        return None if done.returncode == 0 else _reason(done.stderr)

    def _asked(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        try:
            return git.attempt_at_server(self._top, *words, protocols=_PROTOCOLS)
        except subprocess.TimeoutExpired as error:
            raise NotJudged(
                f"{self.remote} did not answer within {git.SERVER_SECONDS} seconds",
                help="try again, or leave --push out and push the branch later",
            ) from error


def _reason(output: bytes) -> str:
    """Return the line in which git or the server says why."""
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    telling = [line for line in lines if "rejected]" in line or line.startswith(("fatal:", "remote: "))]
    return shown_as(next(iter(telling or lines), "no reason given")[:300])


def _in_parts(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield so many words at a time that a command line holds them."""
    for start in range(0, len(words), 500):
        yield words[start : start + 500]


def _files(count: int) -> str:
    return f"{count} file" if count == 1 else f"{count} files"
