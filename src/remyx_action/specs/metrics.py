"""`.remyx/metrics.yaml`: the project's vocabulary."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from .fields import Integer, Key, Line, Number, Spec, Version

RANGE_OF_UNIT = {
    "accuracy": (Decimal(0), Decimal(1)),
    "fraction": (Decimal(0), Decimal(1)),
    "%": (Decimal(0), Decimal(100)),
    "percent": (Decimal(0), Decimal(100)),
}
"""The range that a unit (case-folded) implies."""

UNITS_THAT_NEED_A_DIRECTION = frozenset(
    "s sec seconds ms us ns minutes hours bytes kb mb gb tokens usd eur cost loss errors error_rate".split()
)
"""Units where lower is usually better, so a silent `higher` would be a trap."""


class RecordedBaseline(Spec):
    """A baseline with its sample size: `{value, n}`, or with `stderr` its standard error."""

    value: Number
    n: Annotated[Integer, Field(ge=1)]
    stderr: Annotated[Number, Field(ge=0)] | None = None


class ExactBaseline(Spec):
    """A bar rather than a measurement: `{value, exact: true}`."""

    value: Number
    exact: Literal[True]


class Metric(Spec):
    key: Key
    label: Annotated[Line, Field(min_length=1, max_length=80)] | None = None
    """Short, shown everywhere; the key where absent."""
    unit: Annotated[Line, Field(max_length=32)] = ""
    baseline: Number | RecordedBaseline | ExactBaseline | None = None
    direction: Literal["higher", "lower"] = "higher"
    range: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = None
    """[lo, hi]: every score lies in it."""
    scores: Literal["binary"] | None = None
    """`binary`: every score is an end of the range."""
    aggregate: Annotated[str, Field(pattern=r"^p[1-9][0-9]?(?![\s\S])")] | None = None
    """`p95`: the arm's value is that percentile of its samples; absent: their mean."""


class Metrics(Spec):
    version: Version
    metrics: Annotated[list[Metric], Field(min_length=1, max_length=1000)]
