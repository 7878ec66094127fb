"""Metric rows of a report → lines of the table that is grasped first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from remyx_action.report.report import MetricRow, Report

from . import drawing, numbers
from .neutral import Coded, Phrase, Said
from .words import CONDITION_REASONS, METHODS

PLAIN_UNITS = frozenset({"accuracy", "fraction"})
"""Units that say nothing which the numbers do not."""
NAMED = 6
SPARE_DIGITS = 3
"""Significant digits of a delta whose uncertainty is unknown."""


class MetricLine(Struct, frozen=True, kw_only=True):
    """One metric, every number as it is shown."""

    key: str
    label: str
    unit: str
    """"" where the numbers say it themselves."""
    arrow: str
    """↑ higher is better, ↓ lower is better."""
    baseline: str
    variant: str
    delta: str
    interval: str
    improved: str
    """Confidence that the variant is truly better."""
    n: str
    drawing: str
    standing: str
    """better · worse · even · unknown, told by the interval, else by the delta."""
    decimals: int


def metric_lines(report: Report) -> tuple[MetricLine, ...]:
    """Every metric, in the template's order."""
    marks = delta_marks(report)
    bars = {row.key: _bar(row, marks[row.key]) for row in report.metrics}
    scales = _largest_by_unit(report, lambda row: drawing.extent([bar] if (bar := bars[row.key]) else []))
    decimals = {row.key: decimals_for_metric(row, marks[row.key]) for row in report.metrics}
    alike = _largest_by_unit(report, lambda row: Decimal(decimals[row.key]))
    counts = report.run_state != "not_comparable"
    return tuple(
        _line(
            row,
            bar=bars[row.key],
            scale=scales[row.unit],
            decimals=int(alike[row.unit]) if row.delta is None else decimals[row.key],
            standing=_standing(row) if counts else "unknown",
        )
        for row in report.metrics
    )


def _largest_by_unit(report: Report, size: Callable[[MetricRow], Decimal]) -> dict[str, Decimal]:
    """By unit, the largest of its metrics' sizes: metrics of one unit are drawn alike."""
    largest: dict[str, Decimal] = {}
    for row in report.metrics:
        largest[row.unit] = max(largest.get(row.unit, Decimal(0)), size(row))
    return largest


def delta_marks(report: Report) -> Mapping[str, Sequence[Decimal]]:
    """By metric key, the thresholds that conditions set on its raw delta, in its unit."""
    marks: dict[str, list[Decimal]] = {row.key: [] for row in report.metrics}
    for condition in report.policy.rules.on_metrics():
        if condition.claim.quantity == "delta":
            marks[condition.metric.key].append(condition.claim.threshold)
    return {key: tuple(dict.fromkeys(found)) for key, found in marks.items()}


def _bar(row: MetricRow, marks: Sequence[Decimal]) -> drawing.Bar | None:
    if row.delta is None:
        return None
    low, high = row.interval or (None, None)
    turned = row.direction == "lower"
    return drawing.Bar(delta=row.delta, low=low, high=high, marks=tuple(marks), turned=turned)


def decimals_for_metric(row: MetricRow, marks: Sequence[Decimal]) -> int:
    """Decimals at which baseline, variant, delta and interval of a metric are shown alike."""
    points = [value for value in (row.baseline, row.variant) if value is not None]
    written = max(map(numbers.decimals_of, points), default=0)
    if row.delta is None:
        return written
    # Zero itself is told by the sign, which is shown even where the digits are all zero.
    asked = [numbers.decimals_of(mark) for mark in marks]
    if row.interval:
        half = (row.interval[1] - row.interval[0]) / 2
        wanted = max([_decimals_for_uncertainty(half), *(decimals + 1 for decimals in asked)])
    else:
        wanted = max([min(written, numbers.decimals_for(row.delta, digits=SPARE_DIGITS)), *asked])
    return numbers.decimals_that_tell_apart([row.delta], marks, at_least=wanted)


def _decimals_for_uncertainty(half: Decimal) -> int:
    """Two significant digits below 5, one from there on: 0.014 and 0.006 both have 3 decimals."""
    return numbers.decimals_for(half, digits=2 if half.scaleb(-half.adjusted()) < 5 else 1)


def _line(
    row: MetricRow, *, bar: drawing.Bar | None, scale: Decimal, decimals: int, standing: str
) -> MetricLine:
    return MetricLine(
        key=row.key,
        label=row.label,
        unit="" if row.unit.casefold() in PLAIN_UNITS else row.unit,
        arrow="↑" if row.direction == "higher" else "↓",
        baseline=numbers.number(row.baseline, decimals),
        variant=numbers.number(row.variant, decimals),
        delta=numbers.signed(row.delta, decimals),
        interval=numbers.interval(row.interval, decimals),
        improved=numbers.confidence(row.confidence_improved),
        n=numbers.count(row.n),
        drawing=drawing.draw(bar, scale) if bar else "",
        standing=standing,
        decimals=decimals,
    )


def notes(report: Report) -> Iterator[Phrase]:
    """Why metrics have no confidence and what else is worth knowing; equal notes are said once."""
    labels: dict[str, list[str]] = {}
    for row in report.metrics:
        note = row.note or (CONDITION_REASONS.get(row.reason, row.reason) if row.reason else None)
        if note:
            labels.setdefault(note, []).append(row.label)
    for note, named in labels.items():
        more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
        yield (Said(", ".join(named[:NAMED])), f"{more}: ", Said(note))


def _standing(row: MetricRow) -> str:
    if row.delta is None:
        return "unknown"
    low, high = row.interval or (row.delta, row.delta)
    if row.direction == "lower":
        low, high = -high, -low
    return "better" if low > 0 else "worse" if high < 0 else "even"


def caption(report: Report) -> Phrase:
    """What the table's numbers are: level, method, clusters; differing ones by metric."""
    drawn = [row for row in report.metrics if row.interval]
    if not drawn:
        return ()
    levels = {row.level for row in drawn}
    methods: dict[str | None, list[str]] = {}
    for row in drawn:
        methods.setdefault(row.method, []).append(row.label)
    parts: list[str | Said | Coded] = [f"{numbers.percent(max(levels))} intervals of variant − baseline"]
    for method, labels in methods.items():
        parts.append(", " + METHODS.get(method or "", method or "unknown method"))
        if len(methods) > 1:
            parts.extend((" (", Said(", ".join(labels)), ")"))
    clustered = [row for row in drawn if row.clusters is not None]
    for row in clustered[:3]:
        parts.extend(("; ", Said(row.label), f" in {numbers.count(row.clusters)} clusters"))
    arrows = {"higher": "↑ higher", "lower": "↓ lower"}
    directions = dict.fromkeys(row.direction for row in report.metrics)
    parts.append(f"; {', '.join(arrows[direction] for direction in directions)} is better")
    if any(delta_marks(report).values()):
        parts.append(f"; {drawing.MARK} a threshold of the policy")
    return (*parts, ".")
