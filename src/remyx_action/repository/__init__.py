"""What git knows: commits, merge bases, blobs under `.remyx/` and read-only checkouts of a commit."""

from .checkouts import checked_out
from .commits import Commits, choose_commits
from .fetching import obtain
from .harness import harness_at
from .repository import Entry, Repository, find_repository
from .sources import Sources, source_of_baseline, sources_of

__all__ = [
    "Commits",
    "Entry",
    "Repository",
    "Sources",
    "checked_out",
    "choose_commits",
    "find_repository",
    "harness_at",
    "obtain",
    "source_of_baseline",
    "sources_of",
]
