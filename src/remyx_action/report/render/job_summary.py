"""Report → the job summary, within GitHub's limit for a step."""

from __future__ import annotations

from collections.abc import Sequence

from remyx_action.report.report import Report

from .markdown import Limits, fitted
from .notices import Notice, notice
from .together import Told, together
from .view import view_of

LIMIT = 1_048_576
"""Bytes that GitHub takes per step."""
ROOM = 48_576
"""For what other parts of the step add."""
ELSEWHERE = "verdict.json"


def summary(report: Report, *, limit: int = LIMIT - ROOM) -> str:
    """GitHub Markdown of at most `limit` bytes, with every detail that fits."""
    return _drawn(report, limit)


def summary_of(told: Sequence[Told], *, limit: int = LIMIT - ROOM) -> str:
    """One summary of everything that was judged, or could not be: the worst verdict is its first line."""
    if len(told) == 1:
        return _drawn(told[0], limit)
    return together(told, _drawn, limit=limit, elsewhere=ELSEWHERE)


def _drawn(told: Told, limit: int) -> str:
    if isinstance(told, Notice):
        return notice(told, limit=limit)
    limits = Limits(
        log_lines=200, facts=1000, advice=1000, warnings=1000, changes=1000, rule_changes=1000, files=1000
    )
    return fitted(view_of(told), limit=limit, limits=limits, elsewhere=ELSEWHERE)
