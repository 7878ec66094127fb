"""Files into a container before it starts, and what it wrote out of it afterwards."""

from __future__ import annotations

import errno
import os
import stat
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from io import RawIOBase
from pathlib import Path, PurePosixPath
from typing import IO

from remyx_action.project.files.layout import RESULTS_CAP_BYTES, matcher
from remyx_action.runtimes.plan.container import INSIDE, Brought

FILES_CAP = 10_000
TOTAL_CAP_BYTES = 4 * RESULTS_CAP_BYTES
_BLOCK_BYTES = 1 << 20
_NAME_CAP_BYTES = 255
_PATH_CAP, _DEPTH_CAP = 1_000, 24
"""Characters and folders, as of archives between two jobs."""
_FOLDER, _READABLE = 0o755, 0o644


OUT_OF_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
"""The machine's disk, or what a person may use of it, is full."""


class NotWrittenError(Exception):
    """This machine could not take what a container left."""


class TooMuchError(Exception):
    """A container left more than is taken out of it; in words."""


def packed(brought: Mapping[str, Brought], *, output: str) -> IO[bytes]:
    """A tar file for /remyx: what is brought, by its path below it, and a folder to write into.

    OSError where something of it cannot be read.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whoever asked for it
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        writable = tarfile.TarInfo(PurePosixPath(output).relative_to(INSIDE).as_posix())
        writable.type, writable.mode = tarfile.DIRTYPE, 0o777  # whoever the image's user is
        tar.addfile(writable)
        for name, one in brought.items():
            for below, path in _chosen(one):
                tar.inodes = {}  # type: ignore[attr-defined]  # a second name of one file is a file of its own
                tar.add(path, arcname=f"{name}/{below}" if below else name, filter=_to_read, recursive=False)
    file.seek(0)
    return file


def _chosen(one: Brought) -> Iterator[tuple[str, Path]]:
    """Path below the folder ("" for itself) and path here, of what is taken: folders first."""
    root = Path(one.path)
    if root.is_symlink():
        raise OSError(errno.ELOOP, "is a link, and links are not followed", one.path)
    yield "", root
    if not root.is_dir():
        return
    wanted, kept_back = matcher(one.only), matcher(one.but)
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(files):
            below = (Path(folder) / name).relative_to(root).as_posix()
            if wanted(below) and not kept_back(below):
                yield below, root / below


def _to_read(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Root's, for others to read; neither links nor devices, which could lead anywhere."""
    if not (member.isreg() or member.isdir()):
        return None
    runs = bool(member.mode & stat.S_IXUSR)
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = _FOLDER if member.isdir() or runs else _READABLE
    return member


def unpacked(stream: Iterable[bytes], into: Path) -> list[str]:
    """Write the regular files of the engine's tar stream below `into`; returns what was left there, in words.

    Never over a file that is there. TooMuchError beyond the caps.
    """
    left: list[str] = []
    files, total = 0, 0
    chunks = iter(stream)
    with tarfile.open(fileobj=_Stream(chunks), mode="r|") as tar:
        for member in tar:
            parts = PurePosixPath(member.name).parts[1:]  # the folder itself comes first
            if not parts or member.isdir():
                continue
            files, total = files + 1, total + member.size
            if files > FILES_CAP:
                raise TooMuchError(f"more than {FILES_CAP:,} files")
            if total > TOTAL_CAP_BYTES:
                raise TooMuchError(f"more than {TOTAL_CAP_BYTES >> 20:,} MiB")
            source = tar.extractfile(member) if member.isreg() and not member.issparse() else None
            if source is None or not _is_plain(parts) or not _written(source, into, parts):
                left.append(f"{ascii('/'.join(parts))[1:-1][:200]} was left in the container")
    for _ in chunks:  # to its very end, or the connection stays open
        pass
    return left[:5] + ([f"{len(left) - 5:,} more were left in the container"] if len(left) > 5 else [])


def first_file(stream: Iterable[bytes], *, cap_bytes: int) -> bytes | None:
    """Content of the one file in the engine's tar stream; None where it is no regular file, or larger."""
    with tarfile.open(fileobj=_Stream(iter(stream)), mode="r|") as tar:
        member = tar.next()
        if member is None or not member.isreg() or member.size > cap_bytes:
            return None
        source = tar.extractfile(member)
        return source.read() if source else None


def _is_plain(parts: tuple[str, ...]) -> bool:
    if len(parts) > _DEPTH_CAP or sum(map(len, parts)) + len(parts) > _PATH_CAP:
        return False
    return all(
        part not in {"", ".", ".."} and part.isprintable() and len(part.encode()) <= _NAME_CAP_BYTES
        for part in parts
    )


def _written(source: IO[bytes], into: Path, parts: tuple[str, ...]) -> bool:
    """False where something else is in the file's place."""
    target = into.joinpath(*parts)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(target, flags, 0o644), "wb") as file:
            while block := source.read(_BLOCK_BYTES):
                file.write(block)
    except (FileExistsError, NotADirectoryError):
        return False
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:  # a longer folder here than there
            return False
        what = (error.strerror or "unknown error").lower()
        raise NotWrittenError(f"cannot write below {into}: {what}") from error
    return True


class _Stream(RawIOBase):
    """Chunks as a file that can be read once."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size or size < 0:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            self._rest += chunk
        found, self._rest = (self._rest, b"") if size < 0 else (self._rest[:size], self._rest[size:])
        return found
