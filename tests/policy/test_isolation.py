"""Isolation levels follow from the template, what runs it, and how the variant is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remyx_action.commands.run.judged_under import isolation_here
from remyx_action.policy.isolation import HANDED_IN, isolation_of
from remyx_action.project.models import Template

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SCRIPT = {"version": 1, "name": "suite", "script": "eval.py", "metrics": ["score"]}
LIGHTEVAL = {
    "version": 1,
    "name": "suite",
    "runtime": "lighteval",
    "task": "gsm8k",
    "metrics": ["extractive_match"],
    "model": {"backend": "accelerate"},
}
SERVED = LIGHTEVAL | {"model": {"backend": "openai", "base_url": "http://x"}}


def predict(**container: Any) -> dict[str, Any]:
    image = {"dockerfile": "evaluation/Dockerfile", "context": "evaluation/image", **container}
    return {"predict": {"command": ["go"], "inputs": "in", "container": image}}


@pytest.mark.parametrize(
    ("keys", "pinned", "contained", "level", "words"),
    [
        (SCRIPT, False, False, 1, "same user"),
        (SCRIPT, True, True, 1, "in the same one, together with the labels"),
        (SCRIPT | predict(), False, False, 2, "no labels"),
        (SCRIPT | predict(), False, True, 2, "no labels"),
        (SCRIPT | predict(network="bridge"), False, False, 1, "same user"),
        (LIGHTEVAL, True, False, 2, "at one commit"),
        (LIGHTEVAL, False, False, 1, "org/model@COMMIT"),
        (SERVED, True, False, 1, "server"),
    ],
)
def test_the_level_says_how_far_apart_things_were(
    keys: dict[str, Any], *, pinned: bool, contained: bool, level: int, words: str
) -> None:
    found = isolation_of(Template.model_validate(keys), pinned=pinned, contained=contained)
    assert level == found.level
    assert words in found.note


@pytest.mark.parametrize(
    ("variant", "level"), [(f"org/m@{COMMIT}", 2), ("org/m@main", 1), ("models/new", 1), (None, 1)]
)
def test_a_model_is_apart_where_it_is_named_at_one_commit(
    tmp_path: Path, variant: str | None, level: int
) -> None:
    assert level == isolation_here(Template.model_validate(LIGHTEVAL), tmp_path, variant).level


def test_a_folder_is_pinned_by_no_commit_behind_its_name(tmp_path: Path) -> None:
    (tmp_path / "models" / "new").mkdir(parents=True)
    found = isolation_here(Template.model_validate(LIGHTEVAL), tmp_path, f"models/new@{COMMIT}")
    assert 1 == found.level


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (
            {"task": "lcb:codegeneration", "metrics": ["codegen_pass_1_16"]},
            "runs programs that the model writes",
        ),
        ({"task": "summarization:cnn-dm", "metrics": ["rouge1", "bertscore-f"]}, "downloads a scoring model"),
        (
            {"task": "sums", "custom_tasks": "tasks.py", "metrics": ["em"]},
            "code that the list of tasks does not",
        ),
    ],
    ids=["programs", "one of two", "unknown"],
)
def test_scoring_that_does_more_than_compare_answers_is_not_apart(
    tmp_path: Path, keys: dict[str, Any], words: str
) -> None:
    template = Template.model_validate(LIGHTEVAL | keys)
    found = isolation_here(template, tmp_path, f"org/m@{COMMIT}")
    assert 1 == found.level
    assert words in found.note


def test_what_was_handed_in_is_believed_least() -> None:
    assert 0 == HANDED_IN.level
