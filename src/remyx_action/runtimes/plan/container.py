"""What an arm needs of a container engine: images to build, files to bring in, and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from remyx_action.project.files.dockerfile import bases, instructions
from remyx_action.project.models.container import Container


def marked(text: str, *, arguments: Mapping[str, str], renamed: Mapping[str, str], label: str) -> str:
    """The Dockerfile with each image of `renamed` (name → ours) called ours, and `label` on every stage.

    Every layer and every container of the build then carries the label, also where the build fails half-way.
    """
    named = {
        base.instruction.line: (base.written, ours(base.name, renamed)) for base in bases(text, arguments)
    }
    parts = []
    for one in instructions(text):
        written, name = named.get(one.line, ("", ""))
        if name not in renamed.values():
            parts.append(one.text)
        elif one.keyword == "FROM":
            flags = [f"--{flag}={value}" for flag, value in one.flags.items()]
            parts.append(" ".join(["FROM", *flags, name, *one.words[1:]]))
        else:
            parts.append(one.text.replace(f"--from={written}", f"--from={name}", 1))
        if one.keyword == "FROM":
            parts.append(f"LABEL {label}")
    return "\n".join(parts) + "\n"


def ours(name: str, renamed: Mapping[str, str]) -> str:
    """The name under which an image was built here, else the name itself; `x` and `x:latest` are one."""
    tagged = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
    for theirs, our in renamed.items():
        if tagged == (theirs if ":" in theirs.rpartition("/")[2] else f"{theirs}:latest"):
            return our
    return name


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


class ContainerFiles(Struct, frozen=True, kw_only=True):
    """What goes into a container and what comes out."""

    placed: Mapping[str, bytes] = field(default_factory=dict)
    brought: Mapping[str, Brought] = field(default_factory=dict)
    output: str = OUTPUT


def plan_container(
    container: Container,
    images: tuple[Image, ...],
    files: ContainerFiles,
    *,
    together: int,
    timeout_seconds: float,
) -> ContainerPlan:
    """The plan for one arm; `together`: how many arms share the engine's memory."""
    return ContainerPlan(
        images=tuple(images),
        placed=files.placed,
        brought=files.brought,
        output=files.output,
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
