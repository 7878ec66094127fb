"""`render`: draw a verdict that exists."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from remyx_action.errors import EXIT_OF_VERDICT, Exit, NotJudged
from remyx_action.report import render as draw
from remyx_action.report.report import Report, to_json

from .output import Output
from .replay import HELP, read_verdict


def render(path: Path) -> Output:
    """Return the verdict at `path` in every shape that people read."""
    report = read_verdict(path)
    try:
        report.ship_rule(), report.reject_rule()
    except ValueError as error:
        raise NotJudged(f"{path} is not a verdict: {error}", help=HELP) from error
    return replace(drawings(report), exit=Exit.SHIP)


def drawings(report: Report, *, page: str = "") -> Output:
    """Return a verdict in every format, with its exit code; `page` is where its page was written."""
    return Output(
        formats={
            "comment": lambda _: draw.comment(report),
            "summary": lambda _: draw.summary(report),
            "page": lambda _: draw.page(report),
            "junit": lambda _: draw.junit(report),
            "text": lambda screen: draw.text(
                report,
                width=screen.width,
                colour=screen.colour,
                verbose=screen.verbose,
                quiet=screen.quiet,
                details=page,
            ),
            "json": lambda _: to_json(report),
        },
        exit=EXIT_OF_VERDICT[report.verdict],
    )
