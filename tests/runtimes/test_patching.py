"""Changed copies of config files: what stands there is set, what does not is refused."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
import yaml

from remyx_action.errors import NotJudged
from remyx_action.runtimes.plan.patching import MOST_BYTES, PatchSetting, patched

CONFIG = b"""# a comment
arguments:
  eval_model: none
  limit: 5
  stages: [{name: first}, {name: second}]
"""


def test_values_are_set_where_they_are_and_the_rest_stays() -> None:
    settings: dict[str, PatchSetting] = {
        "arguments.eval_model": "org/model: {x}",
        "arguments.limit": Decimal("0.5"),
        "arguments.stages.1.name": True,
    }
    expected = {
        "arguments": {
            "eval_model": "org/model: {x}",
            "limit": 0.5,
            "stages": [{"name": "first"}, {"name": True}],
        }
    }
    assert expected == yaml.safe_load(patched("config.yaml", CONFIG, settings))


def test_json_stays_json() -> None:
    text = patched("config.json", b'{"a": {"b": 1}, "c": "\xc3\xa9"}', {"a.b": Decimal(2)})
    assert {"a": {"b": 2}, "c": "é"} == json.loads(text)


@pytest.mark.parametrize(
    ("key", "message", "help_"),
    [
        ("arguments.eval_modl", "config.yaml has no arguments.eval_modl, which", "did you mean eval_model?"),
        ("arguments.stages.2.name", "config.yaml has no arguments.stages.2, which", "name a key that is"),
        ("arguments.limit.deep", "config.yaml has no arguments.limit.deep, which", "name a key that is"),
        ("argument.limit", "config.yaml has no argument, which", "did you mean arguments?"),
    ],
)
def test_a_key_that_is_not_there_is_refused(key: str, message: str, help_: str) -> None:
    with pytest.raises(NotJudged) as refusal:
        patched("config.yaml", CONFIG, {key: "x"})
    assert refusal.value.message.startswith(message)
    assert refusal.value.help.startswith(help_)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.yaml", b"a: [1"),
        ("a.json", b"{"),
        ("a.yaml", b"\xff\xfe"),
        ("a.json", b"[" * 100_000),
        ("a.yaml", b"#" * (MOST_BYTES + 1)),
        ("a.yaml", b"!!python/object/apply:os.system ['true']"),
    ],
)
def test_what_cannot_be_read_is_refused(path: str, content: bytes) -> None:
    with pytest.raises(NotJudged) as refusal:
        patched(path, content, {"a": "x"})
    assert refusal.value.message.startswith(path)
