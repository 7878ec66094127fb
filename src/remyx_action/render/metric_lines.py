"""Metric rows of a report → lines of the table that is grasped first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from remyx_action.bar import Leaf, Node, children_of
from remyx_action.report import MetricRow, Report
from remyx_action.specs.policy import AllOf, AnyOf, AtLeast, Comparison, Directional, Guard

from . import drawing, numbers
from .phrase import Coded, Phrase, Said
from .words import CONDITION_REASONS, METHODS

PLAIN_UNITS = frozenset({"accuracy", "fraction"})
"""Units that say nothing which the numbers do not."""
FEW_CLUSTERS = 20
NAMED = 6
SPARE_DIGITS = 3
"""Significant digits of a delta whose uncertainty is unknown."""


@dataclass(frozen=True, kw_only=True)
class MetricLine:
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
    bars = {row.key: _bar(row, marks.get(row.key, ())) for row in report.metrics}
    scales: dict[str, Decimal] = {}
    for unit in {row.unit for row in report.metrics}:
        drawn = [bars[row.key] for row in report.metrics if row.unit == unit]
        scales[unit] = drawing.extent(bar for bar in drawn if bar)
    return tuple(
        _line(row, bar=bars[row.key], scale=scales[row.unit], marks=marks.get(row.key, ()))
        for row in report.metrics
    )


def delta_marks(report: Report) -> Mapping[str, Sequence[Decimal]]:
    """By metric key, the thresholds that conditions set on its raw delta, in its unit."""
    directions = {row.key: row.direction for row in report.metrics}
    marks: dict[str, list[Decimal]] = {}
    for rule in (report.policy.policy.ship, report.policy.policy.reject):
        for leaf in _leaves(rule) if rule else ():
            key, _, quantity = getattr(leaf, "metric", None) or "", "", ""
            key, _, quantity = key.partition(".")
            if isinstance(leaf, Comparison) and quantity == "delta":
                marks.setdefault(key, []).append(leaf.threshold)
            elif isinstance(leaf, Directional | Guard) and leaf.mode == "absolute":
                gained = (leaf.op == "improves_by") == (directions.get(key) == "higher")
                marks.setdefault(key, []).append(leaf.threshold if gained else -leaf.threshold)
    return {key: tuple(dict.fromkeys(found)) for key, found in marks.items()}


def _leaves(rule: Node) -> Iterator[Leaf]:
    for child in children_of(rule):
        if isinstance(child, AllOf | AnyOf | AtLeast):
            yield from _leaves(child)
        else:
            yield child


def _bar(row: MetricRow, marks: Sequence[Decimal]) -> drawing.Bar | None:
    if row.delta is None:
        return None
    low, high = row.interval or (None, None)
    turned = row.direction == "lower"
    return drawing.Bar(delta=row.delta, low=low, high=high, marks=tuple(marks), turned=turned)


def decimals_for_metric(row: MetricRow, marks: Sequence[Decimal]) -> int:
    """Decimals at which baseline, variant, delta and interval of a metric are shown alike."""
    points = [value for value in (row.baseline, row.variant) if value is not None]
    wanted = max(map(numbers.decimals_of, points), default=0)
    if row.interval:
        wanted = numbers.decimals_for((row.interval[1] - row.interval[0]) / 2)
    elif row.delta:
        wanted = min(wanted, max(numbers.decimals_for(row.delta, digits=SPARE_DIGITS), 0))
    if row.delta is None:
        return wanted
    # Zero itself is told by the sign, which is shown even where the digits are all zero.
    wanted = max([wanted, *map(numbers.decimals_of, marks)])
    return numbers.decimals_that_tell_apart([row.delta], marks, at_least=wanted)


def _line(row: MetricRow, *, bar: drawing.Bar | None, scale: Decimal, marks: Sequence[Decimal]) -> MetricLine:
    decimals = decimals_for_metric(row, marks)
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
        standing=_standing(row),
        decimals=decimals,
    )


def notes(report: Report) -> Iterator[Phrase]:
    """Why metrics have no confidence, those with the same reason together."""
    labels: dict[str, list[str]] = {}
    for row in report.metrics:
        if row.reason:
            labels.setdefault(row.note or CONDITION_REASONS.get(row.reason, row.reason), []).append(row.label)
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
        few = (
            ", few: a loss in clusters nobody drew stays unseen" if (row.clusters or 0) < FEW_CLUSTERS else ""
        )
        parts.extend(("; ", Said(row.label), f" in {numbers.count(row.clusters)} clusters{few}"))
    arrows = {"higher": "↑ higher", "lower": "↓ lower"}
    directions = dict.fromkeys(row.direction for row in report.metrics)
    parts.append(f"; {', '.join(arrows[direction] for direction in directions)} is better")
    if delta_marks(report):
        parts.append(f"; {drawing.MARK} a threshold of the policy")
    return (*parts, ".")
