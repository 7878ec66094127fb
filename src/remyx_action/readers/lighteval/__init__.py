"""What a run of lighteval left behind → scores: per sample where it saved its details, else its own values.

Its values of groups are not used: they weigh every subtask alike, average the standard errors, and give a
metric that a subtask lacks the value 0. Samples of a group are pooled instead, with the subtask as cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from remyx_action.evidence.scores import ArmScores
from remyx_action.files.strict_json import Fault, NotStrictJson, read_as_written
from remyx_action.policy.bar import BarMetric
from remyx_action.readers.arm import Arrived, assemble
from remyx_action.readers.broken import BrokenResults, broken, shown
from remyx_action.readers.files import ArmFiles
from remyx_action.specs import Template
from remyx_action.tasks import resolve, task_list

from .details import DETAIL_COLUMNS, Details, read_details
from .matching import Source, source_by_key, source_in
from .provenance import provenance_of
from .reading import BELONG, Reading
from .run import Run, run_of
from .where import Found, find

__all__ = ["DETAIL_COLUMNS", "Wanted", "read_lighteval", "wanted_by"]


Wanted = Mapping[str, Mapping[str, str]]
"""Metric key → task, such as `gsm8k|5` → canonical name of the metric; all tasks of a key are pooled."""


def wanted_by(template: Template) -> Wanted | None:
    """What a template that names its task asks for; None where it has a script of its own."""
    if template.runtime != "lighteval":
        return None
    resolved, faults = resolve(template, task_list())
    assert resolved is not None, faults  # checked when the template was loaded
    return {
        key: {f"{task}|{template.few_shot}": name for task, name in tasks.items()}
        for key, tasks in resolved.metrics.items()
    }


def read_lighteval(
    files: ArmFiles,
    names: Iterable[str],
    metrics: Mapping[str, BarMetric],
    *,
    wanted: Wanted | None = None,
    file: str | None = None,
) -> ArmScores:
    """The scores of a run; `names` are the paths of all files below the folder. Raises BrokenResults.

    `files` gives a details file as JSON Lines of its rows. `wanted` says where each metric stands; None:
    its key has to. `file` is the results file, where somebody named it.
    """
    found = find(names, file)
    try:
        document = read_as_written(files.whole(found.results))
    except NotStrictJson as error:
        raise broken(found.results, *error.faults) from None
    run = run_of(found.results, document)
    sources = {
        key: source_by_key(run, key) if wanted is None else source_in(run, wanted[key]) for key in metrics
    }
    read = [source for source in sources.values() if isinstance(source, Source)]
    details = _details(found, files, read)
    reading = Reading(file=found.results, details=details)
    entries = {
        key: reading.entry(key, source, metrics[key]) for key, source in sources.items() if source is not None
    }
    if reading.problems:
        raise BrokenResults(reading.problems)
    arrived = Arrived(
        file=found.results,
        entries=entries,
        unnamed=_unnamed(run, read),
        provenance=provenance_of(run, read, details),
        warnings=reading.warnings,
    )
    return assemble(arrived, metrics)


def _details(found: Found, files: ArmFiles, sources: Iterable[Source]) -> Mapping[str, Details]:
    """The samples of every task that some metric needs and whose details were saved, by the task's name."""
    needed: dict[str, dict[str, None]] = {}
    for source in sources:
        for task, metric in source.parts:
            if metric.is_mean:
                needed.setdefault(task.name, {})[metric.raw] = None
    read = {}
    for task_name, raw in needed.items():
        paths = found.details_of(task_name)
        if len(paths) > 1:
            listed = ", ".join(map(shown, paths[:3]))
            message = f"holds the details of {shown(task_name)} twice: {listed}"
            raise broken("the output folder", Fault(code="several-details", message=message, help=BELONG))
        for path in paths:
            read[task_name] = read_details(path, files.pieces(path), task=task_name, metrics=list(raw))
    return read


def _unnamed(run: Run, sources: Iterable[Source]) -> list[str]:
    """Metrics that arrived and that nobody asks for, as they would be named."""
    asked = {(task.name, metric.raw) for source in sources for task, metric in source.parts}
    arrived: dict[str, dict[str, None]] = {}
    for task in run.tasks:
        for name, metrics in task.metrics.items():
            if task.values is not None and any((task.name, each.raw) not in asked for each in metrics):
                arrived.setdefault(name, {})[task.base] = None
    alone = len({task.base for task in run.tasks}) == 1
    return [name if alone else f"{base}/{name}" for name, bases in arrived.items() for base in bases]
