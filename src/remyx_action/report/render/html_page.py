"""View → the page: one HTML file with drawings, without script, that asks the network for nothing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

from remyx_action.report.report import Report

from . import escape, numbers
from .condition_words import MetricConditionView
from .escape import Phrase
from .metric_words import MetricView
from .rule_lines import ConditionText
from .sample_words import ChangedSamples
from .view import View, ViewRow, view_of
from .words import MARK_WORDS

if TYPE_CHECKING:
    from jinja2 import Environment

WIDTH, MARGIN = 420, 24
"""Of a drawing, in its own units."""
TEXT_LIMIT = 300
SAMPLES = 20
METRICS = 40
"""Rows that are drawn; every row is in the table."""


class Tick(Struct, frozen=True, kw_only=True):
    """A threshold, or zero, on the scale of a drawing."""

    x: str
    label: str
    is_zero: bool


class IntervalDrawing(Struct, frozen=True, kw_only=True):
    """A change with its interval on a scale, and the thresholds of the bar."""

    title: str
    low: str
    high: str
    width: str
    point: str
    ticks: tuple[Tick, ...]


class SampleShare(Struct, frozen=True, kw_only=True):
    """One part of the samples: how many got worse, stayed or got better."""

    kind: str
    count: int
    x: str
    width: str


def page(report: Report) -> str:
    """Return the whole file."""
    view = view_of(report)
    metrics = [(row, row.metric) for row in view.rows if row.metric]
    style = _environment().get_template("page.css").render()
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            view=view,
            style=style,
            style_hash=digest,
            intervals=[(row, _interval(view, row, metric)) for row, metric in metrics[:METRICS]],
            shares=[(changed, shares(changed, _scored(view, changed))) for changed in view.samples[:METRICS]],
            policy=view.policy,
            limit=SAMPLES,
            width=WIDTH,
            margin=MARGIN,
        )
    )


def _scored(view: View, changed: ChangedSamples) -> int:
    rows = {row.metric.key: row.metric.row.n for row in view.rows if row.metric}
    return max(rows.get(changed.key) or 0, changed.better + changed.worse)


def _interval(view: View, row: ViewRow, metric: MetricView) -> IntervalDrawing | None:
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
    ticks = [Tick(x=_at(x(mark)), label=numbers.signed(mark), is_zero=False) for mark in marks if mark]
    return IntervalDrawing(
        title=f"{escape.plain(row.name)}: {escape.plain(row.change)} {row.interval}".strip(),
        low=_at(x(ends[0])),
        high=_at(x(ends[1])),
        width=_at(max(x(ends[1]) - x(ends[0]), Decimal(1))),
        point=_at(x(delta)),
        ticks=(Tick(x=_at(x(Decimal(0))), label="0", is_zero=True), *ticks),
    )


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


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("remyx_action", "report/render/templates"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        words=escape.plain,
        line=lambda text: escape.terminal(text, limit=TEXT_LIMIT),
        log=lambda text: "\n".join(escape.terminal_lines(text, lines=60, limit=8_000)),
        mark_word=lambda view: MARK_WORDS[view.condition.role, view.condition.mark],
        found=_found,
        plural=numbers.plural,
    )
    return environment


def _found(line: ConditionText) -> str:
    found: list[Phrase] = [phrase for phrase in (line.view.came_out, line.view.certainty) if phrase]
    return escape.plain(escape.joined(found, "; "))
