"""The code under test of both arms, where a template compares commits: chosen and checked out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from remyx_action.plan import Arm

from .checkouts import checked_out
from .commits import Commits, choose_commits
from .repository import find_repository


@dataclass(frozen=True, kw_only=True)
class Sources:
    commits: Commits
    folders: Mapping[Arm, str]
    """The project's root in a read-only checkout of each arm's commit, absolute."""
    notes: tuple[str, ...]
    """What the checkouts do not hold."""


@contextmanager
def sources_of(
    root: Path, *, base: str | None, head: str | None, taken_as_they_are: Sequence[str] = ()
) -> Iterator[Sources]:
    """Check out the merge base and the head while the block lasts (see `choose_commits`).

    NotJudged or WrongUsage where there are no two commits to compare.
    """
    repository = find_repository(root)
    commits = choose_commits(repository, base=base, head=head, taken_as_they_are=taken_as_they_are)
    assert repository is not None
    arms: Mapping[Arm, str] = {"baseline": commits.baseline, "variant": commits.variant}
    with checked_out(repository, arms) as (roots, notes):
        yield Sources(
            commits=commits, folders={arm: str(folder) for arm, folder in roots.items()}, notes=notes
        )
