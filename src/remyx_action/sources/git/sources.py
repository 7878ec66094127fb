"""The code under test of both arms, where a template compares commits: chosen and checked out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct, field

from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.project.files.layout import FOLDER
from remyx_action.project.models import Template
from remyx_action.project.models.template import ArmName

from .checkouts import checked_out
from .git import text_of
from .repository import Repository, find_repository

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
        listed = ", ".join(map(text_of, changed[:_SHOWN])) + (", …" if len(changed) > _SHOWN else "")
        raise NotJudged(
            f"uncommitted changes would not be judged: {listed}",
            help="commit them, or pass --head HEAD to judge the last commit without them",
        )


class Sources(Struct, frozen=True, kw_only=True):
    """Empty where a template compares assets: both arms run the harness root's own code."""

    commits: Mapping[str, str] = field(default_factory=dict)
    """Full ids of `base`, `merge_base` (the baseline) and `head` (the variant)."""
    folders: Mapping[ArmName, str] = field(default_factory=dict)
    """The project's root in a read-only checkout of each arm's commit, absolute."""
    notes: tuple[str, ...] = ()
    """What the checkouts do not hold."""

    def name_of(self, arm: ArmName, asset: str) -> str:
        """The arm as people tell it from the other: its asset, its commit, or both."""
        commit = self.commits.get("merge_base" if arm == "baseline" else "head", "")[:12]
        return f"{asset} at {commit}" if asset and commit else asset or commit


@contextmanager
def sources_of(root: Path, template: Template, *, base: str | None, head: str | None) -> Iterator[Sources]:
    """Check out the merge base and the head while the block lasts (see `choose_commits`).

    NotJudged or WrongUsage where there are no two commits to compare.
    """
    if template.compare == "assets":
        if head is not None:
            raise WrongUsage(
                f"template {template.name} compares assets, so --head has no meaning",
                help="name the variant with --variant ASSET, or write `compare: commits` in the template",
            )
        yield Sources()
        return
    repository = find_repository(root)
    commits = choose_commits(repository, base=base, head=head, taken_as_they_are=_harness(template))
    assert repository is not None
    arms: Mapping[ArmName, str] = {"baseline": commits.merge_base, "variant": commits.head}
    with checked_out(repository, arms) as (roots, notes):
        yield Sources(
            commits={"base": commits.base, "merge_base": commits.merge_base, "head": commits.head},
            folders={arm: str(folder) for arm, folder in roots.items()},
            notes=notes,
        )


@contextmanager
def source_of_baseline(root: Path, template: Template) -> Iterator[Sources]:
    """The code of HEAD as the baseline's, where the template compares commits."""
    if template.compare == "assets":
        yield Sources()
        return
    repository = find_repository(root)
    if repository is None:
        raise NotJudged(
            f"template {template.name} compares commits, and this folder lies in no git repository",
            help="run it in a clone, with git installed",
        )
    commit = repository.commit("HEAD")
    baseline: ArmName = "baseline"
    with checked_out(repository, {baseline: commit}) as (roots, notes):
        yield Sources(commits={"merge_base": commit}, folders={baseline: str(roots[baseline])}, notes=notes)


def _harness(template: Template) -> list[str]:
    """Folders and files of the harness, as far as its globs name them outright."""
    globs = [template.program, *(template.harness or [])]
    return [glob.split("*")[0].rpartition("/")[0] if "*" in glob else glob for glob in globs]
