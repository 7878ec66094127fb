"""What a repository shows of its evaluation: scripts, Dockerfiles, and result files with their numbers.

Everything found here is a proposal to a person; file contents are hostile and read as data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from posixpath import basename, dirname
from typing import Any

from msgspec import Struct

from remyx_action.decimals import plain
from remyx_action.project.files.json_text import NotStrictJson, read
from remyx_action.project.models.fields import KEY_PATTERN

from .answers import MetricAnswer

MOST_METRICS = 12
DEEPEST = 4
LARGEST_RESULT_BYTES = 1_000_000
_SCRIPT = re.compile(r"(run_)?(eval|evaluate|evaluation|benchmark|bench)(_[a-z0-9_]+)?\.(py|sh)")
_RESULT = re.compile(r"(.*_)?(results?|metrics|scores|summary|report)(_.*)?\.json")
_ENTRIES = ("run", "entrypoint.sh")
_LESS_IS_BETTER = re.compile(
    r"loss|latency|perplexity|ppl|error|time|seconds|duration|cost|(^|_)(wer|cer|rmse|mae|mse)(_|$)"
)
_UNITS = ((re.compile(r"_ms(_|$)"), "ms"), (re.compile(r"seconds|latency|duration"), "s"))
"""Spelled in the name, unit."""


class Found(Struct, frozen=True, kw_only=True):
    scripts: tuple[str, ...] = ()
    """Files, or folders with a Dockerfile or an entry point, the likeliest first."""
    results: Mapping[str, tuple[MetricAnswer, ...]] = {}
    """Result file → the metrics that it holds, with their values as baselines."""


def is_result(path: str) -> bool:
    """Whether the file's name is one that harnesses give their results."""
    return _RESULT.fullmatch(basename(path).casefold()) is not None and path.count("/") <= DEEPEST


def find_in(paths: Iterable[str], contents: Mapping[str, bytes]) -> Found:
    """Proposals from the paths of a repository, and from the contents of what `is_result` names."""
    scripts: list[str] = []
    for path in sorted(paths, key=lambda path: (path.count("/"), path)):
        if path.count("/") > DEEPEST or path.startswith((".", "tests/", "test/")):
            continue
        name, folder = basename(path), dirname(path)
        if _SCRIPT.fullmatch(name.casefold()) and not name.startswith("test_"):
            scripts.append(path)
        elif name in _ENTRIES and folder and re.search(r"eval|bench", folder.casefold()):
            scripts.append(f"{folder}/")
    results = {path: found for path, content in contents.items() if (found := _metrics_in(content))}
    return Found(scripts=tuple(dict.fromkeys(scripts)), results=results)


def _metrics_in(content: bytes) -> tuple[MetricAnswer, ...]:
    try:
        document = read(content)
    except NotStrictJson:
        return ()
    found: dict[str, MetricAnswer] = {}
    for name, value in _numbers(document):
        key = _key(name)
        if key is not None and key not in found and len(found) < MOST_METRICS:
            found[key] = _metric(key, value)
    return tuple(found.values())


def _numbers(document: Any) -> Iterable[tuple[str, Decimal]]:
    """Name → number, of flat files, `{metrics: {key: {value}}}` and `{results: {task: {metric,filter}}}`."""
    if not isinstance(document, dict):
        return
    for place in ("metrics", "results", "summary", "scores"):
        if isinstance(document.get(place), dict):
            document = document[place]
            break
    for name, value in document.items():
        if isinstance(value, dict):
            if _is_number(value.get("value")):
                yield name, Decimal(value["value"])
                continue
            for inner, number in value.items():
                if _is_number(number) and "stderr" not in inner:
                    yield f"{name}_{inner.partition(',')[0]}", Decimal(number)
        elif _is_number(value):
            yield name, Decimal(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _key(name: str) -> str | None:
    key = re.sub(r"[^a-z0-9_-]+", "_", name.casefold()).strip("_-")[:64]
    return key if re.match(KEY_PATTERN, key) else None


def _metric(key: str, value: Decimal) -> MetricAnswer:
    less = _LESS_IS_BETTER.search(key) is not None
    unit = next((unit for pattern, unit in _UNITS if pattern.search(key)), "")
    if not less and 0 <= value <= 1:
        unit = "accuracy"
    return MetricAnswer(key=key, unit=unit, direction="lower" if less else "", baseline=f"{plain(value):f}")
