"""`render`: draw a verdict that exists."""

from __future__ import annotations

from pathlib import Path

from remyx_action.errors import NotJudged
from remyx_action.report import render as draw

from .output import Output
from .replay import HELP, read_verdict


def render(path: Path) -> Output:
    """Return the verdict at `path` in every shape that people read."""
    report = read_verdict(path)
    try:
        report.ship_rule(), report.reject_rule()
    except ValueError as error:
        raise NotJudged(f"{path} is not a verdict: {error}", help=HELP) from error
    return Output(
        formats={
            "comment": lambda _: draw.comment(report),
            "summary": lambda _: draw.summary(report),
            "text": lambda screen: draw.text(report, width=screen.width, colour=screen.colour),
        }
    )
