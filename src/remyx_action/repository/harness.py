"""A template's harness as a commit holds it: the bytes that git stores, whatever a checkout makes of them."""

from __future__ import annotations

from collections.abc import Sequence

from remyx_action.checks.lock import HarnessFile

from .repository import Entry, Repository

REGULAR = frozenset({"100644", "100755"})


def harness_at(
    repository: Repository, commit: str, globs: Sequence[str]
) -> tuple[list[HarnessFile], list[Entry]]:
    """The regular files that the globs name, and what is none: links and submodules."""
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines(f"/{glob}" for glob in globs)
    named = [entry for entry in repository.entries(commit) if spec.match_file(entry.path)]
    regular = [entry for entry in named if entry.mode in REGULAR]
    modes = {entry.path: entry.mode for entry in regular}
    files = [
        HarnessFile(path=path, mode=modes[path], content=content)
        for path, content in repository.read(regular)
    ]
    return files, [entry for entry in named if entry.mode not in REGULAR]
