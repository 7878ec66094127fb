"""Lint of a harness in a container: what its Dockerfile copies beyond what `harness` names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from posixpath import normpath

from remyx_action.project.files.dockerfile import copied

from .context import Finding, LintContext

MOST_READ = 200_000


def dockerfile_beyond_harness(context: LintContext, files: Mapping[str, bytes]) -> Iterator[Finding]:
    """`files`: path below the repository's root → bytes; the build's context is the root."""
    harness, script = context.template.harness, context.template.script
    path = f"{(script or '').rstrip('/')}/Dockerfile"
    if harness is None or path not in files:
        return
    covered = [_pattern(glob) for glob in harness]
    for line, source in copied(files[path][:MOST_READ].decode("utf-8", "replace")):
        inside = normpath(source).lstrip("/")
        if not any(pattern.fullmatch(inside) or pattern.fullmatch(f"{inside}/x") for pattern in covered):
            yield Finding(
                lint="dockerfile-beyond-harness",
                pointer="/template",
                message=f"{path}:{line} copies {source}, which `harness` does not name",
                help="add it to the template's `harness`",
            )


def _pattern(glob: str) -> re.Pattern[str]:
    """A glob with `**` as a pattern of whole paths."""
    text = re.escape(glob.rstrip("/")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*")
    text = text.replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
    return re.compile(f"{text}(?:/.*)?")
