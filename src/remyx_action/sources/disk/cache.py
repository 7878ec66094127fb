"""The folder of cached arms: an entry is there whole or not at all, and hashed again whenever it is read."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from remyx_action.errors import NotJudged

from .cache_key import NAME, NotWhatItSays
from .output_folder import empty_folder, write_whole
from .regular import UnreadableError, open_file, open_folder
from .results import ResultsFolder

MOST_ENTRIES = 64
"""The newest stay; a folder that CI carries along must not grow for ever."""
ENTRY_CAP_BYTES = 1024 * 1024
_IGNORED = "# written by remyx-action: nothing in this folder is committed\n*\n"
_BLOCK_BYTES = 1024 * 1024


class CacheFolder:
    """Arms cached below one folder, each in a folder that is named by its key."""

    def __init__(self, folder: Path, *, most_entries: int = MOST_ENTRIES) -> None:
        self._folder = folder.absolute()
        self._most_entries = most_entries

    def entry(self, key: str) -> bytes | None:
        """Return the file of the entry, or None where nothing is cached. Raises NotWhatItSays."""
        try:
            folder = open_folder(str(self._folder / key))
        except FileNotFoundError:
            return None
        except UnreadableError as refused:
            raise NotWhatItSays(f"its folder {refused.what}") from refused
        try:
            with os.fdopen(open_file(NAME, inside=folder), "rb") as file:
                return file.read(ENTRY_CAP_BYTES)
        except (UnreadableError, OSError) as refused:
            raise NotWhatItSays(f"its {NAME} cannot be read") from refused
        finally:
            os.close(folder)

    def get(self, key: str, files: Mapping[str, str], into: Path) -> None:
        """Copy the entry's files (path → digest) into the arm's empty folder.

        Raises NotWhatItSays, and leaves the folder empty, where one of them is not what was cached.
        """
        try:
            _copy_all(self._folder / key, files, into)
        except BaseException:
            empty_folder(into)
            raise

    def put(self, key: str, entry: str, files: Mapping[str, str], source: Path) -> None:
        """Cache an arm's files under the key, in place of what was there.

        Raises NotWhatItSays where a file changed since its digest was taken; OSError where the folder
        cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        write_whole(self._folder / ".gitignore", _IGNORED)
        new = Path(tempfile.mkdtemp(prefix=".new-", dir=self._folder))
        try:
            _copy_all(source, files, new)
            write_whole(new / NAME, entry)
            new.chmod(0o755)
            _remove(self._folder / key)
            new.rename(self._folder / key)
        finally:
            _remove(new)
        self._make_room()

    def _make_room(self) -> None:
        entries = [path for path in self._folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
        for path in sorted(entries, key=lambda path: path.lstat().st_mtime, reverse=True)[
            self._most_entries :
        ]:
            _remove(path)


def _copy_all(source: Path, files: Mapping[str, str], into: Path) -> None:
    for name, digest in files.items():
        if _copy(source, name, into) != digest:
            raise NotWhatItSays(f"{name} is not what was measured")


def _copy(source: Path, name: str, into: Path) -> str:
    """Copy one regular file of an arm, no link followed; returns the digest of what was read."""
    target = into / name
    read = hashlib.sha256()
    try:
        blocks = ResultsFolder(source)(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            for block in blocks:
                read.update(block)
                file.write(block)
    except (OSError, NotJudged) as error:
        raise NotWhatItSays(f"{name} cannot be read") from error
    return f"sha256:{read.hexdigest()}"


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError):
        if path.is_symlink() or not path.is_dir():
            path.unlink()
        else:
            shutil.rmtree(path)


def digest_of_asset(root: Path, asset: str, *, cap_bytes: int) -> str | None:
    """`sha256:…` of the file or folder that an asset names, from the harness root; None where there is none.

    Raises NotWhatItSays where it holds more than the cap, or a link: then nothing tells it from another.
    """
    path = root / asset
    if not asset or "\0" in asset or not os.path.lexists(path):
        return None
    found = hashlib.sha256()
    left_bytes = cap_bytes
    for file in _files_of(path):
        size_bytes = file.lstat().st_size
        left_bytes -= size_bytes
        if left_bytes < 0:
            raise NotWhatItSays(f"{asset} holds more than {cap_bytes >> 20:,} MiB")
        name = os.path.relpath(file, path)
        found.update(f"{len(os.fsencode(name))} ".encode() + os.fsencode(name) + f" {size_bytes} ".encode())
        with file.open("rb") as opened:
            while block := opened.read(_BLOCK_BYTES):
                found.update(block)
    return f"sha256:{found.hexdigest()}"


def _files_of(path: Path) -> list[Path]:
    """The regular files of a path in a fixed order; NotWhatItSays where there is anything else."""
    walked = os.walk(path) if path.is_dir() else [(str(path.parent), [], [path.name])]
    folders, files = [path] if path.is_dir() else [], []
    for parent, inside, names in walked:
        folders += [Path(parent, name) for name in inside]
        files += [Path(parent, name) for name in names]
    odd = [each for each in (*folders, *files) if each.is_symlink()]
    odd += [file for file in files if not stat.S_ISREG(file.lstat().st_mode)]
    if odd:
        raise NotWhatItSays(f"{odd[0].name} is a link or no regular file")
    return sorted(files)
