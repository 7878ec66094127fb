"""Metric by metric, what a results file held → the scores of its arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from remyx_action.errors import Problem
from remyx_action.evidence.scores import ArmScores, Scores, Unusable
from remyx_action.files.strict_json import Fault
from remyx_action.policy.bar import BarMetric
from remyx_action.policy.reasons import Reason

from .broken import BrokenResults, problem_of, shown
from .entry import Contradiction, Entry, scored
from .names import doubts, listed_names

TRUST_SAMPLES = "make the harness write the mean of its samples, or leave the value out"
MAP_THEM = "report the template's metrics under their keys, or map them with `names:`"


class Arrived(Struct, frozen=True, kw_only=True):
    """What one results file holds."""

    file: str
    entries: Mapping[str, Entry]
    """By the key of a declared metric."""
    unnamed: Sequence[str]
    """Names that no declared metric has."""
    provenance: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()


def assemble(arrived: Arrived, metrics: Mapping[str, BarMetric]) -> ArmScores:
    """The arm's scores. Raises BrokenResults where nothing declared arrived or a value contradicts itself."""
    file, entries = arrived.file, arrived.entries
    missing = [key for key in metrics if key not in entries]
    meant = doubts(arrived.unnamed, metrics, missing)
    if len(missing) == len(metrics):
        raise BrokenResults([_nothing_declared(arrived, metrics, meant)])
    scores: dict[str, Scores] = {}
    notes = [*arrived.warnings, *meant]
    problems = []
    for key, metric in metrics.items():
        if key in missing:
            scores[key] = Unusable(reason=Reason.MISSING_METRIC, message=f"{file} does not report it")
            continue
        try:
            result = scored(entries[key], metric)
        except Contradiction as contradiction:
            message = f"{key}: {contradiction}"
            fault = Fault(code="value-contradicts-samples", message=message, help=TRUST_SAMPLES)
            problems.append(problem_of(file, fault))
            continue
        scores[key] = result.scores
        notes += result.warnings
    if problems:
        raise BrokenResults(problems)
    return ArmScores(
        scores=scores,
        provenance=arrived.provenance,
        unnamed=listed_names(arrived.unnamed),
        warnings=tuple(notes),
    )


def _nothing_declared(arrived: Arrived, metrics: Mapping[str, BarMetric], meant: Sequence[str]) -> Problem:
    holds = ", ".join(map(shown, listed_names(arrived.unnamed)[:8])) or "nothing"
    message = f"holds none of the declared metrics {', '.join(list(metrics)[:8])}; it holds {holds}"
    advice = meant[0] if meant else MAP_THEM
    return problem_of(arrived.file, Fault(code="no-declared-metric", message=message, help=advice))
