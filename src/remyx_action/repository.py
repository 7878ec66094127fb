"""What git knows: commits, merge bases, blobs under `.remyx/` and read-only checkouts of a commit."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .errors import NotJudged, Problem, WrongUsage
from .layout import FOLDER, LEFT_ALONE, cap_of, too_large

_SAFETY = (
    "--no-replace-objects",
    "--no-optional-locks",
    "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.quotePath=false",
    "-c", "protocol.allow=never",
    "-c", "submodule.recurse=false",
)  # fmt: skip
"""A repository's own settings start no program of its choosing, and nothing is fetched."""

_REFUSALS = {
    "120000": "is a symbolic link",
    "160000": "is a submodule",
}


_DEEPEN = "fetch the history: `git fetch --unshallow` (actions/checkout: `fetch-depth: 0`)"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file of a commit's tree."""

    path: str
    """Below the project's root, with `/`."""
    mode: str
    """Six octal digits as git writes them: 100644, 100755, 120000 (link), 160000 (submodule)."""
    object_id: str
    size_bytes: int
    """0 for a submodule."""


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A git repository, seen from the project's root in it."""

    root: Path
    prefix: str
    """The project's root below the repository's, with a trailing `/`; "" where they are one."""

    def head(self) -> str | None:
        """Full id of the commit at HEAD; None in a repository without a commit."""
        return self._ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}", missing=True)

    def commit(self, ref: str) -> str:
        """Full id of the commit that a name stands for; WrongUsage where there is none."""
        found = self._ask(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", missing=True
        )
        if found is None:
            raise WrongUsage(f"no commit is called {ref!r}", help=self._help_with(ref))
        return found

    def default_branch(self) -> str:
        """Name of the branch that changes go into: origin's default, else main or master.

        WrongUsage where none of them exists.
        """
        remote = self._ask("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD", missing=True)
        for name in (remote, "refs/remotes/origin/main", "refs/remotes/origin/master", "main", "master"):
            if name and self._ask("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", missing=True):
                return name.removeprefix("refs/remotes/")
        raise WrongUsage(
            "there is no default branch to compare with: neither origin/HEAD, main nor master exists",
            help=_DEEPEN if self.is_shallow() else "name the commit to compare with: --base REF",
        )

    def merge_base(self, one: str, other: str) -> str:
        """Full id of the best common ancestor; NotJudged where history holds none, or is too shallow."""
        found = self._ask("merge-base", one, other, missing=True)
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
        return self._ask("rev-parse", "--is-shallow-repository") == "true"

    def changed_paths(self) -> tuple[str, ...]:
        """Tracked files under the root that differ from HEAD, below the root, sorted."""
        status = self._run(
            "status", "--porcelain=v1", "-z", "--untracked-files=no", "--no-renames", "--", "."
        )
        paths = (os.fsdecode(line[3:]) for line in status.split(b"\0") if line)
        return tuple(sorted(path.removeprefix(self.prefix) for path in paths))

    def entries(self, commit: str, below: str = "") -> tuple[Entry, ...]:
        """Every file of the commit under the project's root (or its folder `below`), in git's order."""
        place = f"{self.prefix}{below}".rstrip("/")
        listing = self._run(
            "ls-tree", "-r", "-z", "-l", "--full-tree", commit, *(("--", place) if place else ())
        )
        return tuple(self._entry(line) for line in listing.split(b"\0") if line)

    def read_tree(self, commit: str) -> tuple[Mapping[str, bytes], tuple[Problem, ...]]:
        """What a commit holds under `.remyx/`, as `read_project` gives it for the working tree.

        Regular blobs only, of at most 64 KiB (recorded baselines: 256 MiB).
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

    def read(self, entries: Sequence[Entry]) -> Iterator[tuple[str, bytes]]:
        """Path and content of each entry, as git stores it: no filter, no line-ending conversion."""
        if not entries:
            return
        with self._start("cat-file", "--batch") as git:
            assert git.stdin is not None
            assert git.stdout is not None
            for entry in entries:
                git.stdin.write(f"{entry.object_id}\n".encode())
                git.stdin.flush()
                header = git.stdout.readline().split()
                if len(header) != 3:
                    raise NotJudged(
                        f"git does not hold the content of {entry.path}",
                        help="fetch it: a partial clone leaves file contents out",
                    )
                yield entry.path, git.stdout.read(int(header[2]))
                git.stdout.read(1)

    def _entry(self, line: bytes) -> Entry:
        about, _, path = line.partition(b"\t")
        mode, _, object_id, size = about.split()
        return Entry(
            path=os.fsdecode(path).removeprefix(self.prefix),
            mode=mode.decode(),
            object_id=object_id.decode(),
            size_bytes=0 if size == b"-" else int(size),
        )

    def _help_with(self, ref: str) -> str:
        if self.head() is None:
            return "this repository has no commit yet: commit first"
        if self.is_shallow():
            return f"this clone is shallow: {_DEEPEN}"
        return f"correct the name, or fetch it: `git fetch origin {ref}`"

    def _ask(self, *words: str, missing: bool = False) -> str | None:
        """git's answer in one line; None where it finds nothing and that is an answer (`missing`)."""
        done = _git(self.root, *words)
        if done.returncode == 0:
            return os.fsdecode(done.stdout).strip()
        if missing and done.returncode in (1, 128) and b"dubious ownership" not in done.stderr:
            return None
        raise _git_failed(words[0], done.stderr)

    def _run(self, *words: str) -> bytes:
        done = _git(self.root, *words)
        if done.returncode != 0:
            raise _git_failed(words[0], done.stderr)
        return done.stdout

    @contextmanager
    def _start(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        with subprocess.Popen(  # noqa: S603 - no shell
            ("git", *_SAFETY, *words),  # noqa: S607 - the person's own git, from PATH
            cwd=self.root,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as git:
            try:
                yield git
            finally:
                git.kill()


def find_repository(root: Path) -> Repository | None:
    """The repository that the project lies in; None where it lies in none.

    NotJudged where git is missing, or refuses to look.
    """
    done = _git(root, "rev-parse", "--is-inside-work-tree", "--show-prefix")
    if done.returncode == 0:
        answer = os.fsdecode(done.stdout).split("\n")
        return Repository(root=root, prefix=answer[1]) if answer[0] == "true" else None
    if b"not a git repository" in done.stderr:
        return None
    raise _git_failed("rev-parse", done.stderr)


def _git(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 - no shell
            ("git", *_SAFETY, *words),  # noqa: S607 - the person's own git, from PATH
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise NotJudged("git is missing", help="install git") from error


def _environment() -> dict[str, str]:
    """Ours without what would point git elsewhere: a hook's GIT_DIR, grafts, another index."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {
        "GIT_GRAFT_FILE": os.devnull,
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


def _git_failed(command: str, said: bytes) -> NotJudged:
    lines = said.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
    if "dubious ownership" in lines[0]:
        return NotJudged(
            "git does not trust this repository: it belongs to another user",
            help="trust it: `git config --global --add safe.directory` with the repository's folder",
        )
    return NotJudged(f"git {command} failed: {lines[0]}", help="run it by hand in this folder to see why")


def _problem(path: str, code: str, message: str, help: str) -> Problem:
    shown = os.fsencode(path).decode("utf-8", "backslashreplace")
    return Problem(path=shown, line=1, column=1, pointer="", code=code, message=message, help=help)
