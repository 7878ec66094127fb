"""Finding the project's root and reading everything under `.remyx/` as bytes: where the line starts."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from remyx_action.errors import Problem, WrongUsage
from remyx_action.project.files.layout import FOLDER, LEFT_ALONE, cap_of, matcher, too_large
from remyx_action.project.lock import HarnessFile
from remyx_action.project.models.template import Script, ScriptKind

from .regular import UnreadableError, open_file, open_folder

PASSED_OVER = frozenset({".git", ".remyx-out", ".venv", "__pycache__", "node_modules"})
"""Folders that hold no harness: what programs make, and git's own."""


def read_harness(root: Path, globs: Sequence[str]) -> list[HarnessFile]:
    """The files below the root that a glob names, as git would store them; a link is its target's name."""
    return [_read(root, path) for path in filter(matcher(globs), _paths(root))]


def files_below(root: Path) -> list[str]:
    """Every file below the root that could belong to a harness, by its path, sorted folder by folder."""
    return list(_paths(root))


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


FILES_CAP = 2_000
DEPTH_CAP = 8

_HELP = {
    "symbolic-link": "put the file itself here; links are not followed",
    "not-a-file": "put a regular file here, or remove it",
    "not-a-folder": "put a folder here, or remove it",
    "unreadable": "let the current user read it",
}


def find_root(directory: Path | None = None) -> Path:
    """The project's root, absolute: `directory` as given, else the nearest parent that holds `.remyx/`.

    WrongUsage where there is none.
    """
    if directory is not None:
        if not directory.is_dir():
            raise WrongUsage(f"no such folder: {directory}", help="name a folder after -C")
        return directory.resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if os.path.lexists(folder / FOLDER):
            return folder
    raise WrongUsage(
        f"no {FOLDER}/ in {here} or any folder above it",
        help=f"change into a project, name one with -C DIR, or write {FOLDER}/metrics.yaml first",
    )


def read_project(root: Path) -> tuple[Mapping[str, bytes], tuple[Problem, ...]]:
    """Every file under `.remyx/` by its path below the root (with `/`), and what could not be read.

    Only regular files of at most 64 KiB (recorded baselines: 256 MiB, schemas: 1 MiB); no link is followed.
    """
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    if not os.path.lexists(root / FOLDER):
        missing = f"there is no {FOLDER}/ folder in {root}"
        return files, (_problem(FOLDER, "missing", missing, f"write {FOLDER}/metrics.yaml, or use -C DIR"),)
    try:
        with _folder(str(root / FOLDER)) as descriptor:
            _read_folder(descriptor, FOLDER, files, problems)
    except UnreadableError as refused:
        problems.append(_refusal(FOLDER, refused))
    return files, tuple(sorted(problems))


def read_below(root: Path, path: str, *, cap_bytes: int | None = None) -> bytes | None:
    """A regular file below the root, at most `cap_bytes` (default: its own cap); None where there is none."""
    cap = cap_of(path) if cap_bytes is None else cap_bytes
    try:
        with _folder(str(root)) as descriptor, os.fdopen(open_file(path, inside=descriptor), "rb") as file:
            content = file.read(cap + 1)
    except (UnreadableError, FileNotFoundError):
        return None
    return content if len(content) <= cap else None


def describe_script(root: Path, script: str) -> Script:
    """How the template's `script` can be started, as it is on disk below the root."""
    path = root / script
    if path.is_dir():
        return Script(path=script.rstrip("/"), kind=_kind_of_folder(path))
    if not path.is_file():
        return Script(path=script, kind=ScriptKind.MISSING)
    if path.suffix == ".py":
        kind = ScriptKind.PYTHON_WITH_METADATA if _has_inline_metadata(path) else ScriptKind.PYTHON
        return Script(path=script, kind=kind)
    runs = os.access(path, os.X_OK)
    return Script(path=script, kind=ScriptKind.EXECUTABLE if runs else ScriptKind.NOT_EXECUTABLE)


@contextmanager
def _folder(name: str, *, inside: int | None = None) -> Iterator[int]:
    descriptor = open_folder(name, inside=inside)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _read_folder(descriptor: int, path: str, files: dict[str, bytes], problems: list[Problem]) -> None:
    for name in sorted(os.listdir(descriptor)):
        below = f"{path}/{name}"
        shown = os.fsencode(below).decode("utf-8", "backslashreplace")
        if below in LEFT_ALONE:
            continue
        if len(files) + len(problems) >= FILES_CAP:
            what = f"more than {FILES_CAP:,} files"
            problems.append(_problem(path, "too-many-files", what, "remove what does not belong here"))
            return
        try:
            _read_entry(descriptor, name, below, files, problems)
        except UnreadableError as refused:
            problems.append(_refusal(shown, refused))
        except FileNotFoundError:
            continue  # gone between listing and opening
        except OSError as error:
            what = f"cannot be read: {(error.strerror or 'unknown error').lower()}"
            problems.append(_refusal(shown, UnreadableError("unreadable", what)))


def _read_entry(folder: int, name: str, path: str, files: dict[str, bytes], problems: list[Problem]) -> None:
    if any("\udc80" <= letter <= "\udcff" for letter in name):  # how Python carries undecodable bytes
        raise UnreadableError("not-utf-8", "has a name that is not UTF-8")
    is_folder = stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    if is_folder and not name.endswith((".yaml", ".yml", ".json")):
        if path.count("/") >= DEPTH_CAP:
            raise UnreadableError("too-deep", f"lies more than {DEPTH_CAP} folders deep")
        with _folder(name, inside=folder) as descriptor:
            _read_folder(descriptor, path, files, problems)
        return
    cap = cap_of(path)
    with os.fdopen(open_file(name, inside=folder), "rb") as file:
        content = file.read(cap + 1)
    if len(content) > cap:
        raise UnreadableError("too-large", too_large(cap))
    files[path] = content


def _refusal(path: str, refused: UnreadableError) -> Problem:
    advice = _HELP.get(refused.code, "make it smaller, or remove it")
    return _problem(path, refused.code, refused.what, advice)


def _problem(path: str, code: str, message: str, help: str) -> Problem:
    return Problem(path=path, line=1, column=1, pointer="", code=code, message=message, help=help)


def _kind_of_folder(folder: Path) -> ScriptKind:
    if (folder / "Dockerfile").is_file():
        return ScriptKind.CONTAINER
    for name, kind in (("run", ScriptKind.FOLDER_RUN), ("entrypoint.sh", ScriptKind.FOLDER_ENTRYPOINT)):
        if (folder / name).is_file() and os.access(folder / name, os.X_OK):
            return kind
    return ScriptKind.FOLDER_WITHOUT_START


def _has_inline_metadata(path: Path) -> bool:
    """Whether a `# /// script` block is in the file (packaging.python.org, Inline script metadata)."""
    with path.open("rb") as file:
        return any(line.rstrip() == b"# /// script" for line in file)
