"""Rules that are decided before anything is measured: a condition is warned of, a whole rule refused."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remyx_action.policy.lints.possible import errors_of_rules
from remyx_action.policy.lints.rule_errors import load_checked
from remyx_action.policy.lints.warnings import warnings_of
from remyx_action.policy.rules import Condition, Gate
from support.bars import bar

METRICS = """\
version: 1
metrics:
  - {key: accuracy, unit: accuracy, baseline: 0.42}
  - {key: score, unit: "%", baseline: 40}
  - {key: latency, unit: ms, direction: lower, baseline: 120}
  - {key: loss, unit: loss, direction: lower, range: [0, 4]}
"""
HONEST = "accuracy improves_by 0.02 at 80%"
GAIN = f"{{all: [{HONEST}]}}"


GUARDED = "{any: [accuracy no_regression 0.01 at 80%]}"
CODES = {
    "cannot-fail",
    "cannot-hold",
    "field-good-side",
    "reject-cannot-fail",
    "reject-cannot-hold",
    "ship-cannot-fail",
    "ship-cannot-hold",
}


def problems_of(ship: str, reject: str = GUARDED) -> set[tuple[str, str]]:
    """Code and pointer of every error and warning of a policy with these rules, written as flow YAML."""
    texts = {
        ".remyx/metrics.yaml": METRICS,
        ".remyx/templates/suite.yaml": "version: 1\nname: suite\nscript: run.py\nbaseline_asset: a\n"
        "metrics: [accuracy, score, latency, loss]\n",
        ".remyx/policies/default.yaml": f"version: 1\nname: default\ntemplate: suite\nship: {ship}\n"
        f"reject: {reject}\n",
    }
    data = {path: text.encode() for path, text in texts.items()}
    bundle = load_checked(data)
    found = (*bundle.problems, *warnings_of(bundle, data))
    return {(one.code, one.pointer) for one in found if one.code in CODES}


CANNOT_FAIL = [
    "accuracy.value >= 0",
    "accuracy.delta >= -1",
    "accuracy no_regression 1",
    "accuracy no_regression 1 at 95%",
    "accuracy.value <= 1",
    "score.value >= 0",
    "score no_regression 100",
    "loss.value <= 4",
    "loss.delta <= 4",
    "loss no_regression 4.5",
    "accuracy.relative_delta >= -100%",
    "coverage >= 0",
    "coverage <= 1",
    "sample_size >= 0",
    "delta_confidence(accuracy) >= 0",
    "worse(accuracy) >= 0",
    "better(accuracy) >= 0",
]
CANNOT_HOLD = [
    "accuracy.value >= 2",
    "accuracy.value > 1",
    "accuracy.value < 0",
    "accuracy.delta >= 2",
    "accuracy improves_by 2 at 80%",
    "accuracy.delta > 1",
    "score improves_by 101",
    "loss improves_by 5",
    "accuracy.value == 1.5",
    "accuracy.relative_delta < -100%",
    "coverage > 1",
    "coverage < 0",
    "sample_size < 0",
    "worse(accuracy) < 0",
]
OPEN = [
    "accuracy.value >= 1",
    "accuracy.delta > -1",
    "accuracy no_regression 0.99",
    "accuracy.value == 1",
    "accuracy.relative_delta >= 500%",
    "latency.value <= 0",
    "latency no_regression 1000",
    "loss.value < 4",
    "coverage >= 1",
    "delta_confidence(accuracy) >= 0.99",
]


@pytest.mark.parametrize("line", CANNOT_FAIL)
def test_a_ship_rule_of_what_cannot_fail_is_refused_and_beside_others_it_is_warned_of(line: str) -> None:
    assert {("ship-cannot-fail", "/ship/all/0")} == problems_of(f"{{all: [{line}]}}")
    assert {("ship-cannot-fail", "/ship/any/1")} == problems_of(f"{{any: [{HONEST}, {line}]}}")
    assert {("cannot-fail", "/ship/all/1")} == problems_of(f"{{all: [{HONEST}, {line}]}}")


@pytest.mark.parametrize("line", [line for line in CANNOT_FAIL if "no_regression" not in line])
def test_a_reject_rule_that_always_fires_is_refused(line: str) -> None:
    assert {("reject-cannot-fail", "/reject/any/0")} == problems_of(
        f"{{all: [{HONEST}]}}", f"{{any: [{line}]}}"
    )


@pytest.mark.parametrize("line", [*CANNOT_HOLD, "accuracy no_regression 1", "loss no_regression 4"])
def test_a_reject_rule_that_never_fires_is_refused(line: str) -> None:
    assert ("reject-cannot-hold", "/reject/all/0") in problems_of(
        f"{{all: [{HONEST}]}}", f"{{all: [{line}, accuracy.delta < 0]}}"
    )


def test_two_conditions_of_reject_that_exclude_each_other_are_refused() -> None:
    pair = "{all: [accuracy.value < 0.5, accuracy.value > 0.5]}"
    assert {("reject-cannot-hold", "/reject/all/1")} == problems_of(f"{{all: [{HONEST}]}}", pair)


def test_a_guard_that_cannot_be_violated_is_warned_of() -> None:
    guard = "{any: [accuracy no_regression 1, accuracy no_regression 0.01]}"
    assert {("cannot-hold", "/reject/any/0")} == problems_of(f"{{all: [{HONEST}]}}", guard)


@pytest.mark.parametrize("line", CANNOT_HOLD)
def test_a_ship_rule_of_what_cannot_hold_is_refused_and_beside_others_it_is_warned_of(line: str) -> None:
    assert {("ship-cannot-hold", "/ship/all/0")} == problems_of(f"{{all: [{line}]}}")
    assert {("ship-cannot-hold", "/ship/all/1")} == problems_of(f"{{all: [{HONEST}, {line}]}}")
    assert {("cannot-hold", "/ship/any/1")} == problems_of(f"{{any: [{HONEST}, {line}]}}")


@pytest.mark.parametrize("line", OPEN)
def test_what_may_come_out_either_way_is_let_be(line: str) -> None:
    assert set() == problems_of(f"{{all: [{line}]}}")
    assert set() == problems_of(f"{{any: [{HONEST}, {line}]}}")


@pytest.mark.parametrize(
    ("ship", "expected"),
    [
        ("{all: [accuracy.value >= 0.6, accuracy.value <= 0.5]}", {("ship-cannot-hold", "/ship/all/1")}),
        ("{all: [accuracy improves_by 0.1, accuracy.delta < 0.1]}", {("ship-cannot-hold", "/ship/all/1")}),
        ("{all: [loss improves_by 0.1, loss regresses_by 0]}", {("ship-cannot-hold", "/ship/all/1")}),
        (
            "{all: [latency.value < 9, {any: [latency.value > 9, latency.value == 9]}]}",
            {("ship-cannot-hold", "/ship")},
        ),
        ("{any: [accuracy.value >= 0.5, accuracy.value <= 0.6]}", {("ship-cannot-fail", "/ship/any/1")}),
        ("{any: [latency.delta > 3, latency.delta <= 3]}", {("ship-cannot-fail", "/ship/any/1")}),
        ("{at_least: 2, of: [loss.value < 1, loss.value < 2, loss.value > 2]}", set()),
        (
            "{at_least: 2, of: [loss.value < 1, loss.value > 1, loss.value == 1]}",
            {("ship-cannot-hold", "/ship")},
        ),
        ("{all: [accuracy.value >= 0.5, accuracy.value <= 0.5]}", set()),
        ("{all: [accuracy.value >= 0.6, score.value <= 50]}", set()),
        ("{all: [accuracy.value >= 0.6, accuracy.delta <= 0.5]}", set()),
        ("{all: [worse(accuracy) <= 3, worse(accuracy) > 3]}", {("ship-cannot-hold", "/ship/all/1")}),
        ("{all: [worse(accuracy) <= 3, better(accuracy) > 3, worse(loss) > 3]}", set()),
    ],
)
def test_conditions_that_decide_each_other_are_found(ship: str, expected: set[tuple[str, str]]) -> None:
    assert expected == problems_of(ship)


@pytest.mark.parametrize(
    "line", ["coverage >= 1", "sample_size > 50", "better(accuracy) >= 5", "worse(accuracy) <= 3"]
)
def test_a_field_that_rejects_on_its_good_side_is_warned_of(line: str) -> None:
    assert ("field-good-side", "/reject/any/0") in problems_of(f"{{all: [{HONEST}]}}", f"{{any: [{line}]}}")


# a property: the search agrees with trying values

THRESHOLDS = st.sampled_from(["0", "0.3", "0.5", "1"])
LEAVES = st.builds(
    lambda key, op, threshold: f"{key}.value {op} {threshold}",
    st.sampled_from("ab"),
    st.sampled_from([">=", ">", "<=", "<", "=="]),
    THRESHOLDS,
)
RULES = st.recursive(
    LEAVES,
    lambda below: st.one_of(
        st.lists(below, min_size=1, max_size=3).map(lambda children: {"all": children}),
        st.lists(below, min_size=1, max_size=3).map(lambda children: {"any": children}),
        st.lists(below, min_size=2, max_size=3).map(lambda children: {"at_least": 2, "of": children}),
    ),
    max_leaves=6,
).filter(lambda rule: isinstance(rule, dict) and depth(rule) <= 3)
TRIED = [Fraction(number, 20) for number in range(21)]
"""Every threshold, and something between each two."""


def depth(rule: Any) -> int:
    if isinstance(rule, str):
        return 0
    return 1 + max(
        depth(child) for child in next(iter(value for value in rule.values() if isinstance(value, list)))
    )


def holds(node: Gate | Condition, values: Mapping[str, Fraction]) -> bool:
    if isinstance(node, Gate):
        return sum(holds(child, values) for child in node.children) >= node.k
    value, threshold = values[node.keys[0]], Fraction(node.threshold)
    return {
        ">=": value >= threshold,
        ">": value > threshold,
        "<=": value <= threshold,
        "<": value < threshold,
        "==": value == threshold,
    }[node.op]


@given(rule=RULES)
def test_the_search_agrees_with_trying_every_value(rule: Mapping[str, Any]) -> None:
    rules = bar(rule, metrics=[{"key": key, "unit": "accuracy"} for key in "ab"]).rules
    outcomes = {holds(rules.ship, {"a": a, "b": b}) for a in TRIED for b in TRIED}
    expected = {frozenset({True}): {"ship-cannot-fail"}, frozenset({False}): {"ship-cannot-hold"}}
    codes = {words.code for _, words in errors_of_rules(rules)}
    assert expected.get(frozenset(outcomes), set()) == codes
