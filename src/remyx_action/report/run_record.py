"""run.json: what one job measured, for the job that judges it; it is hostile when it comes from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from remyx_action.errors import NotJudged
from remyx_action.project.files import json_text as strict_json
from remyx_action.project.files.json_writing import dump
from remyx_action.project.models.field_types import Integer, Line, Name, Spec
from remyx_action.project.models.shard import Shard
from remyx_action.project.models.template import ArmName

from .report import ArmReport, RunReport

NAME = "run.json"
"""Name of the file, next to `arms/`."""
CAP_BYTES = 16 * 1024 * 1024
"""Of the file: it holds a digest of every file that an arm left."""


class RunRecord(Spec):
    schema_: Literal["remyx-run/1"] = Field(alias="schema")
    template: Name
    commits: dict[str, Line]
    """`base`, `merge_base` and `head`; empty off GitHub."""
    harness: Line
    """Digest of the harness that measured."""
    measuring: Line
    """Digest of what measured: the harness, and the part of the template that decides about scores."""
    environment: Line
    """Digest of the values of the variables that the template passes on."""
    variables: dict[str, str] = Field(default_factory=dict)
    """Those values themselves, secrets left out."""
    arms: dict[ArmName, ArmReport]
    samples: Annotated[Integer | None, Field(ge=1)] = None
    """At most so many samples were asked for: a quick look."""
    shard: Annotated[Integer, Field(ge=0)] = 0
    shards: Annotated[Integer, Field(ge=1, le=256)] = 1
    """How many parts there are, of which these arms are one."""
    run: RunReport


def record_as_json(
    template: str,
    shard: Shard,
    *,
    commits: Mapping[str, str],
    harness: str,
    measuring: str,
    environment: str,
    variables: Mapping[str, str],
    arms: Mapping[ArmName, ArmReport],
    run: RunReport,
) -> str:
    """Return the file's text."""
    record = {
        "schema": "remyx-run/1",
        "template": template,
        "commits": dict(commits),
        "harness": harness,
        "measuring": measuring,
        "environment": environment,
        "variables": dict(variables),
        "arms": {name: report.model_dump() for name, report in arms.items()},
        "samples": shard.samples,
        "shard": shard.index,
        "shards": shard.count,
        "run": run.model_dump(),
    }
    return dump(record)


def read_record(text: bytes, place: str) -> RunRecord:
    """Return the record. NotJudged where the file is not what this program writes."""
    try:
        return RunRecord.model_validate(strict_json.read(text))
    except (strict_json.NotStrictJson, ValidationError) as error:
        raise NotJudged(
            f"{place} is not what the measuring job writes",
            help="measure and judge with the same version of remyx-action, and change nothing in between",
        ) from error
