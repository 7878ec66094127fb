"""The maps of evaluation engines: one YAML file each, data that comes with the program."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, get_args

from pydantic import Field

from remyx_action.project.files.pointer import ABSENT, resolve
from remyx_action.project.files.yaml_text import load_yaml
from remyx_action.project.models.fields import Line, Spec
from remyx_action.project.models.results_map import Preset, ResultPlace, ResultsMap

CODE = frozenset({"lighteval"})
"""Engines that a map cannot read: code of their own does."""


class PresetSpec(Spec):
    """How the files of one engine are read."""

    engine: Line
    """Its name."""
    versions: Line
    """Those whose files were seen."""
    requires: Annotated[list[ResultPlace], Field(min_length=1)]
    """Pointers that its file, or each row of it, has."""
    results: ResultsMap
    """Where the scores are."""
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


def merged(map_: ResultsMap) -> ResultsMap:
    """The map of a template with that of its preset below it."""
    if map_.preset is None or map_.preset in CODE:
        return map_
    base = presets()[map_.preset].results
    changes = {name: getattr(map_, name) for name in map_.model_fields_set if name != "preset"}
    return base.model_copy(update=changes)


def recognised(value: object) -> list[str]:
    """The presets whose file, or row, a value is: those that ask for most of it."""
    fitting = {
        name: len(preset.requires)
        for name, preset in presets().items()
        if all(resolve(value, pointer) is not ABSENT for pointer in preset.requires)
    }
    most = max(fitting.values(), default=0)
    return [name for name, count in fitting.items() if count == most]
