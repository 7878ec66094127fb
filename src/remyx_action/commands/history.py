"""`history`: the record of verdicts as text, JSON or a page; what experiments gained."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from remyx_action.errors import WrongUsage
from remyx_action.history.record import Record, RecordedVerdict, UnreadFile
from remyx_action.history.trends import (
    BarMove,
    ConditionHealth,
    bar_moves,
    baseline_clock,
    baseline_drifts,
    condition_health,
    filtered,
    insights,
    looks_of,
    metrics_of,
    tags_of,
)
from remyx_action.project.files.wording import did_you_mean
from remyx_action.report.render import escape, numbers
from remyx_action.report.run_record import age_days

from .history_page import SHOWN_METRICS, as_page
from .history_words import (
    change_of,
    decision_of,
    drift_in_words,
    first_cells,
    health_lines,
    nothing_to_show,
    trouble,
)
from .output import Output

SHOWN = 40
"""Verdicts that are listed as text."""


class Asking(Struct, frozen=True, kw_only=True):
    """Which verdicts somebody asks for."""

    metric: str | None = None
    policy: str | None = None
    tag: str | None = None


def history(record: Record, asking: Asking, *, now: str) -> Output:
    """Return the verdicts by date, with trends and the health of the gate."""
    verdicts = _asked_for(record, asking)
    return Output(
        formats={
            "text": lambda _: _as_text(record, verdicts, asking, now),
            "json": lambda _: json.dumps(_as_json(record, verdicts, now), indent=2) + "\n",
            "page": lambda _: as_page(record, verdicts, asking.metric, now),
        }
    )


def _asked_for(record: Record, asking: Asking) -> Sequence[RecordedVerdict]:
    """Return the verdicts that are asked for; WrongUsage for a name that no recorded verdict has."""
    known = {
        "metric": (asking.metric, metrics_of(record.verdicts)),
        "policy": (asking.policy, [one.policy for one in record.verdicts]),
        "tag": (asking.tag, [tag for one in record.verdicts for tag in tags_of(one)]),
    }
    for kind, (name, names) in known.items():
        if record.verdicts and name is not None and name not in names:
            raise WrongUsage(
                f"no recorded verdict has the {kind} {name}",
                help=did_you_mean(name, names, none=f"leave --{kind} out: none has any"),
            )
    return filtered(record, metric=asking.metric, policy=asking.policy, tag=asking.tag)


def what_was_gained(record: Record, asking: Asking) -> Output:
    """Return what the experiments of each tag gained."""
    verdicts = _asked_for(record, asking)
    found = insights(verdicts)
    tagged, count = sum(bool(tags_of(one)) for one in verdicts), numbers.plural(len(verdicts), "verdict")
    lines = [
        f"{escape.terminal(one.tag)}: {one.word}; {one.hits} of {one.experiments} experiments improved, "
        f"more than 95 % sure; mean gain {numbers.signed(one.mean_gain * 100, 1)} % of the range"
        for one in found
    ] or [
        f"no tag has three experiments with a target metric: {tagged} of {count} are about one with tags",
        "`remyx-action experiment new NAME` writes an experiment with target metric and tags",
    ]
    lines += trouble(record)
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
            "json": lambda _: json.dumps({"tags": plain, "warnings": list(record.warnings)}, indent=2) + "\n",
        }
    )


def _lines_of(verdicts: Sequence[RecordedVerdict], keys: Sequence[str]) -> list[str]:
    """Return one line for each verdict, its columns below each other."""
    rows = [
        [
            *(escape.terminal(cell, limit=40) for cell in first_cells(one)),
            *(
                f"{_label(one, key)} {change}" if change else ""
                for key in keys
                for change in [change_of(one, key)]
            ),
            f"look {one.look}" if one.look > 1 else "",
            escape.terminal(decision, limit=80) if (decision := decision_of(one)) else "",
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
        return "\n".join([*nothing_to_show(record), *trouble(record)]) + "\n"
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
    lines += ["", *health_lines(verdicts, now)]
    lines += [
        f"{escape.terminal(moved.metric)}: {drift_in_words(moved)}"
        for moved in baseline_drifts(verdicts, keys)
    ]
    lines += [f"the bar changed on {_move(move)}" for move in bar_moves(verdicts)]
    lines += trouble(record)
    return "\n".join(lines) + "\n"


def _move(move: BarMove) -> str:
    return f"{move.verdict.clock[:10]} ({', '.join(escape.terminal(name) for name in move.changed)})"


def _as_json(record: Record, verdicts: Sequence[RecordedVerdict], now: str) -> dict[str, Any]:
    return {
        "verdicts": [_verdict_json(one) for one in verdicts],
        "conditions": [_health_json(one) for one in condition_health(verdicts)],
        "bar_changes": [
            {"verdict": move.verdict.path, "clock": move.verdict.clock, "changed": list(move.changed)}
            for move in bar_moves(verdicts)
        ],
        "baseline_drift": [
            {
                "metric": one.metric,
                "first": _number(one.first.row.baseline),
                "first_clock": one.first.verdict.clock,
                "last": _number(one.last.row.baseline),
                "last_clock": one.last.verdict.clock,
            }
            for one in baseline_drifts(verdicts, metrics_of(verdicts))
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
