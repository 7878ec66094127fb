"""The maps of evaluation engines: one YAML file each, data that comes with the program."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, get_args

from pydantic import Field

from remyx_action.project.files.pointer import ABSENT, resolve
from remyx_action.project.files.yaml_text import load_yaml
from remyx_action.project.models.field_types import KEY_PATTERN, Line, Number, Spec
from remyx_action.project.models.results_map import Expression, Preset, ResultPlace, ResultsMap, Word

CODE = frozenset({"lighteval"})
"""Engines that a map cannot read: code of their own does."""


class EngineMap(ResultsMap):
    """A map of an engine's: what only its own files need is here, and in no template."""

    outcomes: dict[str, dict[ResultPlace, Number | None]] = Field(default_factory=dict)
    """Metric → pointer of a list of ids → the score of each of them, or null: they have none."""
    apart: dict[ResultPlace, list[Word | None]] = Field(default_factory=dict)
    """Pointer whose values are never mixed → those that count, likeliest first; null: it is absent."""
    also: dict[str, Expression] = Field(default_factory=dict)
    """Metric → where each row has it, whatever else was scored in the row: time, cost, tokens."""


class Summaries(Spec):
    """Another file of the engine: it has its own numbers, without samples."""

    requires: Annotated[list[ResultPlace], Field(min_length=1)]
    """Pointers that the file has."""
    results: ResultsMap
    """Where the numbers are."""


class PresetSpec(Spec):
    """How the files of one engine are read."""

    engine: Line
    """Its name."""
    versions: Line
    """Those whose files were seen."""
    requires: Annotated[list[ResultPlace], Field(min_length=1)]
    """Pointers that its file, or each row of it, has."""
    results: EngineMap
    """Where the scores are."""
    summaries: list[Summaries] = Field(default_factory=list)
    """Files that `read` knows too."""
    example: Line
    """The folder of an example below tests/examples/presets."""


@cache
def presets() -> Mapping[str, PresetSpec]:
    """Every preset that is a map, by name."""
    found = {}
    for name in get_args(Preset):
        if name not in CODE:
            content = files(__name__).joinpath(f"{name}.yaml").read_bytes()
            found[name] = PresetSpec.model_validate(load_yaml(content, f"{name}.yaml").value)
    return found


def engine_of(preset: str) -> str:
    """The name of a preset's engine."""
    return preset if preset in CODE else presets()[preset].engine


def merged(map_: ResultsMap) -> EngineMap:
    """The map of a template with that of its preset below it."""
    given = {name: getattr(map_, name) for name in map_.model_fields_set}
    if map_.preset is None or map_.preset in CODE:
        return EngineMap.model_construct(**given)
    return presets()[map_.preset].results.model_copy(update=given)


class Recognised(Spec):
    """A preset whose file a value is."""

    preset: str
    summary: ResultsMap | None = None
    """The map of a file without samples."""


def recognised(value: object) -> list[Recognised]:
    """The presets whose file, or row, a value is: those that ask for most of it."""
    fitting = [(len(asked), found) for asked, found in _every() if _has(value, asked)]
    most = max((count for count, _ in fitting), default=0)
    return [found for count, found in fitting if count == most]


def _every() -> Iterator[tuple[list[str], Recognised]]:
    for name, preset in presets().items():
        yield preset.requires, Recognised(preset=name)
        for one in preset.summaries:
            yield one.requires, Recognised(preset=name, summary=one.results)


def _has(value: object, pointers: list[str]) -> bool:
    return all(resolve(value, pointer) is not ABSENT for pointer in pointers)


def fitted(name: str) -> str:
    """A name as a metric key: `recall@5` → `recall_at_5`."""
    key = re.sub(r"[^a-z0-9_-]+", "_", name.casefold().replace("@", "_at_").replace("%", "_percent"))
    key = key.strip("_-")[:64] or "metric"
    return key if re.match(KEY_PATTERN, key) else f"m_{key}"[:64]
