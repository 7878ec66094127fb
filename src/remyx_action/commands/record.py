"""Where the record of verdicts is read and written: a branch of the repository, or a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

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
    path_of,
    read_record,
    write_decision,
)
from remyx_action.report.report import Report
from remyx_action.sources.disk import write_whole
from remyx_action.sources.git import GrowingBranch, find_repository

from .replay import differences

MOST_FILES = 20_000
NEWEST = 20
"""Files of the branch among which the newest verdict of a template is looked for."""


class RecordPlace(Struct, frozen=True, kw_only=True):
    """A folder, or the branch of the repository that the project lies in."""

    root: Path
    folder: Path | None = None
    push: str | None = None
    """The remote that the branch is written to; None: it is written here alone."""

    def branch(self) -> GrowingBranch:
        """Return the branch; NotJudged outside a repository."""
        repository = find_repository(self.root)
        if repository is None:
            raise NotJudged(
                "the record is a branch, and this folder lies in no git repository",
                help="name a folder instead: --record DIR",
            )
        return GrowingBranch(repository=repository, name=BRANCH, remote=self.push)


def read_place(place: RecordPlace) -> Record:
    """Return the whole record of a place; empty where nothing was recorded."""
    if place.folder is not None:
        return read_record(_files_below(place.folder))
    branch = place.branch()
    return read_record(branch.files(), branch.irregularities())


def read_branch(root: Path) -> Record:
    """Return the record on the branch; empty outside a repository, and where nothing was recorded."""
    try:
        return read_record(RecordPlace(root=root).branch().files())
    except NotJudged:
        return read_record(())


def newest_report(root: Path, template: str) -> Report | None:
    """Return the verdict of a template that was recorded last, among the newest; None without one."""
    try:
        files = RecordPlace(root=root).branch().newest(NEWEST)
        found = (read_record([file]).verdicts for file in files)
        reports = (one.report for verdicts in found for one in verdicts)
        return next((one for one in reports if one.policy.template == template and one.verdict), None)
    except NotJudged:
        return None


def _of_head(place: RecordPlace, head: str) -> Record:
    """Return what is recorded of one head commit: nothing else is read."""
    if place.folder is not None:
        return read_record(_files_below(place.folder, naming=f"-{head}-") if place.folder.is_dir() else ())
    return read_record(place.branch().files(naming=f"-{head}-"))


def _files_below(folder: Path, *, naming: str = "") -> Iterator[tuple[str, bytes]]:
    if not folder.is_dir():
        raise WrongUsage(f"there is no folder {folder}", help="name the folder that holds v/YYYY/MM/")
    paths = sorted(path for path in folder.rglob("*.json") if path.is_file() and not path.is_symlink())
    for path in paths[:MOST_FILES]:
        name = path.relative_to(folder).as_posix()
        if naming not in name:
            continue
        if path.stat().st_size > LARGEST_BYTES:
            yield name, b" " * (LARGEST_BYTES + 1)
        elif is_of_record(name):
            yield name, path.read_bytes()


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
    path = path_of(report, recording, content)
    written = RecordedVerdict(path=path, pull_request=None, head=path.rsplit("-", 4)[1], report=report)
    known = {one.path: one for one in _of_head(place, written.head).verdicts}
    same = [one for one in known.values() if identity_of(one) == identity_of(written) and one.path != path]
    first = same[0].path if same else None
    if path in known:
        return Added(path=path, is_new=False, first=first)
    verdict = report.verdict or "no verdict"
    note = f"\n\nThe first of these: {first}" if first else ""
    _write(place, {path: content}, f"Record {verdict} of {report.policy.policy.name}{note}")
    return Added(path=path, is_new=True, first=first)


def decide(place: RecordPlace, named: str, decision: Choice, *, why: str, by: str, clock: str) -> str:
    """Write a decision beside a verdict of the record, and return the verdict's path.

    `named`: its path, or the end of one, or a pull request as `#12` (the newest of its verdicts).
    """
    verdicts = read_place(place).verdicts
    found = [one for one in verdicts if one.path == named or one.path.endswith(f"/{named}")]
    found = found or [one for one in verdicts if one.subject in {named, f"#{named}"}]
    if not found:
        raise WrongUsage(f"the record has no verdict {named}", help="`remyx-action history` lists them")
    path, content = write_decision(found[-1].path, decision, why=why, by=by, clock=clock)
    _write(place, {path: content}, f"Decide {decision} about {found[-1].subject}")
    return found[-1].path


def prune(place: RecordPlace, before: str) -> int:
    """Remove verdicts of months before `before` (YYYY-MM) with their decisions; return how many files.

    They stay in the branch's history.
    """
    if place.folder is not None:
        raise WrongUsage("a folder is pruned by removing its months", help="remove v/YYYY/MM and d/YYYY/MM")
    branch = place.branch()
    limit = before.replace("-", "/")
    paths = [path for path, _ in branch.files() if is_of_record(path) and path[2:9] < limit]
    if paths:
        branch.write({}, f"Prune what is older than {before}", remove=paths)
    return len(paths)


def _write(place: RecordPlace, files: Mapping[str, str], message: str) -> None:
    if place.folder is None:
        place.branch().write(files, message)
        return
    for path, content in files.items():
        target = place.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, content)
