"""Metrics as people write them: a Markdown table, columns, or KEY:UNIT:BASELINE."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from msgspec.structs import replace

from remyx_action.errors import WrongUsage
from remyx_action.project.files.wording import quoted
from remyx_action.project.models.field_types import FIELDS, KEY_PATTERN
from remyx_action.project.models.metrics import RANGE_OF_UNIT, UNITS_THAT_NEED_A_DIRECTION
from remyx_action.readers.presets import fitted

from .answers import MetricAnswer
from .result_files import unit_of

NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?")
COLUMNS = ("key", "label", "unit", "baseline")
_BY_COUNT = {1: ("key",), 2: ("key", "unit"), 3: ("key", "unit", "baseline"), 4: COLUMNS}
_HEADINGS = {"metric": "key", "name": "key", "value": "baseline", "today": "baseline"} | {
    name: name for name in (*COLUMNS, "direction")
}
HELP = "write KEY, KEY:UNIT:BASELINE, or KEY | LABEL | UNIT | BASELINE; - before the key: less is better"


def metrics_in(lines: Sequence[str]) -> tuple[MetricAnswer, ...]:
    """Return the metric of each line; a heading and a Markdown table's rule are none. WrongUsage."""
    found: dict[str, MetricAnswer] = {}
    columns: tuple[str, ...] | None = None
    for line in lines:
        cells = _cells(line)
        if not any(cells) or all(re.fullmatch(r":?-+:?", cell) for cell in cells):
            continue
        headings = tuple(_HEADINGS.get(cell.casefold(), "") for cell in cells)
        if headings[0] == "key" and len(cells) > 1:
            columns = headings
            continue
        if columns is None and len(cells) not in _BY_COUNT:
            raise WrongUsage(f"{quoted(line)} is no metric", help=HELP)
        names = columns or _BY_COUNT[len(cells)]
        metric = _metric(line, dict(zip(names, cells, strict=False)))
        if metric.key in found:
            raise WrongUsage(f"the metric {metric.key} is named twice", help="name each once")
        found[metric.key] = metric
    if not found:
        raise WrongUsage("there is no metric", help=HELP)
    return tuple(found.values())


def _cells(line: str) -> list[str]:
    text = line.strip()
    for separator in ("|", "\t", ",", ":"):
        if separator in text:
            parts = text.strip("|").split(separator)
            return [part.strip().strip("`") for part in parts]
    words = text.split()
    is_row = len(words) in {2, 3} and (len(words) == 2 or NUMBER.fullmatch(words[2]) is not None)
    return words if is_row else [text]


def _metric(line: str, cells: dict[str, str]) -> MetricAnswer:
    given = cells.get("key", "")
    name = given.removeprefix("-").strip()
    unit, baseline = ("" if cells.get(one) == "-" else cells.get(one, "") for one in ("unit", "baseline"))
    if not re.search("[A-Za-z0-9]", name) or not (name + unit + cells.get("label", "")).isprintable():
        raise WrongUsage(f"{quoted(line)} is no metric", help=HELP)
    if baseline and not NUMBER.fullmatch(baseline):
        raise WrongUsage(f"the baseline {quoted(baseline)} is no number", help="write a number such as 0.42")
    if len(unit) > 32:
        raise WrongUsage(f"the unit {quoted(unit)} is too long", help="at most 32 characters")
    key = name if re.match(KEY_PATTERN, name) else fitted(name)
    key = f"{key}_score" if key in FIELDS else key
    guessed, lower = unit_of(key, None, None)
    unit = unit or guessed
    lower = lower or given.startswith("-") or cells.get("direction", "").casefold() == "lower"
    lower = (lower or unit.casefold() in UNITS_THAT_NEED_A_DIRECTION) and cells.get("direction") != "higher"
    direction: Literal["lower", "higher", ""] = "lower" if lower else ""
    if direction == "" and unit.casefold() in UNITS_THAT_NEED_A_DIRECTION:
        direction = "higher"
    label = cells.get("label", "") or ("" if key == name else name)
    limits = RANGE_OF_UNIT.get(unit.casefold())
    if baseline and limits and not limits[0] <= float(baseline) <= limits[1]:
        raise WrongUsage(
            f"the baseline {baseline} of {key} lies outside {limits[0]} to {limits[1]}, the range of {unit}",
            help="write another unit, such as %, or correct the number",
        )
    return MetricAnswer(
        key=key,
        label="" if label == key else label[:80],
        unit=unit,
        direction=direction,
        baseline=baseline,
        name="" if key == name else name,
    )


def as_line(metric: MetricAnswer) -> str:
    """Return a metric as the line that says it."""
    key = f"-{metric.key}" if metric.direction == "lower" else metric.key
    return " | ".join([key, metric.label or metric.key, metric.unit or "-", metric.baseline or "-"])


def merged(typed: MetricAnswer, reported: MetricAnswer) -> MetricAnswer:
    """Return a metric as it was typed, with what the results say of it."""
    return replace(
        typed,
        is_binary=reported.is_binary and typed.unit.casefold() in RANGE_OF_UNIT,
        name=reported.name,
        samples=reported.samples,
        has_spread=reported.has_spread,
        label=typed.label or reported.label,
        unit=typed.unit or reported.unit,
        direction=typed.direction or reported.direction,
        baseline=typed.baseline or reported.baseline,
    )
