"""Conditions as people type them: `accuracy improves_by 0.02 at 0.80`, and the shape that is recommended."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from decimal import Decimal

from msgspec import Struct

from remyx_action.decimals import plain
from remyx_action.errors import WrongUsage
from remyx_action.project.models.metrics import UNITS_THAT_NEED_A_DIRECTION

from .answers import MetricAnswer

FLOOR = "0.80"
GUARDS = ("improves_by", "no_regression", "regresses_by")
COMPARISONS = (">=", "<=", "==", ">", "<")
FIELDS = ("delta_confidence", "sample_size", "coverage")
SUFFIXES = ("value", "delta", "relative_delta")
GRAMMAR = (
    "write METRIC improves_by 0.02 at 0.80, METRIC no_regression 0.01, METRIC.delta >= 0.02 at 0.80, "
    "or delta_confidence >= 0.80"
)
_SHAPE = re.compile(
    r"(?P<what>[a-z][a-z0-9_-]*(?:\.[a-z_]+)?)\s*(?P<op>>=|<=|==|>|<|[a-z_]+)\s*"
    r"(?P<number>[-+]?[0-9]+(?:\.[0-9]+)?)(?P<percent>%)?(?:\s+at\s+(?P<floor>[0-9.]+))?"
)
_FRACTION, _PERCENT = {"accuracy", "fraction"}, {"%", "percent"}


class Condition(Struct, frozen=True, kw_only=True):
    what: str
    """A metric with its suffix, or a field."""
    text: str
    """As YAML in one line."""


def condition_of(typed: str, metrics: Collection[str]) -> Condition:
    """One condition; WrongUsage, with the grammar, where it cannot be one."""
    found = _SHAPE.fullmatch(typed.strip())
    if found is None:
        raise WrongUsage(f"{typed.strip()!r} is no condition", help=GRAMMAR)
    what, op, number = found["what"], found["op"], found["number"]
    key, _, suffix = what.partition(".")
    is_field = what in FIELDS
    if not is_field and key not in metrics:
        known = ", ".join([*metrics, *FIELDS])
        raise WrongUsage(f"{typed.strip()!r}: there is no metric {key}", help=f"one of {known}")
    wants = COMPARISONS if is_field or suffix else GUARDS
    if op not in wants or (suffix and suffix not in SUFFIXES):
        raise WrongUsage(f"{typed.strip()!r} is no condition", help=GRAMMAR)
    if found["percent"]:
        if op not in GUARDS:
            raise WrongUsage(f"{typed.strip()!r}: a percentage goes with {', '.join(GUARDS)}", help=GRAMMAR)
        number = f"{plain(Decimal(number) / 100):f}"
    quoted = f'"{op}"' if op in COMPARISONS else op
    parts = [f"{'field' if is_field else 'metric'}: {what}", f"op: {quoted}", f"threshold: {number}"]
    parts += ["mode: relative"] if found["percent"] else []
    parts += [f"confidence: {found['floor']}"] if found["floor"] else []
    return Condition(what=what, text="{" + ", ".join(parts) + "}")


def recommended(
    metrics: Sequence[MetricAnswer], headline: Collection[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ship and reject: headline metrics gain, the others do not lose, and a sure loss rejects."""
    ship = [
        f"{one.key} improves_by {_gain(one)} at {FLOOR}"
        if one.key in headline
        else f"{one.key} no_regression {_loss(one)} at {FLOOR}"
        for one in metrics
    ]
    reject = [f"{one.key} no_regression {_loss(one)} at {FLOOR}" for one in metrics]
    return tuple(ship), tuple(reject)


def _gain(metric: MetricAnswer) -> str:
    return _of_unit(metric, "0.02", "2", "5%")


def _loss(metric: MetricAnswer) -> str:
    return _of_unit(metric, "0.01", "1", "2%")


def _of_unit(metric: MetricAnswer, fraction: str, percent: str, relative: str) -> str:
    unit = metric.unit.casefold()
    if unit in _FRACTION:
        return fraction
    if unit in _PERCENT:
        return percent
    return relative if metric.baseline or unit in UNITS_THAT_NEED_A_DIRECTION else fraction
