"""`history`: the record of verdicts as text, JSON or a page; what experiments gained."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from remyx_action.history.record import Record, RecordedVerdict, UnreadFile
from remyx_action.history.trends import (
    BarMove,
    ConditionHealth,
    TrendPoint,
    bar_moves,
    baseline_clock,
    condition_health,
    filtered,
    insights,
    looks_of,
    metrics_of,
    tags_of,
    trend_of,
)
from remyx_action.report.age import age_days
from remyx_action.report.render import escape, numbers
from remyx_action.report.render.charts import Chart, PageTable, Point, Section, Series, document

from .output import Output

SHOWN = 40
"""Verdicts that are listed as text."""
MOST_METRICS = 40


class Asking(Struct, frozen=True, kw_only=True):
    """Which verdicts somebody asks for."""

    metric: str | None = None
    policy: str | None = None
    tag: str | None = None


def history(record: Record, asking: Asking, *, now: str) -> Output:
    """Return the verdicts by date, with trends and the health of the gate."""
    verdicts = filtered(record, metric=asking.metric, policy=asking.policy, tag=asking.tag)
    return Output(
        formats={
            "text": lambda _: _as_text(record, verdicts, asking, now),
            "json": lambda _: json.dumps(_as_json(record, verdicts, now), indent=2) + "\n",
            "page": lambda _: _as_page(record, verdicts, asking, now),
        }
    )


def what_was_gained(record: Record, asking: Asking) -> Output:
    """Return what the experiments of each tag gained."""
    found = insights(filtered(record, policy=asking.policy, tag=asking.tag))
    lines = [
        f"{escape.terminal(one.tag)}: {one.word}, {one.hits} of {one.experiments} improved surely, "
        f"mean gain {numbers.signed(one.mean_gain * 100, 1)} % of the range"
        for one in found
    ] or ["no tag has three experiments with a target metric yet"]
    plain = [
        {
            "tag": one.tag,
            "experiments": one.experiments,
            "hits": one.hits,
            "mean_gain": float(one.mean_gain),
            "word": one.word,
        }
        for one in found
    ]
    return Output(
        formats={
            "text": lambda _: "\n".join(lines) + "\n",
            "json": lambda _: json.dumps({"tags": plain}, indent=2) + "\n",
        }
    )


def changes_in_words(verdict: RecordedVerdict, metric: str | None = None) -> str:
    """Return each metric's change, at most three of them."""
    rows = [row for row in verdict.report.metrics if metric in {None, row.key} and row.delta is not None]
    shown = [f"{row.label} {numbers.signed(row.delta, 4)}" for row in rows[:3]]
    return ", ".join([*shown, *([f"and {len(rows) - 3} more"] if len(rows) > 3 else [])])


def _row(verdict: RecordedVerdict, metric: str | None) -> list[str]:
    decision = verdict.decisions[-1] if verdict.decisions else None
    word = verdict.report.verdict or "no verdict"
    look = f"look {verdict.look}" if verdict.look > 1 else ""
    return [
        verdict.clock[:10],
        verdict.subject,
        verdict.policy,
        word,
        changes_in_words(verdict, metric),
        look,
        "" if decision is None else f"{decision.decision}: {decision.why}",
    ]


def _as_text(record: Record, verdicts: Sequence[RecordedVerdict], asking: Asking, now: str) -> str:
    if not verdicts:
        return "no verdict is recorded; `remyx-action history add VERDICT` adds one\n"
    lines = [numbers.plural(len(verdicts), "verdict")]
    left = len(verdicts) - SHOWN
    if left > 0:
        lines.append(f"  … {left} older ones: --format json or page has all")
    for verdict in verdicts[-SHOWN:]:
        cells = [escape.terminal(cell, limit=80) if cell else "" for cell in _row(verdict, asking.metric)]
        lines.append("  " + "  ".join(cell for cell in cells if cell))
        if verdict.first is not None:
            lines.append(f"      the first on this head, policy and digests: {verdict.first}")
    lines += ["", *_health_lines(verdicts, now)]
    lines += [f"the bar changed on {_move(move)}" for move in bar_moves(verdicts)]
    lines += _trouble(record)
    return "\n".join(lines) + "\n"


def _move(move: BarMove) -> str:
    return f"{move.verdict.clock[:10]} ({', '.join(escape.terminal(name) for name in move.changed)})"


def _health_lines(verdicts: Sequence[RecordedVerdict], now: str) -> list[str]:
    counts = {
        word: sum(one.report.verdict == word for one in verdicts) for word in ("ship", "reject", "iterate")
    }
    lines = [", ".join(f"{count} {word}" for word, count in counts.items())]
    looks = looks_of(verdicts)
    most = max(looks.values())
    lines.append(
        f"{numbers.plural(len(looks), 'change')}, at most {numbers.plural(most, 'look')} at one of them"
    )
    days = age_days(baseline_clock(verdicts[-1]), now)
    if days is not None:
        lines.append(f"the newest baseline was measured {numbers.plural(days, 'day')} ago")
    for condition in condition_health(verdicts):
        if condition.remark is not None:
            total = condition.held + condition.failed + condition.unknown
            text = escape.terminal(condition.text)
            lines.append(f"{condition.policy}, {condition.rule}: `{text}` {condition.remark} in {total}")
    return lines


def _trouble(record: Record) -> list[str]:
    lines = [f"warning: {escape.terminal(warning)}" for warning in record.warnings]
    names = [(escape.terminal(one.path), escape.terminal(one.why)) for one in record.unread]
    return lines + [f"not read: {path}: {why}" for path, why in names]


def _as_json(record: Record, verdicts: Sequence[RecordedVerdict], now: str) -> dict[str, Any]:
    return {
        "verdicts": [_verdict_json(one) for one in verdicts],
        "conditions": [_health_json(one) for one in condition_health(verdicts)],
        "bar_changes": [
            {"verdict": move.verdict.path, "clock": move.verdict.clock, "changed": list(move.changed)}
            for move in bar_moves(verdicts)
        ],
        "looks": looks_of(verdicts),
        "baseline_age_days": age_days(baseline_clock(verdicts[-1]), now) if verdicts else None,
        "warnings": list(record.warnings),
        "not_read": [_unread_json(one) for one in record.unread],
    }


def _unread_json(one: UnreadFile) -> dict[str, str]:
    return {"path": one.path, "why": one.why}


def _health_json(one: ConditionHealth) -> dict[str, Any]:
    return {
        "policy": one.policy,
        "rule": one.rule,
        "text": one.text,
        "held": one.held,
        "failed": one.failed,
        "unknown": one.unknown,
        "remark": one.remark,
    }


def _verdict_json(one: RecordedVerdict) -> dict[str, Any]:
    return {
        "path": one.path,
        "clock": one.clock,
        "pull_request": one.pull_request,
        "head": one.head,
        "policy": one.policy,
        "verdict": one.report.verdict,
        "reason": one.report.reason,
        "look": one.look,
        "first": one.first,
        "tags": list(tags_of(one)),
        "metrics": [
            {
                "key": row.key,
                "baseline": _number(row.baseline),
                "variant": _number(row.variant),
                "delta": _number(row.delta),
                "interval": None if row.interval is None else [_number(end) for end in row.interval],
                "confidence_improved": _number(row.confidence_improved),
                "n": row.n,
            }
            for row in one.report.metrics
        ],
        "decisions": [
            {"decision": made.decision, "why": made.why, "by": made.by, "clock": made.clock}
            for made in one.decisions
        ],
    }


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _as_page(record: Record, verdicts: Sequence[RecordedVerdict], asking: Asking, now: str) -> str:
    lead = _health_lines(verdicts, now) if verdicts else ["no verdict is recorded"]
    moves = bar_moves(verdicts)
    sections = [
        Section(title=title, parts=[_trend(title, points, verdicts, moves), *_drift(points)])
        for key in metrics_of(verdicts)[:MOST_METRICS]
        if asking.metric in {None, key}
        for points in [trend_of(verdicts, key)]
        if points
        for title in [points[-1].row.label]
    ]
    rows = [_row(one, asking.metric) for one in reversed(verdicts)]
    header = ["date", "change", "policy", "verdict", "changes", "look", "decision"]
    sections.append(Section(title="Verdicts", parts=[PageTable(header=header, rows=rows)]))
    if verdicts:
        sections.append(Section(title="The conditions", parts=[_conditions(verdicts)]))
    if record.warnings or record.unread:
        sections.append(Section(title="What does not fit", parts=_trouble(record)))
    return document("The record of verdicts", lead, sections)


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
    ticks = sorted({0.0, min(values), max(values)})
    return Chart(
        title=f"{title}: change from baseline to variant in each verdict, with its 95 % interval",
        series=[Series(name="", points=drawn, joined=False), *_legend()],
        x_label="verdicts, oldest first; dashed: the bar changed",
        x_ticks=[(place, verdicts[place].clock[:10]) for place in dict.fromkeys(ends)],
        y_ticks=[(value, f"{value:+.3g}" if value else "0") for value in ticks],
        marks=[(places[move.verdict.path], ", ".join(move.changed)) for move in moves],
    )


def _legend() -> list[Series]:
    return [Series(name=word, points=[], kind=word) for word in ("ship", "reject", "iterate")]


def _drift(points: Sequence[TrendPoint]) -> list[str]:
    """Return how the baseline itself moved over the record."""
    first, last = points[0], points[-1]
    if first.row.baseline is None or last.row.baseline is None or first is last:
        return []
    before = f"{numbers.number(first.row.baseline, 4)} on {first.verdict.clock[:10]}"
    return [f"baseline {before}, {numbers.number(last.row.baseline, 4)} on {last.verdict.clock[:10]}"]


def _conditions(verdicts: Sequence[RecordedVerdict]) -> PageTable:
    return PageTable(
        header=["policy", "rule", "condition", "held", "failed", "unknown", ""],
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
