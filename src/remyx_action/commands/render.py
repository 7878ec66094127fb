"""`render`: draw a verdict that exists."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from remyx_action.report import render as draw

from .replay import read_verdict

Shape = Literal["comment", "summary", "text"]


def render(path: Path, shape: Shape, *, width: int, colour: bool) -> str:
    """The verdict at `path` in the shape asked for."""
    report = read_verdict(path)
    if shape == "comment":
        return draw.comment(report)
    if shape == "summary":
        return draw.summary(report)
    return draw.text(report, width=width, colour=colour)
