"""What was reported for one metric → its scores: samples, a summary, or why neither counts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from msgspec import Struct, field

from remyx_action.evidence.scores import Scores, Summary, Unusable
from remyx_action.files.strict_json import NumberText
from remyx_action.policy.bar import BarMetric
from remyx_action.policy.reasons import Reason

from .columns import Columns, rows_with_faults, shown_value
from .samples import beyond_limits, beyond_range, point_of, usable_samples

LEAST_TOLERANCE = Fraction(1, 10**9)
"""Between a reported value and its samples, where the value is printed with more decimals."""


class Contradiction(Exception):
    """A reported value that its own samples do not give."""


class Entry(Struct, frozen=True, kw_only=True):
    """One metric as it was reported; None where it was not."""

    numbers: Mapping[str, Any] = field(default_factory=dict)
    """`value`, `n`, `stderr`, `clusters`: whatever JSON value stands there."""
    samples: Columns | None = None
    faults: tuple[str, ...] = ()
    """What is wrong with its form."""


class Scored(Struct, frozen=True, kw_only=True):
    scores: Scores
    warnings: tuple[str, ...] = ()


def scored(entry: Entry, metric: BarMetric) -> Scored:
    """The metric's scores. Raises Contradiction."""
    faults = [*entry.faults, *_faults(entry.numbers)]
    if faults:
        return _invalid("; ".join(faults))
    if entry.samples is not None:
        return _from_samples(entry, metric)
    if "value" not in entry.numbers:
        return _invalid("neither a value nor samples were given")
    value = Decimal(entry.numbers["value"])
    low, high = metric.range or (None, None)
    if low is not None and high is not None and beyond_range([str(value)], low, high):
        message = f"{entry.numbers['value']} lies outside [{low:f}, {high:f}]"
        return Scored(scores=Unusable(reason=Reason.OUT_OF_RANGE, message=message))
    return Scored(scores=_summary(entry.numbers))


def _invalid(message: str) -> Scored:
    return Scored(scores=Unusable(reason=Reason.INVALID_VALUE, message=message))


def _faults(numbers: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with a metric's own numbers."""
    faults = []
    for name, number in numbers.items():
        if type(number) is not NumberText:
            faults.append(f"{name} is not a number: {shown_value(number)}")
        elif beyond_limits([number]):
            faults.append(f"{name} is beyond ±1e15, 30 digits or 100 decimals: {shown_value(number)}")
        elif name in ("n", "clusters") and not _is_count(number):
            faults.append(f"{name} is not a whole number of at least 1: {number}")
    return faults


def _is_count(number: NumberText) -> bool:
    count = Decimal(number)
    return count >= 1 and count == count.to_integral_value()


def _summary(numbers: Mapping[str, Any]) -> Summary:
    return Summary(
        value=Decimal(numbers["value"]),
        n=int(Decimal(numbers["n"])) if "n" in numbers else None,
        stderr=Decimal(numbers["stderr"]) if "stderr" in numbers else None,
        clusters=int(Decimal(numbers["clusters"])) if "clusters" in numbers else None,
    )


def _from_samples(entry: Entry, metric: BarMetric) -> Scored:
    assert entry.samples is not None
    samples = usable_samples(entry.samples, metric)
    if isinstance(samples, Unusable):
        rows = rows_with_faults(entry.samples)
        return Scored(scores=samples, warnings=(f"{metric.key}: {rows}",) if rows else ())
    warnings = []
    if "value" in entry.numbers:
        _compare(str(entry.numbers["value"]), point_of(samples, metric.aggregate), metric)
    if "n" in entry.numbers:
        ids = len(samples.ids) if samples.repeats is None else len(set(samples.ids))
        reported = int(Decimal(entry.numbers["n"]))
        if reported not in (ids, len(samples.ids)):
            warnings.append(f"{metric.key}: n says {reported:,}, there are samples of {ids:,} ids")
    return Scored(scores=samples, warnings=tuple(warnings))


def _compare(literal: str, point: Fraction, metric: BarMetric) -> None:
    """Hold a reported value against its samples, to half a unit of its own last digit."""
    value = Decimal(literal)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    tolerance = max(Fraction(10) ** exponent / 2, LEAST_TOLERANCE)
    if abs(Fraction(value) - point) > tolerance:
        what = f"{metric.aggregate} of its samples" if metric.aggregate else "mean of its samples"
        raise Contradiction(f"the value {literal[:40]} contradicts the {what}, {float(point):.12g}")
