"""Report → what is read: comment, summary, terminal, page, JUnit XML. Nothing else of a verdict is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remyx_action.report.report import Report

    from .sections import Lines, Result


def comment(*results: Result, limit: int = 65_000, lines: Lines | None = None) -> str:
    """Return GitHub Markdown for a pull request in at most `limit` bytes: the worst verdict first.

    What was left out is named in it. Below some 6,000 bytes not every report can fit. `lines`: by policy and
    by pointer of a condition, where its line is shown.
    """
    from .sections import comment as drawn

    return drawn(results, limit=limit, lines=lines or {})


def summary(*results: Result, limit: int = 1_000_000, lines: Lines | None = None) -> str:
    """Return GitHub Markdown for a job summary in at most `limit` bytes; `lines` as of a comment."""
    from .sections import summary as drawn

    return drawn(results, limit=limit, lines=lines or {})


def page(report: Report) -> str:
    """Return one self-contained HTML file, with drawings, without script."""
    from .html_page import page as drawn

    return drawn(report)


def junit(*reports: Report) -> str:
    """Return JUnit XML: a suite for each report, a case for its verdict and for each condition."""
    from .junit_xml import junit as drawn

    return drawn(*reports)


def text(
    report: Report,
    *,
    width: int = 80,
    colour: bool = False,
    verbose: bool = False,
    quiet: bool = False,
    details: str = "",
) -> str:
    """Return the report for a terminal of `width` columns; with ANSI colours only where `colour` is true.

    `verbose` adds every condition and the provenance, `quiet` leaves the headline alone; `details` is where
    the page is.
    """
    from .terminal import text as drawn

    return drawn(report, width=width, colour=colour, verbose=verbose, quiet=quiet, details=details)
