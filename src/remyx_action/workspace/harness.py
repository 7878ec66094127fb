"""The harness as it stands on disk: every file that a template's globs name, with mode and bytes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from remyx_action.checks.lock import HarnessFile

PASSED_OVER = frozenset({".git", ".remyx-out", ".venv", "__pycache__", "node_modules"})
"""Folders that hold no harness: what programs make, and git's own."""


def read_harness(root: Path, globs: Sequence[str]) -> list[HarnessFile]:
    """The files below the root that a glob names, as git would store them; a link is its target's name."""
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines(f"/{glob}" for glob in globs)  # anchored: a glob starts at the root
    return [_read(root, path) for path in _paths(root) if spec.match_file(path)]


def _paths(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in PASSED_OVER)
        for name in sorted([*files, *(name for name in folders if (Path(folder) / name).is_symlink())]):
            yield (Path(folder) / name).relative_to(root).as_posix()


def _read(root: Path, path: str) -> HarnessFile:
    file = root / path
    mode = file.lstat().st_mode
    if stat.S_ISLNK(mode):
        return HarnessFile(path=path, mode="120000", content=os.fsencode(file.readlink()))
    executable = "100755" if mode & stat.S_IXUSR else "100644"
    return HarnessFile(path=path, mode=executable, content=file.read_bytes() if stat.S_ISREG(mode) else b"")
