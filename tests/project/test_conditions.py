"""Conditions as lines: one grammar for reading and printing, and what is nearly a condition is named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from remyx_action.project.lock import digest_of
from remyx_action.project.models import Policy
from remyx_action.project.models.conditions import (
    LINE_PATTERN,
    condition_of,
    line_of,
    parse_line,
    why_no_line,
)
from remyx_action.project.models.policy import Child, Leaf

CHILD: TypeAdapter[Any] = TypeAdapter(Child)


def keys(**values: Any) -> Leaf:
    """A condition as a file gives it in keys."""
    found: Leaf = CHILD.validate_python(in_decimals(values))
    return found


def in_decimals(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: Decimal(value) if key in NUMBERS else value for key, value in values.items()}


NUMBERS = ("threshold", "confidence", "expect", "by")

SAME: dict[str, dict[str, Any]] = {
    "spatialscore.delta >= 0.02 at 80% confidence": {
        "metric": "spatialscore.delta",
        "op": ">=",
        "threshold": "0.02",
        "confidence": "0.80",
    },
    "a.delta>=-0.02 at 0.80": {"metric": "a.delta", "op": ">=", "threshold": "-0.02", "confidence": "0.80"},
    "a.value < 170": {"metric": "a.value", "op": "<", "threshold": "170"},
    "a.relative_delta > 5%": {"metric": "a.relative_delta", "op": ">", "threshold": "0.05"},
    "a.delta <= 5% of baseline": {"metric": "a.relative_delta", "op": "<=", "threshold": "0.05"},
    "a.value == 1": {"metric": "a.value", "op": "==", "threshold": "1"},
    "omnispatial improves_by 0.02 at 0.80": {
        "metric": "omnispatial",
        "op": "improves_by",
        "threshold": "0.02",
        "confidence": "0.80",
    },
    "latency no_regression 5% of baseline at 0.90": {
        "metric": "latency",
        "op": "no_regression",
        "threshold": "0.05",
        "mode": "relative",
        "confidence": "0.90",
    },
    "latency regresses_by 0.05 of baseline": {
        "metric": "latency",
        "op": "regresses_by",
        "threshold": "0.05",
        "mode": "relative",
    },
    "a no_regression": {"metric": "a", "op": "no_regression"},
    "a no_regression at 99.5%": {"metric": "a", "op": "no_regression", "confidence": "0.995"},
    "delta_confidence >= 80%": {"field": "delta_confidence", "op": ">=", "threshold": "0.80"},
    "delta_confidence(a) > 0.5": {"field": "delta_confidence", "op": ">", "threshold": "0.5", "metric": "a"},
    "coverage(mindcube) >= 1": {"field": "coverage", "op": ">=", "threshold": "1", "metric": "mindcube"},
    "sample_size >= 200": {"field": "sample_size", "op": ">=", "threshold": "200"},
    "worse(a) <= 3": {"field": "worse", "metric": "a", "op": "<=", "threshold": "3"},
    "better(a, by 0.1) > 5": {"field": "better", "metric": "a", "op": ">", "threshold": "5", "by": "0.1"},
}


@pytest.mark.parametrize("line", SAME)
def test_a_line_says_what_its_keys_say(line: str) -> None:
    assert condition_of(CHILD.validate_python(line)) == keys(**SAME[line])


@pytest.mark.parametrize("line", SAME)
def test_a_line_and_its_keys_have_one_digest(line: str) -> None:
    written = [line, SAME[line] | {key: Decimal(SAME[line][key]) for key in NUMBERS if key in SAME[line]}]
    policies = [
        Policy.model_validate(
            {
                "version": 1,
                "name": "p",
                "template": "t",
                "ship": {"any": [{"all": [one]}]},
                "reject": {"all": [one]},
            }
        )
        for one in [*written, {"if": line}]
    ]
    assert 1 == len({digest_of(policy) for policy in policies})


def test_what_a_line_is_given_along_with_counts_too() -> None:
    line = "mindcube no_regression 0.01 at 0.80"
    more = {"why": "the arm that grasps", "on_unknown": "violated", "expect": Decimal("0.02")}
    assert condition_of(CHILD.validate_python({"if": line, **more})) == parse_line(line).model_copy(
        update=more
    )


@pytest.mark.parametrize("line", ["a.value >= 1", "coverage >= 1", "a.value == 1"])
def test_expect_belongs_to_what_samples_can_settle(line: str) -> None:
    written = {"if": line, "expect": Decimal(1)}
    if line == "a.value >= 1":
        assert condition_of(CHILD.validate_python(written)) == keys(**SAME_VALUE)
    else:
        with pytest.raises(ValidationError, match="goes with metric conditions"):
            CHILD.validate_python(written)


SAME_VALUE = {"metric": "a.value", "op": ">=", "threshold": "1", "expect": "1"}

numbers = st.decimals(min_value=0, max_value=10**9, places=4).map(str)
floors = st.decimals(min_value="0.51", max_value="0.99", places=3).map(str)
metrics = st.sampled_from(["a", "bleu-4", "worse_than", "coverage2", "at", "of", "x_1"])
conditions = st.one_of(
    st.builds(
        lambda metric, suffix, op, threshold, sign, floor: keys(
            metric=f"{metric}.{suffix}", op=op, threshold=f"{sign}{threshold}", **floor
        ),
        metrics,
        st.sampled_from(["value", "delta", "relative_delta"]),
        st.sampled_from([">=", ">", "<=", "<"]),
        numbers,
        st.sampled_from(["", "-"]),
        st.one_of(st.just({}), floors.map(lambda floor: {"confidence": floor})),
    ),
    st.builds(
        lambda metric, op, threshold, mode, floor: keys(
            metric=metric, op=op, threshold=threshold, mode=mode, **floor
        ),
        metrics,
        st.sampled_from(["improves_by", "regresses_by", "no_regression"]),
        numbers,
        st.sampled_from(["absolute", "relative"]),
        st.one_of(st.just({}), floors.map(lambda floor: {"confidence": floor})),
    ),
    st.builds(
        lambda field, op, metric, by: keys(field=field, op=op, threshold="4", metric=metric, by=by),
        st.sampled_from(["worse", "better"]),
        st.sampled_from([">=", ">", "<=", "<"]),
        metrics,
        numbers,
    ),
    st.builds(
        lambda field, op, metric: keys(field=field, op=op, threshold="0.30", **metric),
        st.sampled_from(["delta_confidence", "coverage", "sample_size"]),
        st.sampled_from([">=", ">", "<=", "<"]),
        st.one_of(st.just({}), metrics.map(lambda metric: {"metric": metric})),
    ),
)


@given(condition=conditions)
def test_every_condition_is_printed_as_the_line_that_says_it(condition: Any) -> None:
    line = line_of(condition)
    assert condition == parse_line(line)
    assert f"{condition.threshold:f}" in line


@given(
    line=st.one_of(
        st.sampled_from(list(SAME)),
        st.builds(
            lambda line, place, put: line[:place] + put + line[place + 1 :],
            st.sampled_from(list(SAME)),
            st.integers(0, 40),
            st.sampled_from(["", " ", "0", "8", "%", ".", ",", "-", "=", ">", "A", "_", "\n", "9"]),
        ),
        st.text("a.delta >=0258%at()coverage_-", max_size=30),
    )
)
def test_the_schemas_pattern_and_the_parser_agree(line: str) -> None:
    try:
        CHILD.validate_python(line)
    except ValidationError as error:
        [found] = error.errors()
        assert found["ctx"]["help"]
        assert re.search(LINE_PATTERN, line) is None
    else:
        assert re.search(LINE_PATTERN, line)


NEARLY = {
    "mrr >= 0.02": "did you mean `mrr.value >= 0.02` or `mrr.delta >= 0.02`?",
    "mrr.delta >= 0,02": "write 0.02",
    "mrr.delta gte 0.02": 'did you mean "mrr.delta >= 0.02"?',
    "mrr.delta => 0.02": 'did you mean "mrr.delta >= 0.02"?',
    "mrr.delta ≥ 0.02": 'did you mean "mrr.delta >= 0.02"?',
    "mrr.delta = 0": 'did you mean "mrr.delta == 0"?',
    "mrr.delta >= 0.02 at 80": "did you mean 80%?",
    "mrr.delta >= 0.02 at 0,80": "write 0.80",
    "mrr.delta >= 0.02 at 0.5": "write it as `at 80%` or `at 0.80`",
    "mrr.delta >= 0.02 at 100%": "write it as `at 80%` or `at 0.80`",
    "mrr.delt >= 0.02": "did you mean mrr.delta?",
    "mrr.delta improves_by 0.02": "write mrr improves_by 0.02",
    "mrr improve_by 0.02": "did you mean improves_by?",
    "mrr no_regression -0.01": "write mrr no_regression 0.01",
    "mrr improves_by": "KEY improves_by 0.02",
    "MRR.delta >= 0.02": "did you mean mrr?",
    "mrr.value >= 80%": "write 80 where the unit is %, else its hundredth",
    "mrr.delta == 0 at 80%": "use >= or <=",
    "mrr.delta >= 1e-3": "write 0.001",
    "mrr.delta >= .5": "write 0.5",
    "mrr.delta >= 1e-30": "at most 15 digits",
    "delta_confidence improves_by 0.02": "write delta_confidence >= 0.02",
    "delta_confidence >= 80": "did you mean 80%?",
    "delta_confidence >= 0.8 at 80%": "write delta_confidence >= 0.8",
    "coverage == 1": "write coverage >= 1",
    "coverage >= 100": "did you mean 100%?",
    "coverage >= -1": "write 1",
    "sample_size >= 80%": "write sample_size >= 80",
    "worse <= 3": "write worse(KEY) <= 3",
    "worse(a) <= 3%": "write worse <= 3",
    "better(a, by) >= 1": "write KEY.delta",
    "mrr(a) >= 3": "use one of delta_confidence, sample_size, coverage, worse, better",
    "": "write KEY.delta",
    "accuracy": "write KEY.delta",
    "a.delta >= 0.02 at 80% sure": "write KEY.delta",
    "a.delta >=\n0.02 and b.delta >= 0": "below `all:`",
    "a.delta >= 0 or b.delta >= 0": "below `any:`",
    "a.delta > = 0.02": 'did you mean ">="?',
}


@pytest.mark.parametrize("line", NEARLY)
def test_what_is_nearly_a_condition_is_named_with_the_right_one(line: str) -> None:
    with pytest.raises(ValidationError) as caught:
        CHILD.validate_python(line)
    [found] = caught.value.errors()
    assert NEARLY[line] in found["ctx"]["help"], found["ctx"]


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("accuracy improves_by 0.02 @ 80%", "accuracy improves_by 0.02 at 80%"),
        ("accuracy improves by 0.02 with 80% confidence", "accuracy improves_by 0.02 at 80% confidence"),
        ("accuracy no regression 0.01.", "accuracy no_regression 0.01"),
        ("improves_by accuracy 0.02", "accuracy improves_by 0.02"),
        ("accuracy delta >= 0.02 at 80%", "accuracy.delta >= 0.02 at 80%"),
        ("delta confidence >= 0.8", "delta_confidence >= 0.8"),
    ],
)
def test_a_line_in_other_words_is_answered_with_ours(line: str, meant: str) -> None:
    assert why_no_line(line)[1] == f"did you mean `{meant}`?"
