"""What a run leaves behind: verdict.json, comment.md, summary.md and run.json, each whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from . import render, strict_json
from .plan import Arm
from .report import Report, RunReport, to_json
from .specs import Template
from .verdict import MeasuredArm
from .workspace import OutputFolder, write_whole


def write_report(folder: Path, report: Report) -> None:
    """The verdict for machines, and drawn for people."""
    write_whole(folder / "verdict.json", to_json(report))
    write_whole(folder / "comment.md", render.comment(report))
    write_whole(folder / "summary.md", render.summary(report))


def write_run(
    output: OutputFolder, template: Template, arms: Mapping[Arm, MeasuredArm], run: RunReport
) -> None:
    """run.json: what was measured, for whoever judges these arms later."""
    record = {
        "schema": "remyx-run/1",
        "template": template.name,
        "arms": {arm: measured.report.model_dump() for arm, measured in arms.items()},
        "run": run.model_dump(),
    }
    write_whole(output.path / "run.json", strict_json.dump(record))
