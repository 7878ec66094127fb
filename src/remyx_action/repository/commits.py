"""Which two commits a template that compares commits is about."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from remyx_action.errors import NotJudged
from remyx_action.files.layout import FOLDER

from .repository import Repository

_SHOWN = 3


class Commits(Struct, frozen=True, kw_only=True):
    """Full ids."""

    base: str
    merge_base: str
    """What the change started from: the baseline."""
    head: str
    """The change itself: the variant."""


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
            help="run it in a clone, with git installed, or compare assets (`compare: assets`)",
        )
    change = repository.commit(head or "HEAD")
    if head is None:
        _refuse_uncommitted(repository, (FOLDER, *taken_as_they_are))
    base_name = base or repository.default_branch()
    tip = repository.commit(base_name)
    merge_base = repository.merge_base(tip, change)
    if merge_base == change:
        raise NotJudged(
            f"same_commit: {head or 'HEAD'} ({change[:12]}) is already part of {base_name}",
            help="commit the change on a branch of its own, or name the commits with --base and --head",
        )
    return Commits(base=tip, merge_base=merge_base, head=change)


def _refuse_uncommitted(repository: Repository, taken_as_they_are: Sequence[str]) -> None:
    apart = tuple(path.rstrip("/") for path in taken_as_they_are if path)
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
