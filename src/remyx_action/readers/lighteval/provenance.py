"""Where a run's scores come from: what both arms have to have in common, and what else it says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .details import Details
from .matching import Source
from .run import Run, digest

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_OF_THE_MACHINE = frozenset({"original_num_docs", "effective_num_docs", "hf_repo", "hf_data_files"})
"""Of a task's configuration: what a place on a disk or a count says is said better by the questions."""
LONGEST = 500


def provenance_of(run: Run, sources: Iterable[Source], details: Mapping[str, Details]) -> Mapping[str, str]:
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
