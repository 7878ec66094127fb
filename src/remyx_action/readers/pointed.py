"""Files of other harnesses, read where a template's `results:` points: JSON Pointers and field names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from remyx_action.project.files.pointer import ABSENT, PLACEHOLDER, filled, parts_of, resolve
from remyx_action.project.models import ResultsMap
from remyx_action.project.models.metrics import BarMetric

from .columns import Columns, Roles, shown_value
from .entry import Arrived, Entry, assemble
from .scores import ArmScores


def read_pointed(
    file: str, document: Any, mapping: ResultsMap, metrics: Mapping[str, BarMetric]
) -> ArmScores:
    """The scores at the mapping's pointers. Raises BrokenResults."""
    name_of = {key: mapping.names.get(key, key) for key in metrics}
    warnings: list[str] = []
    entries = {}
    for key, name in name_of.items():
        found = {what: resolve(document, filled(pointer, name)) for what, pointer in _pointers(mapping)}
        if all(value is ABSENT for what, value in found.items() if what in ("value", "samples")):
            continue
        for what, value in found.items():
            if value is ABSENT:
                pointer = dict(_pointers(mapping))[what].replace(PLACEHOLDER, name)
                warnings.append(f"{key}: nothing at {pointer}, so there is no {what}")
        entries[key] = _entry(found, _roles(mapping))
    named = set(name_of.values())
    arrived = Arrived(
        file=file,
        entries=entries,
        unnamed=[name for name in _names_that_arrived(document, mapping) if name not in named],
        warnings=warnings,
    )
    return assemble(arrived, metrics)


def _pointers(mapping: ResultsMap) -> Iterator[tuple[str, str]]:
    for what in ("value", "samples", "n", "stderr"):
        pointer = getattr(mapping, what)
        if pointer is not None:
            yield what, pointer


def _roles(mapping: ResultsMap) -> Roles:
    roles = {"id": mapping.id or "id", "score": mapping.score or "score"}
    return {**roles, "cluster": mapping.cluster} if mapping.cluster else roles


def _entry(found: Mapping[str, Any], roles: Roles) -> Entry:
    numbers = {what: value for what, value in found.items() if value is not ABSENT and what != "samples"}
    samples = found.get("samples", ABSENT)
    if samples is ABSENT:
        return Entry(numbers=numbers)
    if type(samples) is not list:
        return Entry(numbers=numbers, faults=(f"samples is not a list: {shown_value(samples)}",))
    columns = Columns()
    for sample in samples:
        columns.add(sample, roles)
    return Entry(numbers=numbers, samples=columns)


def _names_that_arrived(document: Any, mapping: ResultsMap) -> list[str]:
    """Every name that stands where `{metric}` does, in the file's order."""
    names: dict[str, None] = {}
    for _, pointer in _pointers(mapping):
        before, found, after = pointer.partition(PLACEHOLDER)
        if not found:
            continue
        parent_pointer, _, prefix = before.rpartition("/")
        suffix = "".join(parts_of("/" + after.partition("/")[0]))
        parent = resolve(document, parent_pointer)
        if type(parent) is not dict:
            continue
        for name in parent:
            long_enough = len(name) > len(prefix) + len(suffix)
            if long_enough and name.startswith("".join(parts_of("/" + prefix))) and name.endswith(suffix):
                names[name[len("".join(parts_of("/" + prefix))) : len(name) - len(suffix)]] = None
    return list(names)
