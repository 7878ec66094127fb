"""The maps of a template's `results:` → an arm's scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from remyx_action.project.files.json_text import Fault
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.results_map import Aggregates, ResultsMap, assigned
from remyx_action.project.models.template import LOG_NAME

from .arm_files import MOST_NAMED, ArmFiles, BrokenResults, broken, format_of, shown
from .entry import Arrived, Entry, assemble
from .mapped import Reading, as_map, read_parts
from .parts import Part
from .presets import EngineMap, lm_eval, merged, presets
from .scores import ArmScores

METRIC = "{metric}"
"""In a map: the engine's name of the metric."""
STDOUT = "stdout"
"""What a map calls the script's output."""
FOLDER = "the output folder"
SUMMARY_OF_LM_EVAL = "**/results_*.json"
NARROW = "name one of these files, or narrow the pattern; each run needs an output folder of its own"


def read_foreign(
    files: ArmFiles, maps: Sequence[ResultsMap], metrics: Mapping[str, BarMetric], *, file: str | None = None
) -> ArmScores:
    """The scores that the maps point at. Raises BrokenResults.

    `file` takes the place of each map's file.
    """
    reading, names = Reading(), []
    engine_maps = list(map(merged, maps))
    by_file = [one for each in keys_by_map(engine_maps, list(metrics)) for one in _by_file(*each)]
    for map_, keys in by_file:
        name, found = read_one_map(files, map_, keys, metrics, file)
        if name is not None:
            names.append(name)
        reading.entries |= found.entries
        reading.names |= found.names
        reading.warnings += found.warnings
    named = {
        map_.names.get(key, key) for map_, keys in keys_by_map(engine_maps, list(metrics)) for key in keys
    }
    arrived = Arrived(
        file=names[0] if names else FOLDER,
        entries=reading.entries,
        unnamed=[name for name in reading.names if name not in named],
        warnings=list(dict.fromkeys(reading.warnings)),
    )
    return assemble(arrived, metrics)


def read_one_map(
    files: ArmFiles,
    map_: EngineMap,
    keys: Sequence[str],
    metrics: Mapping[str, BarMetric],
    file: str | None = None,
) -> tuple[str | None, Reading]:
    """The file that a map means, None where only the engine's own numbers are there, and what was read."""
    summary = _summary_of_lm_eval(files, map_, file)
    if summary is not None:
        return summary, lm_eval.read_summary(files, map_, keys, metrics, summary)
    name = located(files, map_, file)
    return name, read_map(files, map_, keys, metrics, name)


def _summary_of_lm_eval(files: ArmFiles, map_: EngineMap, file: str | None) -> str | None:
    """The results file of an arm of lm-eval's, where there is one, and the map leaves it what counts."""
    own = presets()["lm-eval"].results
    if map_.preset != "lm-eval" or map_.score != own.score or not {*(map_.where or {})} <= {lm_eval.FILTER}:
        return None
    pattern = file or map_.file
    if pattern == own.file:
        found = map_.model_copy(update={"file": SUMMARY_OF_LM_EVAL})
        return located(files, found, None, optional=True)
    is_summary = format_of(pattern or "") == "json"
    return located(files, map_, file) if is_summary else None


def keys_by_map(maps: Sequence[EngineMap], keys: Sequence[str]) -> list[tuple[EngineMap, list[str]]]:
    """Each map and the metrics that it reads."""
    owners = assigned(maps, keys)
    return [(map_, [key for key in keys if index in owners[key][:1]]) for index, map_ in enumerate(maps)]


def _by_file(map_: EngineMap, keys: Sequence[str]) -> Iterator[tuple[EngineMap, Sequence[str]]]:
    """The map with all of its metrics, or once a metric where each has a file of its own."""
    if map_.file is None or METRIC not in map_.file:
        yield map_, keys
        return
    for key in keys:
        yield map_.model_copy(update={"file": map_.file.replace(METRIC, map_.names.get(key, key))}), [key]


def read_map(
    files: ArmFiles,
    map_: EngineMap,
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
        own = _own_numbers(files, map_, map_.aggregates, name)
        if own is not None:
            as_it_is = as_map(map_.aggregates, own)
            parts = [Part(map=as_it_is, key=key, name=map_.names.get(key, key)) for key in keys]
            compared = _compared(reading, read_parts(files, parts, metrics))
            known = map_.preset is not None and reading.entries
            reading = replace(compared, warnings=reading.warnings) if known else compared
    return reading


def _own_numbers(files: ArmFiles, map_: EngineMap, own: Aggregates, name: str | None) -> str | None:
    """The file of the engine's own numbers: of several that fit, the one that the rows' name begins with."""
    found = files.matching(own.file)
    if name is not None and len(found) > 1:
        rows = name.rpartition("/")[2]
        begun = [one for one in found if one != name and rows.startswith(_stem(one))]
        if len(begun) == 1 or map_.preset is not None:
            return begun[0] if len(begun) == 1 else None
    return located(files, as_map(own, own.file), None, optional=name is not None)


def _stem(name: str) -> str:
    return name.rpartition("/")[2].partition(".")[0]


def _compared(rows: Reading, own: Reading) -> Reading:
    """The entries of the rows with the engine's numbers, and the engine's where there are no rows."""
    entries = dict(rows.entries)
    for key, entry in own.entries.items():
        given = entries.get(key, Entry(faults=entry.faults))
        entries[key] = replace(given, aggregates=entry.numbers)
    return Reading(entries=entries, names=rows.names or own.names, warnings=[*rows.warnings, *own.warnings])


def located(files: ArmFiles, map_: EngineMap, file: str | None, *, optional: bool = False) -> str | None:
    """The one file that a map means. Raises BrokenResults where several fit, or none does.

    None where none does and another one may stand in: `optional`, or the engine's own numbers.
    """
    if file is not None:
        return file
    assert map_.file is not None
    if map_.file == STDOUT:
        return LOG_NAME
    found, may_lack = files.matching(map_.file), optional or map_.aggregates is not None
    if len(found) == 1 and (not may_lack or found[0] in files.names()):
        return found[0]
    if len(found) > 1:
        more = f" and {len(found) - MOST_NAMED:,} more" if len(found) > MOST_NAMED else ""
        named = ", ".join(map(shown, found[:MOST_NAMED])) + more
        message = f"holds {len(found):,} files that fit {map_.file}: {named}"
        raise broken(FOLDER, Fault(code="several-results", message=message, help=NARROW))
    if may_lack:
        return None
    raise broken(FOLDER, files.absent(map_.file))


__all__ = ["BrokenResults", "read_foreign"]
