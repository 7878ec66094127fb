"""What an arm needs of a container engine: images to build, files to bring in, and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct, field

from remyx_action.project.models.container import Container

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


INSIDE = "/remyx"
"""The one folder of ours in a container: a volume of its own."""
OUTPUT, SOURCE, INPUTS, PREDICTIONS = (
    f"{INSIDE}/{name}" for name in ("output", "source", "inputs", "predictions")
)
"""Only the first is writable."""

SET_INSIDE = {"HOME": "/tmp", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}  # noqa: S108
"""Of the machine's own variables nothing is passed on; caches go where writing is allowed."""

_SHARE = 0.9
"""Of the engine's memory, for both arms together, so that the container ends and not the machine."""
_UNITS = {"k": 10, "m": 20, "g": 30, "t": 40}


class Image(Struct, frozen=True, kw_only=True):
    """One image to build."""

    tag: str
    """The name by which Dockerfiles that are built after it start from it; "" where none does."""
    dockerfile: str
    context: str
    """Both absolute, on this machine."""
    build_args: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None


class Brought(Struct, frozen=True, kw_only=True):
    """A file or folder of this machine that is copied into a container."""

    path: str
    only: tuple[str, ...] = ("**",)
    """Globs of what is taken of a folder."""
    but: tuple[str, ...] = ()
    """Globs of what is not, whatever `only` says."""


class ContainerPlan(Struct, frozen=True, kw_only=True):
    """One container: made from the last of its images."""

    images: tuple[Image, ...]
    placed: Mapping[str, bytes] = field(default_factory=dict)
    """Files over those baked in: path in the container → content."""
    brought: Mapping[str, Brought] = field(default_factory=dict)
    """Files and folders to read, by their paths below /remyx."""
    output: str = OUTPUT
    """What it may write, and what is taken out of it at the end."""
    gpus: Literal["all"] | int | None = None
    memory_bytes: int | None = None
    """None: `memory_share` of what the engine has."""
    memory_share: float = _SHARE
    cpus: float | None = None
    pids: int = 1024
    network: Literal["none", "bridge"] = "none"
    tmpfs: tuple[str, ...] = ()
    user: str | None = None
    build_timeout_seconds: float = 3600.0


class Freight(Struct, frozen=True, kw_only=True):
    """What goes into a container and what comes out."""

    placed: Mapping[str, bytes] = field(default_factory=dict)
    brought: Mapping[str, Brought] = field(default_factory=dict)
    output: str = OUTPUT


def plan_container(
    container: Container,
    images: tuple[Image, ...],
    freight: Freight,
    *,
    together: int,
    timeout_seconds: float,
) -> ContainerPlan:
    """The plan for one arm; `together`: how many arms share the engine's memory."""
    return ContainerPlan(
        images=tuple(images),
        placed=freight.placed,
        brought=freight.brought,
        output=freight.output,
        gpus=container.gpus,
        memory_bytes=None if container.memory is None else size_in_bytes(container.memory),
        memory_share=_SHARE / together,
        cpus=None if container.cpus is None else float(container.cpus),
        pids=container.pids,
        network=container.network,
        tmpfs=tuple(container.tmpfs),
        user=container.user,
        build_timeout_seconds=timeout_seconds,
    )


def images_of(container: Container, *, root: str, dockerfile: str) -> tuple[Image, ...]:
    """The images in the order in which they are built, the harness's last.

    `root` is the harness root, `dockerfile` the path below it where the template names none.
    """
    before = [
        Image(
            tag=one.tag,
            dockerfile=_below(root, one.dockerfile),
            context=_below(root, one.context),
            build_args=dict(one.build_args),
            target=one.target,
        )
        for one in container.prebuild
    ]
    last = Image(
        tag="",
        dockerfile=_below(root, container.dockerfile or dockerfile),
        context=_below(root, container.context),
        build_args=dict(container.build_args),
        target=container.target,
    )
    return (*before, last)


def size_in_bytes(size: str) -> int:
    """`512m` as bytes; powers of 1024, as the engine reads them."""
    match = re.fullmatch(r"([0-9]+)([kmgt])", size)
    assert match is not None  # the spec's pattern
    return int(match[1]) << _UNITS[match[2]]


def _below(root: str, path: str) -> str:
    return root if path == "." else f"{root}/{path.removeprefix('./').rstrip('/')}"
