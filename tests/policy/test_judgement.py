"""The verdict: the table, the truth of conditions, and what unknowns can never do."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remyx_action.policy.advice import advice_for
from remyx_action.policy.judgement import decide, judge
from remyx_action.policy.rules import Condition, Mark
from remyx_action.readers.scores import Reason, Samples, Scores, Summary
from support.bars import bar, exact, inputs, number, samples

SHIP = {"all": [{"metric": "a.delta", "op": ">=", "threshold": 0.02}]}
WORKED: list[dict[str, Any]] = [
    {"key": key, "unit": "accuracy", "baseline": baseline}
    for key, baseline in [
        ("spatialscore", 0.42),
        ("omnispatial", 0.31),
        ("space10", 0.55),
        ("mindcube", 0.38),
    ]
]


def only(judgement: Any, rule: str = "ship") -> Condition:
    """The one condition of a rule."""
    [trace] = getattr(judgement, rule).children
    assert isinstance(trace, Condition)
    return trace


@pytest.mark.parametrize(
    ("ship", "reject", "expected"),
    [
        ("true", "false", ("ship", "bar_met")),
        ("true", "unknown", ("iterate", "reject_undetermined")),
        ("true", "true", ("reject", "both_match")),
        ("unknown", "false", ("iterate", "ship_undetermined")),
        ("unknown", "unknown", ("iterate", "ship_undetermined")),
        ("unknown", "true", ("reject", "reject_rule")),
        ("false", "false", ("iterate", "below_bar")),
        ("false", "unknown", ("iterate", "below_bar")),
        ("false", "true", ("reject", "reject_rule")),
    ],
)
def test_the_verdict_is_the_table_of_the_two_rules(ship: str, reject: str, expected: tuple[str, str]) -> None:
    assert expected == decide(ship=Mark(ship), reject=Mark(reject), state="complete", caps=[])


def test_caps_come_after_reject_and_before_ship() -> None:
    true, false = Mark.TRUE, Mark.FALSE
    assert ("iterate", "lock_stale") == decide(ship=true, reject=false, state="complete", caps=["lock_stale"])
    assert ("reject", "both_match") == decide(ship=true, reject=true, state="complete", caps=["lock_stale"])
    assert ("iterate", "below_bar") == decide(ship=false, reject=false, state="complete", caps=["lock_stale"])


def test_a_crash_is_never_a_verdict() -> None:
    for ship, reject in product(Mark, Mark):
        assert (None, "run_failed") == decide(ship=ship, reject=reject, state="failed", caps=[])


@pytest.mark.parametrize("key", [row["key"] for row in WORKED])
def test_an_exact_two_hundredths_meets_two_hundredths(key: str) -> None:
    held = bar({"all": [{"metric": f"{key}.delta", "op": ">=", "threshold": 0.02}]}, metrics=WORKED)
    after = {row["key"]: number(str(Decimal(str(row["baseline"])) + Decimal("0.02"))) for row in WORKED}
    before = {row["key"]: number(row["baseline"]) for row in WORKED}
    assert "ship" == judge(held, inputs(held, before, after)).verdict


def test_an_exact_hundredth_of_loss_is_not_worse_than_a_hundredth() -> None:
    losses = [{"metric": f"{row['key']}.delta", "op": "<", "threshold": -0.01} for row in WORKED]
    held = bar(
        {"all": [{"metric": "space10.delta", "op": ">=", "threshold": 0}]}, {"any": losses}, metrics=WORKED
    )
    before = {row["key"]: number(row["baseline"]) for row in WORKED}
    for step, verdict in (("0.01", "iterate"), ("0.010000000001", "reject")):
        after = {row["key"]: number(str(Decimal(str(row["baseline"])) - Decimal(step))) for row in WORKED}
        assert verdict == judge(held, inputs(held, before, after)).verdict


@pytest.mark.parametrize("absent", [row["key"] for row in WORKED])
def test_leaving_a_benchmark_out_never_ships_and_says_so(absent: str) -> None:
    guards = [{"metric": row["key"], "op": "no_regression", "threshold": 0.01} for row in WORKED]
    held = bar({"all": guards}, metrics=WORKED)
    before = {row["key"]: number(row["baseline"]) for row in WORKED}
    after = {key: value for key, value in before.items() if key != absent}
    judgement = judge(held, inputs(held, before, after))
    assert ("iterate", "ship_undetermined", "partial") == (
        judgement.verdict,
        judgement.reason,
        judgement.run_state,
    )
    reasons = [child.reason for child in judgement.ship.children if isinstance(child, Condition)]
    assert [Reason.MISSING_METRIC] == [reason for reason in reasons if reason]


def test_a_failing_point_is_false_whether_or_not_a_confidence_exists() -> None:
    held = bar({"all": [{"metric": "a.delta", "op": ">=", "threshold": 0.02, "confidence": 0.8}]})
    trace = only(judge(held, inputs(held, {"a": number("0.5")}, {"a": number("0.51")})))
    assert (Mark.FALSE, Reason.THRESHOLD, None) == (trace.mark, trace.reason, trace.confidence)


def test_two_bare_numbers_have_no_confidence() -> None:
    held = bar({"all": [{"metric": "a.delta", "op": ">=", "threshold": 0.02, "confidence": 0.8}]})
    trace = only(judge(held, inputs(held, {"a": number("0.5")}, {"a": number("0.6")})))
    assert (Mark.UNKNOWN, Reason.NO_UNCERTAINTY) == (trace.mark, trace.reason)


def test_a_met_point_below_its_floor_is_low_confidence() -> None:
    held = bar({"all": [{"metric": "a.delta", "op": ">=", "threshold": 0.02, "confidence": 0.95}]})
    before, after = samples([0, 1] * 20), samples([1, 1] + [0, 1] * 19)
    trace = only(judge(held, inputs(held, {"a": before}, {"a": after})))
    assert (Mark.FALSE, Reason.LOW_CONFIDENCE, Decimal("0.025")) == (trace.mark, trace.reason, trace.observed)


def test_a_guard_in_reject_fires_when_it_is_violated() -> None:
    held = bar(SHIP, {"any": [{"metric": "a", "op": "no_regression", "threshold": 0.01}]})
    judgement = judge(held, inputs(held, {"a": number("0.5")}, {"a": number("0.48")}))
    assert ("reject", "reject_rule") == (judgement.verdict, judgement.reason)
    assert Decimal("0.02") == only(judgement, "reject").observed  # the loss


def test_on_unknown_violated_closes_both_ways() -> None:
    condition = {"metric": "a.delta", "op": ">=", "threshold": 0.0, "on_unknown": "violated"}
    held = bar({"all": [condition]}, {"any": [condition]})
    judgement = judge(held, inputs(held, {"a": number("0.5")}, {}))
    assert (Mark.FALSE, Mark.TRUE) == (judgement.ship.mark, judgement.reject and judgement.reject.mark)
    assert Reason.MISSING_METRIC == only(judgement).reason


def test_arms_that_are_not_comparable_iterate_but_values_can_still_reject() -> None:
    held = bar(SHIP, {"any": [{"metric": "a.value", "op": "<", "threshold": 0.3}]})
    for value, expected in ((0.9, ("iterate", "not_comparable")), (0.2, ("reject", "reject_rule"))):
        facts = inputs(held, {"a": number(0.5)}, {"a": number(value)}, not_comparable=["judge"])
        judgement = judge(held, facts)
        assert expected == (judgement.verdict, judgement.reason)
        assert Reason.NOT_COMPARABLE == only(judgement).reason


def test_an_exact_baseline_is_a_bar_and_not_a_measurement() -> None:
    held = bar({"all": [{"metric": "a.delta", "op": ">=", "threshold": 0.0, "confidence": 0.8}]})
    judgement = judge(held, inputs(held, {"a": exact("0.5")}, {"a": samples([1, 1, 1, 0] * 25)}))
    assert "ship" == judgement.verdict
    assert "one-sample" == judgement.estimates["a"].method


def test_delta_confidence_is_of_what_ship_asks_to_improve() -> None:
    metrics = [{"key": key, "unit": "accuracy"} for key in ("gain", "guarded")]
    held = bar(
        {
            "all": [
                {"metric": "gain", "op": "improves_by", "threshold": 0.01},
                {"metric": "guarded", "op": "no_regression", "threshold": 0.05},
                {"field": "delta_confidence", "op": ">=", "threshold": 0.95},
            ]
        },
        metrics=metrics,
    )
    before = {"gain": samples([0] * 60 + [1] * 40), "guarded": samples([1] * 100)}
    after = {"gain": samples([0] * 40 + [1] * 60), "guarded": samples([1] * 100)}
    judgement = judge(held, inputs(held, before, after))
    assert "ship" == judgement.verdict
    assert judgement.delta_confidence.value == Fraction(
        judgement.estimates["gain"].lowest_confidence_better or 0
    )


LEAVES = st.one_of(
    st.builds(
        lambda key, op, threshold, floor: (
            {"metric": f"{key}.delta", "op": op, "threshold": threshold}
            | ({"confidence": floor} if floor and op != "==" else {})
        ),
        st.sampled_from("abcd"),
        st.sampled_from([">=", ">", "<=", "<", "=="]),
        st.sampled_from([-0.05, -0.01, 0.0, 0.02, 0.1]),
        st.sampled_from([None, 0.8, 0.95]),
    ),
    st.builds(
        lambda key, op, threshold: {"metric": f"{key}.value", "op": op, "threshold": threshold},
        st.sampled_from("abcd"),
        st.sampled_from([">=", "<"]),
        st.sampled_from([0.3, 0.5, 0.7]),
    ),
    st.builds(
        lambda key, op, threshold, floor: (
            {"metric": key, "op": op, "threshold": threshold} | ({"confidence": floor} if floor else {})
        ),
        st.sampled_from("abcd"),
        st.sampled_from(["improves_by", "regresses_by", "no_regression"]),
        st.sampled_from([0.0, 0.02, 0.1]),
        st.sampled_from([None, 0.8, 0.95]),
    ),
    st.builds(
        lambda key, field, threshold: {"field": field, "metric": key, "op": ">=", "threshold": threshold},
        st.sampled_from("abcd"),
        st.sampled_from(["delta_confidence", "sample_size", "coverage"]),
        st.sampled_from([0.5, 0.8, 1.0]),
    ),
)


def rules(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    child = LEAVES if depth == 1 else st.one_of(LEAVES, LEAVES, rules(depth - 1))
    children = st.lists(child, min_size=1, max_size=4)
    return st.one_of(
        children.map(lambda found: {"all": found}),
        st.tuples(children, st.sampled_from(["each", "shared"])).map(
            lambda found: {"any": found[0], "floors": found[1]}
        ),
        st.tuples(children, st.integers(1, 4), st.sampled_from(["each", "shared"])).map(
            lambda found: {"at_least": min(found[1], len(found[0])), "of": found[0], "floors": found[2]}
        ),
    )


BINARY = st.lists(st.sampled_from([0, 1]), min_size=24, max_size=24)
ARMS = st.tuples(BINARY, BINARY)
COMPLETIONS = [
    ([0] * 24, [1] * 24),
    ([1] * 24, [0] * 24),
    ([0, 1] * 12, [0, 1] * 12),
    ([0] * 24, [0] * 24),
    ([1] * 24, [1] * 24),
    ([0, 1] * 12, [1, 1] + [0, 1] * 11),
    ([1, 1] + [0, 1] * 11, [0, 1] * 12),
]
"""Arms that an unknown metric might have had: extremes, ties, a small gain, a small loss."""


@pytest.mark.slow
@settings(max_examples=800, deadline=None)
@given(
    ship=rules(3),
    reject=st.none() | rules(2),
    known=st.lists(st.none() | ARMS, min_size=4, max_size=4),
    drawn=st.lists(ARMS, min_size=1, max_size=2),
)
def test_a_ship_or_reject_is_the_same_under_every_completion_of_its_unknowns(
    ship: dict[str, Any],
    reject: dict[str, Any] | None,
    known: list[tuple[list[int], list[int]] | None],
    drawn: list[tuple[list[int], list[int]]],
) -> None:
    held = bar(ship, reject, metrics=[{"key": key, "unit": "accuracy"} for key in "abcd"])

    def verdict(arms: list[tuple[list[int], list[int]] | None]) -> str | None:
        before: dict[str, Scores] = {}
        after: dict[str, Scores] = {}
        for key, pair in zip("abcd", arms, strict=True):
            if pair:
                before[key], after[key] = samples(pair[0]), samples(pair[1])
        return judge(held, inputs(held, before, after)).verdict

    first = verdict(known)
    if first == "iterate" or None not in known:
        return
    for completion in (*COMPLETIONS, *drawn):
        assert first == verdict([completion if pair is None else pair for pair in known])


NOTHING = samples([0] * 50)
SIGNED = [{"key": "a", "unit": "score", "range": [-1, 1]}]
LOWER = [{"key": "a", "unit": "loss", "direction": "lower", "range": [0, 1]}]


@pytest.mark.parametrize("floor", ["", " at 80%"])
@pytest.mark.parametrize(
    "line",
    [
        "a improves_by 5% of baseline",
        "a improves_by 0% of baseline",
        "a.relative_delta >= 5%",
        "a.relative_delta > 0",
        "a.delta >= 1% of baseline",
        "a.relative_delta <= 5%",
    ],
)
def test_nothing_is_better_than_nothing_by_a_part_of_it(line: str, floor: str) -> None:
    for variant in (NOTHING, samples([0, 1] * 25)):
        held = bar({"all": [line + floor]})
        judgement = judge(held, inputs(held, {"a": NOTHING}, {"a": variant}))
        assert ("iterate", Reason.ZERO_BASELINE) == (judgement.verdict, only(judgement).reason)


@pytest.mark.parametrize(
    ("metrics", "line", "expected"),
    [
        (None, "a no_regression 5% of baseline", Mark.TRUE),
        (None, "a.relative_delta >= -5%", Mark.TRUE),
        (None, "a regresses_by 5% of baseline", Mark.FALSE),
        (LOWER, "a no_regression 5% of baseline", Mark.FALSE),
        (LOWER, "a regresses_by 5% of baseline", Mark.TRUE),
        (LOWER, "a improves_by 5% of baseline", Mark.UNKNOWN),
        (SIGNED, "a no_regression 5% of baseline", Mark.UNKNOWN),
        ([{"key": "a", "unit": "points"}], "a no_regression 5% of baseline", Mark.UNKNOWN),
        (None, "a.relative_delta == 0.05", Mark.UNKNOWN),
    ],
)
def test_a_relative_guard_tolerates_no_loss_at_all_where_there_is_nothing_to_lose(
    metrics: Any, line: str, expected: Mark
) -> None:
    held = bar({"all": [line]}, **({"metrics": metrics} if metrics else {}))
    found = only(judge(held, inputs(held, {"a": NOTHING}, {"a": samples([0, 1] * 25)})))
    assert expected is found.mark
    assert (Reason.ZERO_BASELINE == found.reason) == (expected is Mark.UNKNOWN)


PERCENTILE = [{"key": "a", "unit": "ms", "direction": "lower", "aggregate": "p50", "range": [0, 100]}]
COST = [{"key": "a", "unit": "usd", "direction": "lower", "range": [0, 1]}]


@pytest.mark.parametrize("floor", ["", " at 80%"])
@pytest.mark.parametrize(
    ("metrics", "baseline"),
    [
        (None, exact(0)),
        (None, Summary(value=Decimal(0), n=50)),
        (None, Summary(value=Decimal(0), n=50, stderr=Decimal("0.05"))),
        (None, samples(["0.0"] * 60, clusters=[f"c{row % 6}" for row in range(60)])),
        (PERCENTILE, samples([0] * 50)),
        (COST, samples(["0"] * 30)),
    ],
)
def test_a_baseline_of_0_however_it_came_about_leaves_nothing_to_be_better_than(
    metrics: Any, baseline: Scores, floor: str
) -> None:
    """A recorded number, a bar, clusters, a percentile, a cost that was nothing: siblings of the same gap."""
    given = {"metrics": metrics} if metrics else {}
    clusters = baseline.clusters if isinstance(baseline, Samples) else None
    variant = samples([1] * (len(clusters) if clusters else 50), clusters=clusters)
    for line in ("a improves_by 5% of baseline", "a improves_by 0% of baseline"):
        held = bar({"all": [line + floor]}, **given)
        judgement = judge(held, inputs(held, {"a": baseline}, {"a": variant}))
        assert ("iterate", Reason.ZERO_BASELINE) == (judgement.verdict, only(judgement).reason)


def advice_of(before: Scores, after: Scores) -> Any:
    held = bar({"all": ["a improves_by 0.02 at 99%"]})
    given = inputs(held, {"a": before}, {"a": after})
    [advice] = advice_for(judge(held, given), bar=held, inputs=given)
    return advice


def test_advice_names_no_gain_that_the_range_does_not_hold() -> None:
    few = advice_of(samples([0, 0]), samples([1, 0]))
    assert few.smallest_effect is None
    assert "2 samples cannot confirm any gain." in few.message
    one = advice_of(samples([0]), samples([1]))
    assert "One sample has no spread: 2 are the least." in one.message
    many = advice_of(samples([0, 1] * 100), samples([0, 1] * 95 + [1] * 10))
    assert 0 < many.smallest_effect < 1
    assert "cannot confirm any" not in many.message
