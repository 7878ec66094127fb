"""Metric by metric: a run's samples, or as much as its results file says by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from remyx_action.errors import Problem
from remyx_action.evidence.scores import Samples
from remyx_action.files.strict_json import Fault, NumberText
from remyx_action.policy.bar import BarMetric
from remyx_action.readers.broken import problem_of, shown
from remyx_action.readers.columns import Columns, Places
from remyx_action.readers.entry import LEAST_TOLERANCE, Entry
from remyx_action.readers.samples import beyond_limits, point_of, usable_samples

from .details import Details
from .matching import Doubt, Source
from .run import Task, TaskMetric

SAVE_DETAILS = "run lighteval with --save-details"
BELONG = "keep the results and the details of one run together, and of no other"


class Reading:
    """What was found of one run; `problems` and `warnings` grow while entries are made."""

    def __init__(self, *, file: str, details: Mapping[str, Details]) -> None:
        self._file = file
        self._details = details
        self.problems: list[Problem] = []
        self.warnings: list[str] = []

    def entry(self, key: str, source: Source | Doubt, metric: BarMetric) -> Entry:
        if isinstance(source, Doubt):
            return Entry(faults=(source.message,))
        if source.silent:
            silent, every = len(source.silent), len(source.silent) + len(source.parts)
            self.warnings.append(f"{key}: {silent} of {every} subtasks of the group do not have this metric")
        lost = [task.name for task, _ in source.parts if task.values is None]
        if lost:
            told = f"lighteval was to evaluate {shown(lost[0])}, and reports nothing of it"
            return Entry(faults=(told,))
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

    def _own_value(self, key: str, task: Task, own: TaskMetric) -> Entry:
        """Without samples: the value, and its standard error where that is one."""
        if own.is_mean:
            lost = f"there are no details of {shown(task.name)}"
            self.warnings.append(f"{key}: {lost}, so nothing pairs and n is unknown: {SAVE_DETAILS}")
        else:
            what = f"{shown(own.fold)} of its samples, not their mean"
            self.warnings.append(f"{key}: lighteval reports the {what}, so its standard error is not used")
        numbers = {"value": task.value(own), "stderr": task.stderr(own)}
        return Entry(numbers={name: number for name, number in numbers.items() if number is not None})

    def _checked(self, key: str, task: Task, own: TaskMetric, metric: BarMetric) -> Columns:
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
    pooled = Columns(optional={"cluster": clustered, "repeat": None, "input": inputs, "output": None})
    for cluster, part in zip(clusters, parts, strict=True):
        pooled.ids += [f"{cluster}/{id_}" for id_ in part.ids]
        pooled.scores += part.scores
        clustered += [cluster] * len(part.ids)
        inputs += part.optional["input"] or [None] * len(part.ids)
        for kind, places in part.faults.items():
            pooled.faults.setdefault(kind, Places()).merge(places)
    return pooled
