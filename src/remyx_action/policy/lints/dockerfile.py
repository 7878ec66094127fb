"""Lint of a harness in a container: what its Dockerfile copies beyond what `harness` names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from posixpath import normpath

from .subject import Finding, Subject

MOST_READ = 200_000
COPIES = re.compile(r"^\s*(?:ONBUILD\s+)?(?:COPY|ADD)\s+(.*)$", re.IGNORECASE | re.DOTALL)


def dockerfile_beyond_harness(subject: Subject, files: Mapping[str, bytes]) -> Iterator[Finding]:
    """`files`: path below the repository's root → bytes; the build's context is the root."""
    harness, script = subject.template.harness, subject.template.script
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


def copied(dockerfile: str) -> Iterator[tuple[int, str]]:
    """Line and path of everything that COPY and ADD take from the build's context."""
    for line, instruction in _instructions(dockerfile):
        match = COPIES.match(instruction)
        if match is None:
            continue
        words = _words(match[1].strip())
        flags = [word for word in words if word.startswith("--")]
        if any(flag.startswith("--from") for flag in flags):
            continue
        sources = [word for word in words if not word.startswith("--")][:-1]
        for source in sources:
            if not re.match(r"(https?|git)[:@]|<<", source):
                yield line, source


def _words(text: str) -> list[str]:
    flags = re.match(r"(?:--\S+\s+)*", text)
    rest = text[flags.end() :] if flags else text
    if rest.startswith("["):
        try:
            listed = json.loads(rest)
        except ValueError:
            return []
        if isinstance(listed, list):
            return [*(flags[0].split() if flags else []), *map(str, listed)]
    return text.split()


def _instructions(dockerfile: str) -> Iterator[tuple[int, str]]:
    """Line and text of each instruction, continued lines joined, comments left out."""
    start, parts = 0, list[str]()
    for number, line in enumerate(dockerfile.splitlines(), start=1):
        if line.lstrip().startswith("#"):
            continue
        if not parts:
            start = number
        continues = line.rstrip().endswith("\\")
        parts.append(line.rstrip()[:-1] if continues else line)
        if not continues:
            yield start, " ".join(parts)
            parts = []


def _pattern(glob: str) -> re.Pattern[str]:
    """A glob with `**` as a pattern of whole paths."""
    text = re.escape(glob.rstrip("/")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*")
    text = text.replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
    return re.compile(f"{text}(?:/.*)?")
