"""lm-eval's `results_<time>.json`: its tasks and groups, and the samples in the same folder.

A group is its subtasks: their samples together, clustered by subtask, else its own mean with the spread
between subtasks. The group's standard error in the file is that of one pooled sample, and far too small.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, localcontext
from itertools import islice
from typing import Any

from msgspec import Struct

from remyx_action.project.files.json_text import Fault, NumberText
from remyx_action.project.files.pointer import ABSENT, resolve
from remyx_action.project.models.metrics import BarMetric
from remyx_action.readers.arm_files import ArmFiles, broken
from remyx_action.readers.entry import Entry
from remyx_action.readers.mapped import Reading, read_parts
from remyx_action.readers.opening import listed_names_of, read_document
from remyx_action.readers.parts import Part

from . import EngineMap, fitted

PREFERRED_FILTERS = ("strict-match", "none", None)
FILTER = "/filter"
MOST_SCORES = 100_000
TOO_MANY = "evaluate fewer tasks in one run"
_STAMP = re.compile(r"results_(.+)\.json")


class TaskScore(Struct, frozen=True, kw_only=True):
    """One number of the file, and what it is called there."""

    task: str
    metric: str
    filter: str | None

    @property
    def names(self) -> Sequence[str]:
        """What it may be called, most exact first."""
        filtered = self.metric if self.filter is None else f"{self.metric},{self.filter}"
        return (f"{self.task}/{filtered}", f"{self.task}/{self.metric}", filtered, self.metric, self.task)

    def pointer(self, what: str = "") -> str:
        key = f"{self.metric}{what}" + (f",{self.filter}" if self.filter is not None else "")
        return f"/results/{self.task.replace('~', '~0').replace('/', '~1')}/{key.replace('/', '~1')}"


class TaskResults(Struct, frozen=True, kw_only=True):
    """The results file."""

    file: str
    document: Any

    def scores(self) -> Iterator[TaskScore]:
        """Every number that is a score; a group after its own subtasks' names counts as a task."""
        results = resolve(self.document, "/results")
        for task, values in (results if type(results) is dict else {}).items():
            for key, value in (values if type(values) is dict else {}).items():
                metric, comma, filter_ = key.partition(",")
                if type(value) is NumberText and not metric.endswith("_stderr") and metric != "sample_len":
                    yield TaskScore(task=task, metric=metric, filter=filter_ if comma else None)

    def number(self, score: TaskScore, what: str = "") -> NumberText | None:
        found = resolve(self.document, score.pointer(what))
        return found if type(found) is NumberText else None

    def below(self, task: str) -> list[str]:
        """Everything that is a part of a group, at any depth."""
        groups = resolve(self.document, "/group_subtasks")
        listed = groups if type(groups) is dict else {}
        found, waiting = {task: None}, [task]
        while waiting:
            inner = [one for one in listed.get(waiting.pop()) or () if type(one) is str and one not in found]
            found |= dict.fromkeys(inner)
            waiting += inner
        return list(found)[1:]

    def subtasks(self, task: str) -> list[str]:
        """The tasks below a group, or the task itself."""
        return sorted(name for name in self.below(task) if not self.below(name)) or [task]

    def inside(self, tasks: Iterable[str]) -> set[str]:
        """Everything that is a part of one of these groups."""
        return {name for task in tasks for name in self.below(task)}

    def count(self, task: str) -> int | None:
        sizes = resolve(self.document, "/n-samples")
        size = sizes.get(task) if type(sizes) is dict else None
        found = size.get("effective") if type(size) is dict else None
        return int(found) if type(found) is NumberText and found.isdecimal() and len(found) < 12 else None


def is_summary(document: Any) -> bool:
    """Whether a file is one: of version 0.4, or of the time before it."""
    known = ("lm_eval_version", "n-shot", "versions")
    return bool(
        type(document) is dict
        and type(document.get("results")) is dict
        and any(name in document for name in known)
        and "config_general" not in document
    )


def keys_of(summary: TaskResults) -> Iterator[tuple[str, str]]:
    """Metric key → name, for everything that is no part of a group: the shortest that names it alone."""
    every = list(summary.scores())
    inside = summary.inside({score.task for score in every})
    shown = [score for score in every if score.task not in inside]
    counts = Counter(name for score in shown for name in {*score.names})
    for score in shown:
        for name in sorted(score.names, key=len):
            if counts[name] == 1:
                yield fitted(name), name
                break


def read_summary(
    files: ArmFiles, map_: EngineMap, keys: Iterable[str], metrics: Mapping[str, BarMetric], file: str
) -> Reading:
    """The entries of an arm that has a results file. Raises BrokenResults."""
    summary = TaskResults(file=file, document=read_document(files, file))
    if next(islice(summary.scores(), MOST_SCORES, None), None) is not None:
        message = f"holds more than {MOST_SCORES:,} numbers of tasks"
        raise broken(file, Fault(code="too-large", message=message, help=TOO_MANY))
    chosen = (map_.where or {}).get(FILTER, ABSENT)
    reading = Reading(names={score.names[1]: None for score in summary.scores()})
    parts: list[Part] = []
    for key in keys:
        name = map_.names.get(key, key)
        score = _meant(summary, name, chosen)
        if isinstance(score, str):
            reading.entries[key] = Entry(faults=(score,))
        elif score is not None:
            leaves = summary.subtasks(score.task)
            reading.names.pop(score.names[1], None)
            reading.entries[key] = _own(summary, score, leaves)
            parts += _samples(files, map_, key, score, leaves, file)
    rows = read_parts(files, parts, metrics)
    for key, entry in rows.entries.items():
        own = reading.entries[key].numbers
        reading.entries[key] = Entry(samples=entry.samples, faults=entry.faults, aggregates=own)
    reading.warnings += rows.warnings
    return reading


def _meant(summary: TaskResults, name: str, chosen: Any) -> TaskScore | str | None:
    """The one score that a name selects, or why it is not clear which."""
    every = [score for score in summary.scores() if chosen is ABSENT or score.filter == chosen]
    matches: list[TaskScore] = []
    for place in range(5):
        matches = matches or [score for score in every if score.names[place] == name]
        matches = matches or [score for score in every if fitted(score.names[place]) == name]
    inside = summary.inside({score.task for score in matches})
    matches = [score for score in matches if score.task not in inside] or matches
    for wanted in PREFERRED_FILTERS:
        matches = [score for score in matches if score.filter == wanted] or matches
    if len(matches) > 1:
        return (
            f"stands for {listed_names_of(score.names[0] for score in matches)}: write one of them in `names`"
        )
    return matches[0] if matches else None


def _samples(
    files: ArmFiles, map_: EngineMap, key: str, score: TaskScore, leaves: Sequence[str], file: str
) -> list[Part]:
    """The samples of a task, or of every subtask; none where one of them has no file."""
    folder, stamp = file.rpartition("/")[0], _STAMP.fullmatch(file.rpartition("/")[2])
    if stamp is None:
        return []
    before = f"{folder}/" if folder else ""
    there, parts = set(files.names()), []
    for leaf in leaves:
        name = f"{before}samples_{leaf}_{stamp[1]}.jsonl"
        if name not in there:
            return []
        where = {FILTER: score.filter} if score.filter is not None else None
        own = map_.model_copy(update={"file": name, "where": where})
        parts.append(Part(map=own, key=key, name=score.metric, cluster=leaf if len(leaves) > 1 else None))
    return parts


def _own(summary: TaskResults, score: TaskScore, leaves: Sequence[str]) -> Entry:
    """The file's own numbers."""
    value, stderr = summary.number(score), summary.number(score, "_stderr")
    sizes = [summary.count(leaf) for leaf in leaves]
    numbers: dict[str, Any] = {"value": value}
    if all(size is not None for size in sizes):
        numbers["n"] = NumberText(sum(size or 0 for size in sizes))
    if len(leaves) == 1:
        return Entry(numbers={**numbers, **({"stderr": stderr} if stderr is not None else {})})
    between = _between(summary, score, leaves, sizes)
    if between is not None:
        numbers |= {"stderr": between, "clusters": NumberText(len(leaves))}
    return Entry(numbers=numbers)


def _between(
    summary: TaskResults, score: TaskScore, leaves: Sequence[str], sizes: Sequence[int | None]
) -> NumberText | None:
    """The standard error of a group's mean, its subtasks drawn; None where a number is missing."""
    found = [
        summary.number(TaskScore(task=leaf, metric=score.metric, filter=score.filter)) for leaf in leaves
    ]
    if any(value is None or len(value) > 40 for value in found):
        return None
    weights = [Decimal(size) if None not in sizes and size else Decimal(1) for size in sizes]
    with localcontext(prec=30):
        values, count = [Decimal(value or 0) for value in found], len(leaves)
        total = sum(weights, Decimal(0))
        products = [weight * value for weight, value in zip(weights, values, strict=True)]
        mean = sum(products, Decimal(0)) / total
        squares = [(weight * (one - mean)) ** 2 for weight, one in zip(weights, values, strict=True)]
        error = (sum(squares, Decimal(0)) * count / (count - 1)).sqrt() / total
    with localcontext(prec=17):
        return NumberText(f"{+error:f}")
