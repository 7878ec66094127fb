"""View → the page: one HTML file with drawings, without script, that asks the network for nothing."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

from remyx_action.report.report import Report

from . import escape, numbers
from .cluster_words import worst_clusters
from .drawings import (
    MARGIN,
    WIDTH,
    ClusterDrawing,
    HistogramBar,
    SampleShare,
    cluster_drawings,
    histogram,
    interval,
    shares,
)
from .escape import Phrase
from .metric_words import MetricView
from .rule_lines import ConditionText
from .sample_words import ChangedSamples, SampleView
from .view import view_of
from .words import MARK_WORDS

if TYPE_CHECKING:
    from jinja2 import Environment

LARGEST_BYTES = 80_000
"""Of a page, unless its conditions and metrics alone take more."""
LINE_LIMIT = 300
METRICS = 40
"""That are drawn; every metric is in the table."""


class PageLimits(Struct, frozen=True, kw_only=True):
    """How much of the samples is shown."""

    worse: int
    better: int
    text: int
    """Characters of an input or output."""


SHEDDING = (
    PageLimits(worse=20, better=20, text=300),
    PageLimits(worse=20, better=10, text=120),
    PageLimits(worse=12, better=5, text=80),
    PageLimits(worse=5, better=0, text=40),
)


class MetricPart(Struct, frozen=True, kw_only=True):
    """The samples of one metric: how many changed, by how much, in which clusters, and which."""

    changed: ChangedSamples
    shares: tuple[SampleShare, ...]
    bars: tuple[HistogramBar, ...]
    clusters: tuple[ClusterDrawing, ...]
    cluster_count: int

    def examples(self, limits: PageLimits) -> list[tuple[str, list[SampleView]]]:
        """Return what is shown of the samples that got worse, and of those that got better."""
        worse, better = self.changed.worse_examples, self.changed.better_examples
        found = [("worse", worse[: limits.worse]), ("better", better[: limits.better])]
        return [(kind, samples) for kind, samples in found if samples]


def page(report: Report) -> str:
    """Return the whole file."""
    view = view_of(report)
    metrics = {row.metric.key: (row, row.metric) for row in view.rows if row.metric}
    parts = [
        _part(report, changed, metrics[changed.key][1])
        for changed in view.samples[:METRICS]
        if changed.key in metrics
    ]
    style = _environment().get_template("page.css").render()
    digest = b64encode(sha256(style.encode()).digest()).decode()
    text = ""
    for limits in SHEDDING:
        text = (
            _environment()
            .get_template("page.html.jinja")
            .render(
                view=view,
                style=style,
                style_hash=digest,
                intervals=[(row, interval(view, row, one)) for row, one in [*metrics.values()][:METRICS]],
                parts=parts,
                limits=limits,
                width=WIDTH,
                margin=MARGIN,
            )
        )
        if len(text.encode()) <= LARGEST_BYTES:
            break
    return text


def _part(report: Report, changed: ChangedSamples, metric: MetricView) -> MetricPart:
    scored = max(metric.row.n or 0, changed.better + changed.worse)
    return MetricPart(
        changed=changed,
        shares=tuple(shares(changed, scored)),
        bars=tuple(histogram(changed, metric)),
        clusters=tuple(cluster_drawings(worst_clusters(report, metric))),
        cluster_count=metric.row.clusters or 0,
    )


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
        line=lambda text, limit=LINE_LIMIT: escape.terminal(text, limit=limit),
        shown=lambda text, limit: numbers.NONE if text is None else escape.terminal(text, limit=limit),
        log=lambda text: "\n".join(escape.terminal_lines(text, lines=60, limit=8_000)),
        mark_word=lambda view: MARK_WORDS[view.condition.role, view.condition.mark],
        found=_found,
        breakable=lambda text: text.replace(numbers.KEPT, " "),
        plural=numbers.plural,
    )
    return environment


def _found(line: ConditionText) -> str:
    found: list[Phrase] = [phrase for phrase in (line.view.came_out, line.view.certainty) if phrase]
    return escape.plain(escape.joined(found, "; "))
