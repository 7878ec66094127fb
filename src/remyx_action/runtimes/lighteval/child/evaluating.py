"""One lighteval pipeline per task, all on one model: documents in, the score of each document out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from .documents import TaskDocument, check_text_alone, identify, of_shard
from .loading import DataSets
from .names import canonical
from .specification import Counter, RefusedError, Specification, say


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One task, ready to be run."""

    task: str
    pipeline: Any
    documents: Sequence[tuple[TaskDocument, Any]]
    """All of the task, in the order of lighteval's own seeded shuffle."""
    here: Sequence[tuple[TaskDocument, Any]]
    """Those of this shard."""
    names: Mapping[str, str]
    """Our key → the name by which this run of lighteval reports the metric."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One document's score in one metric."""

    document: TaskDocument
    score: Any


def ask(specification: Specification, config: Any, data: DataSets) -> list[Asked]:
    """Load every task and its data, so that what is badly named fails before a model is loaded."""
    from lighteval.tasks.lighteval_task import LightevalTask
    from lighteval.tasks.registry import Registry

    LightevalTask.download_dataset_worker = staticmethod(data.load)
    # the parent expanded groups: a task that is also the name of one must not bring the others along
    Registry._expand_task_definition = lambda _, name: [name]
    return [_one_task(specification, task, config) for task in specification.tasks]


def _one_task(specification: Specification, task: str, config: Any) -> Asked:
    pipeline = _pipeline(specification, task, config)
    (name,) = pipeline.tasks_dict
    docs = pipeline.documents_dict[name]
    check_text_alone(task, docs)
    in_group = len(specification.tasks) > 1
    documents = list(zip(identify(task, docs, in_group=in_group), docs, strict=True))
    shard, shards = specification.shard, specification.shards
    here = [pair for place, pair in enumerate(documents) if of_shard(place, shard=shard, shards=shards)]
    wanted = {key: named[task] for key, named in specification.metrics.items() if task in named}
    names = _names(task, pipeline.tasks_dict[name].metrics, wanted)
    _narrow(pipeline, pipeline.tasks_dict[name], [doc for _, doc in here], set(names.values()))
    for doc in (doc for _, doc in documents):
        _adapt(doc, specification.model.generation)
    return Asked(task=task, pipeline=pipeline, documents=documents, here=here, names=names)


def _pipeline(specification: Specification, task: str, config: Any) -> Any:
    from lighteval.logging.evaluation_tracker import EvaluationTracker
    from lighteval.pipeline import ParallelismManager, Pipeline, PipelineParameters

    class OneTask(Pipeline):  # type: ignore[misc,unused-ignore]
        """A pipeline that is given its model later."""

        def _init_model(self, *_: Any) -> Any:
            registry = SimpleNamespace(_init_registry=lambda _: None)
            return SimpleNamespace(config=config, _cache=registry)

    parameters = PipelineParameters(
        launcher_type=ParallelismManager.NONE,
        custom_tasks_directory=specification.custom_tasks,
        max_samples=specification.samples,
        bootstrap_iters=0,  # its standard errors are not used
    )
    try:
        return OneTask(
            tasks=f"{task}|{specification.few_shot}",
            pipeline_parameters=parameters,
            evaluation_tracker=EvaluationTracker(output_dir="unused", save_details=False),
            model_config=config,
        )
    except ValueError as error:
        raise RefusedError(f"the task {task} cannot be set up: {error}") from error


def _names(task: str, metrics: Iterable[Any], wanted: Mapping[str, str]) -> dict[str, str]:
    """Our key → the metric's name of this process; some hold a memory address, so they are made anew."""
    reported: dict[str, list[str]] = {}
    for name in _reported(metrics):
        reported.setdefault(canonical(name), []).append(name)
    found = {}
    for key, name in wanted.items():
        if name not in reported:
            near = difflib.get_close_matches(name, reported, n=1, cutoff=0)
            hint = f"; the nearest is {near[0]}" if near else ""
            raise RefusedError(f"the task {task} has no metric {name}{hint}; it has {', '.join(reported)}")
        if len(reported[name]) > 1:
            raise RefusedError(f"the task {task} has {len(reported[name])} metrics that are called {name}")
        found[key] = reported[name][0]
    return found


def _reported(metrics: Iterable[Any]) -> Iterator[str]:
    for metric in metrics:
        names = metric.metric_name
        yield from [names] if isinstance(names, str) else names


def _narrow(pipeline: Any, task: Any, here: Sequence[Any], names: set[str]) -> None:
    """Leave the documents of this shard, and only the metrics that somebody asked for."""
    task.metrics = tuple(metric for metric in task.metrics if names & set(_reported([metric])))
    kinds = {metric.category for metric in task.metrics}
    kept = {id(doc) for doc in here}
    for kind in list(pipeline.sampling_docs):
        docs = [doc for doc in pipeline.sampling_docs[kind] if id(doc) in kept]
        if kind in kinds and docs:
            pipeline.sampling_docs[kind] = docs
        else:
            del pipeline.sampling_docs[kind]


def _adapt(doc: Any, generation: Mapping[str, Any]) -> None:
    """Put into a document what lighteval reads from there."""
    # a task without stop sequences has an empty tuple, which lighteval adds to a list, and crashes
    stops = [*(doc.stop_sequences or ()), *(generation.get("stop") or ())]
    doc.stop_sequences = [stop for stop in stops if stop]
    if generation.get("max_new_tokens") is not None:
        doc.generation_size = generation["max_new_tokens"]


def run(asked: Sequence[Asked], model: Any, *, seed: int) -> None:
    """Answer and score every document; the pipelines keep what came out."""
    total = sum(len(docs) for one in asked for docs in one.pipeline.sampling_docs.values())
    counter = Counter(phase="evaluation", total=total)
    _count(model, counter)
    model.cleanup = lambda: None  # lighteval drops the model after each task
    for one in asked:
        if one.pipeline.sampling_docs:
            say(f"task {one.task}: {len(one.here)} documents")
            _seed(seed)
            one.pipeline.model = model
            model._cache = None  # it finds answers by a model's name and a document's number
            one.pipeline.evaluate()


def _count(model: Any, counter: Counter) -> None:
    """Have the model say when it is done with a batch: lighteval's own bars count batches."""
    if hasattr(model, "on_done"):
        model.on_done = counter.add
        return
    from lighteval.models.transformers import transformers_model

    def counted(items: Iterable[Any], **_: Any) -> Iterator[Any]:
        for item in items:
            yield item
            if isinstance(item, list):  # a batch of documents; everything else is made of batches
                counter.add(len(item))

    transformers_model.tqdm = counted


def _seed(seed: int) -> None:
    """For models that sample."""
    import random

    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def rows_of(one: Asked, key: str) -> list[Row]:
    """The scores of one task in one metric, in the documents' order. Raises RefusedError where one lacks."""
    documents = {id(doc): document for document, doc in one.here}
    name = one.names[key]
    found = [
        Row(document=documents[id(detail.doc)], score=detail.metric[name])
        for details in one.pipeline.evaluation_tracker.details_logger.details.values()
        for detail in details
        if name in detail.metric
    ]
    if len(found) != len(one.here) or len({row.document.id for row in found}) != len(found):
        counts = f"{len(found)} scores of {len(one.here)} documents"
        raise RefusedError(f"the task {one.task} gave {counts} in the metric {name}")
    return found


def texts_of(one: Asked) -> list[Sequence[str]]:
    """What a model generated, document by document; nothing of tasks that do not generate."""
    from lighteval.tasks.requests import SamplingMethod

    asked = {id(doc) for doc in one.pipeline.sampling_docs.get(SamplingMethod.GENERATIVE, ())}
    details = [
        each
        for found in one.pipeline.evaluation_tracker.details_logger.details.values()
        for each in found
        if id(each.doc) in asked and not each.model_response.logprobs
    ]
    return [each.model_response.text for each in details]


def own_value(one: Asked, key: str) -> Any:
    """What lighteval itself reports for a task's metric; None where it reports none."""
    aggregated = one.pipeline.evaluation_tracker.metrics_logger.metric_aggregated
    (full_name,) = one.pipeline.tasks_dict
    return aggregated.get(full_name, {}).get(one.names[key])
