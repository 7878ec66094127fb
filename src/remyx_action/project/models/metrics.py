"""`.remyx/metrics.yaml`: the project's vocabulary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator

from remyx_action.decimals import plain

from .field_types import Bounds, Integer, Key, Line, MetricKey, Number, Spec, Version, refuse
from .template import Template

RANGE_OF_UNIT = {
    "accuracy": (Decimal(0), Decimal(1)),
    "fraction": (Decimal(0), Decimal(1)),
    "%": (Decimal(0), Decimal(100)),
    "percent": (Decimal(0), Decimal(100)),
}
"""The range that a unit (case-folded) implies."""
PERCENT = frozenset({"%", "percent"})
"""Units (case-folded) of numbers up to 100."""

PERCENTILE_PATTERN = r"^p[1-9][0-9]?(?![\s\S])"

UNITS_THAT_NEED_A_DIRECTION = frozenset(
    {"s", "sec", "seconds", "ms", "us", "ns", "minutes", "hours", "bytes", "kb", "mb", "gb"}
    | {"tokens", "usd", "eur", "cost", "loss", "errors", "error_rate"}
)
"""Units where lower is usually better, so a silent `higher` would be a trap."""


class RecordedBaseline(Spec):
    """A baseline with its sample size: `{value, n}`, or with `stderr` its standard error."""

    value: Number
    """The mean, in the metric's unit."""
    n: Annotated[Integer, Bounds(least="1")]
    """How many samples the value is the mean of."""
    stderr: Annotated[Number, Bounds(least="0")] | None = None
    """Standard error of the mean, s/√n, in the metric's unit."""


class ExactBaseline(Spec):
    """A bar rather than a measurement: `{value, exact: true}`."""

    value: Number
    """The bar, in the metric's unit."""
    exact: Literal[True]
    """The number was decided, not measured, so it has no uncertainty."""


def _kind_of_baseline(raw: Any) -> str:
    if isinstance(raw, ExactBaseline) or (isinstance(raw, Mapping) and "exact" in raw):
        return "<exact>"
    return "<recorded>" if isinstance(raw, Mapping | RecordedBaseline) else "<number>"


Baseline = Annotated[
    Annotated[Number, Tag("<number>")]
    | Annotated[RecordedBaseline, Tag("<recorded>")]
    | Annotated[ExactBaseline, Tag("<exact>")],
    Discriminator(_kind_of_baseline),
]


def _default_direction(data: dict[str, Any]) -> str | None:
    unit = data.get("unit", "")
    return None if unit.casefold() in UNITS_THAT_NEED_A_DIRECTION else "higher"


class Metric(Spec):
    """One number that the evaluation reports and that rules may name."""

    # Each validator sees the fields above its own: unit and range come before what depends on them.
    key: MetricKey
    """What the eval script emits and what rules name: a-z, 0-9, _ and -, starting with a letter."""
    label: Annotated[Line, Field(min_length=1, max_length=80)] | None = None
    """A short name, shown everywhere; default: the key."""
    unit: Annotated[Line, Field(max_length=32)] = ""
    """Free text; accuracy and fraction imply range [0, 1], % and percent [0, 100]."""
    direction: Literal["higher", "lower"] = Field(
        default_factory=_default_direction,
        validate_default=True,
        json_schema_extra={"default": "higher"},
    )
    """Which way is better; required where the unit is a time, a size, a cost or an error."""
    range: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = None
    """[lo, hi]: every score lies in it."""
    baseline: Baseline | None = None
    """Declared: a number, or {value, n}, {value, stderr, n}, {value, exact: true}."""
    scores: Literal["binary"] | None = None
    """`binary`: every score is an end of the range."""
    aggregate: Annotated[str, Field(pattern=PERCENTILE_PATTERN)] | None = None
    """`p95`: the run's value is that percentile of its samples; absent: their mean."""
    max_change: Annotated[Number, Bounds(above="0")] | None = None
    """No sample's score changes by more than this between baseline and variant, in the metric's unit: less
    noise is assumed than the range would allow. A larger change in the results, and the range counts
    again."""

    @field_validator("direction", mode="before")
    @classmethod
    def _direction_is_said_where_a_default_is_a_trap(cls, direction: Any, info: ValidationInfo) -> Any:
        if direction is None:
            raise refuse(
                "missing-direction",
                f"`direction` is missing, and less is usually better in {info.data.get('unit')}",
                help="write `direction: lower` or `direction: higher`",
            )
        return direction

    @field_validator("range")
    @classmethod
    def _range_is_an_interval(cls, limits: list[Decimal] | None) -> list[Decimal] | None:
        if limits is not None and not limits[0] < limits[1]:
            raise refuse(
                "empty-range",
                f"the range [{limits[0]}, {limits[1]}] is empty",
                help="write [lowest, highest]",
            )
        return limits

    @field_validator("baseline")
    @classmethod
    def _baseline_lies_in_the_range(cls, baseline: Any, info: ValidationInfo) -> Any:
        limits = _limits(info)
        value = getattr(baseline, "value", baseline)
        if limits is not None and value is not None and not limits[0] <= value <= limits[1]:
            raise refuse(
                "out-of-range",
                f"the baseline {value} lies outside the range [{limits[0]}, {limits[1]}]",
                help=_other_scale(value, limits) or "correct the baseline, the range or the unit",
                at="" if baseline is value else "/value",
            )
        return baseline

    @field_validator("scores")
    @classmethod
    def _binary_scores_have_a_range(cls, scores: str | None, info: ValidationInfo) -> str | None:
        if scores is not None and {"range", "unit"} <= set(info.data) and _limits(info) is None:
            raise refuse(
                "missing-range",
                "binary scores are the ends of a range, and there is none",
                help="add `range: [0, 1]`, or a unit that implies it",
            )
        return scores

    @field_validator("max_change")
    @classmethod
    def _changes_can_be_smaller_than_the_range(
        cls, most: Decimal | None, info: ValidationInfo
    ) -> Decimal | None:
        if most is None:
            return most
        limits = _limits(info)
        if limits is not None and most >= limits[1] - limits[0]:
            raise refuse(
                "max-change-without-effect",
                f"no score in [{limits[0]}, {limits[1]}] can change by more than {limits[1] - limits[0]}",
                help="write a smaller number, or remove `max_change`",
            )
        if info.data.get("scores") == "binary":
            raise refuse(
                "max-change-of-binary",
                "a binary score that changes goes from one end of the range to the other",
                help="remove `max_change`, or `scores: binary`",
            )
        if info.data.get("aggregate") is not None:
            raise refuse(
                "max-change-of-percentile",
                f"a {info.data['aggregate']} is weighed by ranks: how far scores change does not count",
                help="remove `max_change`",
            )
        return most


def _limits(info: ValidationInfo) -> Any:
    """[lo, hi] as declared or implied; None where there is none or it is wrong itself."""
    if "range" not in info.data or "unit" not in info.data:
        return None
    return info.data["range"] or RANGE_OF_UNIT.get(info.data["unit"].casefold())


def _other_scale(value: Decimal, limits: Any) -> str | None:
    """The baseline as a fraction where it seems to be given in percent."""
    if list(limits) == [0, 1] and 2 <= value <= 100:
        return f"did you mean {(value / 100).normalize():f}?"
    return None


class Metrics(Spec):
    """The project's vocabulary: every metric that templates measure and rules name."""

    version: Version
    """The version of this file's format."""
    metrics: Annotated[list[Metric], Field(min_length=1, max_length=1000)]
    """Each key once."""


class BarMetric(Spec):
    """A metric with its defaults filled in."""

    key: Key
    label: Line
    unit: Line
    direction: Literal["higher", "lower"]
    range: Annotated[list[Number], Field(min_length=2, max_length=2)] | None
    """[lo, hi], declared or implied by the unit."""
    scores: Literal["binary"] | None
    aggregate: Annotated[str, Field(pattern=PERCENTILE_PATTERN)] | None
    baseline: Number | RecordedBaseline | ExactBaseline | None
    """The declared number: judged against where no baseline is measured, else checked for drift."""
    samples: Integer | None
    """How many samples the template expects."""
    missing: Literal["bounds", "unknown"] = "bounds"
    """What missing samples mean, as the template says."""
    max_missing: Number = Decimal("0.02")
    """The share of the expected samples that may be missing."""
    max_change: Annotated[
        Annotated[Number, Bounds(above="0")] | None, Field(exclude_if=lambda most: most is None)
    ] = None
    """No sample's score changes by more between baseline and variant; left out where nothing is declared."""


def unknown_metric(key: str) -> BarMetric:
    """Return a metric of which only the key is known."""
    return BarMetric(
        key=key, label=key, unit="", direction="higher", range=None, scores=None, aggregate=None,
        baseline=None, samples=None,
    )  # fmt: skip


def measured_metrics(template: Template, vocabulary: Metrics) -> dict[str, BarMetric]:
    """By key, in the template's order, the metrics that it measures."""
    known = {metric.key: metric for metric in vocabulary.metrics}
    return {key: _filled_in(known[key], template) for key in template.metrics}


def all_metrics(template: Template, vocabulary: Metrics) -> dict[str, BarMetric]:
    """By key, every metric of the vocabulary, whether the template measures it or not."""
    return {metric.key: _filled_in(metric, template) for metric in vocabulary.metrics}


def readings_of(percentage: str, limits: Sequence[Decimal] | None, baseline: Decimal | None) -> str | None:
    """Return both readings of a bare percentage on a share or a percentage; None on any other metric."""
    if limits is None or [*limits] not in ([0, 1], [0, 100]):
        return None
    number = Decimal(percentage)
    points = number if limits[1] == 100 else number.scaleb(-2)
    advice = f"write `{percentage}% of baseline`, or `{plain(points):f}` for {number:f} of a hundred points"
    if baseline is None:
        return advice
    part = plain(abs(baseline) * number.scaleb(-2))
    return f"{percentage}% of the baseline {plain(baseline):f} is {part:f}: {advice}"


def implied_range(metric: Metric) -> list[Decimal] | None:
    """[lo, hi] as declared, else as the unit implies, else None."""
    if metric.range is not None:
        return metric.range
    implied = RANGE_OF_UNIT.get(metric.unit.casefold())
    return list(implied) if implied else None


def declared_value(metric: Metric | BarMetric) -> Decimal | None:
    """The baseline's value, however it is declared."""
    baseline = metric.baseline
    return baseline.value if isinstance(baseline, RecordedBaseline | ExactBaseline) else baseline


def _filled_in(metric: Metric, template: Template) -> BarMetric:
    samples = template.samples
    return BarMetric(
        key=metric.key,
        label=metric.label or metric.key,
        unit=metric.unit,
        direction=metric.direction,
        range=implied_range(metric),
        scores=metric.scores,
        aggregate=metric.aggregate,
        baseline=metric.baseline,
        samples=samples.get(metric.key) if isinstance(samples, dict) else samples,
        missing=template.missing,
        max_missing=template.max_missing,
        max_change=metric.max_change,
    )
