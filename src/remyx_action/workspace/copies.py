"""Copies of the harness root for arms whose config files differ."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from .harness import PASSED_OVER

Key = TypeVar("Key")
LEFT_OUT = PASSED_OVER - {".venv", "node_modules"}
"""What a harness may need of those it keeps."""


@contextmanager
def copies_of(root: Path, keys: Sequence[Key], *, but: Path) -> Iterator[Mapping[Key, Path]]:
    """A copy of everything below `root` for each key, without `but`; removed with the block.

    Files are hard links where the file system allows it: a copy costs no space, and replacing a file in it
    leaves the original as it is.
    """
    if not keys:
        yield {}
        return
    folder = Path(tempfile.mkdtemp(prefix="remyx-action-"))
    try:
        copies = {key: folder / str(number) for number, key in enumerate(keys)}
        for copy in copies.values():
            _copy(root, copy, but)
        yield copies
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put_in_place(root: Path, files: Mapping[str, bytes]) -> None:
    """Replace files below a copy's root."""
    for path, content in files.items():
        target = root / path
        mode = target.stat().st_mode & 0o777
        target.unlink()
        target.write_bytes(content)
        target.chmod(mode)


def _copy(source: Path, target: Path, but: Path) -> None:
    target.mkdir()
    for entry in os.scandir(source):
        if entry.name in LEFT_OUT or Path(entry.path) == but:
            continue
        if entry.is_symlink():
            (target / entry.name).symlink_to(Path(entry.path).readlink())
        elif entry.is_dir():
            _copy(Path(entry.path), target / entry.name, but)
        elif entry.is_file():
            _link(entry.path, target / entry.name)


def _link(source: str, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)
