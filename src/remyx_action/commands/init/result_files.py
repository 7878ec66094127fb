"""Result files → their metrics, with values, sample counts and the map that reads them.

File contents are hostile: what is found is a proposal to a person, and read as data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from remyx_action.decimals import plain, round_significant
from remyx_action.errors import NotJudged
from remyx_action.project.files.wording import shown_as
from remyx_action.project.models import ResultsMap, Template
from remyx_action.project.models.field_types import FIELDS
from remyx_action.project.models.metrics import RANGE_OF_UNIT, UNITS_THAT_NEED_A_DIRECTION, unknown_metric
from remyx_action.project.models.template import LOG_NAME
from remyx_action.readers import NATIVE_FILE, read_arm
from remyx_action.readers.arm_files import ArmFiles
from remyx_action.readers.loose_json import read_loosely
from remyx_action.readers.presets import engine_of, fitted
from remyx_action.readers.proposing import MapProposal, propose, propose_all
from remyx_action.readers.samples import point_of
from remyx_action.readers.scores import ArmScores, Samples, Scores, Summary
from remyx_action.readers.shapes import NO_METRICS
from remyx_action.sources.disk import ResultsFolder

from .answers import Contents, MetricAnswer

MOST_METRICS = 12
SHOWN_DIGITS = 4
"""Of a baseline that is written into metrics.yaml."""
_LESS_IS_BETTER = re.compile(
    r"loss|latency|perplexity|ppl|error|time|seconds|duration|cost|tokens|(^|_)(wer|cer|rmse|mae|mse|usd)(_|$)"
)
_UNITS = (
    (re.compile(r"(^|_)ms(_|$)"), "ms"),
    (re.compile(r"seconds|latency|duration|(^|_)time(_|$)"), "s"),
    (re.compile(r"(^|_)usd(_|$)"), "usd"),
    (re.compile(r"tokens"), "tokens"),
)
"""Spelled in the name, unit."""
_ACCURACY = re.compile(r"(^|_)(acc|accuracy|em|exact_match|match|correct|pass)(_|$)")
_FRACTION = re.compile(r"recall|precision|ndcg|mrr|f1|auc|map(_|$)|hit|rate|rouge|score")


class ChosenFiles(ResultsFolder):
    """A folder of which only some files are looked at."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        super().__init__(folder)
        self._chosen = list(names)

    def names(self) -> list[str]:
        """The names of the chosen files."""
        return self._chosen


def contents_of_files(folder: Path, names: Sequence[str], named: Callable[[str], bool]) -> Contents | None:
    """Return what result files of one folder hold together, or None where nothing looks like a score.

    `named`: whether a file may be read by its shape alone, where no engine is known to write it.
    """
    return _contents(lambda: ChosenFiles(folder, names), named)


def contents_of_output(folder: Path) -> Contents | None:
    """Return what a script left in its output folder, or printed; None where there is no score."""
    with ResultsFolder(folder) as opened:
        names = opened.names()
    found = _native(folder) if NATIVE_FILE in names else None
    found = found or _contents(lambda: ResultsFolder(folder), lambda _name: True)
    return found or (_contents(lambda: ResultsFolder(folder), LOG_NAME) if LOG_NAME in names else None)


def _contents(
    open_folder: Callable[[], ResultsFolder], chosen: str | Callable[[str], bool]
) -> Contents | None:
    """Return what a file, or every file that may be read by its shape, holds."""
    try:
        with open_folder() as opened:
            files = ArmFiles(opened)
            if isinstance(chosen, str):
                one = propose(files, chosen)
                return _of_proposals(opened, [] if one is None else [one])
            every = [one for one in propose_all(files) if one.engines or chosen(one.file)]
            return _of_proposals(opened, every)
    except (NotJudged, RecursionError):
        return None


def _of_proposals(folder: ResultsFolder, proposals: Sequence[MapProposal]) -> Contents | None:
    maps: list[ResultsMap] = []
    names: dict[str, str] = {}
    for one in proposals:
        wanted = {
            f"{key}_score"[:64] if key in FIELDS else key: name
            for key, name in one.names.items()
            if name.casefold() not in NO_METRICS and name.isprintable()
        }
        kept = {key: wanted[key] for key in list(wanted)[: MOST_METRICS - len(names)] if key not in names}
        if kept:
            changes: dict[str, Any] = {"names": {key: name for key, name in kept.items() if key != name}}
            changes |= {"metrics": list(kept)} if len(proposals) > 1 else {}
            maps.append(one.map.model_copy(update=changes))
            names |= kept
    if not names:
        return None
    results: Any = maps[0] if len(maps) == 1 else maps
    template = Template(version=1, name="read", runtime="results", metrics=list(names), results=results)
    file = proposals[0].file if len(proposals) == 1 else None
    scores = read_arm(template, {key: unknown_metric(key) for key in names}, folder, file=file)
    engines = {engine for one in proposals for engine in one.engines}
    engine = engine_of(engines.pop()) if len(engines) == 1 else ""
    found = _described(proposals[0].file, scores, names=names, engine=engine)
    return replace(found, maps=tuple(maps)) if found.metrics else None


def _native(folder: Path) -> Contents | None:
    with ResultsFolder(folder) as opened:
        document = read_loosely(ArmFiles(opened).whole(NATIVE_FILE))
    given = document.get("metrics") if isinstance(document, dict) else None
    if not isinstance(given, dict) or not str(document.get("schema", "")).startswith("remyx-results/"):
        return None
    keys = [key for key in given if key == fitted(key) and key not in FIELDS][:MOST_METRICS]
    if not keys:
        return None
    template = Template(version=1, name="read", runtime="results", metrics=keys)
    with ResultsFolder(folder) as opened:
        scores = read_arm(template, {key: unknown_metric(key) for key in keys}, opened)
    return _described(NATIVE_FILE, scores, names={key: key for key in keys})


def _described(file: str, scores: ArmScores, *, names: Mapping[str, str], engine: str = "") -> Contents:
    metrics = [
        one for key, found in scores.scores.items() if (one := _metric(key, names[key], found)) is not None
    ]
    return Contents(file=file, metrics=tuple(metrics), engine=engine)


def _metric(key: str, name: str, found: Scores) -> MetricAnswer | None:
    """Return the metric with the unit and the direction that its name and its scores suggest."""
    if isinstance(found, Samples):
        scores = [Decimal(score) for score in found.scores]
        value = Decimal(float(point_of(found, None))) if scores else None
    elif isinstance(found, Summary):
        scores, value = [found.value], found.value
    else:
        return None
    unit, lower = unit_of(key, scores if isinstance(found, Samples) else None, value)
    has_range = unit in RANGE_OF_UNIT
    has_spread = isinstance(found, Samples) or found.stderr is not None or (has_range and found.n is not None)
    baseline = "" if value is None else f"{plain(round_significant(value, SHOWN_DIGITS)):f}"
    return MetricAnswer(
        key=key,
        label=shown_as(name)[:80] if name != key else "",
        unit=unit,
        direction="lower" if lower else "",
        baseline=baseline,
        is_binary=isinstance(found, Samples) and not lower and set(scores) <= {Decimal(0), Decimal(1)},
        name=name if name != key else "",
        samples=len({*found.ids, *found.missing}) if isinstance(found, Samples) else found.n,
        has_spread=has_spread,
    )


def unit_of(key: str, scores: Sequence[Decimal] | None, value: Decimal | None) -> tuple[str, bool]:
    """Return unit, and whether less is better, as a key and its scores (or its value alone) suggest."""
    unit = next((unit for pattern, unit in _UNITS if pattern.search(key)), "")
    if _LESS_IS_BETTER.search(key) or unit.casefold() in UNITS_THAT_NEED_A_DIRECTION:
        return unit, True
    within = value is None or all(0 <= one <= 1 for one in (scores or [value]))
    if within and (_ACCURACY.search(key) or (scores and set(scores) <= {Decimal(0), Decimal(1)})):
        return "accuracy", False
    if within and value is not None and (scores or _FRACTION.search(key)):
        return "fraction", False
    return unit, False
