"""Report → what people read: a comment, a job summary, a terminal. Nothing else of a verdict is seen here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remyx_action.report import Report


def comment(report: Report) -> str:
    """GitHub Markdown for a pull request, at most 65,000 bytes; shed details are named in it."""
    from .pull_request import comment as drawn

    return drawn(report)


def summary(report: Report) -> str:
    """GitHub Markdown for a job summary, at most 1,000,000 bytes."""
    from .job_summary import summary as drawn

    return drawn(report)


def text(report: Report, *, width: int = 80, colour: bool = False) -> str:
    """The report for a terminal of `width` columns; with ANSI colours only where `colour` is true."""
    from .terminal import text as drawn

    return drawn(report, width=width, colour=colour)
