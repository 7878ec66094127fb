"""Isolation levels follow from the template, what runs it, and how the variant is named."""

from __future__ import annotations

from typing import Any

import pytest

from remyx_action.policy.isolation import HANDED_IN, isolation_of
from remyx_action.specs import Template

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SCRIPT = {"version": 1, "name": "suite", "script": "eval.py", "metrics": ["score"]}
LIGHTEVAL = {"version": 1, "name": "suite", "runtime": "lighteval", "task": "gsm8k", "metrics": ["score"]}


def predict(**container: Any) -> dict[str, Any]:
    image = {"dockerfile": "evaluation/Dockerfile", "context": "evaluation/image", **container}
    return {"predict": {"command": ["go"], "inputs": "in", "container": image}}


@pytest.mark.parametrize(
    ("keys", "variant", "contained", "level", "words"),
    [
        (SCRIPT, "m", False, 1, "same user"),
        (SCRIPT, f"m@{COMMIT}", True, 1, "in the same one, beside the labels"),
        (SCRIPT | predict(), None, False, 2, "no labels"),
        (SCRIPT | predict(), None, True, 2, "no labels"),
        (SCRIPT | predict(network="bridge"), None, False, 1, "same user"),
        (LIGHTEVAL | {"model": {"backend": "accelerate"}}, f"org/m@{COMMIT}", False, 2, "at one commit"),
        (LIGHTEVAL | {"model": {"backend": "accelerate"}}, "org/m@main", False, 1, "org/model@COMMIT"),
        (LIGHTEVAL | {"model": {"backend": "accelerate"}}, "models/new", False, 1, "org/model@COMMIT"),
        (LIGHTEVAL | {"model": {"backend": "accelerate"}}, None, False, 1, "org/model@COMMIT"),
        (
            LIGHTEVAL | {"model": {"backend": "openai", "base_url": "http://x"}},
            f"m@{COMMIT}",
            False,
            1,
            "server",
        ),
    ],
)
def test_the_level_says_how_far_apart_things_were(
    keys: dict[str, Any], variant: str | None, contained: bool, level: int, words: str
) -> None:
    found = isolation_of(Template.model_validate(keys), variant=variant, contained=contained)
    assert level == found.level
    assert words in found.note


def test_what_was_handed_in_is_believed_least() -> None:
    assert 0 == HANDED_IN.level
