"""The keys of a template that concern containers: how an image is built, and what a container may do."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from .field_types import CONTROLS, END, Bounds, CommandWord, Integer, Line, Number, RepositoryPath, Spec

IMAGE_PATTERN = r"^[a-z0-9]+([._/:-]+[A-Za-z0-9_]+)*" + END
INSIDE_PATTERN = r"^/(?!remyx(/|" + END + r"))(?!.*(^|/)\.\.(/|" + END + r"))[^:\\" + CONTROLS + r"]+" + END
SIZE_PATTERN = r"^[1-9][0-9]{0,8}[kmgt]" + END
USER_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?" + END
ARGUMENT_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,127}" + END
DOTTED_PATTERN = r"^[^." + CONTROLS + r"]+(\.[^." + CONTROLS + r"]+)*" + END

ImageName = Annotated[str, Field(pattern=IMAGE_PATTERN, max_length=200)]
"""As a Dockerfile's `FROM` names it."""
PathInside = Annotated[str, Field(pattern=INSIDE_PATTERN, max_length=500)]
"""An absolute path in the container; `/remyx` is taken."""
BuildArguments = dict[Annotated[str, Field(pattern=ARGUMENT_PATTERN)], Line]
DottedKey = Annotated[str, Field(pattern=DOTTED_PATTERN, max_length=500)]
"""Keys joined by dots; a number selects an entry of a list."""


def _kind_of_setting(raw: Any) -> str:
    return "<flag>" if isinstance(raw, bool) else "<text>" if isinstance(raw, str) else "<number>"


Setting = Annotated[
    Annotated[Line, Tag("<text>")] | Annotated[bool, Tag("<flag>")] | Annotated[Number, Tag("<number>")],
    Discriminator(_kind_of_setting),
]


def _kind_of_gpus(raw: Any) -> str:
    return "<word>" if isinstance(raw, str) else "<number>"


class Prebuild(Spec):
    """An image that is built first, because a later Dockerfile starts `FROM` it."""

    dockerfile: RepositoryPath
    """The Dockerfile's path."""
    context: RepositoryPath = "."
    """The folder that it may copy from."""
    tag: ImageName
    """The name by which later Dockerfiles start from it; an image of that name on the engine stays."""
    build_args: BuildArguments = Field(default_factory=dict)
    """Values of its `ARG`s."""
    target: Line | None = None
    """The stage to stop at."""


class Container(Spec):
    """How the harness's image is built and what its container may do; the defaults allow next to nothing."""

    dockerfile: RepositoryPath | None = None
    """The Dockerfile's path; default: `Dockerfile` in the script's folder."""
    context: RepositoryPath = "."
    """The folder that the Dockerfile may copy from."""
    prebuild: Annotated[list[Prebuild], Field(max_length=16)] = Field(default_factory=list)
    """Images that are built before, in this order."""
    build_args: BuildArguments = Field(default_factory=dict)
    """Values of the Dockerfile's `ARG`s."""
    target: Line | None = None
    """The stage to stop at."""
    mount_config: dict[RepositoryPath, PathInside] = Field(default_factory=dict)
    """Where a patched file belongs in the image: its path in the repository → its path in the container."""
    gpus: (
        Annotated[
            Annotated[Literal["all"], Tag("<word>")]
            | Annotated[Annotated[Integer, Bounds(least="1", most="64")], Tag("<number>")],
            Discriminator(_kind_of_gpus),
        ]
        | None
    ) = None
    """`all`, or how many."""
    memory: Annotated[str, Field(pattern=SIZE_PATTERN)] | None = None
    """Such as `8g`, swap included; default: an equal share of nine tenths of what the engine has."""
    cpus: Annotated[Number, Bounds(above="0", most="1024")] | None = None
    """How many processors' time it may take; default: all."""
    pids: Annotated[Integer, Bounds(least="1", most="100000")] = 1024
    """How many processes and threads at once."""
    network: Literal["none", "bridge"] = "none"
    """`bridge`: the engine's usual network."""
    tmpfs: Annotated[list[PathInside], Field(max_length=16)] = Field(default_factory=lambda: ["/tmp"])  # noqa: S108
    """Folders in memory, empty and writable; everything else but the output folder is read-only."""
    user: Annotated[str, Field(pattern=USER_PATTERN)] | None = None
    """As after `docker run --user`; default: the image's own where that is not root, else 65532."""


class Predict(Spec):
    """Code under test in a container of its own: inputs in, predictions out, and no labels in sight."""

    command: Annotated[list[CommandWord], Field(min_length=1, max_length=100)]
    """What is run in the container, where `{source}`, `{inputs}` and `{predictions}` lie."""
    inputs: RepositoryPath
    """A file or folder of the harness; nothing else of it is seen."""
    source: Annotated[list[RepositoryPath], Field(min_length=1, max_length=100)] | None = None
    """Globs of what is brought of the run's commit, never of the harness; default: the template's `paths`."""
    container: Container
    """Its image, from the base branch's Dockerfile."""


class Patch(Spec):
    """A changed copy of a config file that the harness reads."""

    file: RepositoryPath
    """A YAML or JSON file of the harness."""
    set: Annotated[dict[DottedKey, Setting], Field(min_length=1, max_length=100)]
    """Keys joined by dots → their values; placeholders such as `{asset}` are filled in."""
