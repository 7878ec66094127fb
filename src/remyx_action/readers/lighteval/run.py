"""lighteval's `results_<time>.json` → what each task reported, and how its configuration explains it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from msgspec import Struct

from remyx_action.project.files.json_text import Fault
from remyx_action.project.files.pointer import pointer_to
from remyx_action.readers.arm_files import broken
from remyx_action.runtimes.lighteval.child.names import canonical

PARTS = ("config_general", "results", "config_tasks")
WRITTEN_BY = "leave the file as lighteval wrote it; version 0.13 is the one that this was made for"
MEAN = "mean"
"""The only fold whose standard error is the plain one of a mean: lighteval takes that for every fold with
"mean" in its name, and for all others the standard error of a bootstrap's mean, some 31 times too small."""


class RunTaskMetric(Struct, frozen=True, kw_only=True):
    """A metric of one task, as the task's own configuration has it."""

    raw: str
    """As lighteval writes it in this run, maybe with a memory address."""
    fold: str
    """How the samples' scores become one number: `mean`, `max`, …"""

    @property
    def is_mean(self) -> bool:
        return self.fold == MEAN


class RunTask(Struct, frozen=True, kw_only=True):
    """One task (or subtask of a group) of a run."""

    name: str
    """Such as `mmlu:anatomy|5`."""
    base: str
    """Such as `mmlu:anatomy`."""
    metrics: Mapping[str, Sequence[RunTaskMetric]]
    """By canonical name; more than one where two metrics of a task share a name."""
    values: Mapping[str, Any] | None
    """What was reported, by raw name; None where the task is configured and reported nothing."""

    @property
    def family(self) -> str:
        """The group that the task is a part of, or itself."""
        return self.base.partition(":")[0]

    def value(self, metric: RunTaskMetric) -> Any:
        return self.values.get(metric.raw) if self.values else None

    def stderr(self, metric: RunTaskMetric) -> Any:
        """The standard error of the mean, where that is what lighteval wrote."""
        return self.values.get(f"{metric.raw}_stderr") if self.values and metric.is_mean else None


class Run(Struct, frozen=True, kw_only=True):
    """One run of lighteval."""

    file: str
    tasks: Sequence[RunTask]
    general: Mapping[str, Any]
    """Of `config_general`."""
    configs: Mapping[str, Any]
    """Of `config_tasks`, by task."""
    questions: Mapping[str, str]
    """Task → lighteval's own hash of all its questions."""


def run_of(file: str, document: Any) -> Run:
    """The run in a results file. Raises BrokenResults where it is none."""
    _check_shape(file, document)
    configs = document["config_tasks"]
    return Run(
        file=file,
        tasks=[_task(name, config, document["results"].get(name)) for name, config in configs.items()],
        general=document["config_general"],
        configs=configs,
        questions=dict(_questions(document.get("summary_tasks"))),
    )


def _check_shape(file: str, document: Any) -> None:
    faults = []

    def wrong(pointer: str, message: str) -> None:
        faults.append(Fault(code="wrong-shape", message=message, help=WRITTEN_BY, pointer=pointer))

    if type(document) is not dict:
        wrong("", "is not an object")
        raise broken(file, *faults)
    for part in PARTS:
        if type(document.get(part)) is not dict:
            wrong(f"/{part}", "is not an object, as in a results file of lighteval")
            continue
        strangers = [name for name, found in document[part].items() if type(found) is not dict]
        if strangers and part != "config_general":
            more = f" (and {len(strangers) - 1:,} more like it)" if len(strangers) > 1 else ""
            wrong(pointer_to(f"/{part}", strangers[0][:60]), f"is not an object{more}")
    if faults:
        raise broken(file, *faults)


def _task(name: str, config: Mapping[str, Any], values: Mapping[str, Any] | None) -> RunTask:
    metrics: dict[str, list[RunTaskMetric]] = {}
    for metric in _metrics(config.get("metrics")):
        metrics.setdefault(canonical(metric.raw), []).append(metric)
    return RunTask(name=name, base=name.partition("|")[0], metrics=metrics, values=values)


def _metrics(configured: Any) -> Iterator[RunTaskMetric]:
    """The metrics of a task's configuration: one each, or several that are computed together."""
    for metric in configured if type(configured) is list else []:
        found = metric if type(metric) is dict else {}
        names, fold = found.get("metric_name"), found.get("corpus_level_fn")
        for name in names if type(names) is list else [names]:
            if type(name) is str:
                own = fold.get(name) if type(fold) is dict else fold
                yield RunTaskMetric(raw=name, fold=own if type(own) is str else "")


def _questions(summaries: Any) -> Iterator[tuple[str, str]]:
    for task, summary in summaries.items() if type(summaries) is dict else ():
        hashes = summary.get("hashes") if type(summary) is dict else None
        found = hashes.get("hash_examples") if type(hashes) is dict else None
        if type(found) is str:
            yield task, found


def digest(value: Any) -> str:
    """Of any JSON value."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    return f"sha256:{sha256(text.encode()).hexdigest()}"
