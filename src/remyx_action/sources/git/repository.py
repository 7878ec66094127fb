"""A repository as the project sees it: commits, merge bases, and the blobs of a commit."""

from __future__ import annotations

import os
import posixpath
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from subprocess import Popen

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.errors import NotJudged, Problem, WrongUsage
from remyx_action.project.files.layout import FOLDER, LEFT_ALONE, cap_of, matcher, too_large
from remyx_action.project.lock import HarnessFile

from . import git
from .git import Known, commit_named, difference, is_full_id

LINK, SUBMODULE = "120000", "160000"
_REFUSALS = {
    LINK: "is a symbolic link",
    SUBMODULE: "is a submodule",
}


_AS_IT_IS = ("--no-renames", "--ignore-submodules=none")
"""Whatever `.gitmodules` of the working tree says."""
_DEEPEN = "fetch the history: `git fetch --unshallow` (actions/checkout: `fetch-depth: 0`)"


class TreeEntry(Struct, frozen=True, kw_only=True):
    """One file of a commit's tree."""

    path: str
    """Below the project's root, with `/`."""
    mode: str
    """Six octal digits as git writes them: 100644, 100755, 120000 (link), 160000 (submodule)."""
    object_id: str
    size_bytes: int
    """0 for a submodule, and for a blob that is not there: reading it tells."""


class Repository(Struct, frozen=True, kw_only=True):
    """A git repository, seen from the project's root in it."""

    root: Path
    prefix: str
    """The project's root below the repository's, with a trailing `/`; "" where they are one."""

    def head(self) -> str | None:
        """Full id of the commit at HEAD; None in a repository without a commit."""
        return git.look_for(self.top(), "rev-parse", "--verify", "--quiet", "HEAD^{commit}")

    def commit(self, ref: str) -> str:
        """Full id of the commit that a name denotes; WrongUsage where there is none."""
        found = self.look_up(ref)
        if found is None:
            raise WrongUsage(f"no commit is called {ref!r}", help=self._help_with(ref))
        return found

    def look_up(self, ref: str) -> str | None:
        """Full id of the commit that a name denotes; None where there is none."""
        return commit_named(self.top(), ref)

    def origin(self) -> str | None:
        """Address of the remote that this is a clone of; None where it has none."""
        return git.look_for(self.top(), "config", "--get", "remote.origin.url")

    def default_branch(self) -> str:
        """Name of the branch that changes go into: origin's default, else main or master.

        WrongUsage where none of them exists.
        """
        remote = git.look_for(self.top(), "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
        for name in (remote, "refs/remotes/origin/main", "refs/remotes/origin/master", "main", "master"):
            if name and git.look_for(self.top(), "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"):
                return name.removeprefix("refs/remotes/")
        raise WrongUsage(
            "there is no default branch to compare with: neither origin/HEAD, main nor master exists",
            help=_DEEPEN if self.is_shallow() else "name the commit to compare with: --base REF",
        )

    def target_branch(self) -> str:
        """Name of the branch that changes go into, without its remote: the default one, else the checked-out.

        WrongUsage where HEAD is on no branch.
        """
        try:
            return self.default_branch().removeprefix("origin/")
        except WrongUsage:
            found = git.look_for(self.top(), "symbolic-ref", "--quiet", "--short", "HEAD")
            if found is None:
                raise WrongUsage(
                    "there is no default branch here, and HEAD is on no branch", help="name it: --branch NAME"
                ) from None
            return found

    def merge_base(self, one: str, other: str) -> str:
        """Full id of the best common ancestor; NotJudged where history holds none, or is too shallow."""
        found = git.look_for(self.top(), "merge-base", one, other)
        if found is not None:
            return found.splitlines()[0]
        if self.is_shallow():
            raise NotJudged(
                f"this clone is shallow and holds no common ancestor of {one} and {other}",
                help=_DEEPEN,
            )
        raise NotJudged(
            f"{one} and {other} have no common ancestor",
            help="name the commit to compare with: --base REF",
        )

    def is_shallow(self) -> bool:
        return git.ask(self.top(), "rev-parse", "--is-shallow-repository") == "true"

    def changed_paths(self) -> tuple[str, ...]:
        """Tracked files of the whole repository that differ from HEAD, relative to the root, sorted."""
        status = git.run(self.top(), "status", "--porcelain=v1", "-z", "--untracked-files=no", *_AS_IT_IS)
        paths = (os.fsdecode(line[3:]) for line in status.split(b"\0") if line)
        return tuple(sorted(os.path.relpath(path, self.prefix or ".") for path in paths))

    def uncommitted_paths(self) -> tuple[str, ...]:
        """Files that differ from HEAD, new ones included, below the repository's root, sorted."""
        status = git.run(self.top(), "status", "--porcelain=v1", "-z", "--untracked-files=all", *_AS_IT_IS)
        return tuple(sorted(git.text_of(os.fsdecode(line[3:])) for line in status.split(b"\0") if line))

    def top(self) -> Path:
        """The folder of the whole repository; it is there where the project's has gone."""
        depth = self.prefix.count("/")
        return self.root.parents[depth - 1] if depth else self.root

    def large_files(self) -> Path:
        """Where this clone keeps the bytes of Git LFS files, if it has any."""
        folder = git.ask(self.top(), "rev-parse", "--git-common-dir")
        return self.top() / folder / "lfs" / "objects"

    def submodules_between(self, one: str, other: str) -> tuple[str, ...]:
        """Submodules that differ between two commits, below the repository's root, sorted."""
        rows = self._differences(one, other)
        found = {path for about, path in rows if SUBMODULE.encode() in about.lstrip(b":").split(b" ")[:2]}
        return tuple(sorted(git.text_of(os.fsdecode(path)) for path in found))

    def paths_between(self, one: str, other: str) -> tuple[str, ...]:
        """Files that differ between two commits, below the repository's root, a rename as two, sorted."""
        return tuple(sorted(git.text_of(os.fsdecode(path)) for _, path in self._differences(one, other)))

    def _differences(self, one: str, other: str) -> Iterator[tuple[bytes, bytes]]:
        listing = difference(self.top(), one, other).split(b"\0")
        return zip(listing[::2], listing[1::2], strict=False)

    def relative(self, path: str) -> str:
        """A path below the repository's root as it is seen from the project's, with `../` where need be."""
        return posixpath.relpath(path, self.prefix or ".")

    def read_file(self, commit: str, path: str, *, cap_bytes: int | None = None) -> bytes | None:
        """A regular file of the commit, by its path below the project's root; None where there is none.

        `cap_bytes`: another cap than that of a project's file.
        """
        cap = cap_of(path) if cap_bytes is None else cap_bytes
        named = [entry for entry in self.entries(commit, path) if entry.path == path]
        if not named or named[0].mode not in {"100644", "100755"} or named[0].size_bytes > cap:
            return None
        return dict(self.read(named))[path]

    def entries(self, commit: str, below: str = "") -> tuple[TreeEntry, ...]:
        """Every file of the commit under the project's root (or its folder `below`), in git's order."""
        return self._entries(commit, f"{self.prefix}{below}".rstrip("/"))

    def all_entries(self, commit: str) -> tuple[TreeEntry, ...]:
        """Every file of the commit, with its path below the repository's own root."""
        return self._entries(commit, "")

    def tracked(self) -> tuple[tuple[str, str], ...]:
        """Path below the repository's own root and git's mode of every file that is tracked now."""
        listing = git.run(self.top(), "ls-files", "--stage", "--full-name", "-z", ":(top)")
        rows = (line.partition(b"\t") for line in listing.split(b"\0") if line)
        return tuple((os.fsdecode(path), about[:6].decode()) for about, _, path in rows)

    def _entries(self, commit: str, place: str) -> tuple[TreeEntry, ...]:
        """Every file of a commit at a place or below it; of the whole of it, once that is known."""
        top = self.top()
        if place and (place.startswith("/") or posixpath.normpath(place) != place):
            return ()
        found = _LISTINGS.get(top, commit, "") or _LISTINGS.get(top, commit, place)
        if found is None:
            where = ("--", f":(top,literal){place}") if place else ()
            listing = git.run(top, "ls-tree", "-r", "-z", "-l", "--full-tree", commit, *where)
            found = tuple(_entry(line) for line in listing.split(b"\0") if line)
            if is_full_id(commit) and b" BAD\t" not in listing:
                _LISTINGS.keep(found, top, commit, place)
        return _below(found, place, self.prefix) if place else found

    def read_tree(self, commit: str) -> tuple[Mapping[str, bytes], tuple[Problem, ...]]:
        """What a commit holds under `.remyx/`, as `read_project` gives it for the working tree.

        Regular blobs only, of at most 64 KiB (recorded baselines: 256 MiB; schemas: 1 MiB).
        """
        wanted, problems = [], []
        for entry in self.entries(commit, FOLDER):
            cap = cap_of(entry.path)
            what = "is a file" if entry.path == FOLDER else _REFUSALS.get(entry.mode)
            if entry.path in LEFT_ALONE:
                continue
            if what is not None:
                problems.append(_problem(entry.path, "not-a-file", what, "commit a regular file here"))
            elif entry.size_bytes > cap:
                advice = "make it smaller, or remove it"
                problems.append(_problem(entry.path, "too-large", too_large(cap), advice))
            else:
                wanted.append(entry)
        return dict(self.read(wanted)), tuple(sorted(problems))

    def read(self, entries: Sequence[TreeEntry]) -> Iterator[tuple[str, bytes]]:
        """Path and content of each entry, as git stores it: no filter, no line-ending conversion."""
        top = self.top()
        with ExitStack() as stack:
            talk: Popen[bytes] | None = None
            for entry in entries:
                content = _BLOBS.get(top, entry.object_id)
                if content is None:
                    talk = talk or stack.enter_context(git.talk(top, "cat-file", "--batch"))
                    content = _content(talk, entry)
                    if len(content) <= _SMALL_BYTES:
                        _BLOBS.keep(content, top, entry.object_id)
                yield entry.path, content

    def _help_with(self, ref: str) -> str:
        if self.head() is None:
            return "this repository has no commit yet: commit first"
        if self.is_shallow():
            return f"this clone is shallow: {_DEEPEN}"
        return f"correct the name, or fetch it: `git fetch origin {ref}`"


def find_repository(root: Path) -> Repository | None:
    """The repository that the project lies in; None where it lies in none, or there is no git.

    It is the one whose `.git` is nearest above, which no commit can hold: a folder of the project that
    looks like a repository (HEAD, config, objects) is only a folder. NotJudged where git refuses to look.
    """
    if shutil.which("git") is None:
        return None
    root = root.resolve()
    for top in (root, *root.parents):
        if os.path.lexists(top / ".git") and _is_top(top):
            prefix = root.relative_to(top).as_posix()
            return Repository(root=root, prefix="" if prefix == "." else f"{prefix}/")
    return None


def new_repository(folder: Path) -> Repository:
    """Make an empty repository in an empty folder."""
    git.run(folder, "init", "--quiet", "--template=")
    return Repository(root=folder.resolve(), prefix="")


_TOPS: Known[bool] = Known(room=1024)


def _is_top(folder: Path) -> bool:
    """Whether git takes a folder that holds `.git` for the top of a working tree.

    Asked once in a process for the same `.git`: whom it trusts, git asks itself again with every command.
    """
    about = (folder / ".git").lstat()
    seen = str(about.st_dev), str(about.st_ino)
    if _TOPS.get(folder, *seen):
        return True
    done = git.attempt(folder, "rev-parse", "--show-toplevel")
    if done.returncode == 0:
        is_top = Path(os.fsdecode(done.stdout).removesuffix("\n")) == folder
        if is_top:
            _TOPS.keep(is_top, folder, *seen)
        return is_top
    if b"not a git repository" in done.stderr or b"must be run in a work tree" in done.stderr:
        return False
    raise git.failure("rev-parse", done.stderr)


_SMALL_BYTES = 1 << 16
_BLOBS: Known[bytes] = Known(room=1 << 24, size=lambda content: len(content) + 100)


def _content(talk: Popen[bytes], entry: TreeEntry) -> bytes:
    """Return what `git cat-file --batch` has of an entry; NotJudged where it has nothing."""
    assert talk.stdin is not None
    assert talk.stdout is not None
    talk.stdin.write(f"{entry.object_id}\n".encode())
    talk.stdin.flush()
    header = talk.stdout.readline().split()
    if len(header) != 3:
        raise NotJudged(
            f"git does not hold the content of {git.text_of(entry.path)}",
            help="fetch it: a partial clone leaves file contents out",
        )
    content = talk.stdout.read(int(header[2]))
    talk.stdout.read(1)
    return content


_LISTINGS: Known[tuple[TreeEntry, ...]] = Known(room=1 << 20, size=lambda entries: len(entries) + 1)


def _below(entries: Sequence[TreeEntry], place: str, prefix: str) -> tuple[TreeEntry, ...]:
    """The entries at a place or below it, with their paths from the project's root."""
    found = (entry for entry in entries if entry.path == place or entry.path.startswith(f"{place}/"))
    if not prefix:
        return tuple(found)
    return tuple(replace(entry, path=entry.path.removeprefix(prefix)) for entry in found)


def _entry(line: bytes) -> TreeEntry:
    about, _, path = line.partition(b"\t")
    mode, _, object_id, size = about.split()
    return TreeEntry(
        path=os.fsdecode(path),
        mode=mode.decode(),
        object_id=object_id.decode(),
        size_bytes=int(size) if size.isdigit() else 0,
    )


def _problem(path: str, code: str, message: str, help: str) -> Problem:
    return Problem(
        path=git.text_of(path), line=1, column=1, pointer="", code=code, message=message, help=help
    )


REGULAR = frozenset({"100644", "100755"})


def harness_at(
    repository: Repository, commit: str, globs: Sequence[str]
) -> tuple[list[HarnessFile], list[TreeEntry]]:
    """The regular files that the globs name, and what is none: links and submodules."""
    matches = matcher(globs)
    named = [entry for entry in repository.entries(commit) if matches(entry.path)]
    regular = [entry for entry in named if entry.mode in REGULAR]
    modes = {entry.path: entry.mode for entry in regular}
    files = [
        HarnessFile(path=path, mode=modes[path], content=content)
        for path, content in repository.read(regular)
    ]
    return files, [entry for entry in named if entry.mode not in REGULAR]
