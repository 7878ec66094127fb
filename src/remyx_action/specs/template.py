"""`.remyx/templates/<name>.yaml`: how a variant is measured against a baseline."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .fields import END, Integer, Key, Line, Name, Number, Spec, Version

Pointer = Annotated[str, Field(pattern=r"^(/[^\u0000-\u001f]*)?" + END, max_length=500)]
"""RFC 6901 JSON Pointer; `{metric}` stands for the harness's name of the metric."""
RepositoryPath = Annotated[
    str, Field(pattern=r"^(?!/)(?!.*(^|/)\.\.(/|$))[^\u0000-\u001f\u007f\\]+" + END, max_length=500)
]
"""A path below the repository's root, with `/`; never absolute, never through `..`."""
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}" + END)]


class ResultsMap(Spec):
    """Where a foreign result file keeps what is needed; every pointer may be absent."""

    file: RepositoryPath
    value: Pointer | None = None
    samples: Pointer | None = None
    id: Line | None = None
    """The field of a sample that holds its id; default `id`."""
    score: Line | None = None
    """The field of a sample that holds its score; default `score`."""
    n: Pointer | None = None
    stderr: Pointer | None = None
    cluster: Line | None = None
    """The field of a sample that names its cluster; absent: no clusters."""
    names: dict[Key, Line] = {}
    """Metric key → the harness's name of it, where they differ."""


class VariantFile(Spec):
    """Where a pull request names its variant: a value in a file of its head."""

    file: RepositoryPath
    pointer: Pointer


Samples = Annotated[Integer, Field(ge=1, le=1_000_000_000)]


class Template(Spec):
    version: Version
    name: Name
    runtime: Literal["custom"] = "custom"
    script: RepositoryPath
    """A file, or a directory with a Dockerfile or an executable `run` or `entrypoint.sh`."""
    command: Annotated[list[Annotated[Line, Field(min_length=1)]], Field(min_length=1, max_length=100)] | None = None
    """Overrides how `script` is started; placeholders such as `{asset}` and `{output_dir}`."""
    harness: Annotated[list[RepositoryPath], Field(min_length=1, max_length=100)] | None = None
    """Globs of what is digested, locked and protected; default: the script's file or directory."""
    results: ResultsMap | None = None
    """Where a foreign result file keeps its numbers; absent: the native `results.json`."""
    env: Annotated[list[VariableName], Field(max_length=100)] = []
    """Names of environment variables that are passed through; nothing else is."""
    timeout: Annotated[Number, Field(gt=0, le=604_800)] = Field(default=3600)  # type: ignore[assignment]
    """Seconds for one arm."""
    samples: Samples | dict[Key, Samples] | None = None
    """How many samples are expected: a number, or a map per metric."""
    missing: Literal["unmatched", "worst"] = "unmatched"
    """`worst`: an id that one arm lacks is filled with the score that is worst for the variant."""
    compare: Literal["assets", "commits"] = "assets"
    """`assets`: same code, two assets. `commits`: same harness, source of merge base and head."""
    arms: Literal["parallel", "sequential"] | None = None
    """Default parallel; sequential where a metric's unit is a time."""
    baseline: Literal["measured", "recorded"] = "measured"
    baseline_asset: Annotated[Line, Field(min_length=1)] | None = None
    variant_asset: VariantFile | None = None
    metrics: Annotated[list[Key], Field(min_length=1, max_length=1000)]
    paths: Annotated[list[Annotated[Line, Field(min_length=1)]], Field(min_length=1, max_length=100)] = ["**"]
