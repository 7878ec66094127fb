"""run.json: what one job measured, for the job that judges it, and how old recorded numbers are.

The file is hostile when it comes from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
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


STALE_DAYS = 30
"""From this age on they come with a warning: models, data and machines move without git knowing."""
_MOMENT = re.compile(r"(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T[\d:.]{5,15}Z")


def age_days(measured: str | None, now: str) -> int | None:
    """Calendar days from one moment to another (UTC, RFC 3339); None where one of them is no moment."""
    then, today = _day_of(measured or ""), _day_of(now)
    return None if then is None or today is None else today - then


def age_in_words(measured: str | None, now: str) -> str:
    """`today`, `1 day before`, `12 days before`; or that nobody knows."""
    days = age_days(measured, now)
    if days is None:
        return "nobody knows when"
    if days < 1:
        return "the same day" if days == 0 else "later than this run, as its clock says"
    return f"{days:,} {'day' if days == 1 else 'days'} before"


def _day_of(moment: str) -> int | None:
    """Days since a fixed one of `2026-05-04T09:12:44Z`."""
    match = _MOMENT.fullmatch(moment)
    try:
        return None if match is None else date(*map(int, match.groups())).toordinal()
    except ValueError:  # such as 30 February
        return None
