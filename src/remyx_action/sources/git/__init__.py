"""What git knows: commits, merge bases, blobs under `.remyx/` and read-only checkouts of a commit."""

from .branch import GrowingBranch
from .checkouts import checked_out
from .git import text_of
from .remote import Remote
from .repository import LINK, SUBMODULE, Repository, TreeEntry, find_repository, harness_at, new_repository
from .sources import Commits, Sources, choose_commits, source_of_baseline, sources_of
from .trees import Tree

__all__ = [
    "LINK",
    "SUBMODULE",
    "Commits",
    "GrowingBranch",
    "Remote",
    "Repository",
    "Sources",
    "Tree",
    "TreeEntry",
    "checked_out",
    "choose_commits",
    "find_repository",
    "harness_at",
    "new_repository",
    "source_of_baseline",
    "sources_of",
    "text_of",
]
