"""Read-only checkouts outside the working tree: a commit's files exactly as git stores them.

The files are written from blobs rather than by `git worktree`: no filter, hook or line-ending setting of
the repository has a say, and nothing is left in `.git` if the machine goes down.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TypeVar

from remyx_action.errors import NotJudged
from remyx_action.sources.disk.large_files import pointed_at

from .git import text_of
from .repository import LINK, SUBMODULE, Repository, TreeEntry

_EXECUTABLE = "100755"
_SHOWN = 3

Unit = TypeVar("Unit")


@contextmanager
def checked_out(
    repository: Repository, commits: Mapping[Unit, str]
) -> Iterator[tuple[Mapping[Unit, Path], tuple[str, ...]]]:
    """The project's root in a checkout of each commit, and notes on what a checkout does not hold.

    Removed with the block, also where a signal ends it.
    """
    folder = Path(tempfile.mkdtemp(prefix="remyx-action-"))
    try:
        roots, notes = {}, []
        for number, (key, commit) in enumerate(commits.items()):
            checkout = folder / f"{number}-{commit[:12]}"
            notes += _lay_out(repository, commit, checkout)
            roots[key] = checkout / repository.prefix
            if not roots[key].is_dir():
                raise NotJudged(
                    f"commit {commit[:12]} holds nothing in {repository.prefix or '.'}",
                    help="name commits in which the project exists with --base and --head",
                )
        yield roots, tuple(dict.fromkeys(notes))
    finally:
        _remove(folder)


def _lay_out(repository: Repository, commit: str, folder: Path) -> list[str]:
    """Write the commit's files into a new folder; returns notes."""
    entries = repository.all_entries(commit)
    of_mode = {mode: [entry for entry in entries if entry.mode == mode] for mode in (LINK, SUBMODULE)}
    files = [entry for entry in entries if entry.mode not in of_mode]
    try:
        folder.mkdir()
        pointers = _write_files(repository, files, folder)
        for entry in of_mode[SUBMODULE]:
            _place(folder, entry.path).mkdir(parents=True, exist_ok=True)
        left_out = _link(repository, of_mode[LINK], folder)
        _set_folders(folder, mode=0o555)
    except OSError as error:
        what = (error.strerror or "unknown error").lower()
        raise NotJudged(
            f"cannot check out commit {commit[:12]}: {what}: {error.filename}",
            help="make room in the folder for temporary files, or name another one in TMPDIR",
        ) from error
    notes = []
    if pointers:
        notes.append(f"Git LFS files are pointers in the checkouts: {_listed(pointers)}")
    if of_mode[SUBMODULE]:
        paths = [entry.path for entry in of_mode[SUBMODULE]]
        notes.append(f"submodules are empty folders in the checkouts: {_listed(paths)}")
    if left_out:
        notes.append(f"links that point outside the repository are left out: {_listed(left_out)}")
    return notes


def _write_files(repository: Repository, files: list[TreeEntry], folder: Path) -> list[str]:
    """Write every file; returns the paths of those that are only pointers to a large one."""
    pointers = []
    for entry, (path, content) in zip(files, repository.read(files), strict=True):
        _write(_place(folder, path), content, mode=0o555 if entry.mode == _EXECUTABLE else 0o444)
        if pointed_at(content) is not None:
            pointers.append(path)
    return pointers


def _place(folder: Path, path: str) -> Path:
    """Where a path of a tree goes; NotJudged where the tree was made to write elsewhere."""
    parts = path.split("/")
    if any(part in {"", ".", ".."} or part.casefold() == ".git" for part in parts):
        raise NotJudged(f"the commit holds a path that git never makes: {path!r}", help="inspect the commit")
    return folder.joinpath(*parts)


def _write(path: Path, content: bytes, *, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _link(repository: Repository, links: list[TreeEntry], folder: Path) -> list[str]:
    """Make the links, after all files so that nothing is written through one; returns those left out."""
    left_out = []
    for path, content in repository.read(links):
        place, target = _place(folder, path), os.fsdecode(content)
        inside = os.path.normpath(PurePosixPath(path).parent / target)
        if target.startswith("/") or inside == ".." or inside.startswith("../"):
            left_out.append(path)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)
    return left_out


def _listed(paths: list[str]) -> str:
    return ", ".join(map(text_of, paths[:_SHOWN])) + (
        f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    )


def _set_folders(folder: Path, *, mode: int) -> None:
    for parent, folders, _ in os.walk(folder):
        for path in (Path(parent, name) for name in folders):
            if not path.is_symlink():
                path.chmod(mode)
    folder.chmod(mode)


def _remove(folder: Path) -> None:
    _set_folders(folder, mode=0o755)
    shutil.rmtree(folder)
