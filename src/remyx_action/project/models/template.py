"""`.remyx/templates/<name>.yaml`: how a variant is measured against a baseline."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from msgspec import Struct
from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, ValidationInfo, field_validator

from .container import Container, Patch, Predict
from .field_types import (
    DISTINCT,
    Bounds,
    CommandWord,
    Integer,
    Key,
    Line,
    Name,
    Number,
    Pointer,
    RepositoryPath,
    Spec,
    VariableName,
    Version,
    no_entries,
)
from .lighteval import (
    BY_RUNTIME,
    RUNTIMES_OF,
    Model,
    OrAuto,
    TaskName,
    compares_assets,
    fits_runtime,
)
from .results_map import ResultsOf

Glob = Annotated[Line, Field(min_length=1)]


class VariantFile(Spec):
    """Where a pull request names its variant: a value in a file of its head."""

    file: RepositoryPath
    """A JSON or YAML file."""
    pointer: Pointer
    """Where the variant is in it."""


SampleCount = Annotated[Integer, Bounds(least="1", most="1000000000")]


def _kind_of_samples(raw: Any) -> str:
    return "<map>" if isinstance(raw, Mapping) else "<number>"


SampleCounts = Annotated[
    Annotated[SampleCount, Tag("<number>")] | Annotated[dict[Key, SampleCount], Tag("<map>")],
    Discriminator(_kind_of_samples),
]


_SECRET_WORDS = frozenset({"TOKEN", "KEY", "SECRET", "PASSWORD"})


def looks_secret(name: str) -> bool:
    """Whether one word of a variable's name says that it holds a secret: HF_TOKEN, and not MAX_TOKENS."""
    return bool(_SECRET_WORDS & set(name.upper().split("_")))


class Template(Spec):
    """How a variant is scored against a baseline: what runs, on which asset, which metrics come out."""

    model_config = ConfigDict(json_schema_extra=BY_RUNTIME)

    version: Version
    """The version of this file's format."""
    name: Name
    """The file's stem."""
    runtime: Literal["custom", "lighteval", "results"] = "custom"
    """`custom`: the repository's own script. `lighteval`: a task of lighteval. `results`: nothing is run."""
    task: TaskName | None = Field(default=None, validate_default=True)
    """lighteval: a task or a group of its tasks, such as gsm8k or mmlu; `remyx-action tasks` lists them."""
    few_shot: Annotated[Integer, Bounds(least="0", most="1000")] = 0
    """lighteval: how many solved examples stand before each question."""
    max_samples: SampleCount | None = None
    """lighteval: at most so many samples of each task, the same ones each time; absent: all."""
    custom_tasks: RepositoryPath | None = None
    """lighteval: a Python file with tasks of your own, read from the base branch and protected."""
    model: Model | None = Field(default=None, validate_default=True)
    """lighteval: how the model is run."""
    names: dict[Key, Annotated[Line, Field(min_length=1)]] = Field(default_factory=dict)
    """lighteval: metric key → lighteval's name of the metric, where they differ."""
    script: RepositoryPath | None = Field(default=None, validate_default=True)
    """custom: a file, or a directory with a Dockerfile, or with an executable `run` or `entrypoint.sh`."""
    command: Annotated[list[CommandWord], Field(min_length=1, max_length=100)] | None = None
    """Overrides how `script` is started; placeholders such as `{asset}` and `{output_dir}`."""
    harness: Annotated[list[RepositoryPath], Field(min_length=1, max_length=100)] | None = None
    """Globs of what is digested, locked and protected; default: the script's file or directory."""
    container: Container | None = None
    """How the harness runs in a container; a folder with a Dockerfile needs no entry for the defaults."""
    predict: Predict | None = None
    """Code under test in a container of its own; `script` then scores the predictions."""
    patch: Annotated[list[Patch], Field(min_length=1, max_length=16)] | None = None
    """Config files of which each run gets a changed copy."""
    results: ResultsOf | None = None
    """An engine, or where a result file has the scores; absent: the native `results.json`."""
    env: Annotated[list[VariableName], Field(max_length=100)] = Field(default_factory=no_entries)
    """Names of environment variables that are passed through; they count for the cached baseline."""
    secrets: Annotated[list[VariableName], Field(max_length=100)] = Field(default_factory=no_entries)
    """Names of variables that are passed through and shown nowhere: tokens, keys, passwords."""
    timeout: Annotated[Number, Bounds(above="0", most="604800")] = Decimal(3600)
    """Seconds for one run."""
    samples: SampleCounts | None = None
    """How many samples are expected: a number, or a map per metric."""
    seeds: (
        Annotated[
            list[Annotated[Integer, Bounds(least="0", most="4294967295")]],
            Field(min_length=1, max_length=64, json_schema_extra={"uniqueItems": True}),
            DISTINCT,
        ]
        | None
    ) = None
    """Each version is run once per seed, and claims are about the recipe; absent: once, with seed 0."""
    shards: Annotated[Integer, Bounds(least="1", most="256")] | None = None
    """How many parts of the samples `plan` spreads over machines."""
    retries: Annotated[Integer, Bounds(least="0", most="5")] = 0
    """How often a run is repeated after a failure of the machine; the harness's own are never repeated."""
    missing: Literal["bounds", "unknown"] = "bounds"
    """`bounds`: decisions must hold whatever the missing scores are. `unknown`: its metric is unknown."""
    max_missing: Annotated[Number, Bounds(least="0", below="1")] = Decimal("0.02")
    """The share of the expected samples that may be missing; beyond, the metric is unknown."""
    compare: Annotated[Literal["assets", "commits"], AfterValidator(compares_assets)] = "assets"
    """`assets`: same code, two assets. `commits`: same harness, source of merge base and head."""
    arms: Literal["parallel", "sequential"] | None = None
    """Default parallel; sequential where gpus are used or a metric's unit is a time."""
    baseline: Literal["measured", "recorded"] = "measured"
    """`measured`: the baseline is run. `recorded`: its recorded or declared numbers are used."""
    baseline_asset: Annotated[Line, Field(min_length=1)] | None = None
    """What the variant is compared with."""
    variant_asset: VariantFile | None = None
    """Where a pull request names its variant."""
    metrics: Annotated[
        list[Key],
        Field(min_length=1, max_length=1000, json_schema_extra={"uniqueItems": True}),
        DISTINCT,
        OrAuto(),
    ]
    """Keys of metrics.yaml that this evaluation reports, each once; lighteval: or `auto`, all of the task."""
    paths: Annotated[list[Glob], Field(min_length=1, max_length=100)] | None = None
    """Globs of what this evaluation is about, besides the variant file and experiments.

    Default: nothing else under `compare: assets`, everything under `commits`.
    """

    @property
    def secret_names(self) -> list[str]:
        """Variables that hold a secret: those in `secrets`, in `env` by their name, and `model.api_key`."""
        key = self.model.api_key if self.model else None
        return [*self.secrets, *filter(looks_secret, self.env), *([key] if key else [])]

    @property
    def program(self) -> str:
        """The script of a template that has one: runtime custom."""
        assert self.script is not None
        return self.script

    @field_validator(*RUNTIMES_OF)
    @classmethod
    def _keys_fit_the_runtime(cls, value: Any, info: ValidationInfo) -> Any:
        return fits_runtime(value, info)


ArmName = Literal["baseline", "variant"]


ARMS: tuple[ArmName, ArmName] = ("baseline", "variant")


LOG_NAME = "harness.log"
"""In the run's output folder: what the harness printed."""


class ScriptKind(StrEnum):
    """The kind of file at the template's `script`: it decides how the script is started."""

    PYTHON = "python"
    PYTHON_WITH_METADATA = "python with inline metadata"
    EXECUTABLE = "executable"
    NOT_EXECUTABLE = "not executable"
    CONTAINER = "folder with a Dockerfile"
    FOLDER_RUN = "folder with run"
    FOLDER_ENTRYPOINT = "folder with entrypoint.sh"
    FOLDER_WITHOUT_START = "folder without a start"
    MISSING = "missing"


class Script(Struct, frozen=True, kw_only=True):
    path: str
    """Below the root, with `/`, without a trailing one."""
    kind: ScriptKind


def contained(template: Template, kind: ScriptKind) -> Container | None:
    """Return how the template's script runs in a container, or None for a process on this machine."""
    return template.container or (Container() if kind == ScriptKind.CONTAINER else None)


def seeds_of(template: Template) -> tuple[int | None, ...]:
    """Return the seeds of the runs, in turn; one None where the template has none."""
    return tuple(template.seeds) if template.seeds else (None,)


def folder_of(seed: int | None) -> str:
    """Return the folder of one seed's run below the run's output folder; "" is that folder itself."""
    return "" if seed is None else f"seed-{seed}"
