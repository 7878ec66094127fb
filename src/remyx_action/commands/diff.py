"""`diff`: the files of two commits → what the change does to the bar, as text or JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from remyx_action.errors import FilesWrong, Problem, WrongUsage
from remyx_action.policy.diff import Change, DiffSide, compare_bars
from remyx_action.policy.lints.rule_errors import load_checked
from remyx_action.project.files.layout import matcher
from remyx_action.project.load import BASELINES, ROOT, Bundle, stem_of
from remyx_action.project.protected import harness_globs
from remyx_action.report.render.bar_diff import changes_as_json, changes_as_text
from remyx_action.sources.git import Repository, find_repository

from .output import Output


class DiffFiles(Struct, frozen=True, kw_only=True):
    """What one commit holds."""

    texts: Mapping[str, bytes]
    """Path below the project's root → bytes of everything under `.remyx/`."""
    unreadable: tuple[Problem, ...] = ()
    harness: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By the template's name, path → mode and digest of every file of its harness; {}: not compared."""


class DiffOutput(Output, frozen=True, kw_only=True):
    """SHIP (0): a difference is no failure."""

    changes: tuple[Change, ...]


def diff(before: DiffFiles, after: DiffFiles) -> DiffOutput:
    """Compare the bars of two commits; FilesWrong where the files of one of them hold an error."""
    changes = compare_bars(side_of(before), side_of(after))
    return DiffOutput(
        changes=changes,
        formats={
            "text": lambda screen: changes_as_text(changes, width=screen.width, colour=screen.colour),
            "json": lambda _: changes_as_json(changes),
        },
    )


def between(root: Path, span: str) -> DiffOutput:
    """Compare the bars of the two commits of `BASE..HEAD`; WrongUsage outside a repository."""
    base, head = ends_of(span)
    repository = find_repository(root)
    if repository is None:
        raise WrongUsage(f"{root} lies in no git repository", help="run it in a clone, with git installed")
    return diff(files_at(repository, base), files_at(repository, head))


def side_of(files: DiffFiles) -> DiffSide:
    """One side of the comparison; a commit without any file under `.remyx/` sets no bar at all.

    FilesWrong where a file holds an error: nothing can be proved about what cannot be read.
    """
    bundle = load_checked(files.texts)
    nothing = not files.unreadable and not any(path.startswith(f"{ROOT}/") for path in files.texts)
    if not nothing and (files.unreadable or bundle.errors):
        raise FilesWrong(tuple(sorted({*files.unreadable, *bundle.problems})), files.texts)
    recorded = {
        stem_of(path): text
        for path, text in files.texts.items()
        if path.startswith(f"{ROOT}/{BASELINES}/") and path.endswith(".json")
    }
    return DiffSide(bundle=bundle, recorded=recorded, harness=files.harness)


def ends_of(span: str) -> tuple[str, str]:
    """`BASE..HEAD` as two names; an end that is left out is HEAD. WrongUsage for anything else."""
    base, dots, head = span.partition("..")
    if not dots or head.startswith(".") or not (base or head):
        raise WrongUsage(f"{span!r} names no two commits", help="write BASE..HEAD, such as main..HEAD")
    return base or "HEAD", head or "HEAD"


def files_at(repository: Repository, name: str) -> DiffFiles:
    """What the commit of that name holds: the bar's files, and its harness file by file."""
    commit = repository.commit(name)
    texts, unreadable = repository.read_tree(commit)
    return DiffFiles(
        texts=texts, unreadable=unreadable, harness=_harness(repository, commit, load_checked(texts))
    )


def _harness(repository: Repository, commit: str, bundle: Bundle) -> dict[str, dict[str, str]]:
    entries = repository.entries(commit) if bundle.templates else ()
    harness = {}
    for name, template in bundle.templates.items():
        matches = matcher(harness_globs(template))
        harness[name] = {
            entry.path: f"{entry.mode} {entry.object_id}" for entry in entries if matches(entry.path)
        }
    return harness
