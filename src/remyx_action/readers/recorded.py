"""A baseline that is not measured now: recorded with its samples, else the numbers in metrics.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from remyx_action.evidence.scores import ArmScores, Exact, Scores, Summary, Unusable
from remyx_action.files.strict_json import Fault, NotStrictJson, read_as_written
from remyx_action.policy.bar import BarMetric
from remyx_action.policy.reasons import Reason
from remyx_action.specs.metrics import ExactBaseline, RecordedBaseline

from .arm import Arrived, assemble
from .broken import broken, shown
from .native import check_shape, entry_of

SCHEMA = "remyx-baseline/1"
RECORD_AGAIN = "record the baseline again"
KEYS = ("schema", "template", "metrics", "provenance")


def recorded_baseline(
    template_name: str, recorded: bytes | None, metrics: Mapping[str, BarMetric]
) -> ArmScores:
    """The baseline arm of a template.

    `recorded` is `.remyx/baselines/<template>.json`: `{"schema": "remyx-baseline/1", "template": …,
    "metrics": {…}, "provenance": {…}}` with metrics as in results.json, samples inline. None where there
    is no such file: then each metric's own `baseline:` counts. Raises BrokenResults.
    """
    if recorded is None:
        return ArmScores(scores={key: _declared(metric) for key, metric in metrics.items()})
    file = f".remyx/baselines/{template_name}.json"
    try:
        document = read_as_written(recorded)
    except NotStrictJson as error:
        raise broken(file, *error.faults) from None
    check_shape(file, document, SCHEMA)
    faults = [
        Fault(code="unknown-key", message=f"unknown key {shown(key)}", help=RECORD_AGAIN)
        for key in document
        if key not in KEYS
    ]
    if document.get("template") != template_name:
        message = f"is of the template {shown(document.get('template'))}, not {template_name}"
        faults.append(Fault(code="wrong-template", message=message, help=RECORD_AGAIN, pointer="/template"))
    if faults:
        raise broken(file, *faults)
    reported = document["metrics"]
    arrived = Arrived(
        file=file,
        entries={key: entry_of(file, key, reported[key], None) for key in metrics if key in reported},
        unnamed=[name for name in reported if name not in metrics],
        provenance=document.get("provenance", {}),
    )
    return assemble(arrived, metrics)


def _declared(metric: BarMetric) -> Scores:
    baseline = metric.baseline
    if baseline is None:
        return Unusable(reason=Reason.NO_BASELINE, message="metrics.yaml gives it no baseline")
    if isinstance(baseline, ExactBaseline):
        return Exact(value=baseline.value)
    if isinstance(baseline, RecordedBaseline):
        return Summary(value=baseline.value, n=baseline.n, stderr=baseline.stderr)
    return Summary(value=Decimal(baseline))
