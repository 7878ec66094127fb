"""Writing: the output folder of a run, and files that are there whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.project.models.template import LOG_NAME

from .project_files import PASSED_OVER

Unit = TypeVar("Unit")
LEFT_OUT = PASSED_OVER - {".venv", "node_modules"}
"""What a harness may need of those it keeps."""


@contextmanager
def copies_of(
    root: Path, keys: Sequence[Unit], *, but: Path, linked: bool = True
) -> Iterator[Mapping[Unit, Path]]:
    """A copy of everything below `root` for each key, without `but`; removed with the block.

    Files are hard links where the file system allows it: a copy costs no space, and replacing a file in it
    leaves the original as it is. Not `linked`: writing into a file leaves the original as it is, too.
    """
    if not keys:
        yield {}
        return
    folder = Path(tempfile.mkdtemp(prefix="remyx-action-"))
    try:
        copies = {key: folder / str(number) for number, key in enumerate(keys)}
        for copy in copies.values():
            _copy(root, copy, but, _link if linked else shutil.copy2)
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


def _copy(source: Path, target: Path, but: Path, copy_file: Callable[[str, Path], object]) -> None:
    target.mkdir()
    for entry in os.scandir(source):
        if entry.name in LEFT_OUT or Path(entry.path) == but:
            continue
        if entry.is_symlink():
            (target / entry.name).symlink_to(Path(entry.path).readlink())
        elif entry.is_dir():
            _copy(Path(entry.path), target / entry.name, but, copy_file)
        elif entry.is_file():
            copy_file(entry.path, target / entry.name)


def _link(source: str, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)


_MARK = "# written by remyx-action: nothing in this folder is committed\n*\n"
"""Content of the folder's own .gitignore, by which a later run knows the folder for its own."""


class OutputFolder(Struct, frozen=True, kw_only=True):
    """Where a run leaves everything; absolute paths."""

    path: Path

    def arm(self, arm: str) -> Path:
        """The folder that the arm's harness writes into."""
        return self.path / "arms" / arm

    def part(self, arm: str, name: str) -> Path:
        """An empty folder for one of the arm's runs, in place of whatever stood there."""
        folder = self.arm(arm) / name
        if name:
            empty_folder(folder)
        return folder

    def log(self, arm: str) -> Path:
        """The arm's log, in the folder of its results."""
        return self.arm(arm) / LOG_NAME


@contextmanager
def prepare_output(path: Path, arms: tuple[str, ...] = ("baseline", "variant")) -> Iterator[OutputFolder]:
    """Make the folder with its own `.gitignore` and an empty folder per arm; nobody else writes meanwhile.

    WrongUsage where something else lives there; NotJudged where another run is writing into it.
    """
    path = path.absolute()
    _claim(path)
    with _only_writer(path):
        folder = OutputFolder(path=path)
        for arm in arms:
            empty_folder(folder.arm(arm))
        yield folder


WRITTEN = ("verdict.json", "comment.md", "summary.md", "report.html", "run.json")
"""The files of a run outside its arms' folders."""


def remove_written(path: Path, *, but: Sequence[str] = ()) -> None:
    """Remove what an earlier run left in an output folder and in the folders of its policies.

    Whatever becomes of the new run, nobody reads the earlier one's verdict for its own. A folder that is not
    ours stays as it is. NotJudged where another run is writing into it, or where nothing can be removed.
    """
    if not _is_ours(path / ".gitignore"):
        return
    with _only_writer(path):
        try:
            folders = [path, *(each for each in path.iterdir() if each.is_dir() and not each.is_symlink())]
            for file in (folder / name for folder in folders for name in WRITTEN if name not in but):
                file.unlink(missing_ok=True)
        except OSError as error:
            what = f"cannot write below {path}: {(error.strerror or 'unknown error').lower()}"
            raise NotJudged(what, help="name another folder with --out") from error


def write_whole(path: Path, content: str | bytes) -> None:
    """Write under a temporary name in the same folder, then rename: a reader sees all of it or nothing."""
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _claim(path: Path) -> None:
    """Make the folder ours, unless it is somebody else's."""
    mark = path / ".gitignore"
    try:
        path.mkdir(parents=True, exist_ok=True)
        is_empty = not any(path.iterdir())
        if not is_empty and not _is_ours(mark):
            raise WrongUsage(
                f"{path} holds files that remyx-action did not write",
                help="name an empty or a new folder with --out; arms/ in it is emptied before each run",
            )
        if is_empty:
            write_whole(mark, _MARK)
    except OSError as error:
        raise WrongUsage(
            f"cannot write to {path}: {(error.strerror or 'unknown error').lower()}",
            help="name a folder that can be written with --out",
        ) from error


def _is_ours(mark: Path) -> bool:
    return not mark.is_symlink() and mark.is_file() and mark.read_bytes() == _MARK.encode()


@contextmanager
def _only_writer(path: Path) -> Iterator[None]:
    descriptor = os.open(path / ".gitignore", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise NotJudged(
                f"another run is writing into {path}", help="wait for it, or name another folder with --out"
            ) from error
        yield
    finally:
        os.close(descriptor)


def empty_folder(folder: Path) -> None:
    """An empty folder, whatever stood there; a link is removed, not followed."""
    if folder.parent.is_symlink():
        folder.parent.unlink()
    if folder.is_symlink() or (folder.exists() and not stat.S_ISDIR(folder.lstat().st_mode)):
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
