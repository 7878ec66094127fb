"""What a change does to the bar: the classification of every corpus pair, and its proof by judging.

`REWRITE_GOLDEN=1 uv run pytest tests/policy/test_policy_diff.py` writes what is said now.
"""

from __future__ import annotations

import json
import os
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from remyx_action.commands.diff import DiffFiles, DiffOutput, diff
from remyx_action.errors import Exit, FilesWrong
from remyx_action.policy.diff import DiffSide, Effect, compare_bars, effect_by_policy, whole_effect
from remyx_action.policy.diff.change import together
from remyx_action.policy.judgement import judge
from remyx_action.project.models import Metric, Policy, Template
from remyx_action.project.models.lighteval import OF_LIGHTEVAL
from remyx_action.readers import recorded_baseline
from support.diff_examples import EXAMPLES, files_of
from support.policy_edits import KEYS, METRICS, Tree, condition, edited, evidence, held_against, policy, side

CASES = sorted(path.name for path in EXAMPLES.iterdir())
KEEPS = {Effect.UNCHANGED, Effect.TIGHTENED}


def compared(case: str) -> DiffOutput:
    before, after = (
        DiffFiles(texts=files_of((EXAMPLES / case / name).read_text()))
        for name in ("before.yaml", "after.yaml")
    )
    return diff(before, after)


@pytest.mark.parametrize("case", CASES)
def test_each_pair_is_classified_as_expected(case: str) -> None:
    golden = EXAMPLES / case / "expected.yaml"
    changes = compared(case).changes
    said = {
        "effect": whole_effect(changes).value,
        "changes": [f"{change.sentence} — {change.effect.value}" for change in changes],
    }
    if os.environ.get("REWRITE_GOLDEN"):
        golden.write_text(yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=1000))
    assert yaml.safe_load(golden.read_text()) == said


def pair_of(seed: int) -> tuple[DiffSide, DiffSide] | None:
    """A random policy and an edit of it, in either order; None where the edit went too deep."""
    random = Random(seed)
    before = policy(random)
    after = edited(before, random)
    try:
        sides = side(before), side(after)
    except ValidationError:
        return None
    return sides if random.random() < 0.5 else sides[::-1]


def verdicts(sides: tuple[DiffSide, DiffSide], seed: int) -> tuple[str | None, str | None]:
    """What both bars say about the same random evidence."""
    found = evidence(Random(seed))
    before, after = (one.bar(one.bundle.policies["p"]) for one in sides)
    return (
        judge(before, held_against(before, found)).verdict,
        judge(after, held_against(after, found)).verdict,
    )


def is_looser(before: str | None, after: str | None) -> bool:
    """Ships what did not ship, or no longer rejects what was rejected."""
    return (after == "ship" != before) or (before == "reject" != after)


@pytest.mark.slow
@settings(max_examples=800, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32), state=st.integers(0, 2**32))
def test_what_is_called_tightened_or_unchanged_is_never_looser(seed: int, state: int) -> None:
    sides = pair_of(seed)
    if sides is None or whole_effect(compare_bars(*sides)) not in KEEPS:
        return
    for step in range(3):
        assert not is_looser(*verdicts(sides, state + step))


@pytest.mark.slow
def test_random_states_do_show_a_loosening() -> None:
    """So that the property above could fail: of the pairs called loosened many are caught at it."""
    caught = found = 0
    for seed in range(300):
        sides = pair_of(seed)
        if sides is not None and whole_effect(compare_bars(*sides)) is Effect.LOOSENED:
            found += 1
            caught += any(is_looser(*verdicts(sides, 100 * seed + step)) for step in range(8))
    assert 0.2 <= caught / found


def neighbour(leaf: Tree, random: Random) -> Tree:
    """A condition about the same, with other numbers."""
    other = dict(leaf)
    for _ in range(random.choice([1, 1, 2])):
        key = random.choice(["threshold", "confidence", "op", "on_unknown", "field"])
        if key == "threshold":
            moved = round(abs(float(leaf[key]) + random.choice([-0.05, 0.05])), 2)
            other[key] = min(moved, 1.0) if leaf.get("field") in {"coverage", "delta_confidence"} else moved
        elif key == "op" and leaf["op"] in TURNED:
            other[key] = TURNED[leaf["op"]]
        elif key == "on_unknown":
            other[key] = random.choice(["unknown", "violated"])
        elif key == "confidence" and "field" not in leaf and leaf["op"] != "==":
            other[key] = random.choice([0.6, 0.7, 0.8, 0.95])
    return other


RULES: Tree = {
    "version": 1,
    "name": "p",
    "template": "t",
    "ship": {"all": [{"metric": "a.delta", "op": ">=", "threshold": 0.1}]},
}
TURNED = {">=": ">", ">": ">=", "<=": "<", "<": "<="}
ALWAYS: Tree = {"field": "sample_size", "metric": "a", "op": ">=", "threshold": 0, "on_unknown": "violated"}


@pytest.mark.slow
@settings(max_examples=500, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32))
def test_one_condition_that_is_called_tightened_is_never_looser(seed: int) -> None:
    """The lemma behind every other: alone in its rule, a condition's mark decides."""
    random = Random(seed)
    leaf = condition(random)
    pair = [leaf, neighbour(leaf, random)]
    rules = (
        [{"ship": {"all": [one]}} for one in pair]
        if random.random() < 0.5
        else [{"ship": {"all": [ALWAYS]}, "reject": {"all": [one]}} for one in pair]
    )
    keys = sorted({"a", str(leaf.get("metric", "a")).partition(".")[0]})
    before, after = (side(RULES | {"reject": None} | rule, metrics=keys) for rule in rules)
    for sides in ((before, after), (after, before)):
        if whole_effect(compare_bars(*sides)) in KEEPS:
            for step in range(4):
                assert not is_looser(*verdicts(sides, seed + step))


def declared(random: Random) -> list[Tree]:
    """The metrics with baselines of which some rise and some fall."""
    values = {"a": [0.45, 0.5, 0.55], "b": [0.35, 0.4, 0.45], "c": [-0.05, 0.0, 0.5], "d": [0.4, 0.5, 0.6]}
    found = []
    for metric in METRICS:
        value = random.choice(values[metric["key"]])
        kinds: list[Any] = [value] * 4 + [{"value": value, "exact": True}] * 4 + [None]
        kinds.append({"value": value, "n": 400, "stderr": 0.025})
        found.append(metric | {"baseline": random.choice(kinds)})
    return found


@pytest.mark.slow
@settings(max_examples=300, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32))
def test_a_declared_baseline_that_is_called_tightened_is_never_looser(seed: int) -> None:
    random = Random(seed)
    rules = policy(random)
    metrics = declared(random)
    moved = list(metrics)
    key = random.randrange(len(KEYS))
    moved[key] = declared(random)[key]
    try:
        before, after = (side(rules, one, baseline="recorded") for one in (metrics, moved))
    except ValidationError:
        return
    if whole_effect(compare_bars(before, after)) not in KEEPS:
        return
    for step in range(4):
        variant = evidence(Random(seed + step))[1]
        judged = []
        for one in (before, after):
            bar = one.bar(one.bundle.policies["p"])
            arm = recorded_baseline("t", None, {metric.key: metric for metric in bar.metrics}).scores
            judged.append(judge(bar, held_against(bar, (arm.scores, variant, {}))).verdict)
        assert not is_looser(*judged)


def test_a_policy_against_itself_is_unchanged_without_a_word() -> None:
    for seed in range(100):
        try:
            one = side(policy(Random(seed)))
        except ValidationError:
            continue
        assert () == compare_bars(one, one)


def test_swapping_the_sides_never_leaves_a_change_tightened() -> None:
    """What is tightened one way and tightened or unchanged the other way would be no order."""
    for seed in range(300):
        sides = pair_of(seed)
        if sides is not None and whole_effect(compare_bars(*sides)) is Effect.TIGHTENED:
            assert whole_effect(compare_bars(*sides[::-1])) is not Effect.TIGHTENED


EVERY_KEY: dict[str, Tree] = {
    "policies": {
        "ship": {"all": [{"metric": "a.delta", "op": ">=", "threshold": 0.5}]},
        "reject": {"any": [{"metric": "a.delta", "op": "<", "threshold": -0.5}]},
        "gate": {"iterate": "allow"},
        "require_lock": "locked",
        "trust": {"min_level": 2},
        "looks": "corrected",
        "notes": "Why.",
        "silence": [{"lint": "some-warning", "why": "it is fine"}],
    },
    "metrics": {
        "label": "A",
        "unit": "points",
        "direction": "lower",
        "range": [0, 2],
        "scores": "binary",
        "aggregate": "p95",
        "max_change": 0.25,
        "baseline": 0.25,
    },
    "templates": {
        "script": "other.py",
        "command": ["other"],
        "harness": ["other.py"],
        "results": {"file": "out.json"},
        "env": ["OTHER"],
        "secrets": ["OTHER_KEY"],
        "timeout": 5,
        "samples": 5,
        "seeds": [1, 2],
        "shards": 4,
        "retries": 1,
        "container": {"dockerfile": "Dockerfile"},
        "predict": {"command": ["go"], "inputs": "in", "container": {"dockerfile": "d", "context": "c"}},
        "patch": [{"file": "c.yaml", "set": {"a": 1}}],
        "missing": "unknown",
        "max_missing": 0.05,
        "compare": "commits",
        "arms": "sequential",
        "baseline": "recorded",
        "baseline_asset": "other",
        "variant_asset": {"file": "model.yaml", "pointer": "/model"},
        "metrics": ["a", "b", "c", "d", "e"],
        "paths": ["src/**"],
    },
}
"""Another value of each key that a file may hold."""
IDENTITY = {"version", "name", "key", "template", "runtime"}
"""Keys that cannot differ, or (a policy's template) are in the corpus."""


@pytest.mark.parametrize(
    ("kind", "model"), [("policies", Policy), ("metrics", Metric), ("templates", Template)]
)
def test_every_key_of_a_file_is_compared(kind: str, model: type[Policy | Metric | Template]) -> None:
    assert set(model.model_fields) - IDENTITY - set(OF_LIGHTEVAL) == set(EVERY_KEY[kind])
    metrics = [*METRICS, {"key": "e", "unit": "accuracy"}]
    before = side(RULES, metrics)
    for key, value in EVERY_KEY[kind].items():
        if kind == "policies":
            after = side(RULES | {key: value}, metrics)
        elif kind == "metrics":
            after = side(RULES, [metrics[0] | {key: value}, *metrics[1:]])
        else:
            after = side(RULES, metrics, **{key: value})
        pointers = [change.pointer.split("/") for change in compare_bars(before, after)]
        assert key in {pointer[3 if kind == "metrics" else 1] for pointer in pointers}


TASK: Tree = {"runtime": "lighteval", "task": "gsm8k", "model": {"backend": "accelerate", "dtype": "auto"}}
EVERY_KEY_OF_LIGHTEVAL: dict[str, tuple[Any, str]] = {
    "task": ("mmlu", "task is mmlu instead of gsm8k"),
    "few_shot": (5, "few_shot is 5 instead of 0"),
    "max_samples": (200, "scores at most 200 samples of each task instead of all samples"),
    "custom_tasks": ("tasks.py", "custom_tasks is tasks.py instead of none"),
    "names": ({"a": "em"}, "takes other numbers of lighteval's for its metrics: a is em"),
    "model": (
        {"backend": "vllm", "dtype": "auto", "generation": {"top_k": 9}},
        "the model is run with backend vllm instead of accelerate, generation top_k 9 instead of none",
    ),
}


def test_every_key_of_lighteval_is_compared_and_no_change_of_one_is_called_harmless() -> None:
    assert set(OF_LIGHTEVAL) == set(EVERY_KEY_OF_LIGHTEVAL)
    before = side(RULES, **TASK)
    for key, (value, sentence) in EVERY_KEY_OF_LIGHTEVAL.items():
        [change] = compare_bars(before, side(RULES, **TASK | {key: value}))
        assert (f"/{key}", Effect.INCOMPARABLE) == (change.pointer, change.effect)
        assert f"template t: {sentence}" == change.sentence


def test_how_many_requests_run_at_once_changes_no_bar() -> None:
    server = {"backend": "openai", "base_url": "http://127.0.0.1:8000/v1"}
    before, after = (side(RULES, **TASK | {"model": server | more}) for more in ({}, {"concurrency": 2}))
    [change] = compare_bars(before, after)
    assert Effect.UNCHANGED is change.effect


def test_another_runtime_is_another_bar() -> None:
    changes = compare_bars(side(RULES), side(RULES, **TASK))
    assert {"/runtime", "/script", "/task", "/model"} == {change.pointer for change in changes}
    assert {Effect.INCOMPARABLE} == {change.effect for change in changes}


def test_a_harness_file_that_changed_is_named() -> None:
    one = side(RULES)
    before = DiffSide(bundle=one.bundle, harness={"t": {"run.py": "1", "data.json": "2"}})
    after = DiffSide(bundle=one.bundle, harness={"t": {"run.py": "3", "data.json": "2"}})
    [change] = compare_bars(before, after)
    assert ("template t: the harness changed (run.py)", Effect.INCOMPARABLE) == (
        change.sentence,
        change.effect,
    )


def test_a_recorded_baseline_counts_only_where_it_is_taken() -> None:
    for baseline, effect in (("measured", Effect.UNCHANGED), ("recorded", Effect.INCOMPARABLE)):
        one = side(RULES, baseline=baseline)
        [change] = compare_bars(one, DiffSide(bundle=one.bundle, recorded={"t": b"{}"}))
        assert effect is change.effect


def test_each_policy_has_an_effect_of_its_own() -> None:
    looser = RULES | {"ship": {"all": [{"metric": "a.delta", "op": ">=", "threshold": 0.05}]}}
    assert {"p": Effect.LOOSENED} == effect_by_policy(compare_bars(side(RULES), side(looser)))


def test_tightened_and_loosened_together_are_incomparable() -> None:
    assert Effect.UNCHANGED is together([])
    assert Effect.TIGHTENED is together([Effect.UNCHANGED, Effect.TIGHTENED])
    assert Effect.INCOMPARABLE is together([Effect.LOOSENED, Effect.TIGHTENED])


TEXTS = files_of((EXAMPLES / "ship-threshold-down" / "before.yaml").read_text())


def test_a_difference_is_no_failure() -> None:
    assert Exit.SHIP is compared("ship-threshold-down").exit


def test_the_first_files_of_a_project_tighten() -> None:
    said = json.loads(diff(DiffFiles(texts={}), DiffFiles(texts=TEXTS)).text("json"))
    assert ("tightened", {"default": "tightened"}) == (said["effect"], said["policies"])


def test_taking_every_file_away_loosens() -> None:
    assert "loosened" == json.loads(diff(DiffFiles(texts=TEXTS), DiffFiles(texts={})).text("json"))["effect"]


@pytest.mark.parametrize("wrong", [0, 1])
def test_nothing_is_reported_about_files_that_are_wrong(wrong: int) -> None:
    sides = [DiffFiles(texts=TEXTS), DiffFiles(texts=TEXTS)]
    sides[wrong] = DiffFiles(texts={**TEXTS, ".remyx/metrics.yaml": b"metrics: 1"})
    with pytest.raises(FilesWrong) as caught:
        diff(sides[0], sides[1])
    assert {".remyx/metrics.yaml"} == {problem.path for problem in caught.value.problems}
