"""Load: maps of result files that could never read anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .files.pointer import PLACEHOLDER, pointer_to
from .files.wording import did_you_mean, listed
from .models import Template
from .models.results_map import Aggregates, ResultsMap, assigned, maps_of
from .problems import Words

Located = tuple[str, Words]
"""JSON Pointer and what is wrong there."""

ENDINGS = (".eval", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")
WITH_SAMPLES = ("spread", "repeat", "input", "output", "cluster", "error", "grades")
"""Keys that say more about a sample than its score."""


def misused_maps(template: Template) -> Iterator[Located]:
    """Every contradiction in a template's `results`; the files are not looked at."""
    maps = maps_of(template.results)
    owners = assigned(maps, template.metrics)
    for index, map_ in enumerate(maps):
        place = f"/results/{index}" if isinstance(template.results, list) else "/results"
        yield from _names(map_, place, template.metrics)
        if map_.preset == "lighteval" and len(maps) > 1:
            help_ = "give the other metrics a template of their own"
            yield (
                f"{place}/preset",
                _words("not-alone", "a run of lighteval is read alone, without other maps", help_),
            )
        if map_.preset is None:
            yield from _map(map_, place, [key for key in template.metrics if index in owners[key]])
    for key, indices in owners.items() if maps else ():
        if len(indices) != 1:
            how = "none of the maps reads" if not indices else f"{len(indices)} maps read"
            help_ = "name each metric in the `metrics:` of one map"
            yield "/results", _words("metric-without-map", f"{how} {key}", help_)


def _words(code: str, message: str, help: str) -> Words:
    return Words(code=code, message=message, help=help)


def _names(map_: ResultsMap, place: str, measured: Sequence[str]) -> Iterator[Located]:
    """Keys of metrics that the template does not measure."""
    named: list[tuple[str, str]] = [(pointer_to(f"{place}/names", key), key) for key in map_.names]
    named += [(f"{place}/metrics/{index}", key) for index, key in enumerate(map_.metrics or ())]
    if isinstance(map_.score, dict):
        named += [(pointer_to(f"{place}/score", key), key) for key in map_.score]
    for pointer, key in named:
        if key not in measured:
            help_ = did_you_mean(key, measured, none="add it to `metrics`")
            yield pointer, _words("unknown-metric", f'`metrics` has no metric "{key}"', help_)


def _map(map_: ResultsMap, place: str, keys: Sequence[str]) -> Iterator[Located]:
    if map_.file is None:
        yield place, _words("missing-key", "`file` is missing", "add `file: NAME`, or an engine's `preset`")
        return
    if map_.score is None and map_.value is None and map_.aggregates is None:
        help_ = "add `score`, a pointer into each row, or `value`, a pointer to the number itself"
        yield place, _words("reads-nothing", "the map reads no number", help_)
    format_ = _format(map_.file, map_.format)
    if map_.score is not None:
        yield from _samples(map_, place, format_)
    else:
        yield from _without_samples(map_, place)
    if format_ not in (None, "json"):
        yield from _tables(map_, place, format_)
    elif map_.rows is None:
        yield from _without_rows(map_, place)
    yield from _numbers(map_, place, keys)
    if map_.aggregates is not None:
        yield from _numbers(map_.aggregates, f"{place}/aggregates", keys)


def _without_samples(map_: ResultsMap, place: str) -> Iterator[Located]:
    for name in WITH_SAMPLES:
        if getattr(map_, name) is not None:
            message = f"`{name}` says something about samples, and the map has no `score`"
            yield f"{place}/{name}", _words("without-score", message, f"add `score`, or remove `{name}`")


def _without_rows(map_: ResultsMap, place: str) -> Iterator[Located]:
    for name in ("where", "take"):
        if getattr(map_, name) is not None:
            message = f"`{name}` chooses among rows, and nothing says where in the file they are"
            yield f"{place}/{name}", _words("not-in-rows", message, "add `rows`, a pointer to their list")


def _tables(map_: ResultsMap, place: str, format_: str | None) -> Iterator[Located]:
    if map_.spread is not None and format_ == "csv":
        message = "the cells of a csv file hold no lists"
        yield f"{place}/spread", _words("not-in-rows", message, "remove `spread`")
    for name in ("rows", "require"):
        if getattr(map_, name) is not None:
            message = f"`{name}` goes with one JSON value, and the file is {format_}"
            yield f"{place}/{name}", _words("not-in-rows", message, f"remove `{name}`")
    if map_.score is not None and map_.value is not None:
        help_ = "name the engine's own file in `aggregates`"
        message = f"a {format_} file of samples has no place for `value`"
        yield f"{place}/value", _words("not-in-rows", message, help_)


def _format(file: str, declared: str | None) -> str | None:
    if declared is not None or file == "stdout":
        return declared or "json"
    plain = file.removesuffix(".gz").casefold()
    ending = next((one for one in ENDINGS if plain.endswith(one)), None)
    return {".ndjson": "jsonl", ".tsv": "csv", ".eval": "json"}.get(ending, ending[1:]) if ending else None


def _samples(map_: ResultsMap, place: str, format_: str | None) -> Iterator[Located]:
    if map_.id == "row" and map_.input is None:
        help_ = "add `input`, so that rows in another order are found, or an `id`"
        message = "the number of a row says nothing about the question in it"
        yield f"{place}/id", _words("row-without-input", message, help_)
    if format_ == "json" and map_.rows is None:
        help_ = "add `rows`, a pointer to the list of samples; or `format: jsonl`"
        yield f"{place}/score", _words("without-rows", "nothing says where the samples are", help_)
    elif format_ not in (None, "json") and map_.id is None:
        help_ = "add `id`, a pointer into each row; or `id: row` with `input`"
        yield f"{place}/score", _words("without-id", "samples need an `id` to pair by", help_)
    if map_.take is not None:
        message = "`take` chooses one row of several as the number, and `score` reads all"
        yield (
            f"{place}/take",
            _words("takes-one-of-all", message, "remove `take`, or write `value` for `score`"),
        )


def _numbers(map_: ResultsMap | Aggregates, place: str, keys: Sequence[str]) -> Iterator[Located]:
    if _format(map_.file or "", map_.format) is None:
        help_ = "add `format: json`, `jsonl`, `csv` or `parquet`"
        message = f"the name {map_.file} does not say which format the file has"
        yield f"{place}/file", _words("unknown-format", message, help_)
    if map_.stddev is not None and map_.n is None:
        message = "a standard deviation needs the number of samples"
        yield f"{place}/stddev", _words("stddev-without-n", message, "add `n`")
    if map_.stddev is not None and map_.stderr is not None:
        message = "`stderr` and `stddev` both say how sure the value is"
        yield f"{place}/stddev", _words("two-errors", message, "keep one of them")
    if len(keys) > 1 and not _tells_apart(map_):
        help_ = f"write {PLACEHOLDER} where the file has the metric's name, or one map per metric"
        message = f"all of {listed(keys)} would be the same number"
        where = "score" if getattr(map_, "score", None) is not None else "value"
        yield f"{place}/{where}", _words("one-for-all", message, help_)


def _tells_apart(map_: ResultsMap | Aggregates) -> bool:
    """Whether some part of the map is another one for each metric."""
    score = getattr(map_, "score", None)
    if isinstance(score, dict):
        return True
    texts = [score, map_.value, map_.rows, map_.file, *(map_.where or {}), *(map_.where or {}).values()]
    return any(isinstance(text, str) and PLACEHOLDER in text for text in texts)
