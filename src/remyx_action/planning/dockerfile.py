"""A Dockerfile as it is sent to the engine: bases that are built here under names of ours, and a mark."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_FROM = re.compile(r"^(\s*FROM\s+(?:--\S+\s+)*)(\S+)(.*)$", re.IGNORECASE | re.DOTALL)
_COPY_FROM = re.compile(r"^(\s*(?:COPY|ADD)\s+(?:--\S+\s+)*--from=)(\S+)(.*)$", re.IGNORECASE | re.DOTALL)
_ARGUMENT = re.compile(r"^(\s*ARG\s+[A-Za-z_]\w*=)(\S+)(.*)$", re.IGNORECASE | re.DOTALL)
_QUOTES = "\"'"


def marked(text: str, *, renamed: Mapping[str, str], label: str) -> str:
    """The Dockerfile with each image of `renamed` (name → ours) called ours, and `label` on every stage.

    Every layer and every container of the build then carries the label, also where the build fails half-way.
    """
    parts = []
    stages: set[str] = set()
    for instruction in _instructions(text):
        for pattern in (_FROM, _COPY_FROM, _ARGUMENT):
            match = pattern.match(instruction)
            if match:
                name = match[2] if match[2].casefold() in stages else ours(match[2], renamed)
                parts.append(f"{match[1]}{name}{match[3]}")
                break
        else:
            parts.append(instruction)
        stages |= _stage_of(instruction)
        if _FROM.match(instruction):
            parts.append(f"LABEL {label}")
    return "\n".join(parts) + "\n"


def ours(name: str, renamed: Mapping[str, str]) -> str:
    """The name under which an image was built here, else the name itself; `x` and `x:latest` are one."""
    bare = name.strip(_QUOTES)
    tagged = bare if ":" in bare.rpartition("/")[2] else f"{bare}:latest"
    for theirs, our in renamed.items():
        if tagged == (theirs if ":" in theirs.rpartition("/")[2] else f"{theirs}:latest"):
            return our
    return name


def bases_of(text: str) -> list[str]:
    """The images that the stages start from, as they are written, each once; stages of its own left out."""
    found: list[str] = []
    stages: set[str] = set()
    for instruction in _instructions(text):
        match = _FROM.match(instruction)
        if match and match[2].casefold() not in stages | {"scratch"} and match[2] not in found:
            found.append(match[2])
        stages |= _stage_of(instruction)
    return found


def _stage_of(instruction: str) -> set[str]:
    """The name that a FROM gives to its stage."""
    match = _FROM.match(instruction)
    name = re.match(r"\s+AS\s+(\S+)", match[3], re.IGNORECASE) if match else None
    return {name[1].casefold()} if name else set()


def _instructions(text: str) -> Iterator[str]:
    """Lines, continued ones joined to their instruction as they stand; comments stay between them."""
    unfinished: list[str] = []
    for line in text.splitlines():
        unfinished.append(line)
        is_comment = line.lstrip().startswith("#")
        if line.rstrip().endswith("\\") and not is_comment:
            continue
        if is_comment and len(unfinished) > 1:  # a comment inside a continued instruction
            continue
        yield "\n".join(unfinished)
        unfinished = []
    if unfinished:
        yield "\n".join(unfinished)
