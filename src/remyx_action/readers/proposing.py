"""Result files without a map → maps that fit them: their engine's, or ones that their own shape suggests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from remyx_action.errors import NotJudged
from remyx_action.project.files.json_text import NumberText
from remyx_action.project.files.pointer import ABSENT, PLACEHOLDER, filled, pointer_to, resolve
from remyx_action.project.models.results_map import ResultsMap, split_factor
from remyx_action.project.models.template import LOG_NAME

from .arm_files import ArmFiles, fits, format_of, shown
from .columns import cell_number
from .foreign import STDOUT, SUMMARY_OF_LM_EVAL
from .mapped import names_at
from .opening import read_document, spread, table_of_csv
from .parts import Part
from .presets import CODE, EngineMap, Recognised, fitted, lm_eval, merged, recognised
from .rows import rows_of_lines
from .shapes import IDS, by_shape, described, objects_in

MOST_FILES = 200
"""Of a folder, looked into to recognise them."""
_HIDDEN = re.compile(r"(^|/)\.[^/]*/")
_STAMP = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}[T_-][0-9][0-9T:.+_-]*[0-9]")


class MapProposal(Struct, frozen=True, kw_only=True):
    """How a file could be read."""

    file: str
    map: ResultsMap
    names: Mapping[str, str]
    """Metric key → the file's name of it."""
    engines: list[str]
    """The presets that fit equally well; the map is the only one's, else made of the file's shape."""


def propose(files: ArmFiles, file: str, preset: str | None = None) -> MapProposal | None:
    """The map of a file, or None where nothing in it looks like a score. Raises BrokenResults."""
    document, rows = _first(files, file)
    if preset in CODE or (preset is None and type(document) is dict and "config_tasks" in document):
        return _of_lighteval(file, document)
    found = [Recognised(preset=preset)] if preset else _recognised(document, rows)
    named = _pattern(file)
    if len(found) != 1:
        map_, names = by_shape(named, document, rows)
        keys = {fitted(name): name for name in names}
    elif found[0].preset == "lm-eval" and document is not None:
        map_, keys = _of_lm_eval(file, named, document)
    elif found[0].summary is not None:
        map_ = found[0].summary.model_copy(update={"file": named})
        keys = {fitted(name): name for name in _names(merged(map_), document, _rows(map_, document))}
    else:
        map_, keys = _of_engine(found[0].preset, named, document, rows)
    if not keys:
        return None
    names_ = {key: name for key, name in keys.items() if key != name}
    map_ = map_.model_copy(update={"names": names_}) if names_ else map_
    map_ = map_ if _needs_file(files, map_, file) else _without_file(map_)
    return MapProposal(file=file, map=map_, names=keys, engines=[one.preset for one in found])


def _of_lighteval(file: str, document: Any) -> MapProposal:
    from .lighteval import keys_of  # brings the list of tasks along

    names = {key: key for key in keys_of(file, document)}
    return MapProposal(file=file, map=ResultsMap(preset="lighteval"), names=names, engines=["lighteval"])


def _pattern(file: str) -> str:
    """A file's name as it is in any arm: without its folders and its time."""
    folder, _, name = file.rpartition("/")
    return STDOUT if file == LOG_NAME else ("**/" if folder else "") + _STAMP.sub("*", name)


def _needs_file(files: ArmFiles, map_: ResultsMap, file: str) -> bool:
    """Whether the preset would look for another file, or for several."""
    own = merged(_without_file(map_)).file if map_.preset is not None else None
    own = SUMMARY_OF_LM_EVAL if map_.preset == "lm-eval" and format_of(file) == "json" else own
    return own is None or list(files.matching(own)) != [file]


def _without_file(map_: ResultsMap) -> ResultsMap:
    given = {name: getattr(map_, name) for name in map_.model_fields_set if name != "file"}
    return ResultsMap.model_construct(**given)


def propose_all(folder_files: ArmFiles, preset: str | None = None) -> list[MapProposal]:
    """The maps of a folder's files, each metric in one of them; hidden folders below it hold no results.

    Files of engines count alone where there are some, and of these the ones with samples.
    """
    found: list[MapProposal] = []
    there = (name for name in folder_files.names() if not _HIDDEN.search(name))
    names = [name for name in there if format_of(name) is not None][:MOST_FILES]
    for name in sorted(names, key=lambda name: format_of(name) == "parquet"):
        if format_of(name) == "parquet" and any(one.engines for one in found):
            break  # read whole, and of no engine whose file it could be
        try:
            proposal = propose(folder_files, name, preset)
        except NotJudged:
            continue
        if proposal is not None:
            found.append(proposal)
    whole = [one for one in found if one.map.preset in CODE]
    if whole:
        return whole[:1]
    known = [one for one in found if one.engines] or found
    summaries = [one for one in known if one.map.preset == "lm-eval" and fits(SUMMARY_OF_LM_EVAL, one.file)]
    if summaries:
        known = [one for one in known if one.map.preset != "lm-eval" or one in summaries]
    else:
        known = [
            one for one in known if one.map.preset != "lm-eval" or format_of(one.file) != "json"
        ] or known
    known = [one for one in known if one.map.preset is not None] or known
    kept: dict[str, MapProposal] = {}
    for one in known:
        if not any(key in other.names for other in kept.values() for key in one.names):
            kept[one.file] = one
    return list(kept.values())


def _first(files: ArmFiles, file: str) -> tuple[Any, list[Any]]:
    """A JSON file's value and no rows, or nothing and the first rows of a table."""
    format_ = format_of(file)
    if format_ == "csv":
        rows = table_of_csv(files, file, ()).first
        return None, [{name: _cell(value) for name, value in row.items()} for row in rows]
    if format_ in ("jsonl", "parquet"):
        pieces = files.pieces(file) if format_ == "jsonl" else files.parquet(file, ())
        return None, rows_of_lines(file, pieces, ("/",)).first
    return read_document(files, file), []


def _cell(text: str) -> str:
    """A cell with a number as JSON would have it."""
    number = cell_number(text)
    return text if number is None else NumberText(number)


def without_scores(files: ArmFiles, file: str) -> str:
    """Return what there is in a file that no map could read. Raises BrokenResults."""
    document, rows = _first(files, file)
    return _odd_cell(rows) or described(document, rows)


def _odd_cell(rows: Sequence[Any]) -> str | None:
    """The first value of some rows that is no number where another row has one, or None."""
    objects = [row for row in rows if type(row) is dict]
    numeric = {name for row in objects for name, value in row.items() if type(value) is NumberText}
    cells = (
        f"its row {number} holds {name}: {shown(value, most=30)}, which is no number"
        for number, row in enumerate(objects, 1)
        for name, value in row.items()
        if name in numeric and name.casefold() not in IDS and type(value) is str and value
    )
    return next(cells, None)


def _recognised(document: Any, rows: list[Any]) -> list[Recognised]:
    if document is not None and lm_eval.is_summary(document):
        return [Recognised(preset="lm-eval")]
    return next(filter(None, map(recognised, rows or [document])), [])


def _of_lm_eval(file: str, named: str, document: Any) -> tuple[ResultsMap, dict[str, str]]:
    map_ = ResultsMap(preset="lm-eval", file=named)
    return map_, dict(lm_eval.keys_of(lm_eval.TaskResults(file=file, document=document)))


def _of_engine(preset: str, named: str, document: Any, rows: list[Any]) -> tuple[ResultsMap, dict[str, str]]:
    """The preset, and the names that it finds; or of scores one step further down a pointer each."""
    map_ = ResultsMap(preset=preset, file=named)  # type: ignore[arg-type]
    whole = merged(map_)
    rows = _rows(whole, document) if document is not None else rows
    names = _names(whole, document, rows)
    also = [
        name for name, where in whole.also.items()
        if any(type(resolve(row, split_factor(where)[0])) is NumberText for row in rows[:3])
    ]  # fmt: skip
    keys = {fitted(name): name for name in (*names, *also)}
    first = {pointer: _first_of_several(whole, pointer, rows) for pointer in whole.apart}
    mixed = {pointer: found for pointer, found in first.items() if found is not None}
    if mixed:
        map_ = map_.model_copy(update={"where": {**(whole.where or {}), **mixed}})
    if names or not isinstance(whole.score, str):
        return map_, keys
    below = dict(_below(whole.score, rows))
    if not below:
        return map_, {}
    own = {name: whole.also[name] for name in also}
    return map_.model_copy(update={"score": {**below, **own}}), {name: name for name in (*below, *own)}


def _first_of_several(map_: EngineMap, pointer: str, rows: Sequence[Any]) -> Any:
    """The first of several values that the preset does not choose between; None where it is clear."""
    there = {str(resolve(row, pointer)) for row in rows}
    if len(there) < 2 or there & {str(ABSENT if one is None else one) for one in map_.apart[pointer]}:
        return None
    found = resolve(rows[0], pointer)
    return Decimal(found) if type(found) is NumberText else found


def _below(pointer: str, rows: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Metric key → pointer, where a row's score is an object of scores."""
    for row in rows[:3]:
        for name in names_at(row, pointer):
            found = resolve(row, filled(pointer, name))
            for inner, value in found.items() if type(found) is dict else ():
                if type(value) is NumberText:
                    key = inner if inner != "score" else name
                    yield fitted(key), pointer_to(filled(pointer, name), inner)


def _rows(map_: ResultsMap, document: Any) -> list[Any]:
    """The rows of a document, as the map sees them."""
    whole = merged(map_)
    found = resolve(document, map_.rows) if map_.rows is not None else ABSENT
    if whole.outcomes:
        return [dict.fromkeys(whole.outcomes, NumberText("1"))]
    asked = Part(map=whole, key="", name="").pointers()
    return spread(objects_in(found), whole.spread, asked)


def _names(map_: EngineMap, document: Any, rows: list[Any]) -> list[str]:
    """The names that the map's `{metric}` could be."""
    for where, wanted in (map_.where or {}).items():
        if type(wanted) is str and PLACEHOLDER in wanted:
            before, _, after = wanted.partition(PLACEHOLDER)
            texts = [str(one) for one in (resolve(row, where) for row in rows) if type(one) is str]
            return [text[len(before) : len(text) - len(after)] for text in dict.fromkeys(texts)]
    pointer, _ = split_factor(str(map_.score or map_.value))
    if PLACEHOLDER not in pointer:
        return [pointer.rpartition("/")[2]]
    found: dict[str, None] = {}
    for row in rows[-50:] if rows else [document]:
        for name in names_at(row, pointer):
            value = resolve(row, filled(pointer, name))
            word = type(value) is str and value in (map_.grades or {})
            if (word or type(value) is NumberText) and not _is_used(map_, name):
                found[name] = None
    return list(found)


def _is_used(map_: EngineMap, name: str) -> bool:
    """Whether the map reads the value for something else than a metric."""
    ids = map_.id if isinstance(map_.id, list) else [map_.id]
    failing = map_.error if isinstance(map_.error, dict) else {map_.error: None}
    also = [split_factor(one)[0] for one in map_.also.values()]
    return f"/{name}" in (*ids, map_.repeat, map_.cluster, map_.input, *failing, *map_.apart, *also)
