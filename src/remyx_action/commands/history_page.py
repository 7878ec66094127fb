"""The page of the record: each metric over time, the verdicts, and the conditions."""

from __future__ import annotations

from collections.abc import Sequence

from remyx_action.history.record import Record, RecordedVerdict
from remyx_action.history.trends import (
    BarMove,
    TrendPoint,
    bar_moves,
    baseline_drifts,
    condition_health,
    metrics_of,
    trend_of,
)
from remyx_action.report.render.charts import Chart, PageTable, Point, Section, Series, document, round_ticks

from .history_words import (
    change_of,
    decision_of,
    drift_in_words,
    first_cells,
    health_lines,
    nothing_to_show,
    trouble,
)

MOST_METRICS = 40
SHOWN_METRICS = 3
"""Whose changes are listed with each verdict."""


def as_page(record: Record, verdicts: Sequence[RecordedVerdict], metric: str | None, now: str) -> str:
    lead = health_lines(verdicts, now) if verdicts else nothing_to_show(record)
    moves = bar_moves(verdicts)
    sections = [
        Section(title=title, parts=[_trend(title, points, verdicts, moves), *_drift(verdicts, key)])
        for key in metrics_of(verdicts)[:MOST_METRICS]
        if metric in {None, key}
        for points in [trend_of(verdicts, key)]
        if points
        for title in [points[-1].row.label]
    ]
    keys = [key for key in metrics_of(verdicts) if metric in {None, key}][:SHOWN_METRICS]
    if verdicts:
        sections.append(Section(title="Verdicts", parts=[BRACKETS, _verdict_table(verdicts, keys)]))
        sections.append(Section(title="The conditions", parts=[_conditions(verdicts)]))
    if record.warnings or record.unread:
        sections.append(Section(title="What does not fit", parts=trouble(record)))
    return document("The record of verdicts", lead, sections)


BRACKETS = "The change of each metric, and in brackets how likely the variant is better."


def _verdict_table(verdicts: Sequence[RecordedVerdict], keys: Sequence[str]) -> PageTable:
    rows = [
        [
            *first_cells(one),
            *(change_of(one, key) for key in keys),
            str(one.look) if one.look > 1 else "",
            decision_of(one),
        ]
        for one in reversed(verdicts)
    ]
    labels = [trend_of(verdicts, key)[-1].row.label if trend_of(verdicts, key) else key for key in keys]
    header = ["date", "pull request", "policy", "verdict", *labels, "look", "decision"]
    return PageTable(header=header, rows=rows, short=4 + len(keys))


def _trend(
    title: str, points: Sequence[TrendPoint], verdicts: Sequence[RecordedVerdict], moves: Sequence[BarMove]
) -> Chart:
    places = {one.path: place for place, one in enumerate(verdicts)}
    drawn = []
    for point in points:
        bounds = point.row.interval
        assert point.row.delta is not None
        word = point.verdict.report.verdict or "none"
        drawn.append(
            Point(
                x=places[point.verdict.path],
                y=float(point.row.delta),
                low=None if bounds is None else float(bounds[0]),
                high=None if bounds is None else float(bounds[1]),
                kind=word,
                title=f"{point.verdict.clock[:10]} {point.verdict.subject}: {word} {point.row.delta:f}",
            )
        )
    ends = [place for place in (0, len(verdicts) // 2, len(verdicts) - 1) if verdicts]
    values = [value for one in drawn for value in (one.y, one.low, one.high) if value is not None]
    ticks = round_ticks(min(0.0, *values), max(0.0, *values))
    return Chart(
        title=f"{title}: change from baseline to variant in each verdict, with its 95 % interval",
        series=[Series(name="", points=drawn, joined=False), *_legend()],
        x_label="verdicts, oldest first; dashed: the bar changed",
        x_ticks=[(place, verdicts[place].clock[:10]) for place in dict.fromkeys(ends)],
        y_ticks=[(value, f"{value:+.3g}".replace("-", "−") if value else "0") for value in ticks],
        marks=[(places[move.verdict.path], ", ".join(move.changed)) for move in moves],
    )


def _legend() -> list[Series]:
    return [Series(name=word, points=[], kind=word) for word in ("ship", "reject", "iterate")]


def _drift(verdicts: Sequence[RecordedVerdict], key: str) -> list[str]:
    """Return how the baseline itself moved over the record."""
    return [f"The {drift_in_words(one)}." for one in baseline_drifts(verdicts, [key])]


def _conditions(verdicts: Sequence[RecordedVerdict]) -> PageTable:
    return PageTable(
        header=["policy", "rule", "condition", "held", "failed", "unknown", "remark"],
        rows=[
            [
                one.policy,
                one.rule,
                one.text,
                *(str(count) for count in (one.held, one.failed, one.unknown)),
                one.remark or "",
            ]
            for one in condition_health(verdicts)
        ],
    )
