"""A metric's name in the template → the tasks of a run that report it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from remyx_action.readers.broken import shown
from remyx_action.tasks.naming import key_of

from .run import Run, Task, TaskMetric

MOST_SHOWN = 5


class Source(Struct, frozen=True, kw_only=True):
    """Where a metric's scores stand: in one task, or in the subtasks of one group."""

    parts: Sequence[tuple[Task, TaskMetric]]
    silent: Sequence[str] = ()
    """Subtasks of the same group that have no such metric."""


class Doubt(Struct, frozen=True, kw_only=True):
    """Why a name stands for nothing that can be judged."""

    message: str


class _Match(Struct, frozen=True, kw_only=True):
    """A metric of a task under one of the names that it may be called by."""

    label: str
    name: str
    task: Task
    metrics: Sequence[TaskMetric]


def source_by_key(run: Run, key: str) -> Source | Doubt | None:
    """What a metric's key stands for in a run; None where nothing is called so.

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
    return Source(
        parts=[(match.task, match.metrics[0]) for match in found],
        silent=[
            task.base
            for task in run.tasks
            if asks_for_all and task.family == found[0].task.family and task.name not in reporting
        ],
    )


def source_in(run: Run, wanted: Mapping[str, str]) -> Source | Doubt | None:
    """Where the metric of a template that names its task stands; None where no task has it.

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
    return Source(parts=[(match.task, match.metrics[0]) for match in found])


def _matches(task: Task) -> Iterator[_Match]:
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
