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
from remyx_action.report.render.charts import Chart, PageTable, Point, Section, Series, document, round_ticks

from .output import Output

SHOWN = 40
"""Verdicts that are listed as text."""
MOST_METRICS = 40
SHOWN_METRICS = 3
"""Whose changes are listed with each verdict."""


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
        f"{escape.terminal(one.tag)}: {one.word}; {one.hits} of {one.experiments} experiments improved, "
        f"more than 95 % sure; mean gain {numbers.signed(one.mean_gain * 100, 1)} % of the range"
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


def _change(verdict: RecordedVerdict, key: str) -> str:
    """Return a metric's change, and how sure it is that the variant is better; "" where there is none."""
    row = next((row for row in verdict.report.metrics if row.key == key and row.delta is not None), None)
    if row is None:
        return ""
    sure = row.confidence_improved
    return numbers.signed(row.delta, 4) + ("" if sure is None else f" ({numbers.sure(sure)})")


def _decision(verdict: RecordedVerdict) -> str:
    last = verdict.decisions[-1] if verdict.decisions else None
    return "" if last is None else f"{last.decision}: {last.why}"


def _first_cells(verdict: RecordedVerdict) -> list[str]:
    word = verdict.report.verdict or "no verdict"
    return [verdict.clock[:10], verdict.subject, verdict.policy, word]


def _lines_of(verdicts: Sequence[RecordedVerdict], keys: Sequence[str]) -> list[str]:
    """Return one line for each verdict, its columns below each other."""
    rows = [
        [
            *(escape.terminal(cell, limit=40) for cell in _first_cells(one)),
            *(
                f"{_label(one, key)} {change}" if change else ""
                for key in keys
                for change in [_change(one, key)]
            ),
            f"look {one.look}" if one.look > 1 else "",
            escape.terminal(decision, limit=80) if (decision := _decision(one)) else "",
        ]
        for one in verdicts
    ]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width).rstrip()
        for row in rows
    ]


def _label(verdict: RecordedVerdict, key: str) -> str:
    labels = (row.label for row in verdict.report.metrics if row.key == key)
    return escape.terminal(next(labels, key), limit=20)


def _as_text(record: Record, verdicts: Sequence[RecordedVerdict], asking: Asking, now: str) -> str:
    if not verdicts:
        return "no verdict is recorded; `remyx-action history add VERDICT` adds one\n"
    keys = [key for key in metrics_of(verdicts) if asking.metric in {None, key}]
    lines = [f"{numbers.plural(len(verdicts), 'verdict')}; in brackets: how likely the variant is better"]
    left = len(verdicts) - SHOWN
    if left > 0:
        lines.append(f"  … {left} older ones: --format json or page has all")
    shown = verdicts[-SHOWN:]
    for verdict, line in zip(shown, _lines_of(shown, keys[:SHOWN_METRICS]), strict=True):
        lines.append(f"  {line}")
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
    looks = looks_of(verdicts)
    most = max(looks.values())
    lines = [
        f"{', '.join(f'{count} {word}' for word, count in counts.items())}",
        f"{len(looks)} pull requests or commits, at most {numbers.plural(most, 'look')} at one of them",
    ]
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
    keys = [key for key in metrics_of(verdicts) if asking.metric in {None, key}][:SHOWN_METRICS]
    sections.append(Section(title="Verdicts", parts=[BRACKETS, _verdict_table(verdicts, keys)]))
    if verdicts:
        sections.append(Section(title="The conditions", parts=[_conditions(verdicts)]))
    if record.warnings or record.unread:
        sections.append(Section(title="What does not fit", parts=_trouble(record)))
    return document("The record of verdicts", lead, sections)


BRACKETS = "The change of each metric, and in brackets how likely the variant is better."


def _verdict_table(verdicts: Sequence[RecordedVerdict], keys: Sequence[str]) -> PageTable:
    rows = [
        [
            *_first_cells(one),
            *(_change(one, key) for key in keys),
            str(one.look) if one.look > 1 else "",
            _decision(one),
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


def _drift(points: Sequence[TrendPoint]) -> list[str]:
    """Return how the baseline itself moved over the record."""
    first, last = points[0], points[-1]
    if first.row.baseline is None or last.row.baseline is None or first is last:
        return []
    before = f"{numbers.number(first.row.baseline, 4)} on {first.verdict.clock[:10]}"
    after = f"{numbers.number(last.row.baseline, 4)} on {last.verdict.clock[:10]}"
    return [f"The baseline was {before}, and {after}."]


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
