"""Report → the job summary, within GitHub's limit for a step."""

from __future__ import annotations

from remyx_action.report import Report

from .markdown import Limits, fitted
from .view import view_of

LIMIT = 1_048_576
"""Bytes that GitHub takes per step."""
ROOM = 48_576
"""For what other parts of the step add."""
ELSEWHERE = "verdict.json"


def summary(report: Report, *, limit: int = LIMIT - ROOM) -> str:
    """GitHub Markdown of at most `limit` bytes, with every detail that fits."""
    limits = Limits(
        log_lines=200, facts=1000, advice=1000, warnings=1000, changes=1000, rule_changes=1000, files=1000
    )
    return fitted(view_of(report), limit=limit, limits=limits, elsewhere=ELSEWHERE)
