"""Report → what people read: a comment, a job summary, a terminal. Nothing else of a verdict is seen here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remyx_action.report.report import Report

    from .notices import Notice


class Drawing(Protocol):
    """`comment_of` or `summary_of`."""

    def __call__(self, told: Sequence[Report | Notice], *, limit: int) -> str: ...


def comment(report: Report, *, limit: int = 65_000) -> str:
    """GitHub Markdown for a pull request in at most `limit` bytes; what was left out is named in it.

    Below some 6,000 bytes not every report can fit.
    """
    from .pull_request import comment as drawn

    return drawn(report, limit=limit)


def comment_of(told: Sequence[Report | Notice], *, limit: int = 65_000) -> str:
    """One comment on several policies in at most `limit` bytes; of one report exactly `comment`.

    The first line is the worst verdict; each section gets its fair share of the room.
    """
    from .pull_request import comment_of as drawn

    return drawn(told, limit=limit)


def notice(told: Notice, *, limit: int = 65_000) -> str:
    """A comment without a verdict: why there is none, or that there was nothing to judge."""
    from .pull_request import comment_of as drawn

    return drawn([told], limit=limit)


def summary(report: Report, *, limit: int = 1_000_000) -> str:
    """GitHub Markdown for a job summary in at most `limit` bytes."""
    from .job_summary import summary as drawn

    return drawn(report, limit=limit)


def summary_of(told: Sequence[Report | Notice], *, limit: int = 1_000_000) -> str:
    """One job summary of several policies in at most `limit` bytes; of one report exactly `summary`."""
    from .job_summary import summary_of as drawn

    return drawn(told, limit=limit)


def text(report: Report, *, width: int = 80, colour: bool = False) -> str:
    """The report for a terminal of `width` columns; with ANSI colours only where `colour` is true."""
    from .terminal import text as drawn

    return drawn(report, width=width, colour=colour)
