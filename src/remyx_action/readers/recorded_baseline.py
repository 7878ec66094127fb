"""A baseline that is not measured now: recorded with its samples, else the numbers in metrics.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from pydantic import ValidationError

from remyx_action.project.files.json_text import Fault, NotStrictJson, NumberText, read, read_as_written
from remyx_action.project.files.json_writing import dump
from remyx_action.project.models.field_types import Line, Number, Spec
from remyx_action.project.models.lock import Digest
from remyx_action.project.models.metrics import BarMetric, ExactBaseline, RecordedBaseline

from .arm_files import broken, shown
from .entry import Arrived, assemble
from .native import check_shape, entry_of
from .scores import ArmScores, Exact, Reason, Samples, Scores, Summary, Unusable

SCHEMA = "remyx-baseline/1"
RECORD_AGAIN = "record the baseline again"
KEYS = ("schema", "template", "metrics", "provenance", "measured")


class Measured(Spec):
    """When and under what a recorded baseline was measured."""

    clock: Line
    """UTC, RFC 3339."""
    version: Line
    """Of the program that measured it."""
    asset: Line | None
    commit: Line | None
    """Of the code under test, where the template compares commits."""
    seconds: Number
    digests: dict[Line, Digest]
    """Of template and harness."""
    seeds: bool = False
    """Whether the repeats of its samples are seeds of the recipe."""


class Recorded(Struct, frozen=True, kw_only=True):
    """The baseline arm of a template that is not measured now."""

    scores: ArmScores
    measured: Measured | None = None
    """None: declared in metrics.yaml, or written by hand."""


def recorded_baseline(
    template_name: str, recorded: bytes | None, metrics: Mapping[str, BarMetric]
) -> Recorded:
    """The baseline arm of a template.

    `recorded` is `.remyx/baselines/<template>.json`: `{"schema": "remyx-baseline/1", "template": …,
    "metrics": {…}, "provenance": {…}, "measured": {…}}` with metrics as in results.json, samples inline.
    None where there is no such file: then each metric's own `baseline:` counts. Raises BrokenResults.
    """
    if recorded is None:
        declared = {key: _declared(metric) for key, metric in metrics.items()}
        return Recorded(scores=ArmScores(scores=declared))
    file = f".remyx/baselines/{template_name}.json"
    try:
        document = read_as_written(recorded)
    except NotStrictJson as error:
        raise broken(file, *error.faults) from None
    check_shape(file, document, SCHEMA)
    strange = [key for key in document if key not in KEYS]
    faults = [
        Fault(code="unknown-key", message=f"unknown key {shown(key)}", help=RECORD_AGAIN) for key in strange
    ]
    if document.get("template") != template_name:
        message = f"is of the template {shown(document.get('template'))}, not {template_name}"
        faults.append(Fault(code="wrong-template", message=message, help=RECORD_AGAIN, pointer="/template"))
    measured = _measured(document.get("measured"), faults)
    if faults:
        raise broken(file, *faults)
    reported = document["metrics"]
    arrived = Arrived(
        file=file,
        entries={key: entry_of(file, key, reported[key], None) for key in metrics if key in reported},
        unnamed=[name for name in reported if name not in metrics],
        provenance=document.get("provenance", {}),
        native=True,
    )
    scores = assemble(arrived, metrics)
    if measured is not None and measured.seeds:
        scores = replace(scores, scores={key: _seeded(found) for key, found in scores.scores.items()})
    return Recorded(scores=scores, measured=measured)


def write_recorded(template_name: str, scores: ArmScores, measured: Measured) -> str:
    """The text of `.remyx/baselines/<template>.json`: what an arm scored, sample by sample."""
    document = {
        "schema": SCHEMA,
        "template": template_name,
        "measured": measured.model_dump(),
        "provenance": dict(scores.provenance),
        "metrics": {key: _entry_for(found) for key, found in scores.scores.items()},
    }
    return dump(document)


def _seeded(scores: Scores) -> Scores:
    """The samples of a recipe: a repeat is a seed, or `seed/repeat`."""
    if not isinstance(scores, Samples) or scores.repeats is None:
        return scores
    return replace(scores, seeds=[repeat.partition("/")[0] for repeat in scores.repeats])


def _entry_for(scores: Scores) -> dict[str, Any]:
    if isinstance(scores, Samples):
        missing = [
            {"id": id_, "error": error} if error else {"id": id_, "score": None}
            for id_, error in scores.missing.items()
        ]
        return {"samples": [*map(dict, _rows(scores)), *missing]}
    assert isinstance(scores, Summary)  # an arm with anything else is not recorded
    named = {"value": scores.value, "n": scores.n, "stderr": scores.stderr, "clusters": scores.clusters}
    return {name: number for name, number in named.items() if number is not None}


def _rows(samples: Samples) -> Iterator[list[tuple[str, str]]]:
    columns = {
        "id": samples.ids,
        "score": [NumberText(score) for score in samples.scores],
        "cluster": samples.clusters,
        "repeat": samples.repeats,
        "input": samples.inputs,
    }
    given = {name: column for name, column in columns.items() if column is not None}
    for row in zip(*given.values(), strict=True):
        yield [(name, value) for name, value in zip(given, row, strict=True) if value is not None]


def _measured(found: Any, faults: list[Fault]) -> Measured | None:
    if found is None:
        return None
    try:
        return Measured.model_validate(read(dump(found)))
    except (ValidationError, TypeError, ValueError):
        message = "is not what `baseline record` writes"
        faults.append(Fault(code="wrong-shape", message=message, help=RECORD_AGAIN, pointer="/measured"))
        return None


def _declared(metric: BarMetric) -> Scores:
    baseline = metric.baseline
    if baseline is None:
        return Unusable(reason=Reason.NO_BASELINE, message="metrics.yaml gives it no baseline")
    if isinstance(baseline, ExactBaseline):
        return Exact(value=baseline.value)
    if isinstance(baseline, RecordedBaseline):
        return Summary(value=baseline.value, n=baseline.n, stderr=baseline.stderr)
    return Summary(value=Decimal(baseline))
