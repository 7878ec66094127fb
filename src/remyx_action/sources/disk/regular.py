"""Opening regular files, and nothing else, below a folder: every reader of the disk uses this."""

from __future__ import annotations

import os
import stat
from pathlib import PurePosixPath

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""Without blocking: a named pipe must not hold the reader up before it is refused."""

_KINDS = {
    stat.S_IFDIR: "is a folder",
    stat.S_IFIFO: "is a named pipe",
    stat.S_IFSOCK: "is a socket",
    stat.S_IFCHR: "is a device",
    stat.S_IFBLK: "is a device",
}


class UnreadableError(Exception):
    """Something is at the path that is not read; `what` says what, lower case: `is a folder`."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.code = code
        self.what = what


def open_folder(name: str, *, inside: int | None = None) -> int:
    """Descriptor of a folder that is no link; FileNotFoundError, or UnreadableError saying what it is."""
    try:
        return os.open(name, _FOLDER, dir_fd=inside)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _explained(error, name, inside, wanted=stat.S_IFDIR) from error


def open_file(name: str, *, inside: int) -> int:
    """Descriptor of a regular file, reached through folders that are no links.

    `name` is relative with `/`. FileNotFoundError, or UnreadableError with what is there instead.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise UnreadableError("outside", "does not lie below its folder")
    opened: list[int] = []
    try:
        for part in path.parts[:-1]:
            opened.append(open_folder(part, inside=opened[-1] if opened else inside))
        return _open_last(path.name, opened[-1] if opened else inside)
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _open_last(name: str, inside: int) -> int:
    try:
        descriptor = os.open(name, _FILE, dir_fd=inside)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _explained(error, name, inside, wanted=stat.S_IFREG) from error
    kind = stat.S_IFMT(os.fstat(descriptor).st_mode)
    if kind != stat.S_IFREG:
        os.close(descriptor)
        raise UnreadableError("not-a-file", _KINDS.get(kind, "is not a regular file"))
    return descriptor


def _explained(error: OSError, name: str, inside: int | None, *, wanted: int) -> UnreadableError:
    try:
        kind = stat.S_IFMT(os.stat(name, dir_fd=inside, follow_symlinks=False).st_mode)
    except OSError:
        kind = wanted
    if kind == stat.S_IFLNK:
        return UnreadableError("symbolic-link", "is a symbolic link" + _dangling(name, inside))
    if kind != wanted:
        named = _KINDS.get(kind, "is a file where a folder is meant")
        return UnreadableError("not-a-file" if wanted == stat.S_IFREG else "not-a-folder", named)
    return UnreadableError("unreadable", f"cannot be read: {(error.strerror or 'unknown error').lower()}")


def _dangling(name: str, inside: int | None) -> str:
    try:
        os.stat(name, dir_fd=inside)
    except OSError:
        return " to nothing"
    return ""
