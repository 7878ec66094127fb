"""The maps of a template's `results:` → an arm's scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from remyx_action.project.files.json_text import Fault
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.results_map import ResultsMap, assigned
from remyx_action.project.models.template import LOG_NAME

from .entry import Arrived, Entry, assemble
from .files import MOST_NAMED, ArmFiles, BrokenResults, broken, shown
from .mapped import Part, Reading, as_map, read_parts
from .presets import merged
from .scores import ArmScores

STDOUT = "stdout"
"""What a map calls the script's output."""
FOLDER = "the output folder"
NARROW = "name one of these files, or narrow the pattern; each run needs an output folder of its own"


def read_foreign(
    files: ArmFiles, maps: Sequence[ResultsMap], metrics: Mapping[str, BarMetric], *, file: str | None = None
) -> ArmScores:
    """The scores that the maps point at. Raises BrokenResults.

    `file` takes the place of each map's file.
    """
    reading, names = Reading(), []
    maps = list(map(merged, maps))
    for map_, keys in keys_by_map(maps, list(metrics)):
        name = located(files, map_, file)
        if name is not None:
            names.append(name)
        found = read_map(files, map_, keys, metrics, name)
        reading.entries |= found.entries
        reading.names |= found.names
        reading.warnings += found.warnings
    named = {map_.names.get(key, key) for map_, keys in keys_by_map(maps, list(metrics)) for key in keys}
    arrived = Arrived(
        file=names[0] if names else FOLDER,
        entries=reading.entries,
        unnamed=[name for name in reading.names if name not in named],
        warnings=list(dict.fromkeys(reading.warnings)),
    )
    return assemble(arrived, metrics)


def keys_by_map(maps: Sequence[ResultsMap], keys: Sequence[str]) -> list[tuple[ResultsMap, list[str]]]:
    """Each map and the metrics that it reads."""
    owners = assigned(maps, keys)
    return [(map_, [key for key in keys if index in owners[key][:1]]) for index, map_ in enumerate(maps)]


def read_map(
    files: ArmFiles,
    map_: ResultsMap,
    keys: Iterable[str],
    metrics: Mapping[str, BarMetric],
    name: str | None,
) -> Reading:
    """The entries of one map's metrics; `name` None: there are only the engine's own numbers, no rows."""
    reading = Reading()
    if name is not None:
        located_map = map_.model_copy(update={"file": name})
        parts = [Part(map=located_map, key=key, name=map_.names.get(key, key)) for key in keys]
        reading = read_parts(files, parts, metrics)
    if map_.aggregates is not None:
        own = located(files, as_map(map_.aggregates, map_.aggregates.file), None, optional=name is not None)
        if own is not None:
            as_it_is = as_map(map_.aggregates, own)
            parts = [Part(map=as_it_is, key=key, name=map_.names.get(key, key)) for key in keys]
            reading = _compared(reading, read_parts(files, parts, metrics))
    return reading


def _compared(rows: Reading, own: Reading) -> Reading:
    """The entries of the rows with the engine's numbers, and the engine's where there are no rows."""
    entries = dict(rows.entries)
    for key, entry in own.entries.items():
        given = entries.get(key, Entry(faults=entry.faults))
        entries[key] = replace(given, aggregates=entry.numbers)
    return Reading(entries=entries, names=rows.names or own.names, warnings=[*rows.warnings, *own.warnings])


def located(files: ArmFiles, map_: ResultsMap, file: str | None, *, optional: bool = False) -> str | None:
    """The one file that a map means. Raises BrokenResults where several fit, or none does.

    None where none does and another one may stand in: `optional`, or the engine's own numbers.
    """
    if file is not None:
        return file
    assert map_.file is not None
    if map_.file == STDOUT:
        return LOG_NAME
    found = files.matching(map_.file)
    if len(found) == 1:
        return found[0]
    if found:
        more = f" and {len(found) - MOST_NAMED:,} more" if len(found) > MOST_NAMED else ""
        named = ", ".join(map(shown, found[:MOST_NAMED])) + more
        message = f"holds {len(found):,} files that fit {map_.file}: {named}"
        raise broken(FOLDER, Fault(code="several-results", message=message, help=NARROW))
    if optional or map_.aggregates is not None:
        return None
    raise broken(FOLDER, files.absent(map_.file))


__all__ = ["BrokenResults", "read_foreign"]
