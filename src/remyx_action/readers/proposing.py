"""A result file without a map → a map that fits it: its engine's, or one that its own shape suggests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from remyx_action.project.files.json_text import NumberText
from remyx_action.project.files.pointer import PLACEHOLDER, pointer_to, resolve
from remyx_action.project.models.fields import KEY_PATTERN
from remyx_action.project.models.results_map import ResultsMap, split_factor

from .columns import cell_number
from .files import ArmFiles, format_of
from .mapped import names_at, read_document
from .presets import merged, recognised
from .rows import rows_of_csv, rows_of_lines

IDS = ("id", "sample_id", "doc_id", "qid", "question_id", "uid", "index", "name")
"""Keys that usually identify a sample, likeliest first."""


class MapProposal(Struct, frozen=True, kw_only=True):
    """How a file could be read."""

    map: ResultsMap
    names: Mapping[str, str]
    """Metric key → the file's name of it."""
    engines: list[str]
    """The presets that fit equally well; the map is the only one's, else made of the file's shape."""


def propose(files: ArmFiles, file: str, preset: str | None = None) -> MapProposal | None:
    """The map of a file, or None where nothing in it looks like a score. Raises BrokenResults."""
    document, rows = _first(files, file)
    engines = [preset] if preset else next(filter(None, map(recognised, rows or [document])), [])
    if len(engines) == 1:
        map_ = ResultsMap(preset=engines[0], file=file)  # type: ignore[arg-type]
        whole = merged(map_)
        if whole.rows is not None:
            rows = _listed(resolve(document, whole.rows))
        names = _names(whole, document, rows)
    else:
        map_, names = _by_shape(file, document, rows)
    keys = {fitted(name): name for name in names}
    return MapProposal(map=map_, names=keys, engines=engines) if keys else None


def _first(files: ArmFiles, file: str) -> tuple[Any, list[Any]]:
    """A JSON file's value and no rows, or nothing and the first rows of a table."""
    format_ = format_of(file)
    if format_ == "csv":
        delimiter = "\t" if ".tsv" in file else ","
        return None, rows_of_csv(file, files.pieces(file), (), delimiter=delimiter).first
    if format_ == "jsonl":
        return None, rows_of_lines(file, files.pieces(file), ("/",)).first
    return read_document(files, file), []


def _listed(found: Any) -> list[Any]:
    values = list(found.values()) if type(found) is dict else found if type(found) is list else []
    return [value for value in values if type(value) is dict]


def _names(map_: ResultsMap, document: Any, rows: list[Any]) -> list[str]:
    """The names that the map's `{metric}` could be."""
    for pointer, wanted in (map_.where or {}).items():
        if wanted == PLACEHOLDER:
            return [str(resolve(row, pointer)) for row in rows if type(resolve(row, pointer)) is str]
    pointer, _ = split_factor(str(map_.score or map_.value))
    if PLACEHOLDER not in pointer:
        return [pointer.rpartition("/")[2]]
    found: dict[str, None] = {}
    for row in rows[-50:] if rows else [document]:
        for name in names_at(row, pointer):
            value = resolve(row, pointer.replace(PLACEHOLDER, pointer_to("", name)[1:]))
            word = type(value) is str and value in (map_.grades or {})
            if (word or _is_score(value)) and not _is_used(map_, name):
                found[name] = None
    return list(found)


def _is_used(map_: ResultsMap, name: str) -> bool:
    ids = map_.id if isinstance(map_.id, list) else [map_.id]
    return f"/{name}" in (*ids, map_.repeat, map_.cluster, map_.input)


def _is_score(value: Any) -> bool:
    return type(value) is NumberText or (type(value) is str and cell_number(value) is not None)


def _by_shape(file: str, document: Any, rows: list[Any]) -> tuple[ResultsMap, list[str]]:
    """A map of samples where there are rows with an id, else of the numbers of an object."""
    pointer = None
    if not rows and type(document) is dict:
        lists = [(key, value) for key, value in document.items() if _listed(value) and type(value) is list]
        if len(lists) == 1:
            pointer, rows = pointer_to("", lists[0][0]), _listed(lists[0][1])
    elif not rows:
        pointer, rows = "", _listed(document)
    id_ = next((key for key in IDS if rows and all(row.get(key) not in (None, "") for row in rows)), None)
    if id_ is not None:
        map_ = ResultsMap(file=file, rows=pointer, id=pointer_to("", id_), score=f"/{PLACEHOLDER}")
        return map_, [name for name in _scored(rows[:3]) if name != id_]
    map_ = ResultsMap(file=file, value=f"/{PLACEHOLDER}")
    return map_, _scored([document] if type(document) is dict else [])


def _scored(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name, value in row.items() if _is_score(value)))


def fitted(name: str) -> str:
    """A name as a metric key: `recall@5` → `recall_at_5`."""
    key = re.sub(r"[^a-z0-9_-]+", "_", name.casefold().replace("@", "_at_").replace("%", "_percent"))
    key = key.strip("_-")[:64] or "metric"
    return key if re.match(KEY_PATTERN, key) else f"m_{key}"[:64]
