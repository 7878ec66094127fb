"""View → the geometry of the page's drawings: intervals, shares of samples, changes by size, clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from remyx_action.evidence.samples_changed import ChangeBins

from . import escape, numbers
from .cluster_words import ClusterView
from .condition_words import MetricConditionView
from .metric_words import MetricView
from .rule_lines import ConditionText
from .sample_words import ChangedSamples
from .view import View, ViewRow

WIDTH, MARGIN = 420, 24
"""Of a drawing, in its own units."""
APART = Decimal(48)
"""Of two labels in one line."""
HIGH = 60
"""Of the tallest bar of a histogram."""
NARROW = 160
"""Width of a cluster's interval."""


class Tick(Struct, frozen=True, kw_only=True):
    """A threshold, or zero, on the scale of a drawing."""

    x: str
    label: str
    is_zero: bool
    line: int = 0
    """Of the label, from the top: labels that would touch stand below each other."""


class IntervalDrawing(Struct, frozen=True, kw_only=True):
    """A change with its interval on a scale, and the thresholds of the bar."""

    title: str
    low: str
    high: str
    width: str
    point: str
    ticks: tuple[Tick, ...]

    @property
    def height(self) -> int:
        """As many lines of labels as it takes."""
        return 56 + 13 * (1 + max(tick.line for tick in self.ticks))


class SampleShare(Struct, frozen=True, kw_only=True):
    """One part of the samples: how many got worse, stayed or got better."""

    kind: str
    count: int
    x: str
    width: str


def interval(view: View, row: ViewRow, metric: MetricView) -> IntervalDrawing | None:
    """The drawing of a metric; None where it has no change."""
    delta, bounds = metric.row.delta, metric.row.interval
    if delta is None:
        return None
    marks = _thresholds(view, metric)
    shown: list[Decimal] = [Decimal(0), delta, *(bounds or ()), *marks]
    low, high = min(shown), max(shown)
    span: Decimal = (high - low) or Decimal(1)

    def x(value: Decimal) -> Decimal:
        return (value - low) / span * Decimal(WIDTH - 2 * MARGIN) + Decimal(MARGIN)

    ends = bounds or [delta, delta]
    return IntervalDrawing(
        title=f"{escape.plain(row.name)}: {escape.plain(row.change)} {row.interval}".strip(),
        low=_at(x(ends[0])),
        high=_at(x(ends[1])),
        width=_at(max(x(ends[1]) - x(ends[0]), Decimal(1))),
        point=_at(x(delta)),
        ticks=tuple(_ticks({mark: x(mark) for mark in (Decimal(0), *marks)})),
    )


def _ticks(places: Mapping[Decimal, Decimal]) -> Iterator[Tick]:
    """Yield a tick for each value, by its place, so that no label covers another."""
    last: dict[int, Decimal] = {}
    for value, place in sorted(places.items()):
        line = next(line for line in range(len(places)) if place - last.get(line, -APART) >= APART)
        last[line] = place
        yield Tick(x=_at(place), label=numbers.signed(value), is_zero=value == 0, line=line)


def _thresholds(view: View, metric: MetricView) -> list[Decimal]:
    """Every threshold that a condition sets on the metric's change."""
    found = [
        line.view.condition.claim.threshold
        for rule in view.rules
        for line in rule.lines
        if isinstance(line, ConditionText)
        and isinstance(line.view, MetricConditionView)
        and line.view.metric.key == metric.key
        and line.view.condition.claim.quantity == "delta"
    ]
    return list(dict.fromkeys(found))


def shares(changed: ChangedSamples, scored: int) -> Sequence[SampleShare]:
    """Return the parts of the samples side by side, worse first."""
    counts = {
        "worse": changed.worse,
        "unchanged": max(scored - changed.worse - changed.better, 0),
        "better": changed.better,
    }
    drawn, x = [], Decimal(MARGIN)
    for kind, count in counts.items():
        width = Decimal(count) / max(scored, 1) * (WIDTH - 2 * MARGIN)
        drawn.append(SampleShare(kind=kind, count=count, x=_at(x), width=_at(width)))
        x += width
    return drawn


def _at(value: Decimal) -> str:
    return f"{value:.1f}"


class HistogramBar(Struct, frozen=True, kw_only=True):
    """How many samples changed by so much."""

    kind: str
    """`worse` or `better`."""
    count: int
    changed: str
    """From and to, in the metric's unit: `+0.10 to +0.20`."""
    x: str
    y: str
    width: str
    height: str


def histogram(changed: ChangedSamples, metric: MetricView) -> Sequence[HistogramBar]:
    """Return a bar for each bin, from the largest fall to the largest rise; none for changes of one size."""
    bins = changed.bins
    if bins is None:
        return ()
    most = max(*bins.down, *bins.up)
    wide = Decimal(WIDTH - 2 * MARGIN) / (len(bins.down) + len(bins.up))
    return [
        HistogramBar(
            kind="better" if up == metric.higher_is_better else "worse",
            count=count,
            changed=f"{numbers.signed(low, decimals)} to {numbers.signed(high, decimals)}",
            x=_at(MARGIN + place * wide),
            y=_at(HIGH - Decimal(HIGH) * count / most),
            width=_at(wide - 1),
            height=_at(Decimal(HIGH) * count / most),
        )
        for decimals in [numbers.decimals_for(bins.largest / len(bins.up))]
        for place, (up, count, low, high) in enumerate(_bins_in_order(bins))
    ]


def _bins_in_order(bins: ChangeBins) -> Iterator[tuple[bool, int, Decimal, Decimal]]:
    """Yield whether it is a rise, how many, and from where to where."""
    step = bins.largest / len(bins.up)
    for place in reversed(range(len(bins.down))):
        yield False, bins.down[place], -step * (place + 1), -step * place
    for place, count in enumerate(bins.up):
        yield True, count, step * place, step * (place + 1)


class ClusterDrawing(Struct, frozen=True, kw_only=True):
    """A cluster's change with its interval, with the others' on one scale."""

    cluster: ClusterView
    zero: str
    low: str
    width: str
    point: str


def cluster_drawings(clusters: Sequence[ClusterView]) -> Sequence[ClusterDrawing]:
    """Return every cluster on one scale that holds zero."""
    ends = [Decimal(0), *(bound for one in clusters for bound in (one.delta, *(one.bounds or ())))]
    low: Decimal = min(ends)
    span: Decimal = max(ends) - low or Decimal(1)

    def x(value: Decimal) -> Decimal:
        return (value - low) / span * Decimal(NARROW - 8) + 4

    drawn = []
    for one in clusters:
        first, last = one.bounds or (one.delta, one.delta)
        drawn.append(
            ClusterDrawing(
                cluster=one,
                zero=_at(x(Decimal(0))),
                low=_at(x(first)),
                width=_at(max(x(last) - x(first), Decimal(1))),
                point=_at(x(one.delta)),
            )
        )
    return drawn
