"""Conditions as people type them, and the rules that are recommended."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from remyx_action.errors import WrongUsage
from remyx_action.project.files.wording import did_you_mean, quoted
from remyx_action.project.models.conditions import bare_percentage, parse_line, why_no_line
from remyx_action.project.models.fields import FIELDS
from remyx_action.project.models.metrics import PERCENT, RANGE_OF_UNIT, readings_of

from .answers import MetricAnswer

FLOOR = "80%"
_FRACTION = {"accuracy", "fraction"}


def check_condition(typed: str, metrics: Sequence[MetricAnswer]) -> str:
    """Return the condition as a line; WrongUsage, with what to write, where it is none on these metrics."""
    line = typed.strip().removeprefix("- ")
    try:
        named = parse_line(line).metric
    except ValueError as error:
        message, help_ = why_no_line(line)
        raise WrongUsage(message, help=help_) from error
    key = named and named.partition(".")[0]
    found = next((metric for metric in metrics if metric.key == key), None)
    if key and found is None:
        names = [*(metric.key for metric in metrics), *FIELDS]
        raise WrongUsage(f"there is no metric {quoted(key)}", help=did_you_mean(key, names, none=""))
    percentage = bare_percentage(line)
    if percentage and found:
        readings = readings_of(percentage, RANGE_OF_UNIT.get(found.unit.casefold()), None)
        if readings:
            raise WrongUsage(f"{quoted(line)} may mean a part of the baseline, or points", help=readings)
    return line


def recommended(
    metrics: Sequence[MetricAnswer], headline: Collection[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return ship and reject: headline metrics gain, the others do not lose, and a sure loss rejects."""
    ship = [
        f"{one.key} improves_by {_gain(one)}{_floor(one)}"
        if one.key in headline
        else f"{one.key} no_regression {_loss(one)}{_floor(one)}"
        for one in metrics
    ]
    reject = [f"{one.key} no_regression {_loss(one)}{_floor(one)}" for one in metrics]
    return tuple(ship), tuple(reject)


def _floor(metric: MetricAnswer) -> str:
    """Return the floor, where the results say how far a value may be off: else it could never be reached."""
    return f" at {FLOOR}" if metric.has_spread else ""


def _gain(metric: MetricAnswer) -> str:
    return _of_unit(metric, "0.02", "2", "5% of baseline")


def _loss(metric: MetricAnswer) -> str:
    return _of_unit(metric, "0.01", "1", "2% of baseline")


def _of_unit(metric: MetricAnswer, fraction: str, percent: str, relative: str) -> str:
    unit = metric.unit.casefold()
    if unit in _FRACTION:
        return fraction
    return percent if unit in PERCENT else relative
