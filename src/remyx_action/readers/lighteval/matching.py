"""A metric's name in the template → the tasks of a run that report it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from remyx_action.readers.broken import shown

from .names import key_form
from .run import Run, Task, TaskMetric

MOST_SHOWN = 5
SAY_WHICH = "say which under `names:`, as task/metric"


class Source(Struct, frozen=True, kw_only=True):
    """Where a metric's scores stand: in one task, or in the subtasks of one group."""

    parts: Sequence[tuple[Task, TaskMetric]]
    silent: Sequence[str] = ()
    """Subtasks of the same group that have no such metric."""


class Doubt(Struct, frozen=True, kw_only=True):
    """Why a name stands for nothing that can be judged."""

    message: str


def source_of(run: Run, wanted: str, only: str | None) -> Source | Doubt | None:
    """What `wanted` stands for: a metric's name, `task/name` or `group/name`; None where nothing has it.

    `only` is the task or group that the template evaluates, where it says so.
    """
    tasks = [task for task in run.tasks if only is None or _belongs(task, only)]
    found = _with_metric(tasks, wanted)
    if not found:
        task, slash, metric = wanted.rpartition("/")
        tasks = [each for each in tasks if slash and _belongs(each, task)]
        found = _with_metric(tasks, metric)
    if not found:
        return None
    families = list(dict.fromkeys(task.family for task, _ in found))
    if len(families) > 1:
        others = f" and {len(families) - MOST_SHOWN} more" if len(families) > MOST_SHOWN else ""
        named = ", ".join(map(shown, families[:MOST_SHOWN])) + others
        return Doubt(message=f"several tasks report it: {named}; {SAY_WHICH}")
    bases = [task.base for task, _ in found]
    if len(set(bases)) < len(bases):
        several = ", ".join(shown(task.name) for task, _ in found[:MOST_SHOWN])
        return Doubt(message=f"reported with several numbers of examples: {several}; {SAY_WHICH}")
    twice = [task.name for task, metrics in found if len(metrics) > 1]
    if twice:
        return Doubt(message=f"{shown(twice[0])} has several metrics of this name")
    reporting = {task.name for task, _ in found}
    return Source(
        parts=[(task, metrics[0]) for task, metrics in found],
        silent=[task.base for task in tasks if task.family == families[0] and task.name not in reporting],
    )


def _belongs(task: Task, named: str) -> bool:
    """Whether a task is the named one, or a subtask of the named group."""
    base, shots, _ = named.partition("|")
    if shots and not task.name.endswith(named[len(base) :]):
        return False
    return task.base == base or task.base.startswith(f"{base}:")


def _with_metric(tasks: Iterable[Task], name: str) -> list[tuple[Task, Sequence[TaskMetric]]]:
    found = []
    for task in tasks:
        metrics = task.metrics.get(name) or [
            metric for known, each in task.metrics.items() if key_form(known) == name for metric in each
        ]
        if metrics:
            found.append((task, metrics))
    return found
