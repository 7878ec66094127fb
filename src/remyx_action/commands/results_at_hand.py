"""The maps of templates, tried on the result files at hand: of the repository, and of the last run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from remyx_action.errors import NotJudged, Problem, Severity
from remyx_action.project.load import Bundle
from remyx_action.project.models import Template
from remyx_action.project.models.metrics import BarMetric, measured_metrics
from remyx_action.project.models.results_map import maps_of
from remyx_action.readers import BrokenResults
from remyx_action.readers.entry import Contradiction, Entry, scored
from remyx_action.readers.files import ArmFiles, fits, format_of, shown
from remyx_action.readers.foreign import keys_by_map, read_one_map
from remyx_action.readers.presets import CODE, EngineMap, merged
from remyx_action.readers.scores import Unusable
from remyx_action.sources.disk import ResultsFolder

CAP_BYTES = 16 * 1024 * 1024
MOST_TRIED = 8
"""Files of one map; a repository may hold a thousand."""
LAST_RUN = ".remyx-out/arms"
READ_IT = "`remyx-action read FILE` shows what is in it, and a map that reads it"


def maps_that_read_nothing(bundle: Bundle, root: Path, tracked: Iterable[str]) -> Iterator[Problem]:
    """Yield a warning for each map that reads none of the files that fit it.

    `tracked`: paths below `root`. Files of the last run are tried too, where there are some.
    """
    if bundle.metrics is None:
        return
    at_hand = [*tracked, *_of_last_run(root)]
    for name, template in bundle.templates.items():
        path = f".remyx/templates/{name}.yaml"
        if any(problem.path in (path, ".remyx/metrics.yaml") for problem in bundle.errors):
            continue
        metrics = measured_metrics(template, bundle.metrics)
        for place, map_, keys in _maps(template):
            failure = _failure(root, map_, keys, metrics, at_hand)
            if failure:
                yield _warning(bundle, path, place, failure)


def _of_last_run(root: Path) -> list[str]:
    folder = root / LAST_RUN
    try:
        return [f"{LAST_RUN}/{name}" for name in ResultsFolder(folder).names()] if folder.is_dir() else []
    except NotJudged:
        return []


def _maps(template: Template) -> Iterator[tuple[str, EngineMap, list[str]]]:
    maps = maps_of(template.results)
    merged_maps = [merged(map_) for map_ in maps if map_.preset not in CODE]
    if len(merged_maps) < len(maps):
        return
    for index, (map_, keys) in enumerate(keys_by_map(merged_maps, template.metrics)):
        yield f"/results/{index}" if isinstance(template.results, list) else "/results", map_, keys


def _failure(
    root: Path,
    map_: EngineMap,
    keys: Sequence[str],
    metrics: Mapping[str, BarMetric],
    at_hand: Iterable[str],
) -> str | None:
    """Why the first of the files that fit is not read; None where one of them is, or none fits."""
    first: str | None = None
    fitting = [path for path in at_hand if map_.file and fits(f"**/{map_.file.removeprefix('**/')}", path)]
    for path in [path for path in fitting if format_of(path) in ("json", "jsonl", "csv")][:MOST_TRIED]:
        failure = _tried(root, path, map_, keys, metrics)
        if failure is None:
            return None
        first = first or f"{shown(path)} fits `file`, and is not read: {failure}"
    return first


def _tried(
    root: Path, path: str, map_: EngineMap, keys: Sequence[str], metrics: Mapping[str, BarMetric]
) -> str | None:
    place = root / path
    try:
        with ResultsFolder(place.parent, cap_bytes=CAP_BYTES, deepest=0) as folder:
            _, reading = read_one_map(ArmFiles(folder, cap_bytes=CAP_BYTES), map_, keys, metrics, place.name)
    except (BrokenResults, NotJudged) as broken:
        return broken.message.partition("\n")[0]
    found = {key: _fault(entry, metrics[key]) for key, entry in reading.entries.items()}
    faults = [f"{key}: {fault}" for key, fault in found.items() if fault]
    absent = [key for key in keys if key not in reading.entries]
    if not faults and not absent:
        return None
    return next(iter([*faults, *reading.warnings]), f"it has no {', '.join(absent)}")


def _fault(entry: Entry, metric: BarMetric) -> str | None:
    """Why the entry has no score that counts."""
    try:
        scores = scored(entry, metric).scores
    except Contradiction as contradiction:
        return str(contradiction)
    return scores.message if isinstance(scores, Unusable) else None


def _warning(bundle: Bundle, path: str, pointer: str, message: str) -> Problem:
    place = bundle.places.get(path, {}).get(pointer)
    return Problem(
        path=path,
        line=place.line if place else 1,
        column=place.column if place else 1,
        pointer=pointer,
        code="map-reads-nothing",
        severity=Severity.WARNING,
        message=message,
        help=READ_IT,
    )
