"""run.json: what one job measured, for the job that judges it; it is hostile when it comes from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, ValidationError

from remyx_action.errors import NotJudged
from remyx_action.files import strict_json
from remyx_action.planning.plan import Arm
from remyx_action.reports.report import ArmReport, RunReport
from remyx_action.specs.fields import Line, Name, Spec

NAME = "run.json"
"""Of the file, beside `arms/`."""


class RunRecord(Spec):
    schema_: Literal["remyx-run/1"] = Field(alias="schema")
    template: Name
    commits: dict[str, Line]
    """`base`, `merge_base` and `head`; empty off GitHub."""
    harness: Line
    """Digest of the harness that measured."""
    arms: dict[Arm, ArmReport]
    run: RunReport


def record_as_json(
    *, template: str, commits: Mapping[str, str], harness: str, arms: Mapping[Arm, ArmReport], run: RunReport
) -> str:
    """The file's text."""
    record = {
        "schema": "remyx-run/1",
        "template": template,
        "commits": dict(commits),
        "harness": harness,
        "arms": {arm: report.model_dump() for arm, report in arms.items()},
        "run": run.model_dump(),
    }
    return strict_json.dump(record)


def read_record(text: bytes, place: str) -> RunRecord:
    """The record, or NotJudged: nothing is guessed from a file that is not what this program writes."""
    try:
        return RunRecord.model_validate(strict_json.read(text))
    except (strict_json.NotStrictJson, ValidationError) as error:
        raise NotJudged(
            f"{place} is not what the measuring job writes",
            help="measure and judge with the same version of remyx-action, and change nothing in between",
        ) from error
