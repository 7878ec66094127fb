"""What a run leaves behind: verdict.json, comment.md, summary.md and run.json, each whole or not at all."""

from __future__ import annotations

from pathlib import Path

from remyx_action import render
from remyx_action.reports import run_record
from remyx_action.reports.report import Report, to_json
from remyx_action.workspace import write_whole


def write_report(folder: Path, report: Report) -> None:
    """The verdict for machines, and drawn for people."""
    write_whole(folder / "verdict.json", to_json(report))
    write_whole(folder / "comment.md", render.comment(report))
    write_whole(folder / "summary.md", render.summary(report))


def write_run(folder: Path, record: str) -> None:
    """run.json: what was measured, for whoever judges these arms later."""
    write_whole(folder / run_record.NAME, record)
