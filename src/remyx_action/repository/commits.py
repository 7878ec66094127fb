"""Which two commits a template that compares commits is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from remyx_action.errors import NotJudged
from remyx_action.layout import FOLDER

from .repository import Repository

_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Commits:
    """Full ids."""

    baseline: str
    """The merge base: what the change started from."""
    variant: str
    """The change's own head."""
    base_name: str
    """What the merge base was taken with, as somebody would name it."""


def choose_commits(
    repository: Repository | None,
    *,
    base: str | None,
    head: str | None,
    taken_as_they_are: Sequence[str] = (),
) -> Commits:
    """The head's commit, and its merge base with `base` (default: the default branch).

    Without `head`, HEAD is meant, and uncommitted changes are refused: they would look judged and would
    not be. Those under `.remyx/` and the paths `taken_as_they_are` (the harness) do count, so they may
    stand. NotJudged or WrongUsage where there is no such pair of commits.
    """
    if repository is None:
        raise NotJudged(
            "the template compares commits, and this folder lies in no git repository",
            help="run it in a clone, or compare assets (`compare: assets`)",
        )
    variant = repository.commit(head or "HEAD")
    if head is None:
        _refuse_uncommitted(repository, (FOLDER, *taken_as_they_are))
    base_name = base or repository.default_branch()
    baseline = repository.merge_base(repository.commit(base_name), variant)
    if baseline == variant:
        raise NotJudged(
            f"same_commit: {head or 'HEAD'} ({variant[:12]}) is already part of {base_name}",
            help="commit the change on a branch of its own, or name the commits with --base and --head",
        )
    return Commits(baseline=baseline, variant=variant, base_name=base_name)


def _refuse_uncommitted(repository: Repository, taken_as_they_are: Sequence[str]) -> None:
    apart = tuple(path.rstrip("/") for path in taken_as_they_are)
    changed = [
        path
        for path in repository.changed_paths()
        if not any(path == place or path.startswith(f"{place}/") for place in apart)
    ]
    if changed:
        listed = ", ".join(changed[:_SHOWN]) + (", …" if len(changed) > _SHOWN else "")
        raise NotJudged(
            f"uncommitted changes would not be judged: {listed}",
            help="commit them, or pass --head HEAD to judge the last commit without them",
        )
