"""Where the record of verdicts is read and written: a branch of the repository, a folder, or GitHub's API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.history.record import (
    BRANCH,
    LARGEST_BYTES,
    Choice,
    Record,
    RecordedVerdict,
    Recording,
    content_of,
    identity_of,
    is_of_record,
    named_verdict,
    path_of,
    read_record,
    write_decision,
)
from remyx_action.project.models.policy import policy_key
from remyx_action.report.report import Report
from remyx_action.sources.disk import write_whole
from remyx_action.sources.git import GrowingBranch, Remote, find_repository, new_repository

from .replay import differences, follows

MOST_FILES = 20_000
MOST_NAMED = 5
"""Verdicts that are named one by one where something is wrong with them."""
NEWEST = 200
"""Files of the branch that are read where only the newest verdicts count."""


class Store(Protocol):
    """Files that are added, and seldom removed."""

    def files(self, wanted: Callable[[str], bool] = ...) -> Iterator[tuple[str, bytes]]:
        """Yield path and content of every file, or of those whose path is wanted."""

    def irregularities(self) -> Sequence[str]:
        """Return what does not fit files that are only added."""

    def write(self, files: Mapping[str, str], message: str, *, remove: Sequence[str] = ()) -> str:
        """Add files, path → content, in one step. NotJudged where that is not possible."""


class FolderStore(Struct, frozen=True):
    """A folder on this machine."""

    folder: Path

    def files(self, wanted: Callable[[str], bool] | None = None) -> Iterator[tuple[str, bytes]]:
        """Yield what lies below; WrongUsage without a folder where everything is asked for."""
        if not self.folder.is_dir() and wanted is None:
            raise WrongUsage(
                f"there is no folder {self.folder}", help="name the folder that holds v/YYYY/MM/"
            )
        paths = sorted(
            path for path in self.folder.rglob("*.json") if path.is_file() and not path.is_symlink()
        )
        for path in paths[:MOST_FILES]:
            name = path.relative_to(self.folder).as_posix()
            if wanted is not None and not wanted(name):
                continue
            if path.stat().st_size > LARGEST_BYTES:
                yield name, b" " * (LARGEST_BYTES + 1)
            elif is_of_record(name):
                yield name, path.read_bytes()

    def irregularities(self) -> Sequence[str]:
        """Return nothing: a folder has no history."""
        return []

    def write(self, files: Mapping[str, str], message: str, *, remove: Sequence[str] = ()) -> str:
        """Write each file whole; there is no place for `message`."""
        del message
        if remove:
            raise WrongUsage(
                "a folder is pruned by removing its months", help="remove v/YYYY/MM and d/YYYY/MM"
            )
        for path, content in files.items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            write_whole(target, content)
        return str(self.folder)


class RecordPlace(Struct, frozen=True, kw_only=True):
    """A store, and the project whose verdicts are read and written there."""

    store: Store
    project: str
    """The project's folder below the repository's root; "" is the root."""
    is_shared: bool = True
    """Other projects of the repository may record here; what is read is this project's alone."""


def place_of(root: Path, *, folder: Path | None = None, push: str | None = None) -> RecordPlace:
    """Return the folder, or the branch of the repository that the project lies in.

    `push`: the remote that the branch is written to, too. NotJudged without a folder outside a repository.
    """
    repository = find_repository(root)
    project = repository.prefix.rstrip("/") if repository is not None else ""
    if folder is not None:
        return RecordPlace(store=FolderStore(folder), project=project, is_shared=False)
    if repository is None:
        raise NotJudged(
            "the record is a branch, and this folder lies in no git repository",
            help="name a folder instead: --record DIR",
        )
    branch = GrowingBranch(repository=repository, name=BRANCH, remote=push)
    return RecordPlace(store=branch, project=project)


def read_place(place: RecordPlace) -> Record:
    """Return the project's record in a place; empty where nothing was recorded."""
    record = read_record(place.store.files(), place.store.irregularities())
    return of_project(record, place.project) if place.is_shared else record


def of_project(record: Record, project: str) -> Record:
    """Return the verdicts of one project; `project`: its folder below the repository's root."""
    own = [one for one in record.verdicts if one.key == policy_key(project, one.policy)]
    return replace(record, verdicts=own, elsewhere=len(record.verdicts) - len(own))


def with_forgeries_named(record: Record) -> Record:
    """Return the record with a warning for each verdict that does not follow from its own inputs."""
    forged = [one.path for one in record.verdicts if not follows(one.report)]
    named = [
        f"{path} does not follow from its own policy and inputs: `remyx-action replay` shows what differs, "
        "and `git log` who wrote it"
        for path in forged[:MOST_NAMED]
    ]
    rest = [f"{len(forged) - MOST_NAMED} more do not follow"] if len(forged) > MOST_NAMED else []
    return replace(record, warnings=[*record.warnings, *named, *rest])


def read_remote(remote: Remote) -> Record:
    """Return the record of a repository that is not here: its branch is fetched into a folder for the moment.

    Of all its projects. NotJudged where the server does not answer, or the token may not read.
    """
    with TemporaryDirectory(prefix="remyx-") as folder:
        repository = new_repository(Path(folder))
        tip = remote.tip(repository, BRANCH)
        if tip is None or not remote.obtain(repository, tip, f"refs/heads/{BRANCH}"):
            raise NotJudged(
                f"{remote.name} at {remote.server_url} shows no branch {BRANCH}, or does not answer",
                help="check the name and the network, and pass a token that may read it: GH_TOKEN",
            )
        branch = GrowingBranch(repository=repository, name=BRANCH, at=tip)
        return read_record(list(branch.files()), branch.irregularities())


def newest_report(root: Path, template: str) -> Report | None:
    """Return the newest verdict of a template among the files recorded last; None without one."""
    for files in (20, NEWEST):
        for one in reversed(newest_of_branch(root, files=files)):
            if one.report.policy.template == template and one.report.verdict:
                return one.report
    return None


def newest_of_branch(root: Path, *, files: int = NEWEST) -> Sequence[RecordedVerdict]:
    """Return the verdicts among the files recorded last, oldest first; none outside a repository."""
    try:
        repository = find_repository(root)
        if repository is None:
            return []
        branch = GrowingBranch(repository=repository, name=BRANCH)
        return of_project(read_record(branch.newest(files)), repository.prefix.rstrip("/")).verdicts
    except NotJudged:
        return []


class Added(Struct, frozen=True, kw_only=True):
    """What became of a verdict."""

    path: str
    is_new: bool
    first: str | None
    """Path of an earlier verdict on the same head, policy and digests."""


def add(place: RecordPlace, report: Report, recording: Recording) -> Added:
    """Write a verdict into the record, unless that very file is there already.

    NotJudged where the verdict does not follow from its own policy and inputs.
    """
    wrong = next(differences(report), None)
    if wrong is not None:
        raise NotJudged(
            f"the verdict does not follow from its own inputs: {wrong.strip()}",
            help="`remyx-action replay` shows every difference; record a verdict of this version",
        )
    content = content_of(report)
    path = path_of(report, recording, content, folder=place.project)
    written = named_verdict(path, report)
    of_head = read_record(place.store.files(lambda known: f"-{written.head}-" in known)).verdicts
    known = {one.path: one for one in of_head}
    same = [one for one in known.values() if identity_of(one) == identity_of(written) and one.path != path]
    first = same[0].path if same else None
    if path in known:
        return Added(path=path, is_new=False, first=first)
    verdict = report.verdict or "no verdict"
    note = f"\n\nThe first of these: {first}" if first else ""
    place.store.write({path: content}, f"Record {verdict} of {report.policy.policy.name}{note}")
    return Added(path=path, is_new=True, first=first)


def decide(place: RecordPlace, named: str, decision: Choice, *, why: str, by: str, clock: str) -> str:
    """Write a decision beside a verdict of the record, and return the verdict's path.

    `named`: its path, or the end of one, or a pull request as `#12` (the newest of its verdicts).
    """
    if not why.strip():
        raise WrongUsage(
            "a decision has a reason", help='write it as --why "the loss is in items that go away"'
        )
    verdicts = read_place(place).verdicts
    found = [one for one in verdicts if one.path == named or one.path.endswith(f"/{named}")]
    found = found or [one for one in verdicts if one.subject in {named, f"#{named}"}]
    if not found:
        raise WrongUsage(f"the record has no verdict {named}", help="`remyx-action history` lists them")
    path, content = write_decision(found[-1].path, decision, why=why, by=by, clock=clock)
    place.store.write({path: content}, f"Decide {decision} about {found[-1].subject}")
    return found[-1].path


def prune(place: RecordPlace, before: str) -> int:
    """Remove verdicts of months before `before` (YYYY-MM) with their decisions; return how many files.

    They stay in the branch's history.
    """
    limit = before.replace("-", "/")
    paths = [path for path, _ in place.store.files() if is_of_record(path) and path[2:9] < limit]
    if paths:
        place.store.write({}, f"Prune what is older than {before}", remove=paths)
    return len(paths)
