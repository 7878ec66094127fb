"""Report → the comment on a pull request, within GitHub's limit."""

from __future__ import annotations

from collections.abc import Sequence

from remyx_action.report.report import Report

from .markdown import Limits, fitted
from .notices import Notice, notice
from .together import Told, together
from .view import view_of

LIMIT = 65_536
"""Characters that GitHub takes; bytes are counted here, which are never fewer."""
ROOM = 536
"""For what a publisher adds, such as links to the check and the full report."""
MARKER = "<!-- remyx-action:report -->"
"""Last line of the comment, by which it is found again."""
ELSEWHERE = "the job summary and verdict.json"


def comment(report: Report, *, limit: int = LIMIT - ROOM) -> str:
    """GitHub Markdown of at most `limit` bytes: first line the verdict, last line the marker.

    A comment that GitHub refuses can be drawn again with a smaller limit; below some 6,000 bytes not
    every report fits.
    """
    return _drawn(report, limit, marker=MARKER)


def comment_of(told: Sequence[Told], *, limit: int = LIMIT - ROOM) -> str:
    """One comment on everything that was judged, or could not be: the worst verdict is its first line."""
    if len(told) == 1:
        return _drawn(told[0], limit, marker=MARKER)
    return together(told, _drawn, limit=limit, elsewhere=ELSEWHERE, marker=MARKER)


def _drawn(told: Told, limit: int, marker: str = "") -> str:
    if isinstance(told, Notice):
        return notice(told, limit=limit, marker=marker)
    return fitted(view_of(told), limit=limit, limits=Limits(), elsewhere=ELSEWHERE, marker=marker)
