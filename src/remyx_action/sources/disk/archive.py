"""One archive between two jobs: packed where things are measured, unpacked where nothing in it is trusted."""

from __future__ import annotations

import errno
import os
import re
import stat
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from msgspec import Struct

from remyx_action.errors import NotJudged
from remyx_action.project.files.layout import RESULTS_CAP_BYTES

from .regular import UnreadableError, open_file, open_folder

FILES_CAP = 2_000
DEPTH_CAP = 24
LEGS_CAP = 1_024
NAME_CAP = 1_000
"""Of a path: a harness may name its folders after the path of a model."""
TOTAL_CAP_BYTES = 4 * RESULTS_CAP_BYTES
_BLOCK_BYTES = 1 << 20
_PREDICTIONS = re.compile(r"arms/[^/]+/(seed-[0-9]+/)?predictions/")
"""What code under test left for its scorer: as many files as it likes, and nobody judges by them."""
_HELP = "hand over the archive that `run --measure-only` left, as it is"


class _Member(Struct, frozen=True, kw_only=True):
    name: str
    is_folder: bool
    oddity: str | None
    """What it is instead of a regular file."""
    size_bytes: int
    open: Callable[[], IO[bytes] | None]


def pack(folder: Path, archive: Path) -> tuple[str, ...]:
    """Write the regular files below `folder` to a tar file; returns the paths that were left out.

    The archive may stand in that very folder: neither it nor an older one is put into itself.
    """
    left_out: list[str] = []
    total = 0
    below = [path for path in _files_below(folder) if folder / path != archive]
    paths = [path for path in below if not _PREDICTIONS.match(path)]
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        for path in paths:
            size = (folder / path).lstat().st_size
            total += size
            if size > RESULTS_CAP_BYTES or total > TOTAL_CAP_BYTES or not _add(tar, folder, path):
                left_out.append(path)
    return tuple(left_out)


def unpack_all(results: Path, into: Path) -> Path:
    """What several jobs handed over, as one folder; what one did, as `unpack` has it.

    Several: a folder of folders with one archive each, as `actions/download-artifact` leaves them.
    """
    inside = (
        [entry for entry in sorted(results.iterdir()) if _holds_archive(entry)] if results.is_dir() else []
    )
    if not inside:
        return unpack(results, into)
    if len(inside) > LEGS_CAP:
        raise NotJudged(f"{results.name} holds more than {LEGS_CAP} results", help=_HELP)
    for number, entry in enumerate(inside):
        (into / str(number)).mkdir()
        unpack(entry, into / str(number))
    return into


def _holds_archive(folder: Path) -> bool:
    if folder.is_symlink() or not folder.is_dir():
        return False
    inside = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    return len(inside) == 1 and _is_archive(inside[0])


def unpack(results: Path, into: Path) -> Path:
    """The folder of results that somebody handed over: a folder as it is, an archive unpacked below `into`.

    A folder that holds one archive and nothing else is read as that archive. NotJudged where the archive
    holds anything but regular files and folders, a name twice (also by case or Unicode form), a path that
    leads out, or more than the caps.
    """
    if results.is_dir():
        inside = [entry for entry in results.iterdir() if not entry.name.startswith(".")]
        if len(inside) != 1 or not _is_archive(inside[0]):
            return results
        results = inside[0]
    if not results.is_file():
        raise NotJudged(f"there are no results at {results.name}", help=_HELP)
    try:
        with _members(results) as members:
            _unpack(results.name, members, into)
    except NotJudged:
        raise
    except Exception as broken:  # whatever a decoder raises on hostile bytes
        if isinstance(broken, OSError) and broken.errno in {errno.ENOSPC, errno.EDQUOT}:
            what = (broken.strerror or "no space left").lower()
            raise NotJudged(f"cannot unpack {results.name}: {what}", help="make room in TMPDIR") from broken
        raise NotJudged(f"{results.name} is not an archive that can be read", help=_HELP) from broken
    return into


def _files_below(folder: Path) -> Iterator[str]:
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = Path(parent, name)
            if stat.S_ISREG(path.lstat().st_mode) and not name.startswith("."):
                yield path.relative_to(folder).as_posix()


def _add(tar: tarfile.TarFile, folder: Path, path: str) -> bool:
    try:
        descriptor = open_folder(str(folder))
        try:
            file = os.fdopen(open_file(path, inside=descriptor), "rb")
        finally:
            os.close(descriptor)
    except (UnreadableError, OSError):
        return False
    with file:
        member = tarfile.TarInfo(path)
        member.size = os.fstat(file.fileno()).st_size
        tar.addfile(member, file)
    return True


def _is_archive(path: Path) -> bool:
    return path.suffix in {".tar", ".zip"} and path.is_file() and not path.is_symlink()


@contextmanager
def _members(archive: Path) -> Iterator[Iterator[_Member]]:
    """Open an archive; its members are listed without reading them."""
    if archive.stat().st_size > TOTAL_CAP_BYTES + FILES_CAP * 2048:
        raise NotJudged(f"{archive.name} is larger than {TOTAL_CAP_BYTES >> 20:,} MiB", help=_HELP)
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            yield _of_zip(zipped)
    else:
        with tarfile.open(archive, "r:") as tar:
            yield _of_tar(tar)


def _of_tar(tar: tarfile.TarFile) -> Iterator[_Member]:
    for info in tar:
        regular = info.type in {tarfile.REGTYPE, tarfile.AREGTYPE} and not info.issparse()
        yield _Member(
            name=info.name,
            is_folder=info.isdir(),
            oddity=None if regular or info.isdir() else "a link or a device",
            size_bytes=info.size,
            open=lambda info=info: tar.extractfile(info),  # type: ignore[misc]
        )


def _of_zip(archive: zipfile.ZipFile) -> Iterator[_Member]:
    for info in archive.infolist():
        kind = stat.S_IFMT(info.external_attr >> 16)
        encrypted = bool(info.flag_bits & 1)
        odd = encrypted or kind not in {0, stat.S_IFREG, stat.S_IFDIR}
        yield _Member(
            name=info.filename,
            is_folder=info.is_dir(),
            oddity="encrypted or a link" if odd else None,
            size_bytes=info.file_size,
            open=lambda info=info: archive.open(info),  # type: ignore[misc]
        )


def _unpack(archive: str, members: Iterator[_Member], into: Path) -> None:
    seen: set[str] = set()
    total = 0
    for count, member in enumerate(members, start=1):
        path = _checked(archive, member, seen)
        if count > FILES_CAP:
            raise NotJudged(f"{archive} holds more than {FILES_CAP:,} files", help=_HELP)
        if member.is_folder:
            continue
        total += member.size_bytes
        if member.size_bytes > RESULTS_CAP_BYTES or total > TOTAL_CAP_BYTES:
            raise NotJudged(f"{archive}: {member.name!r} is too large", help=_HELP)
        target = into / path
        target.parent.mkdir(parents=True, exist_ok=True)
        source = member.open()
        assert source is not None  # regular files have content
        with source, target.open("xb") as file:
            _copy(archive, source, file, member)


def _copy(archive: str, source: IO[bytes], target: IO[bytes], member: _Member) -> None:
    """Never more than was declared: a header may lie."""
    left = member.size_bytes
    while block := source.read(_BLOCK_BYTES):
        left -= len(block)
        if left < 0:
            raise NotJudged(f"{archive}: {member.name!r} is larger than it says", help=_HELP)
        target.write(block)


def _checked(archive: str, member: _Member, seen: set[str]) -> PurePosixPath:
    """The member's path below the folder, or NotJudged with what is wrong about it."""
    name = member.name.rstrip("/") if member.is_folder else member.name
    parts = name.removeprefix("./").split("/")
    refused = member.oddity and f"is {member.oddity}"
    if any(part in {"", "..", "."} for part in parts) and name != ".":
        refused = "leads out of its folder"
    elif not name.isprintable() or "\\" in name or len(parts) > DEPTH_CAP or len(name) > NAME_CAP:
        refused = "has a name that no run writes"
    folded = unicodedata.normalize("NFC", "/".join(parts)).casefold()
    if folded in seen and not member.is_folder:
        refused = "is there twice"
    if refused:
        raise NotJudged(f"{archive}: {ascii(member.name)[:200]} {refused}", help=_HELP)
    seen.add(folded)
    return PurePosixPath(*parts)
