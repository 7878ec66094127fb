"""Git LFS: the pointer that git stores in place of a large file, and the bytes that it replaces."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path

from msgspec import Struct

from .regular import UnreadableError, open_file, open_folder

POINTER_CAP_BYTES = 1024
"""What git-lfs takes for a pointer is no larger."""
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*"
    rb"oid sha256:([0-9a-f]{64})\nsize ([0-9]{1,18})\n"
)
_BLOCK_BYTES = 1 << 20
FILES_CAP = 20_000
"""Of an asset: a folder of more is not looked through for pointers."""


class LargeFile(Struct, frozen=True, kw_only=True):
    """What a pointer names."""

    digest: str
    """SHA-256 of the bytes, in hexadecimal."""
    size_bytes: int


def pointed_at(content: bytes) -> LargeFile | None:
    """Return what a file's content points at; None where it is no pointer."""
    match = _POINTER.fullmatch(content) if len(content) <= POINTER_CAP_BYTES else None
    return None if match is None else LargeFile(digest=match[1].decode(), size_bytes=int(match[2]))


def fill(root: Path, asset: str, store: Path) -> None:
    """Put the bytes in place of every pointer of an asset below `root`, a checkout of our own.

    `store`: `lfs/objects` of a clone. What it lacks, or holds with another digest than the pointer's, stays
    a pointer.
    """
    for file, pointer in _pointers_of(_path_of(root, asset)):
        real = file.resolve()
        if not real.is_relative_to(root.resolve()):
            continue
        folder_mode, new = stat.S_IMODE(real.parent.stat().st_mode), real.with_name(f".{real.name}.new")
        real.parent.chmod(0o755)
        try:
            if _copied(store, pointer, new):
                new.chmod(stat.S_IMODE(real.stat().st_mode))
                new.replace(real)
        finally:
            new.unlink(missing_ok=True)
            real.parent.chmod(folder_mode)


def _copied(store: Path, pointer: LargeFile, target: Path) -> bool:
    """Copy what the store holds of a file; whether that is the file, whole."""
    read, size_bytes = sha256(), 0
    try:
        with os.fdopen(_open(store, pointer.digest), "rb") as stored, target.open("xb") as file:
            while (block := stored.read(_BLOCK_BYTES)) and size_bytes <= pointer.size_bytes:
                read.update(block)
                size_bytes += file.write(block)
    except (UnreadableError, FileNotFoundError):
        return False
    return size_bytes == pointer.size_bytes and read.hexdigest() == pointer.digest


def lacks_bytes(root: Path, asset: str) -> str | None:
    """Return in words why the bytes of an asset that is a path below `root` are not there; None: they are.

    A file that is still a pointer lacks them, and so does an empty folder: a submodule that nobody checked
    out. What is no path lacks nothing.
    """
    path = _path_of(root, asset)
    if path == root:
        return None
    if not os.path.lexists(path):  # no error, unlike `exists`, where a name is too long for a file
        above = next((folder for folder in path.parents if os.path.lexists(folder)), root)
        return _emptiness(above, root) if root in above.parents and above.is_dir() else None
    empty = _emptiness(path, root) if path.is_dir() else None
    pointer = next(_pointers_of(path), None)
    if empty is not None or pointer is None:
        return empty
    shown = os.path.relpath(pointer[0], root)
    return f"{shown} is a Git LFS pointer: the bytes that it replaces are not here"


def _path_of(root: Path, asset: str) -> Path:
    """Where an asset lies below the root, if it does: with or without a revision behind an @."""
    name = asset if os.path.lexists(root / asset) else asset.partition("@")[0]
    return root / name


def _pointers_of(path: Path) -> Iterator[tuple[Path, LargeFile]]:
    """Yield every pointer among the files of an asset, the first 20,000 looked at."""
    for file in islice(_files_of(path), FILES_CAP):
        status = file.stat()
        if stat.S_ISREG(status.st_mode) and status.st_size <= POINTER_CAP_BYTES:
            pointer = pointed_at(file.read_bytes())
            if pointer is not None:
                yield file, pointer


def _emptiness(folder: Path, root: Path) -> str | None:
    if any(folder.iterdir()):
        return None
    return f"{os.path.relpath(folder, root)} is an empty folder, as a submodule is that nobody checked out"


def _files_of(path: Path) -> Iterator[Path]:
    if not os.path.lexists(path):
        return
    if not path.is_dir():
        yield from [path] if path.exists() else []
        return
    for folder, folders, files in os.walk(path):
        folders.sort()
        yield from (file for name in sorted(files) if (file := Path(folder, name)).exists())


def _open(store: Path, digest: str) -> int:
    folder = open_folder(str(store))
    try:
        return open_file(f"{digest[:2]}/{digest[2:4]}/{digest}", inside=folder)
    finally:
        os.close(folder)
