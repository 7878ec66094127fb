"""Where a project keeps its files, how large each may be, and globs: the same on disk and in a commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .yaml_text import LARGEST_FILE_BYTES

FOLDER = ".remyx"
LEFT_ALONE = frozenset({f"{FOLDER}/repo_intel.yaml"})
"""Belongs to another tool."""

RESULTS_CAP_BYTES = 256 * 1024 * 1024
"""Per result file; a recorded baseline is one."""


SCHEMA_CAP_BYTES = 1024 * 1024
"""Per JSON Schema for editors: written by this program, and read by nobody but them."""


def cap_of(path: str) -> int:
    """The largest size in bytes of a project's file, by its path below the root."""
    if path.startswith(f"{FOLDER}/baselines/"):
        return RESULTS_CAP_BYTES
    return SCHEMA_CAP_BYTES if path.startswith(f"{FOLDER}/schemas/") else LARGEST_FILE_BYTES


def too_large(cap_bytes: int) -> str:
    """What is wrong with a file beyond its cap."""
    return f"is larger than {cap_bytes // 1024:,} KiB"


def matcher(globs: Iterable[str]) -> Callable[[str], bool]:
    """Whether a path below the project's root matches one of the globs; never one outside it."""
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines(f"/{glob}" for glob in globs)  # anchored: a glob starts at the root
    return lambda path: not path.startswith("../") and spec.match_file(path)
