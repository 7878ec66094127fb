"""What git knows: commits, merge bases, blobs under `.remyx/` and read-only checkouts of a commit."""

from .checkouts import checked_out
from .commits import Commits, choose_commits
from .repository import Entry, Repository, find_repository

__all__ = ["Commits", "Entry", "Repository", "checked_out", "choose_commits", "find_repository"]
