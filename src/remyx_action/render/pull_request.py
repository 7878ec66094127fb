"""Report → the comment on a pull request, within GitHub's limit."""

from __future__ import annotations

from remyx_action.report import Report

from .markdown import Limits, fitted
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
    return fitted(view_of(report), limit=limit, limits=Limits(), elsewhere=ELSEWHERE, marker=MARKER)
