"""One arm from start to end: isolate → ask → load → run → check → write."""

from __future__ import annotations

import json
import logging
import math
import os
import warnings
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from . import backends, evaluating, guards, loading
from .documents import digest_of_all
from .evaluating import Row
from .specification import RefusedError, Specification, fail, read_specification, say

LIBRARIES = ("lighteval", "torch", "transformers", "datasets", "vllm")


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0 with results, 75 where another attempt makes sense, else 1."""
    if len(arguments) != 1:
        say("error: usage: PYTHON -I lighteval_child SPEC")
        return 64
    try:
        specification = read_specification(arguments[0])
        guards.end_on_signals()
        with guards.working_folder() as folder:
            evaluate(specification, folder)
    except Exception as error:  # noqa: BLE001 - whatever it was, it is no score
        return fail(error)
    return 0


def evaluate(specification: Specification, folder: Path) -> None:
    """Carry the arm out and leave its results; `folder` is this program's own."""
    logging.basicConfig(level=logging.ERROR)
    warnings.simplefilter("ignore", FutureWarning)
    guards.prepare(folder, specification.tasks)
    backends.check(specification.model)
    located = loading.locate(specification.model)
    say("loading lighteval")
    guards.without_git()
    cache = folder / "cache"
    config = backends.config_of(
        specification.model, located, seed=specification.sampling_seed, cache=cache / "predictions"
    )
    data = loading.DataSets(cache_folder=cache / "datasets", data_folder=specification.data_folder)
    say(f"loading tasks: {len(specification.tasks)}")
    asked = evaluating.ask(specification, config, data)
    say(f"loading model: {specification.model.name}")
    model = backends.load(specification.model, config)
    evaluating.run(asked, model, seed=specification.sampling_seed)
    say("writing results")
    lines = _lines(specification, asked)
    provenance = _provenance(specification, asked, data) | {
        "model_revision": backends.revision_of(model, located) or "",
        "chat_template": str(model.use_chat_template).lower(),
    }
    write(specification.output_folder, lines, provenance)
    say(f"done: {sum(len(one.here) for one in asked)} documents")


def _lines(specification: Specification, asked: Sequence[evaluating.Asked]) -> dict[str, str]:
    check_answers([texts for one in asked for texts in evaluating.texts_of(one)])
    lines = {}
    for key in specification.metrics:
        rows = []
        for one in asked:
            if key in one.names:
                found = evaluating.rows_of(one, key)
                scores = [number_of(row.score, f"the score of {row.document.id}") for row in found]
                check_mean(scores, evaluating.own_value(one, key), f"{one.task} {key}")
                rows += found
        # of one task alone, a cluster would say that nothing is independent
        lines[key] = lines_of(rows, clustered=len(specification.metrics[key]) > 1)
    return lines


def _provenance(
    specification: Specification, asked: Sequence[evaluating.Asked], data: loading.DataSets
) -> dict[str, str]:
    """Where the scores come from; `dataset_revision` and `harness` have to be equal in both arms."""
    model = specification.model
    versions = {name: version_of(name) for name in LIBRARIES}
    facts: Mapping[str, Any] = {
        "backend": model.backend,
        "few_shot": specification.few_shot,
        "samples": specification.samples,
        "dtype": None if model.backend == "openai" else model.dtype,
        "chat_template": model.chat_template,
        **{name: model.generation[name] for name in sorted(model.generation)},
    }
    known = {name: value for name, value in facts.items() if value is not None}
    return {
        "dataset_revision": digest_of_all(document for one in asked for document, _ in one.documents),
        "dataset": ", ".join(f"{name}@{revision}" for name, revision in sorted(data.found.items()))[:500],
        "harness": harness_of(versions, known),
        **{f"{name}_version": found for name, found in versions.items()},
    }


def harness_of(versions: Mapping[str, str], settings: Mapping[str, Any]) -> str:
    """The libraries that are there and how they were used: scores of other ones are not comparable."""
    libraries = [f"{name} {found}" for name, found in versions.items() if found]
    return f"{', '.join(libraries)}: " + ", ".join(f"{name} {value}" for name, value in settings.items())


def version_of(package: str) -> str:
    """Of an installed package; "" where it is missing."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


EMPTY_LIMIT = 0.5
"""An arm fails where more than this part of all generated answers is empty: it was not the model that
answered so, but a broken tokenizer, prompt or server."""
TOLERANCE = 1e-9
"""Between the mean of the scores and what lighteval itself reports."""


def check_answers(texts: Sequence[Sequence[str]]) -> None:
    """Refuse an arm that hardly answered."""
    empty = sum(not any(text.strip() for text in answers) for answers in texts)
    if empty > EMPTY_LIMIT * len(texts):
        limit = f"the limit is {EMPTY_LIMIT:.0%}"
        raise RefusedError(f"{empty} of {len(texts)} answers are empty ({limit}), so nothing is scored")


def number_of(score: Any, where: str) -> float | int:
    """A score as a JSON number. Raises RefusedError."""
    plain = score.item() if hasattr(score, "item") else score
    if isinstance(plain, bool):
        return int(plain)
    if isinstance(plain, int):
        return plain
    if not isinstance(plain, float):
        raise RefusedError(f"{where} is {type(score).__name__}, not a number")
    if not math.isfinite(plain):
        raise RefusedError(f"{where} is {plain}, and a score must be finite")
    return plain


def check_mean(scores: Sequence[float], own: Any, where: str) -> None:
    """Hold the scores against lighteval's own value: what is no mean of its samples is not judged."""
    if not scores or own is None:
        return
    value = number_of(own, f"lighteval's own value of {where}")
    mean = math.fsum(scores) / len(scores)
    if abs(mean - value) > TOLERANCE * max(1.0, abs(value)):
        raise RefusedError(f"{where}: lighteval reports {value!r}, and the mean of its samples is {mean!r}")


def lines_of(rows: Sequence[Row], *, clustered: bool) -> str:
    """JSON Lines of one metric."""
    lines = []
    for row in rows:
        document = row.document
        line: dict[str, Any] = {
            "id": document.id,
            "score": number_of(row.score, f"the score of {document.id}"),
            "input": document.input,
        }
        if clustered:
            line["cluster"] = document.task
        lines.append(json.dumps(line) + "\n")
    return "".join(lines)


def write(folder: Path, lines: Mapping[str, str], provenance: Mapping[str, str]) -> None:
    """The files; `json` last and whole, so that nobody takes half an arm for one."""
    folder.mkdir(parents=True, exist_ok=True)
    for key, text in lines.items():
        (folder / f"{key}.jsonl").write_text(text, "utf-8")
    document = {
        "schema": "remyx-results/1",
        "metrics": {key: {"samples": f"{key}.jsonl"} for key in lines},
        "provenance": {name: value for name, value in provenance.items() if value},
    }
    whole = folder / ".results.json.new"
    whole.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    os.replace(whole, folder / "results.json")  # noqa: PTH105 - atomic, and says so
