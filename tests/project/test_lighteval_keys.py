"""Which keys of a template go with which runtime: the model and the JSON Schema say the same."""

from decimal import Decimal
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from remyx_action.project.models import Template
from remyx_action.report.schemas import schema_of

SCHEMA = Draft202012Validator(schema_of("template"))

OWN = {"version": 1, "name": "own", "script": "run.py", "metrics": ["a"]}
OF_LIGHTEVAL = {
    "version": 1,
    "name": "gsm8k",
    "runtime": "lighteval",
    "task": "gsm8k",
    "model": {"backend": "accelerate"},
    "metrics": "auto",
}
SERVER = {"backend": "openai", "base_url": "http://127.0.0.1:8000/v1"}


def without(document: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != key}


HOLDS = {
    "a script of one's own": OWN,
    "its runtime said": OWN | {"runtime": "custom"},
    "a task": OF_LIGHTEVAL,
    "a group and chosen metrics": OF_LIGHTEVAL | {"task": "mmlu", "metrics": ["accuracy"]},
    "every key": OF_LIGHTEVAL
    | {
        "few_shot": 5,
        "max_samples": 200,
        "custom_tasks": "evaluation/tasks.py",
        "baseline_asset": "org/model@main",
        "names": {"accuracy": "extractive_match"},
        "harness": ["evaluation/**"],
        "samples": 200,
        "seeds": [1, 2],
        "shards": 4,
        "retries": 1,
        "compare": "assets",
        "env": ["HF_HOME"],
        "model": {
            "backend": "vllm",
            "dtype": "bfloat16",
            "batch_size": 8,
            "python": "/opt/env/bin/python",
            "chat_template": True,
            "generation": {
                "max_new_tokens": 64,
                "temperature": Decimal("0.7"),
                "top_p": Decimal("0.9"),
                "top_k": 40,
                "repetition_penalty": Decimal("1.1"),
                "stop": ["\n\n"],
                "seed": 1,
            },
        },
    },
    "a server": OF_LIGHTEVAL
    | {"model": SERVER | {"api_key": "KEY", "concurrency": 4, "timeout": 60, "python": "python3"}},
}
REFUSED = {
    "no script": without(OWN, "script"),
    "no script, its runtime said": without(OWN, "script") | {"runtime": "custom"},
    "no task": without(OF_LIGHTEVAL, "task"),
    "no model": without(OF_LIGHTEVAL, "model"),
    "no metrics": without(OF_LIGHTEVAL, "metrics"),
    "no metric": OF_LIGHTEVAL | {"metrics": []},
    "a metric twice": OF_LIGHTEVAL | {"metrics": ["a", "a"]},
    "another word": OF_LIGHTEVAL | {"metrics": "all"},
    "auto of a script": OWN | {"metrics": "auto"},
    "another runtime": OF_LIGHTEVAL | {"runtime": "helm"},
    "commits": OF_LIGHTEVAL | {"compare": "commits"},
    "a server without address": OF_LIGHTEVAL | {"model": {"backend": "openai"}},
    "a server's weights": OF_LIGHTEVAL | {"model": SERVER | {"dtype": "float32"}},
    "an address without a server": OF_LIGHTEVAL | {"model": SERVER | {"backend": "vllm"}},
    "no backend": OF_LIGHTEVAL | {"model": {}},
    "an address that is none": OF_LIGHTEVAL | {"model": SERVER | {"base_url": "file:///etc/passwd"}},
    "two tasks": OF_LIGHTEVAL | {"task": "gsm8k,mmlu"},
    "a task with its few-shot": OF_LIGHTEVAL | {"task": "gsm8k|5"},
    "a task with a parameter": OF_LIGHTEVAL | {"task": "gsm8k@k=1"},
    "a path outside": OF_LIGHTEVAL | {"custom_tasks": "../tasks.py"},
    "too hot": OF_LIGHTEVAL | {"model": {"backend": "accelerate", "generation": {"temperature": 101}}},
} | {
    f"{key} beside a task": OF_LIGHTEVAL | {key: value}
    for key, value in {
        "script": "run.py",
        "command": ["python3"],
        "results": "lighteval",
        "container": {},
        "predict": {"command": ["run"], "inputs": "data", "container": {"dockerfile": "Dockerfile"}},
        "patch": [{"file": "a.yaml", "set": {"b": "c"}}],
    }.items()
} | {
    f"{key} beside a script": OWN | {key: value}
    for key, value in {
        "task": "gsm8k",
        "few_shot": 0,
        "max_samples": 5,
        "custom_tasks": "tasks.py",
        "model": {"backend": "accelerate"},
        "names": {},
    }.items()
}  # fmt: skip


def as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: as_json(one) for key, one in value.items()}
    return float(value) if isinstance(value, Decimal) else value


@pytest.mark.parametrize("case", HOLDS)
def test_what_goes_together_holds_for_the_model_and_for_the_schema(case: str) -> None:
    assert Template.model_validate(HOLDS[case])
    assert [] == [error.message for error in SCHEMA.iter_errors(as_json(HOLDS[case]))]


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_is_refused_by_both(case: str) -> None:
    with pytest.raises(ValidationError):
        Template.model_validate(REFUSED[case])
    assert not SCHEMA.is_valid(as_json(REFUSED[case]))


def test_auto_is_no_metric_until_the_task_fills_them_in() -> None:
    assert [] == Template.model_validate(OF_LIGHTEVAL).metrics
