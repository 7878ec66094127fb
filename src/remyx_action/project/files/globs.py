"""Paths that globs name, read from the project's root as .gitignore reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def matcher(globs: Iterable[str]) -> Callable[[str], bool]:
    """Whether a path below the project's root matches one of the globs; never one outside it."""
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines(f"/{glob}" for glob in globs)  # anchored: a glob starts at the root
    return lambda path: not path.startswith("../") and spec.match_file(path)
