"""The list of lighteval's tasks: read when it is needed, written by script/generate-tasks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
from msgspec import Struct

LONGEST = 64
"""Characters of a metric's key, as in every file."""
READABLE = 40
"""Characters of a key or label with its parameters, of which the last ones go."""
_OTHERS = re.compile(r"[^a-z0-9_-]+")
_LABELS = {
    "acc": "accuracy",
    "em": "exact match",
    "f1": "F1",
    "rouge1": "ROUGE-1",
    "rouge2": "ROUGE-2",
    "rougeL": "ROUGE-L",
    "rougeLsum": "ROUGE-Lsum",
    "summac": "SummaC",
    "bleurt": "BLEURT",
    "truthfulqa_mc1": "TruthfulQA MC1",
    "truthfulqa_mc2": "TruthfulQA MC2",
}


def key_of(name: str) -> str:
    """The metric key of a canonical name: other characters turned to `_`, cut after a whole parameter.

    `pass@k:k=1&n=1` is `pass_k_k_1_n_1`. Two names of one task may have one key; the caller tells.
    """
    parts = name.split("&")
    while len(parts) > 1 and len("&".join(parts)) > READABLE:
        parts.pop()
    key = _OTHERS.sub("_", "&".join(parts).lower()).strip("_")
    return (key if key[:1].isalpha() else f"m_{key}")[:LONGEST]


def label_of(name: str) -> str:
    """What people read: a metric's name and, in brackets, as many of its parameters as stay readable."""
    stem, _, parameters = name.partition(":")
    label = _LABELS.get(stem, stem.replace("_", " "))
    shown = parameters.split("&") if parameters else []
    while shown and len(label) + len(", ".join(shown)) > READABLE:
        shown.pop()
    return f"{label} ({', '.join(shown)})" if shown else label[:LONGEST]


SUBTASK = ":"
"""Between a group's name and a task's."""


class TaskMetric(Struct, frozen=True, kw_only=True):
    """One number that lighteval reports for a task."""

    name: str
    """lighteval's, without what changes from run to run."""
    direction: Literal["higher", "lower"]
    mode: Literal["generative", "logprobs", "perplexity"]
    """What the model is asked for: text, the likelihood of given answers, or that of whole texts."""
    range: tuple[int, int] | None = None
    """Every sample's score lies in it; None: not known."""
    answers: int = 1
    """How many are drawn for each sample."""
    does: str = ""
    """What computing it does besides comparing answers."""
    why_not: str = ""
    """Why no verdict can rest on it: it is no mean of scores that samples have by themselves."""


class Task(Struct, frozen=True, kw_only=True):
    """One task, as the pinned lighteval defines it."""

    name: str
    dataset: str
    """On the hub."""
    subset: str | None
    revision: str | None
    """None: whatever the hub holds."""
    splits: tuple[str, ...]
    """Those that are evaluated."""
    few_shot: int
    """How many solved examples lighteval shows by default."""
    few_shot_split: str | None
    """Where solved examples come from; None: the evaluated data, for want of another split."""
    metrics: tuple[TaskMetric, ...]

    @property
    def measurable(self) -> tuple[TaskMetric, ...]:
        """The metrics that a verdict can rest on."""
        return tuple(metric for metric in self.metrics if not metric.why_not)

    @property
    def why_not(self) -> str:
        """Why no verdict can rest on the task; "" where one can."""
        return "" if self.measurable else "; ".join(dict.fromkeys(metric.why_not for metric in self.metrics))


class TaskList(Struct, frozen=True, kw_only=True):
    """All tasks of one version of lighteval."""

    version: str
    tasks: Mapping[str, Task]
    """By name, sorted."""
    groups: Mapping[str, tuple[Task, ...]]
    """By name: the part before the `:` that two tasks or more share, unless it is a task itself."""

    def find(self, name: str) -> tuple[Task, ...]:
        """The task, or the group's tasks that can be judged (all where none can); () where there is none."""
        if name in self.tasks:
            return (self.tasks[name],)
        group = self.groups.get(name, ())
        return tuple(task for task in group if task.measurable) or group

    @property
    def names(self) -> list[str]:
        """Whatever `find` finds."""
        return sorted({*self.tasks, *self.groups})


class _Row(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    dataset: str
    metrics: tuple[int, ...]
    subset: str | None = None
    revision: str | None = None
    splits: tuple[str, ...] = ()
    few_shot: int = 0
    few_shot_split: str | None = None


class _File(Struct, frozen=True):
    lighteval: str
    metrics: tuple[TaskMetric, ...]
    tasks: tuple[_Row, ...]


@cache
def task_list() -> TaskList:
    """The committed list; read once."""
    return read_list((files("remyx_action") / "project" / "tasks" / "list.json").read_bytes())


def read_list(content: bytes) -> TaskList:
    """The list in the bytes that script/generate-tasks writes."""
    file = msgspec.json.decode(content, type=_File)
    tasks = [_task(row, file.metrics) for row in file.tasks]
    return TaskList(
        version=file.lighteval,
        tasks={task.name: task for task in tasks},
        groups=_groups(tasks),
    )


def _task(row: _Row, metrics: Sequence[TaskMetric]) -> Task:
    return Task(
        name=row.name,
        dataset=row.dataset,
        subset=row.subset,
        revision=row.revision,
        splits=row.splits,
        few_shot=row.few_shot,
        few_shot_split=row.few_shot_split,
        metrics=tuple(metrics[place] for place in row.metrics),
    )


def _groups(tasks: Sequence[Task]) -> dict[str, tuple[Task, ...]]:
    members: dict[str, list[Task]] = {}
    for task in tasks:
        group, colon, _ = task.name.partition(SUBTASK)
        if colon:
            members.setdefault(group, []).append(task)
    names = {task.name for task in tasks}
    return {name: tuple(found) for name, found in members.items() if len(found) > 1 and name not in names}
