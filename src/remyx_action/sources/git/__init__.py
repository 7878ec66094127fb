"""What git knows: commits, merge bases, blobs under `.remyx/` and read-only checkouts of a commit."""

from .checkouts import checked_out
from .repository import Entry, Repository, find_repository, harness_at, obtain
from .sources import Commits, Sources, choose_commits, source_of_baseline, sources_of

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
