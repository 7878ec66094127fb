"""Metrics of a report → their numbers as they are shown: the same digits wherever a metric is named.

The numbers of a row add up: where the rounded baseline and variant differ by something else than the rounded
change, both get one more digit. A change that rounds to 0 has no sign.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from remyx_action.project.models.metrics import PERCENT
from remyx_action.report.report import MetricRow, Report

from . import numbers
from .escape import Phrase, Prose, with_names
from .words import UNKNOWN

PLAIN_UNITS = frozenset({"accuracy", "fraction"})
"""Units that say nothing which the numbers do not."""
MEASURES = frozenset(
    [
        "s",
        "sec",
        "seconds",
        "ms",
        "us",
        "ns",
        "minutes",
        "hours",
        "bytes",
        "kb",
        "mb",
        "gb",
        "tokens",
        "usd",
        "eur",
        "errors",
    ],
)
"""Units that follow a number in a sentence."""
NAMED = 6
SPARE_DIGITS = 3
"""Significant digits of a delta whose uncertainty is not known."""


class MetricView(Struct, frozen=True, kw_only=True):
    """One metric and how its numbers are shown."""

    row: MetricRow
    decimals: int
    """Of baseline, variant, change and interval alike."""

    @property
    def key(self) -> str:
        return self.row.key

    @property
    def name(self) -> Phrase:
        return (Prose(self.row.label),)

    @property
    def higher_is_better(self) -> bool:
        return self.row.direction == "higher"

    @property
    def is_percent(self) -> bool:
        return self.row.unit.casefold() in PERCENT

    @property
    def measure(self) -> Phrase:
        """The unit where it follows a value; () where it does not."""
        if self.is_percent:
            return (f"{numbers.KEPT}%",)
        return (numbers.KEPT, Prose(self.row.unit)) if self.row.unit.casefold() in MEASURES else ()

    @property
    def remark(self) -> Phrase:
        """The unit where it follows the label; () where the numbers say it."""
        unit = self.row.unit
        return () if self.measure or not unit or unit.casefold() in PLAIN_UNITS else (" (", Prose(unit), ")")

    @property
    def values(self) -> Phrase:
        """`0.920 → 0.910`."""
        decimals = decimals_that_add_up(self.row, self.decimals)
        before, after = (numbers.number(value, decimals) for value in (self.row.baseline, self.row.variant))
        known = self.row.baseline is not None or self.row.variant is not None
        return (f"{before} → {after}", *(self.measure if known else ()))

    @property
    def change(self) -> Phrase:
        """`−0.010`, `+0.3 points`, `−22.5 ms`."""
        unit = self.change_unit if self.row.delta is not None else ()
        delta = self.row.delta
        if delta is not None and numbers.at(delta, self.decimals) == 0:
            # With an interval a sign at zero says nothing; where it decides, there are more digits.
            delta = numbers.at(abs(delta), self.decimals)
        return (numbers.signed(delta, self.decimals), *unit)

    @property
    def change_unit(self) -> Phrase:
        """What follows a change."""
        return (f"{numbers.KEPT}points",) if self.is_percent else self.measure

    @property
    def interval(self) -> str:
        """`[−0.053, +0.033]`; "" where there is none."""
        return numbers.interval(self.row.interval, self.decimals)

    @property
    def gain(self) -> Decimal | None:
        """How much better, below zero where it is worse."""
        delta = self.row.delta
        return delta if delta is None or self.higher_is_better else -delta

    def moved(self, delta: Decimal) -> Phrase:
        """The size of a change at the metric's digits, with its unit: `0.046`, `2.1 points`, `22.2 ms`."""
        return self._sized(numbers.number(abs(numbers.at(delta, self.decimals))))

    def amount(self, threshold: Decimal) -> Phrase:
        """The size of a threshold on a change as it is written: `0.01`, `1 point`, `10 ms`."""
        return self._sized(numbers.number(abs(threshold)))

    def signed(self, change: Decimal, decimals: int | None = None) -> Phrase:
        """A change that is asked for: `+0.02`, `−10 ms`; as written where `decimals` is None."""
        return (numbers.signed(change, decimals), *self.change_unit)

    def value(self, value: Decimal) -> Phrase:
        """A threshold on a value as it is written: `0.4`, `170 ms`, `80 %`."""
        return (numbers.number(value), *self.measure)

    def _sized(self, size: str) -> Phrase:
        if self.is_percent:
            return (f"{size}{numbers.KEPT}{'point' if size == '1' else 'points'}",)
        return (size, *self.measure)


def metric_views(report: Report) -> Mapping[str, MetricView]:
    """Return every metric by its key, in the template's order."""
    marks = delta_marks(report)
    decimals = {row.key: decimals_for_metric(row, marks[row.key]) for row in report.metrics}
    alike: dict[str, int] = {}
    for row in report.metrics:
        alike[row.unit] = max(alike.get(row.unit, 0), decimals[row.key])
    return {
        row.key: MetricView(row=row, decimals=alike[row.unit] if row.delta is None else decimals[row.key])
        for row in report.metrics
    }


def delta_marks(report: Report) -> Mapping[str, Sequence[Decimal]]:
    """Return by metric key the thresholds that conditions set on its raw delta, in its unit."""
    marks: dict[str, list[Decimal]] = {row.key: [] for row in report.metrics}
    for condition in report.policy.rules.on_metrics():
        if condition.claim.quantity == "delta":
            marks[condition.metric.key].append(condition.claim.threshold)
    return {key: tuple(dict.fromkeys(found)) for key, found in marks.items()}


def decimals_for_metric(row: MetricRow, marks: Sequence[Decimal]) -> int:
    """Return the decimals at which baseline, variant, delta and interval of a metric are shown alike."""
    points = [value for value in (row.baseline, row.variant) if value is not None]
    written = max(map(numbers.decimals_of, points), default=0)
    if row.delta is None:
        return written
    asked = [numbers.decimals_of(mark) for mark in marks]
    if row.interval:
        half = (row.interval[1] - row.interval[0]) / 2
        wanted = max([_decimals_for_uncertainty(half), *(decimals + 1 for decimals in asked)])
    else:
        size, digits = (row.delta, SPARE_DIGITS) if row.delta else (max(map(abs, points)), SPARE_DIGITS + 1)
        wanted = max([min(written, numbers.decimals_for(size, digits=digits)), *asked])
    return numbers.decimals_that_tell_apart([row.delta], marks, at_least=wanted)


def decimals_that_add_up(row: MetricRow, decimals: int) -> int:
    """Return the decimals at which baseline and variant differ by the change as shown, one more at most.

    0.7307 → 0.7904 next to +0.060, where 0.731 → 0.790 would look like +0.059.
    """
    if row.baseline is None or row.variant is None or row.delta is None:
        return decimals
    shown = numbers.at(row.delta, decimals)
    before, after = numbers.at(row.baseline, decimals), numbers.at(row.variant, decimals)
    return decimals if after - before == shown or decimals >= numbers.MOST_DECIMALS else decimals + 1


def _decimals_for_uncertainty(half: Decimal) -> int:
    """Two significant digits below 5, one from there on: 0.014 and 0.006 both have 3 decimals."""
    return numbers.decimals_for(half, digits=2 if half.scaleb(-half.adjusted()) < 5 else 1)


def notes(report: Report) -> Iterator[Phrase]:
    """Yield why metrics have no confidence and what else is worth knowing; equal notes once."""
    labels: dict[str, list[str]] = {}
    for row in report.metrics:
        known = UNKNOWN.get(row.reason or "")
        note = row.note or (known.short if known else row.reason)
        if note:
            labels.setdefault(note, []).append(row.label)
    for note, named in labels.items():
        more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
        yield (Prose(", ".join(named[:NAMED])), f"{more}: ", *with_names(note))
