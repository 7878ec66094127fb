"""The models and their JSON Schemas say the same about every file and about every mutation of one."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from remyx_action.project.files.yaml_text import load_json, load_yaml
from remyx_action.project.load import FOLDERS
from remyx_action.project.models import Metrics
from remyx_action.project.models.conditions import LINE_PATTERN
from remyx_action.project.models.field_types import WORD_PATTERN
from remyx_action.project.problems import PATTERNS, read_spec
from remyx_action.report.schemas import schema_of

ROOT = Path(__file__).parents[2]
KINDS: dict[str, type[BaseModel]] = {
    "metrics": Metrics,
    **{folder: model for folder, (_, model) in FOLDERS.items()},
}
SCHEMA_NAMES = {"templates": "template", "policies": "policy", "experiments": "experiment", "locks": "lock"}
VALIDATORS = {
    kind: Draft202012Validator(
        schema_of(SCHEMA_NAMES.get(kind, kind)), format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    for kind in KINDS
}

BETWEEN_VALUES = {
    "above-one",
    "at-least-too-many",
    "empty-range",
    "missing-direction",
    "missing-range",
    "out-of-range",
    "rule-too-deep",
}
"""Codes of what several values together get wrong, which a schema of single values leaves to `check`."""


def documents() -> Iterator[tuple[str, Any]]:
    """Kind and value of every example file that can be read at all, without repetition."""
    seen = set()
    for path in sorted(ROOT.glob("**/.remyx/**/*.*")):
        below = path.relative_to(next(one for one in path.parents if one.name == ".remyx"))
        kind = "metrics" if below.as_posix() == "metrics.yaml" else below.parts[0]
        if kind not in KINDS or path.suffix not in (".yaml", ".json"):
            continue
        document = load_yaml(path.read_bytes(), "x")
        text = as_json(document.value)
        if not document.problems and (kind, text) not in seen:
            seen.add((kind, text))
            yield kind, document.value


def as_json(value: Any) -> str:
    return json.dumps(value, default=float, ensure_ascii=False)


def codes_of(kind: str, value: Any) -> set[str]:
    """Codes of what the loader and the model find wrong with a value that is written into a file."""
    document = load_json(as_json(value).encode(), "file.json")
    return {problem.code for problem in read_spec(KINDS[kind], document, "file.json")[1]}


def assert_agreement(kind: str, value: Any) -> None:
    codes = codes_of(kind, value)
    valid = VALIDATORS[kind].is_valid(json.loads(as_json(value)))
    assert valid == (codes <= BETWEEN_VALUES), (codes, value)


EXAMPLES = list(documents())


def test_there_is_something_to_compare() -> None:
    assert {"metrics", "templates", "policies", "experiments", "locks"} == {kind for kind, _ in EXAMPLES}


@pytest.mark.parametrize(("kind", "value"), EXAMPLES)
def test_schema_and_model_agree_on_every_example(kind: str, value: Any) -> None:
    assert_agreement(kind, value)


NUMBERS = [
    Decimal(text)
    for text in ["-1", "0", "1", "2", "0.5", "0.80", "80", "300.5", "3e2", "1e15", "1e16", "0.000001"]
]
WORDS = [
    *[
        "accuracy",
        "latency",
        "accuracy.delta",
        "Accuracy",
        "acc\n",
        "p95",
        "higher",
        "shared",
        "relative",
        ">=",
        "==",
        "improves_by",
    ],
    *[
        "",
        " ",
        "x" * 501,
        "../x",
        "/x",
        "a\u2028b",
        "\u0430cc",
        "\x00",
        "{asset}",
        "{aset}",
        "metric",
        "ms",
        "%",
    ],
    *["sha256:" + "0" * 64, "remyx-lock/1", "custom", "binary", "violated", "delta_confidence", "TOKEN"],
]
VALUES = st.one_of(
    st.sampled_from([*NUMBERS, *WORDS, True, False, None, [], {}, [[]], {"": 1}, ["a", "a"], [1, 1]]),
    st.integers(-(10**16), 10**16),
    st.text(max_size=5),
    st.sampled_from([{"all": [{"metric": "latency", "op": "no_regression"}]}, {"value": 1, "exact": True}]),
)
KEYS = st.sampled_from(
    [
        "version",
        "key",
        "label",
        "unit",
        "range",
        "scores",
        "aggregate",
        "name",
        "runtime",
        "command",
        "results",
        "env",
        "timeout",
        "samples",
        "paths",
        "all",
        "any",
        "at_least",
        "of",
        "floors",
        "metric",
        "field",
        "op",
        "threshold",
        "confidence",
        "mode",
        "why",
        "on_unknown",
        "expect",
        "silence",
        "gate",
        "notes",
        "reject",
        "container",
        "patch",
        "trust",
        "variant",
        "tags",
        "pins",
        "\x00",
    ]
)


@settings(derandomize=True, deadline=None, max_examples=1500, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_schema_and_model_agree_on_mutated_examples(data: st.DataObject) -> None:
    kind, value = data.draw(st.sampled_from(EXAMPLES), label="example")
    for _ in range(data.draw(st.integers(1, 2), label="mutations")):
        value = mutated(value, data)
    assert_agreement(kind, value)


def mutated(value: Any, data: st.DataObject) -> Any:
    """The value with one place somewhere in it changed."""
    if isinstance(value, dict) and value:
        return mutated_mapping(value, data)
    if isinstance(value, list) and value:
        index = data.draw(st.integers(0, len(value) - 1))
        action = data.draw(st.sampled_from(["go down", "go down", "drop", "repeat", "replace"]))
        if action == "go down":
            return [*value[:index], mutated(value[index], data), *value[index + 1 :]]
        if action == "drop":
            return value[:index] + value[index + 1 :]
        return [*value, value[index]] if action == "repeat" else data.draw(VALUES)
    return data.draw(VALUES)


def mutated_mapping(value: dict[str, Any], data: st.DataObject) -> Any:
    key = data.draw(st.sampled_from(sorted(value)))
    action = data.draw(st.sampled_from(["go down", "go down", "go down", "drop", "add", "rename", "replace"]))
    if action == "go down":
        return {**value, key: mutated(value[key], data)}
    if action == "drop":
        return {name: one for name, one in value.items() if name != key}
    if action == "add":
        return {**value, data.draw(KEYS): data.draw(VALUES)}
    if action == "rename":
        new = data.draw(KEYS)
        return {new if name == key else name: one for name, one in value.items()}
    return data.draw(VALUES)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_pattern_has_words_for_what_it_refuses(kind: str) -> None:
    with_words_of_their_own = {LINE_PATTERN, WORD_PATTERN}
    assert set(_patterns(VALIDATORS[kind].schema)) <= PATTERNS.keys() | with_words_of_their_own


def _patterns(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from [value["pattern"]] if isinstance(value.get("pattern"), str) else []
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _patterns(one)
