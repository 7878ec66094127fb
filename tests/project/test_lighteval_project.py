"""A project whose templates name tasks: its metrics, its lock, its editor, and where its bar begins."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from remyx_action.commands.check import check_project
from remyx_action.commands.lock import check_locks, lock
from remyx_action.commands.run.context import OF_A_PROJECT
from remyx_action.policy.bar import make_bar
from remyx_action.project.load import Bundle, load_bundle
from remyx_action.project.lock import digest_of, digest_of_harness, drift, lock_of
from remyx_action.project.models import Lock
from remyx_action.project.protected import harness_globs, protected_paths
from remyx_action.report.schemas import project_schemas
from support.git_commands import commit, git

TEMPLATE = """version: 1
name: gsm8k
runtime: lighteval
task: gsm8k
baseline_asset: org/model
model: {backend: accelerate}
metrics: auto
"""
POLICY = """version: 1
name: default
template: gsm8k
ship:
  all:
    - {metric: extractive_match.delta, op: ">=", threshold: 0.02, confidence: 0.80}
"""
UNIT = [Decimal(0), Decimal(1)]
FILES = {".remyx/templates/gsm8k.yaml": TEMPLATE, ".remyx/policies/default.yaml": POLICY}


def bundle(**changed: str) -> Bundle:
    """The files, `template` and `policy` as given, `metrics` beside them."""
    paths = {
        "template": ".remyx/templates/gsm8k.yaml",
        "policy": ".remyx/policies/default.yaml",
        "metrics": ".remyx/metrics.yaml",
    }
    texts = FILES | {paths[name]: text for name, text in changed.items()}
    loaded = load_bundle({path: text.encode() for path, text in texts.items()})
    assert () == loaded.problems
    return loaded


def lock_for(loaded: Bundle) -> Lock:
    template = loaded.templates["gsm8k"]
    harness = digest_of_harness([])
    return lock_of(
        loaded.vocabulary,
        template,
        loaded.policies,
        harness,
        protected={path: ["@org/leads"] for path in protected_paths(template)},
    )


def test_metrics_labels_directions_and_ranges_fill_in() -> None:
    loaded = bundle()
    bar = make_bar(loaded.policies["default"], loaded.templates["gsm8k"], loaded.vocabulary)
    [metric] = bar.metrics
    assert ("extractive_match", "extractive match", "higher", UNIT) == (
        metric.key,
        metric.label,
        metric.direction,
        metric.range,
    )


def test_an_entry_of_metrics_yaml_adds_label_and_baseline() -> None:
    loaded = bundle(
        metrics="version: 1\nmetrics:\n  - {key: extractive_match, label: GSM8K, baseline: 0.31}\n"
        "  - {key: other, unit: ms, direction: lower}\n"
    )
    first, other = loaded.vocabulary.metrics
    assert ("GSM8K", Decimal("0.31"), "higher", UNIT) == (
        first.label,
        first.baseline,
        first.direction,
        first.range,
    )
    assert "other" == other.key


def test_auto_and_what_it_means_are_the_same_bar() -> None:
    auto, said = (
        bundle(template=TEMPLATE.replace("metrics: auto", text))
        for text in ("metrics: auto", "metrics: [extractive_match]")
    )
    assert digest_of(auto.templates["gsm8k"]) == digest_of(said.templates["gsm8k"])
    assert lock_for(auto) == lock_for(said)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("task: gsm8k", "task: gsm_plus"),
        ("model: {backend: accelerate}", "model: {backend: accelerate, dtype: float32}"),
        ("metrics: auto", "metrics: auto\nfew_shot: 5"),
        ("metrics: auto", "metrics: auto\nmax_samples: 5"),
        ("metrics: auto", "metrics: auto\ncustom_tasks: tasks.py"),
    ],
)
def test_whatever_is_asked_of_lighteval_is_locked(old: str, new: str) -> None:
    changed = bundle(template=TEMPLATE.replace(old, new))
    assert "the template" in drift(lock_for(bundle()), lock_for(changed))


def test_another_version_of_lighteval_is_another_bar() -> None:
    now = lock_for(bundle())
    assert {"lighteval": "0.13.0"} == now.pins
    held = now.model_copy(update={"pins": {"lighteval": "0.12.0"}})
    assert ["the pin lighteval"] == drift(held, now)


def test_the_harness_is_what_the_tasks_are_defined_by() -> None:
    plain = bundle().templates["gsm8k"]
    assert [] == harness_globs(plain)
    own = bundle(
        template=TEMPLATE.replace(
            "metrics: auto", "metrics: auto\ncustom_tasks: evaluation/tasks.py\nharness: [evaluation/data/**]"
        )
    ).templates["gsm8k"]
    assert ["evaluation/tasks.py", "evaluation/data/**"] == harness_globs(own)
    assert {"/evaluation/tasks.py", "/evaluation/data/"} <= set(protected_paths(own))


def test_editors_know_the_metrics_that_a_task_brings_along() -> None:
    policy = project_schemas(bundle())["policy.schema.json"]
    offered = policy["$defs"]["Comparison"]["properties"]["metric"]
    described = {one["const"]: one["description"] for one in offered["anyOf"]}
    assert "extractive match · higher is better · range 0 to 1" in described["extractive_match.delta"]


def test_a_lock_holds_for_a_project_without_metrics_and_without_a_harness(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, dict(FILES))
    assert 0 == check_project(tmp_path).exit
    lock(tmp_path, template=None, owners=["@org/leads"])
    commit(tmp_path)
    assert check_locks(tmp_path, template=None).holds
    commit(tmp_path, {".remyx/templates/gsm8k.yaml": TEMPLATE.replace("auto", "auto\nfew_shot: 5")})
    assert "the template" in check_locks(tmp_path, template=None).log


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        (".remyx/metrics.yaml", True),
        (".remyx/templates/gsm8k.yaml", True),
        ("projects/a/.remyx/policies/default.yaml", True),
        (".remyx/repo_intel.yaml", False),
        ("docs/x.remyx/metrics.yaml", False),
        (".remyx/metrics.yaml.txt", False),
    ],
)
def test_where_a_project_is_there_is_something_to_judge_by(path: str, *, is_one: bool) -> None:
    """A base tree without one is judged by nothing: what has only templates must not look like that."""
    assert is_one is bool(re.search(OF_A_PROJECT, path))
