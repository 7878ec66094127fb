"""A template's task and metrics → which number of which task each of its metric keys is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from remyx_action.project.files.json_text import Fault
from remyx_action.project.files.pointer import pointer_to
from remyx_action.project.files.wording import did_you_mean, listed, quoted
from remyx_action.project.models import Template

from .listing import SUBTASK, Task, TaskList, TaskMetric, key_of

PART = "/"
"""Between a subtask's name and its metric's, where `names` means one subtask of a group."""


class Chosen(Struct, frozen=True, kw_only=True):
    """One metric key of a template."""

    key: str
    of: Mapping[str, str]
    """Task → the metric's canonical name; the samples of all of them count together."""
    metric: TaskMetric | None
    """None: of a task that is not in the list, so metrics.yaml says what there is to say."""


class Resolved(Struct, frozen=True, kw_only=True):
    """What a template asks of lighteval."""

    tasks: tuple[str, ...]
    """Concrete names: of a group all that have one of the metrics."""
    chosen: tuple[Chosen, ...]
    """In the template's order."""
    from_list: bool
    """Whether the task is in the list; else custom_tasks defines it."""

    @property
    def metrics(self) -> dict[str, dict[str, str]]:
        """Metric key → task → canonical name."""
        return {one.key: dict(one.of) for one in self.chosen}


def resolve(template: Template, known: TaskList) -> tuple[Resolved | None, tuple[Fault, ...]]:
    """What a template of runtime lighteval asks for and no fault, or None and every fault."""
    task = template.task or ""
    tasks = known.find(task)
    if not tasks and template.custom_tasks is not None:
        return _of_custom_task(task, template)
    if not tasks:
        return None, (_unknown_task(task, known),)
    if not any(one.measurable for one in tasks):
        return None, (_unsupported(task, tasks),)
    offers = list(_offers(tasks))
    resolving = _TemplateOfTask(task=task, tasks=tasks, offers=offers, template=template)
    faults = [*resolving.wrong_names(), *resolving.wrong_metrics()]
    if faults:
        return None, tuple(faults)
    chosen = resolving.chosen()
    if not chosen:
        return None, (_nothing_for_auto(task, offers),)
    faults = list(_beyond_a_server(chosen, template))
    used = [one.name for one in tasks if any(one.name in choice.of for choice in chosen)]
    resolved = Resolved(tasks=tuple(used), chosen=tuple(chosen), from_list=True)
    return (None, tuple(faults)) if faults else (resolved, ())


class Offer(Struct, frozen=True, kw_only=True):
    """A metric that a task, or several tasks of a group alike, report."""

    key: str
    name: str
    """What `names` calls it: canonical, behind its subtask and `/` where several of one name differ."""
    of: Mapping[str, str]
    metric: TaskMetric


def offers_of(tasks: Sequence[Task]) -> list[Offer]:
    """Whatever `metrics: auto` or a chosen key can mean, in the tasks' order."""
    return list(_offers(tasks))


def _offers(tasks: Sequence[Task]) -> Iterator[Offer]:
    pools: dict[str, dict[TaskMetric, list[Task]]] = {}
    for task in tasks:
        for metric in task.measurable:
            pools.setdefault(metric.name, {}).setdefault(metric, []).append(task)
    for name, kinds in pools.items():
        for metric, reporting in kinds.items():
            if len(kinds) == 1:
                of = {task.name: name for task in reporting}
                yield Offer(key=key_of(name), name=name, of=of, metric=metric)
                continue
            for task in reporting:  # of different ranges or directions: nothing to count together
                stem = _subtask(task.name)
                key = key_of(f"{stem}_{name}")
                yield Offer(key=key, name=f"{stem}{PART}{name}", of={task.name: name}, metric=metric)


class _TemplateOfTask(Struct, frozen=True, kw_only=True):
    """A template, and the metrics that its task offers."""

    task: str
    tasks: tuple[Task, ...]
    offers: Sequence[Offer]
    template: Template

    def named(self, name: str) -> Offer | None:
        """What a value of `names` means: an offer, or one subtask's part of it."""
        for offer in self.offers:
            if name == offer.name:
                return offer
        subtask, slash, metric = name.partition(PART)
        for task in self.tasks if slash else ():
            if subtask in (task.name, _subtask(task.name)):
                for one in task.measurable:
                    if one.name == metric:
                        return Offer(key="", name=name, of={task.name: metric}, metric=one)
        return None

    def wrong_names(self) -> Iterator[Fault]:
        listed_keys = set(self.template.metrics)
        for key, name in self.template.names.items():
            pointer = pointer_to("/names", key)
            if self.named(name) is None:
                yield self._no_metric(name, pointer, [offer.name for offer in self.offers])
            elif listed_keys and key not in listed_keys:
                yield Fault(
                    pointer=pointer,
                    code="unknown-metric",
                    message=f"`metrics` has no metric {quoted(key)}",
                    help=did_you_mean(key, self.template.metrics, none="add it to `metrics`"),
                    at_key=True,
                )

    def wrong_metrics(self) -> Iterator[Fault]:
        keys = {offer.key for offer in self.offers}
        for index, key in enumerate(self.template.metrics):
            if key not in keys and key not in self.template.names:
                yield self._no_metric(key, f"/metrics/{index}", [*keys, *self.template.names])

    def _no_metric(self, name: str, pointer: str, allowed: Sequence[str]) -> Fault:
        for metric in (metric for task in self.tasks for metric in task.metrics if metric.why_not):
            if name in (metric.name, key_of(metric.name)):
                message = f"no verdict can rest on {quoted(name)} of {self.task}: {metric.why_not}"
                return Fault(
                    pointer=pointer,
                    code="unsupported-metric",
                    message=message,
                    help=f"use {listed(sorted(allowed))}",
                )
        return Fault(
            pointer=pointer,
            code="unknown-metric",
            message=f"{self.task} reports no metric {quoted(name)}",
            help=did_you_mean(name, sorted(allowed), none="leave it out"),
        )

    def chosen(self) -> list[Chosen]:
        by_key = {offer.key: offer for offer in self.offers}
        if self.template.metrics:
            return [self._choice(key, by_key) for key in self.template.metrics]
        renamed = {name: key for key, name in self.template.names.items()}
        keys = [renamed.get(offer.name, offer.key) for offer in self.offers if not offer.metric.does]
        return [self._choice(key, by_key) for key in dict.fromkeys([*keys, *self.template.names])]

    def _choice(self, key: str, by_key: Mapping[str, Offer]) -> Chosen:
        name = self.template.names.get(key)
        offer = self.named(name) if name is not None else by_key[key]
        assert offer is not None
        return Chosen(key=key, of=offer.of, metric=offer.metric)


def _subtask(name: str) -> str:
    """`astronomy` of `mmlu:astronomy`."""
    return name.partition(SUBTASK)[2] or name


def _nothing_for_auto(task: str, offers: Sequence[Offer]) -> Fault:
    """A metric that does more than compare answers is run only where the template names it."""
    keys = [offer.key for offer in offers]
    does = "; ".join(dict.fromkeys(offer.metric.does for offer in offers))
    return Fault(
        pointer="/metrics",
        code="auto-does-more",
        message=f"`auto` takes metrics that only compare answers, and {quoted(task)} has none: "
        f"{listed(keys)} {does}",
        help=f"to have that done, choose it: `metrics: [{', '.join(keys)}]`",
    )


def _of_custom_task(task: str, template: Template) -> tuple[Resolved | None, tuple[Fault, ...]]:
    """lighteval alone knows what the repository's own tasks report: the template has to say it."""
    if not template.metrics:
        fault = Fault(
            pointer="/metrics",
            code="auto-of-custom-task",
            message=f"{quoted(task)} is no task of lighteval's own, so its metrics are not known here",
            help="list them, as in `metrics: [accuracy]` with `names: {accuracy: em}`, and declare them in "
            "metrics.yaml",
        )
        return None, (fault,)
    faults = [
        Fault(
            pointer=pointer_to("/names", key),
            code="unknown-metric",
            message=f"`metrics` has no metric {quoted(key)}",
            help=did_you_mean(key, template.metrics, none="add it to `metrics`"),
            at_key=True,
        )
        for key in template.names
        if key not in template.metrics
    ]
    chosen = tuple(
        Chosen(key=key, of={task: template.names.get(key, key)}, metric=None) for key in template.metrics
    )
    resolved = Resolved(tasks=(task,), chosen=chosen, from_list=False)
    return (None, tuple(faults)) if faults else (resolved, ())


def _unknown_task(task: str, known: TaskList) -> Fault:
    return Fault(
        pointer="/task",
        code="unknown-task",
        message=f"lighteval {known.version} has no task {quoted(task)}",
        help=did_you_mean(task, known.names, none=""),
    )


def _unsupported(task: str, tasks: Sequence[Task]) -> Fault:
    why = "; ".join(dict.fromkeys(one.why_not for one in tasks))
    return Fault(
        pointer="/task",
        code="unsupported-task",
        message=f"no verdict can rest on {quoted(task)}: {why}",
        help="`remyx-action tasks` lists those that can be judged",
    )


Backend = Literal["accelerate", "openai", "vllm"]


def _beyond_a_server(chosen: Sequence[Chosen], template: Template) -> Iterator[Fault]:
    """Metrics that need likelihoods, asked of a server that gives text."""
    if template.model is None or template.model.backend != "openai":
        return
    keys = [one.key for one in chosen if one.metric is not None and one.metric.mode != "generative"]
    if keys:
        yield Fault(
            pointer="/model/backend",
            code="server-gives-text",
            message=f"{listed(keys)} of {template.task} comes from log-likelihoods, and a server gives text",
            help="use `backend: accelerate` or `backend: vllm`, or metrics that look at generated text",
        )
