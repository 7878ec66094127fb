"""What a run of lighteval left behind → scores: per sample where it saved its details, else its own values.

Its values of groups are not used: they weigh every subtask alike, average the standard errors, and give a
metric that a subtask lacks the value 0. Samples of a group are pooled instead, with the subtask as cluster.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from remyx_action.project.files.json_text import Fault, NotStrictJson, read_as_written
from remyx_action.project.models import Template
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.tasks import resolve, task_list
from remyx_action.project.tasks.listing import key_of
from remyx_action.readers.arm_files import ArmFiles, BrokenResults, broken, shown
from remyx_action.readers.entry import Arrived, assemble
from remyx_action.readers.scores import ArmScores

from .details import DETAIL_COLUMNS, Details, read_details
from .reading import BELONG, LightevalReading, LightevalSource, provenance_of, source_by_key, source_in
from .run import Run, run_of

STAMP = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9][0-9A-Za-z.:+_-]{1,38}"
"""When a run was saved: in the name of its results and of each of its details."""
_RESULTS = re.compile(rf"results_({STAMP})\.json")
_OTHERS = re.compile(r"[^A-Za-z0-9.]")
MOST_LISTED = 5

NOT_THERE = Fault(
    code="no-file",
    message="holds no results_<time>.json, which lighteval writes",
    help="name the folder that lighteval was given as its output folder; it holds results/ and details/",
)
NAME_ONE = "name one of these files, or give each run of lighteval an output folder of its own"


class FoundRun(Struct, frozen=True, kw_only=True):
    """The files of one run."""

    results: str
    stamp: str
    """Empty where the file's name tells no time: then no details belong to it."""
    details: Mapping[str, Sequence[str]]
    """Task as its file's name has it, reduced to what every file system keeps → paths."""

    def details_of(self, task: str) -> Sequence[str]:
        """Paths of the files that are named after a task; more than one is a mistake of somebody's."""
        return self.details.get(reduced(task), ())


def find(names: Iterable[str], file: str | None) -> FoundRun:
    """The files of the run: of `file` where it is given, else of the only results. Raises BrokenResults."""
    paths = sorted(names)
    if file is None:
        results = [path for path in paths if _RESULTS.fullmatch(_last(path))]
        if not results:
            raise broken("the output folder", NOT_THERE)
        if len(results) > 1:
            raise broken("the output folder", _several(results))
        (file,) = results
    dated = _RESULTS.fullmatch(_last(file))
    if dated is None:
        return FoundRun(results=file, stamp="", details={})
    pattern = re.compile(rf"details_(.+)_{re.escape(dated[1])}\.parquet")
    details: dict[str, list[str]] = {}
    for path in paths:
        if match := pattern.fullmatch(_last(path)):
            details.setdefault(reduced(match[1]), []).append(path)
    return FoundRun(results=file, stamp=dated[1], details=details)


def reduced(task: str) -> str:
    """A task's name where `|` and `:` may have been replaced, as an artifact store demands."""
    return _OTHERS.sub("_", task)


def _several(results: Sequence[str]) -> Fault:
    named = ", ".join(map(shown, results[:MOST_LISTED]))
    more = f" and {len(results) - MOST_LISTED:,} more" if len(results) > MOST_LISTED else ""
    message = f"holds the results of {len(results):,} runs of lighteval: {named}{more}"
    return Fault(code="several-results", message=message, help=NAME_ONE)


def _last(path: str) -> str:
    return path.rpartition("/")[2]


__all__ = ["DETAIL_COLUMNS", "Wanted", "keys_of", "read_lighteval", "wanted_by"]


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

    `files` gives a details file as JSON Lines of its rows. `wanted` says where each metric is; None:
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
    read = [source for source in sources.values() if isinstance(source, LightevalSource)]
    details = _details(found, files, read)
    reading = LightevalReading(file=found.results, details=details)
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


def keys_of(file: str, document: Any) -> list[str]:
    """The keys that a run's metrics have: of the only task or group its names, else with the group before."""
    run = run_of(file, document)
    families = {task.family for task in run.tasks if task.values}
    labels = (
        name if len(families) == 1 else f"{task.family}/{name}"
        for task in run.tasks if task.values
        for name in task.metrics
    )  # fmt: skip
    return list(dict.fromkeys(key_of(label) for label in labels))


def _details(found: FoundRun, files: ArmFiles, sources: Iterable[LightevalSource]) -> Mapping[str, Details]:
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
            read[task_name] = read_details(
                path, files.parquet(path, DETAIL_COLUMNS), task=task_name, metrics=list(raw)
            )
    return read


def _unnamed(run: Run, sources: Iterable[LightevalSource]) -> list[str]:
    """Metrics that arrived and that nobody asks for, as they would be named."""
    asked = {(task.name, metric.raw) for source in sources for task, metric in source.parts}
    arrived: dict[str, dict[str, None]] = {}
    for task in run.tasks:
        for name, metrics in task.metrics.items():
            if task.values is not None and any((task.name, each.raw) not in asked for each in metrics):
                arrived.setdefault(name, {})[task.base] = None
    alone = len({task.base for task in run.tasks}) == 1
    return [name if alone else f"{base}/{name}" for name, bases in arrived.items() for base in bases]
