"""The bundle: what all files say together, and every problem of all of them at once."""

import json
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remyx_action.policy.lints.rule_errors import load_checked as load_bundle
from remyx_action.project.load import Bundle

MAX_EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "300"))

METRICS = """\
version: 1
metrics:
  - {key: accuracy, unit: accuracy, baseline: 0.42}
  - {key: latency, unit: ms, direction: lower}
"""
TEMPLATE = """\
version: 1
name: suite
script: run.py
metrics: [accuracy, latency]
"""
POLICY = """\
version: 1
name: default
template: suite
ship: {all: [{metric: accuracy.delta, op: ">=", threshold: 0.02}]}
"""
FILES = {
    ".remyx/metrics.yaml": METRICS,
    ".remyx/templates/suite.yaml": TEMPLATE,
    ".remyx/policies/default.yaml": POLICY,
}


def load(**changes: str | None) -> Bundle:
    """The bundle of the files above with some exchanged (`policies_default=…`) or left out (None)."""
    files: dict[str, str | None] = {**FILES}
    for name, text in changes.items():
        files[f".remyx/{name.replace('_', '/', 1)}.yaml"] = text
    return load_bundle({path: text.encode() for path, text in files.items() if text is not None})


def told(bundle: Bundle) -> list[tuple[str, str]]:
    return [(problem.code, problem.pointer) for problem in bundle.problems]


def test_specs_are_found_by_name() -> None:
    bundle = load()
    assert () == bundle.problems
    assert ["accuracy", "latency"] == [metric.key for metric in bundle.vocabulary.metrics]
    assert (["suite"], ["default"]) == (list(bundle.templates), list(bundle.policies))
    assert 4 == bundle.places[".remyx/policies/default.yaml"]["/ship/all/0/op"].line


def test_files_outside_the_folder_and_of_other_tools_are_left_alone() -> None:
    others = {"README.md": b"x", ".remyx/repo_intel.yaml": b"{{{", ".remyx/notes.md": b"", "a.yaml": b"{"}
    assert () == load_bundle({**{path: text.encode() for path, text in FILES.items()}, **others}).problems


def test_nothing_at_all_is_an_error() -> None:
    assert ["missing-file"] == [problem.code for problem in load_bundle({}).errors]


def test_a_broken_file_hides_nothing_of_the_others() -> None:
    bundle = load(metrics="version: 1\nmetrics: [", policies_default=POLICY.replace("0.02", "x"))
    assert [("syntax", ""), ("wrong-type", "/ship/all/0/threshold")] == told(bundle)
    assert (None, {}, ["suite"]) == (bundle.metrics, bundle.policies, list(bundle.templates))


def test_a_broken_metric_hides_nothing_of_its_neighbours() -> None:
    bundle = load(metrics=METRICS.replace("0.42", "x").replace("latency", "accuracy"))
    assert [("wrong-type", "/metrics/0/baseline"), ("repeated-metric", "/metrics/1/key")] == told(bundle)[:2]


def test_names_that_differ_only_by_case_are_refused() -> None:
    bundle = load(policies_Default=POLICY.replace("default", "Default"))
    assert [("twin-file", "")] == told(bundle)


def test_delta_confidence_needs_a_metric_that_ship_asks_to_improve() -> None:
    field = '{field: delta_confidence, op: ">=", threshold: 0.8}'
    guard = "{metric: latency, op: no_regression}"
    lower = '{metric: latency.delta, op: "<=", threshold: 0}'
    for conditions, problems in {
        f"{guard}, {field}": [("nothing-to-improve", "/ship/all/1")],
        f"{lower}, {field}": [],
        f"{guard}, {field.replace('op', 'metric: accuracy, op')}": [],
        f"any: [{field}], {guard}".replace("any:", "{any:").replace("], {", "]}, {"): [
            ("nothing-to-improve", "/ship/all/0/any/0")
        ],
    }.items():
        assert problems == told(
            load(policies_default=f"{POLICY[: POLICY.index('ship')]}ship: {{all: [{conditions}]}}\n")
        )


def test_a_reject_rule_without_something_to_improve_is_reported_as_well() -> None:
    policy = """\
version: 1
name: default
template: suite
ship: {all: [{metric: latency, op: no_regression}]}
reject: {any: [{field: delta_confidence, op: "<", threshold: 0.2}]}
"""
    assert [("nothing-to-improve", "/reject/any/0")] == told(load(policies_default=policy))


def test_a_hostile_file_gets_no_more_problems_than_a_person_reads() -> None:
    bundle = load(metrics="\n".join(f"k{n}: [*a, !b c]" for n in range(2000)))
    assert 101 == len(bundle.problems)
    assert "more-problems" == bundle.problems[-1].code


def test_many_unknown_keys_and_metrics_are_reported_soon() -> None:
    conditions = ", ".join(f'{{metric: m{n}.delta, op: ">", threshold: 0}}' for n in range(990))
    bundle = load(
        metrics="version: 1\nmetrics:\n" + "\n".join(f"  - {{key: x{n}}}" for n in range(990)),
        policies_default=f"{POLICY[: POLICY.index('ship')]}ship: {{all: [{conditions}]}}\n",
        policies_other="\n".join(f"key{n}: 1" for n in range(5000)),
    )
    assert {"more-problems"} < {problem.code for problem in bundle.problems}


WORDS = st.sampled_from(
    [
        *(
            "version",
            "name",
            "template",
            "ship",
            "reject",
            "all",
            "any",
            "at_least",
            "of",
            "metric",
            "field",
            "op",
        ),
        *(
            "threshold",
            "confidence",
            "metrics",
            "key",
            "unit",
            "range",
            "baseline",
            "value",
            "n",
            "exact",
            "scores",
        ),
        *(
            "samples",
            "results",
            "names",
            "command",
            "silence",
            "lint",
            "accuracy",
            "accuracy.delta",
            ">=",
            "suite",
        ),
        *("<exact>", "<AllOf>", "[key]", "__class__", "", "a/b~c", "0"),
    ]
)
LEAVES = st.one_of(
    WORDS, st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none()
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=5)),
    max_leaves=25,
)
PATHS = st.sampled_from(
    [*FILES, ".remyx/experiments/try.yaml", ".remyx/locks/suite.json", ".remyx/x/y", ".remyx/"]
)


@settings(derandomize=True, deadline=None, max_examples=MAX_EXAMPLES)
@given(st.dictionaries(PATHS, st.one_of(TREES.map(json.dumps), st.text(max_size=40)), max_size=4))
def test_any_files_give_a_bundle_or_problems(files: dict[str, Any]) -> None:
    texts = {path: text.encode() for path, text in {**FILES, **files}.items()}
    bundle = load_bundle(texts)
    assert bundle.errors or bundle.metrics is not None
    for problem in bundle.problems:
        assert problem.message
        assert problem.help
        assert problem.message[0] == problem.message[0].lower()


@pytest.mark.parametrize("key", ["constructor", "__proto__", "<exact>", "[key]", "a/b", "~1", "\u0430"])
def test_odd_keys_are_reported_by_their_name(key: str) -> None:
    bundle = load(metrics=f"{METRICS}{json.dumps(key)}: 1\n")
    pointer = "/" + key.replace("~", "~0").replace("/", "~1")
    assert [("unknown-key", pointer)] == told(bundle)
