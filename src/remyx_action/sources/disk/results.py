"""Reading what an arm left behind: each file once, no link followed, capped, hashed while it is read."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.project.files.layout import RESULTS_CAP_BYTES, too_large

from .regular import UnreadableError, open_file, open_folder

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from .parquet import ParquetRows

_BLOCK_BYTES = 1024 * 1024
FILES_CAP = 20_000
DEPTH_CAP = 24
LEAVE_LESS = "name the folder that holds the results of one run, and nothing else"


class ResultsFolder:
    """An arm's output folder; calling it with a file's name gives that file's bytes, block by block.

    FileNotFoundError where there is no such file; NotJudged where it is a link, no regular file, larger
    than the cap, or not below the folder. `digests` holds what was read to its end.
    """

    def __init__(self, folder: Path, *, cap_bytes: int = RESULTS_CAP_BYTES, deepest: int = DEPTH_CAP) -> None:
        self._folder = folder
        self._deepest = deepest
        self._cap_bytes = cap_bytes
        self.digests: dict[str, str] = {}
        """File name → `sha256:…` of the bytes that were read."""
        self._tables = ExitStack()
        self._rows: dict[tuple[str, ...], ParquetRows] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._rows.clear()
        self._tables.close()

    def parquet(self, name: str, columns: Sequence[str]) -> Iterator[bytes]:
        """The columns of a parquet file as JSON Lines; inside `with`, which ends what reads them."""
        from .parquet import ParquetRows

        asked = tuple(columns)
        if asked not in self._rows:
            self._rows[asked] = self._tables.enter_context(ParquetRows(asked))
        return self._rows[asked].lines(name, b"".join(self(name)))

    def __call__(self, name: str) -> Iterator[bytes]:
        file = self._open(name)
        return self._blocks(name, file)

    def names(self) -> list[str]:
        """Paths of everything below the folder that is no folder, sorted; links are named, never followed.

        What lies more than `deepest` folders deep is left out. NotJudged where there are more than an arm
        leaves, or a folder cannot be read.
        """
        found: list[str] = []
        folders = [("", 0)]
        while folders:
            folder, depth = folders.pop()
            for path, is_folder in self._inside(folder):
                if not is_folder:
                    found.append(path)
                elif depth < self._deepest:
                    folders.append((path, depth + 1))
            if len(found) + len(folders) > FILES_CAP:
                raise NotJudged(f"{self._folder} holds more than {FILES_CAP:,} files", help=LEAVE_LESS)
        return sorted(found)

    def _inside(self, folder: str) -> Iterator[tuple[str, bool]]:
        """Paths in one folder, and which are folders; a name that cannot be printed is no file of ours."""
        try:
            with os.scandir(self._folder / folder) as entries:
                for entry in entries:
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if path.isprintable():
                        yield path, entry.is_dir(follow_symlinks=False)
        except OSError as error:
            what = (error.strerror or type(error).__name__).lower()
            raise NotJudged(f"{self._folder}/{folder} cannot be read: {what}", help=LEAVE_LESS) from error

    def _open(self, name: str) -> _Hashed:
        try:
            folder = open_folder(str(self._folder))
            try:
                descriptor = open_file(name, inside=folder)
            finally:
                os.close(folder)
        except UnreadableError as refused:
            where = f"{self._folder}/{name}"
            raise NotJudged(
                f"{where} {refused.what}", help="the harness has to leave a regular file in its output folder"
            ) from refused
        if os.fstat(descriptor).st_size > self._cap_bytes:
            os.close(descriptor)
            raise self._too_large(name)
        return _Hashed(descriptor)

    def _blocks(self, name: str, file: _Hashed) -> Iterator[bytes]:
        with io.BufferedReader(file, _BLOCK_BYTES) as blocks:
            while block := blocks.read(_BLOCK_BYTES):
                if file.read_bytes > self._cap_bytes:
                    raise self._too_large(name)
                yield block
            self.digests[name] = f"sha256:{file.hash.hexdigest()}"

    def _too_large(self, name: str) -> NotJudged:
        return NotJudged(
            f"{self._folder}/{name} {too_large(self._cap_bytes)}",
            help="leave outputs out of the results, or split the evaluation into shards",
        )


class _Hashed(io.RawIOBase):
    """A file that knows the digest of what was read from it."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self.hash = hashlib.sha256()
        self.read_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        count = os.readv(self._descriptor, [view])
        self.hash.update(view[:count])
        self.read_bytes += count
        return count

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def open_results(path: Path, default_name: str) -> tuple[ResultsFolder, str]:
    """The folder and file name that somebody meant by `path`: an output folder or a results file.

    `default_name` is the file that is read where a folder was given. Links in the path that a person
    typed are theirs to follow; inside the folder none is. WrongUsage where nothing is there.
    """
    if path.is_dir():
        return ResultsFolder(path.resolve()), default_name
    file = _file_at(path)
    return ResultsFolder(file.parent), file.name


def open_run(path: Path, *, below: str, beside: str) -> tuple[ResultsFolder, str | None]:
    """The same where a reader finds the results file itself: None as its name where a folder was given.

    A results file in a folder `below`, next to which there is a folder `beside`, means the folder that
    holds both.
    """
    if path.is_dir():
        return ResultsFolder(path.resolve()), None
    file = _file_at(path)
    for folder in file.parents:
        if folder.name == below and (folder.parent / beside).is_dir():
            return ResultsFolder(folder.parent), file.relative_to(folder.parent).as_posix()
    return ResultsFolder(file.parent, deepest=0), file.name


def _file_at(path: Path) -> Path:
    if not os.path.lexists(path):
        raise WrongUsage(
            f"no such file or folder: {path}", help="name a run's output folder or its results file"
        )
    return path.parent.resolve() / path.name
