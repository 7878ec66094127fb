"""Metric by metric: a run's samples, or as much as its results file says by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from msgspec import Struct

from remyx_action.errors import Problem
from remyx_action.project.files.json_text import Fault, NumberText
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.tasks.listing import key_of
from remyx_action.readers.arm_files import problem_of, shown
from remyx_action.readers.columns import Columns, Places
from remyx_action.readers.entry import LEAST_TOLERANCE, Entry
from remyx_action.readers.samples import beyond_limits, point_of, usable_samples
from remyx_action.readers.scores import Samples

from .details import Details
from .run import Run, RunTask, RunTaskMetric, digest

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_OF_THE_MACHINE = frozenset({"original_num_docs", "effective_num_docs", "hf_repo", "hf_data_files"})
"""Keys of a task's configuration that hold a path or a count; the questions are compared instead."""
LONGEST = 500


def provenance_of(
    run: Run, sources: Iterable[LightevalSource], details: Mapping[str, Details]
) -> Mapping[str, str]:
    """`task_config`, `questions` and `answers` have to be equal in both arms."""
    judged = sorted({task.name for source in sources for task, _ in source.parts})
    if not judged:
        return {}
    found = {
        "task_config": digest({name: _without_addresses(run.configs[name]) for name in judged}),
        "tasks": ", ".join(_said(run, judged)),
    }
    if all(name in run.questions for name in judged):
        found["questions"] = digest({name: run.questions[name] for name in judged})
    if details:
        found["answers"] = digest({name: sorted(details[name].answers) for name in sorted(details)})
    return {name: text[:LONGEST] for name, text in {**found, **_of_the_model(run.general)}.items() if text}


def _said(run: Run, judged: Iterable[str]) -> Iterator[str]:
    for name in judged:
        version = run.configs[name].get("version")
        yield f"{name} version {version}" if version is not None else name


def _of_the_model(general: Mapping[str, Any]) -> Mapping[str, str]:
    model = general.get("model_config")
    config = model if type(model) is dict else {}
    found = {
        "model": general.get("model_name"),
        "model_revision": config.get("revision"),
        "dtype": config.get("dtype"),
        "max_samples": general.get("max_samples"),
        "lighteval": general.get("lighteval_sha"),
    }
    return {name: str(text) for name, text in found.items() if isinstance(text, str) and text != "?"}


def _without_addresses(value: Any) -> Any:
    """The same configuration in every process: functions and objects are written with their addresses."""
    if type(value) is dict:
        return {
            _ADDRESS.sub("", name): _without_addresses(found)
            for name, found in value.items()
            if name not in _OF_THE_MACHINE
        }
    if type(value) is list:
        return [_without_addresses(found) for found in value]
    return _ADDRESS.sub("", value) if isinstance(value, str) else value


MOST_SHOWN = 5


class LightevalSource(Struct, frozen=True, kw_only=True):
    """Where a metric's scores stand: in one task, or in the subtasks of one group."""

    parts: Sequence[tuple[RunTask, RunTaskMetric]]
    silent: Sequence[str] = ()
    """Subtasks of the same group that have no such metric."""


class Doubt(Struct, frozen=True, kw_only=True):
    """Why a name matches nothing that can be judged."""

    message: str


class _Match(Struct, frozen=True, kw_only=True):
    """A metric of a task under one of the names that it may be called by."""

    label: str
    name: str
    task: RunTask
    metrics: Sequence[RunTaskMetric]


def source_by_key(run: Run, key: str) -> LightevalSource | Doubt | None:
    """The metric of a run that a key names; None where nothing is called so.

    A metric is called by its canonical name, alone or as `task/name` or `group/name`, and by any of these
    as a metric key has it.
    """
    every = [match for task in run.tasks for match in _matches(task)]
    found = [match for match in every if match.label == key]
    found = found or [match for match in every if key_of(match.label) == key]
    if not found:
        return None
    doubt = _doubt(found)
    if doubt is not None:
        return Doubt(message=doubt)
    reporting = {match.task.name for match in found}
    asks_for_all = found[0].label in (found[0].name, f"{found[0].task.family}/{found[0].name}")
    return LightevalSource(
        parts=[(match.task, match.metrics[0]) for match in found],
        silent=[
            task.base
            for task in run.tasks
            if asks_for_all and task.family == found[0].task.family and task.name not in reporting
        ],
    )


def source_in(run: Run, wanted: Mapping[str, str]) -> LightevalSource | Doubt | None:
    """The place of the metric of a template that names its task; None where no task has it.

    `wanted` holds the canonical name by the task, such as `gsm8k|5`: all of them, since a part of a group
    is another measure.
    """
    tasks = {task.name: task for task in run.tasks}
    found = [
        _Match(label=name, name=name, task=tasks[task], metrics=tasks[task].metrics[name])
        for task, name in wanted.items()
        if task in tasks and name in tasks[task].metrics
    ]
    absent = [task for task in wanted if task not in {match.task.name for match in found}]
    if absent:
        bases = {task.partition("|")[0] for task in absent}
        others = [task.name for task in run.tasks if task.base in bases and task.name not in wanted]
        if not found and not others:
            return None
        instead = f"; it evaluated {_listed(others)}" if others else ""
        return Doubt(message=f"is not in the run of {_listed(absent)}{instead}")
    twice = [match.task.name for match in found if len(match.metrics) > 1]
    if twice:
        return Doubt(message=f"is called so more than once by {_listed(twice)}")
    return LightevalSource(parts=[(match.task, match.metrics[0]) for match in found])


def _matches(task: RunTask) -> Iterator[_Match]:
    for name, metrics in task.metrics.items():
        for label in dict.fromkeys(
            [name, *(f"{scope}/{name}" for scope in (task.family, task.base, task.name))]
        ):
            yield _Match(label=label, name=name, task=task, metrics=metrics)


def _doubt(found: Sequence[_Match]) -> str | None:
    """Why more than one thing is called so."""
    labels = list(dict.fromkeys(match.label for match in found))
    if len(labels) > 1:
        return f"stands for {_listed(labels)}"
    families = list(dict.fromkeys(match.task.family for match in found))
    if len(families) > 1:
        such = key_of(f"{families[0]}/{found[0].name}")
        return f"is reported by several tasks: {_listed(families)}; put the task before it, such as {such}"
    bases = [match.task.base for match in found]
    if len(set(bases)) < len(bases):
        names = _listed(match.task.name for match in found)
        return f"is reported with several numbers of examples: {names}; evaluate one of them alone"
    twice = [match.task.name for match in found if len(match.metrics) > 1]
    return f"is called so more than once by {_listed(twice)}" if twice else None


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - MOST_SHOWN:,} more" if len(every) > MOST_SHOWN else ""
    return ", ".join(map(shown, every[:MOST_SHOWN])) + more


SAVE_DETAILS = "run lighteval with --save-details"
BELONG = "keep the results and the details of one run together, and of no other"


class LightevalReading:
    """What was found of one run; `problems` and `warnings` grow while entries are made."""

    def __init__(self, *, file: str, details: Mapping[str, Details]) -> None:
        self._file = file
        self._details = details
        self.problems: list[Problem] = []
        self.warnings: list[str] = []

    def entry(self, key: str, source: LightevalSource | Doubt, metric: BarMetric) -> Entry:
        if isinstance(source, Doubt):
            return Entry(faults=(source.message,))
        if source.silent:
            silent, every = len(source.silent), len(source.silent) + len(source.parts)
            self.warnings.append(f"{key}: {silent} of {every} subtasks of the group do not have this metric")
        lost = [task.name for task, _ in source.parts if task.values is None]
        if lost:
            fault = f"lighteval was to evaluate {shown(lost[0])}, and reports nothing of it"
            return Entry(faults=(fault,))
        folds = {each.fold for _, each in source.parts if not each.is_mean}
        without = [
            task.name for task, each in source.parts if each.is_mean and task.name not in self._details
        ]
        if len(source.parts) > 1 and (folds or without):
            return Entry(faults=(_not_pooled(folds, without),))
        task, own = source.parts[0]
        if folds or without:
            return self._own_value(key, task, own)
        columns = [self._checked(key, *part, metric) for part in source.parts]
        return Entry(samples=_pooled([task.base for task, _ in source.parts], columns))

    def _own_value(self, key: str, task: RunTask, own: RunTaskMetric) -> Entry:
        """Without samples: the value, and its standard error where that is one."""
        if own.is_mean:
            lost = f"there are no details of {shown(task.name)}"
            self.warnings.append(f"{key}: {lost}, so nothing pairs and n is unknown: {SAVE_DETAILS}")
        else:
            what = f"{shown(own.fold)} of its samples, not their mean"
            self.warnings.append(f"{key}: lighteval reports the {what}, so its standard error is not used")
        numbers = {"value": task.value(own), "stderr": task.stderr(own)}
        return Entry(numbers={name: number for name, number in numbers.items() if number is not None})

    def _checked(self, key: str, task: RunTask, own: RunTaskMetric, metric: BarMetric) -> Columns:
        """The task's samples, held against the value that lighteval reports of them."""
        columns = self._details[task.name].columns[own.raw]
        samples, value = usable_samples(columns, metric), task.value(own)
        if isinstance(samples, Samples) and type(value) is NumberText and not beyond_limits([value]):
            mean = point_of(samples, None)
            if abs(Fraction(value) - mean) > LEAST_TOLERANCE * max(Fraction(1), abs(mean)):
                message = (
                    f"{key}: the value {value[:40]} of {shown(task.name)} contradicts the mean of its "
                    f"details, {float(mean):.12g}"
                )
                fault = Fault(code="value-contradicts-samples", message=message, help=BELONG)
                self.problems.append(problem_of(self._file, fault))
        return columns


def _not_pooled(folds: Iterable[str], without: Sequence[str]) -> str:
    named = ", ".join(sorted(map(shown, folds)))
    if named:
        return f"a group's samples are pooled, and lighteval reports {named} of this metric's, not their mean"
    more = f" and {len(without) - 1:,} more" if len(without) > 1 else ""
    return (
        f"there are no details of {shown(without[0])}{more}, and a group's own value weighs every subtask "
        f"alike: {SAVE_DETAILS}"
    )


def _pooled(clusters: Sequence[str], parts: Sequence[Columns]) -> Columns:
    """The samples of a group's subtasks as those of one task, clustered by subtask."""
    if len(parts) == 1:
        return parts[0]
    clustered: list[str | None] = []
    inputs: list[str | None] = []
    pooled = Columns(clusters=clustered, inputs=inputs)
    for cluster, part in zip(clusters, parts, strict=True):
        pooled.ids += [f"{cluster}/{id_}" for id_ in part.ids]
        pooled.scores += part.scores
        clustered += [cluster] * len(part.ids)
        inputs += part.inputs or [None] * len(part.ids)
        for kind, places in part.faults.items():
            pooled.faults.setdefault(kind, Places()).merge(places)
    return pooled
