"""Missing samples: what is decided holds whatever their scores are, and too many decide nothing."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import pytest
from scipy import stats

from remyx_action.confidence import uneven_missing
from remyx_action.confidence.binomial import chance_of_split
from remyx_action.policy.bar import Bar
from remyx_action.policy.judgement import Judgement, judge
from remyx_action.readers.scores import Reason, Samples
from support.bars import bar, exact, inputs, samples

GAIN = {"metric": "a.delta", "op": ">=", "threshold": 0.02, "confidence": 0.8}
LOSS = {"metric": "a", "op": "no_regression", "threshold": 0.02, "confidence": 0.8}


def judged(subject: Bar, baseline: Samples, variant: Samples) -> Judgement:
    return judge(subject, inputs(subject, {"a": baseline}, {"a": variant}))


def arm(ones: int, n: int, *, without: Sequence[int] = (), error: str = "time out") -> Samples:
    """The first of n ids score 1, the others 0; some have an error in place of a score."""
    scores = {f"q{row}": str(int(row < ones)) for row in range(n) if row not in without}
    return Samples(
        ids=list(scores), scores=list(scores.values()), missing={f"q{row}": error for row in without}
    )


def test_missing_samples_within_bounds_do_not_keep_a_clear_gain_from_shipping() -> None:
    found = judged(bar({"all": [GAIN]}), arm(500, 1000), arm(600, 1000, without=range(990, 1000)))
    assert ("ship", "bar_met") == (found.verdict, found.reason)
    assert found.estimates["a"].n == 990
    assert found.estimates["a"].note == (
        "samples without a score: 10 in the variant; the commonest error (10 times): time out"
    )


def test_a_gain_that_missing_samples_could_undo_is_unknown() -> None:
    found = judged(bar({"all": [GAIN]}), arm(500, 1000), arm(538, 1000, without=range(15)))
    [condition] = found.ship.conditions()
    assert ("iterate", "ship_undetermined") == (found.verdict, found.reason)
    assert ("unknown", Reason.MISSING_SAMPLES) == (condition.mark, condition.reason)
    whole = judged(bar({"all": [GAIN]}), arm(500, 1000), arm(538, 1000))
    assert whole.verdict == "ship"


def test_a_loss_that_missing_samples_could_undo_does_not_reject_and_does_not_ship() -> None:
    subject = bar({"all": [{"metric": "a.delta", "op": ">=", "threshold": -1}]}, {"any": [LOSS]})
    found = judged(subject, arm(500, 1000), arm(462, 1000, without=range(985, 1000)))
    assert ("iterate", "reject_undetermined") == (found.verdict, found.reason)
    clear = judged(subject, arm(500, 1000), arm(400, 1000, without=range(985, 1000)))
    assert clear.verdict == "reject"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"missing": "unknown"}, Reason.MISSING_SAMPLES),
        ({"metrics": [{"key": "a", "unit": "points"}]}, Reason.MISSING_SAMPLES),
        ({"metrics": [{"key": "a", "unit": "accuracy", "aggregate": "p90"}]}, Reason.MISSING_SAMPLES),
        ({"max_missing": 0.009}, Reason.TOO_MANY_MISSING),
        ({"samples": 1011}, Reason.TOO_MANY_MISSING),
    ],
    ids=str,
)
def test_without_bounds_any_missing_sample_leaves_its_metric_unknown(
    changes: dict[str, Any], reason: Reason
) -> None:
    subject = bar({"all": [GAIN, {"metric": "a.value", "op": ">=", "threshold": 0}]}, **changes)
    found = judged(subject, arm(500, 1000), arm(600, 1000, without=range(990, 1000)))
    assert [("unknown", reason)] * 2 == [(one.mark, one.reason) for one in found.ship.conditions()]
    undetermined = "incomplete" if reason is Reason.TOO_MANY_MISSING else "ship_undetermined"
    assert undetermined == found.reason
    assert judged(subject, arm(500, 1010), arm(600, 1010)).estimates["a"].reason is None


def test_half_of_the_declared_samples_never_ship_unless_the_rule_says_how_few_suffice() -> None:
    guard = {"metric": "a.delta", "op": ">=", "threshold": -1}
    halved = judged(bar({"all": [guard]}, samples=200), arm(50, 100), arm(60, 100))
    assert ("iterate", "incomplete") == (halved.verdict, halved.reason)
    enough = {"field": "coverage", "op": ">=", "threshold": 0.5}
    assert judged(bar({"all": [guard, enough]}, samples=200), arm(50, 100), arm(60, 100)).verdict == "ship"
    too_few = judged(bar({"all": [guard, enough]}, samples=201), arm(50, 100), arm(60, 100))
    assert ("iterate", "below_bar") == (too_few.verdict, too_few.reason)
    one_of_two = {"any": [guard, enough]}
    assert judged(bar(one_of_two, samples=200), arm(50, 100), arm(60, 100)).verdict == "iterate"


@pytest.mark.parametrize(
    "line",
    [
        "worse(b) <= 90",
        "better(b, by 0.5) >= 0",
        "delta_confidence(b) >= 0",
        "sample_size(b) >= 1",
        "b.value >= 0",
    ],
)
@pytest.mark.parametrize("place", ["ship", "reject"])
def test_a_metric_that_only_a_field_names_has_to_be_complete_too(line: str, place: str) -> None:
    whole, half = arm(50, 200), arm(50, 100)
    reject = {"all": [line, "a.delta < -0.9"]} if place == "reject" else None
    subject = bar(
        {"all": ["a no_regression 1", *([line] if place == "ship" else [])]},
        reject,
        metrics=[{"key": key, "unit": "accuracy"} for key in "ab"],
        samples=200,
    )
    for lacking, reason in ((whole, "bar_met"), (half, "incomplete")):
        found = judge(subject, inputs(subject, {"a": whole, "b": lacking}, {"a": whole, "b": lacking}))
        assert reason == found.reason
    assert found.coverage.value == Fraction(1, 2)
    assert found.sample_size.value == 100


def test_a_summary_counts_the_n_that_it_reports() -> None:
    guard = {"metric": "a.delta", "op": ">=", "threshold": -1}
    subject = bar({"all": [guard]}, samples=200)
    found = judge(subject, inputs(subject, {"a": exact(0.4)}, {"a": samples(["1", "0"] * 50)}))
    assert ("iterate", "incomplete") == (found.verdict, found.reason)
    bare = judge(subject, inputs(subject, {"a": exact(0.4)}, {"a": exact(0.5)}))
    assert "ship" == bare.verdict


def test_delta_confidence_is_unknown_where_missing_samples_decide_it() -> None:
    sure = {"field": "delta_confidence", "op": ">=", "threshold": 0.9}
    subject = bar({"all": [{"metric": "a", "op": "improves_by", "threshold": 0}, sure]})
    found = judged(subject, arm(500, 1000), arm(516, 1000, without=range(15)))
    field = list(found.ship.conditions())[1]
    assert ("unknown", Reason.MISSING_SAMPLES) == (field.mark, field.reason)
    assert judged(subject, arm(500, 1000), arm(600, 1000, without=range(985, 1000))).verdict == "ship"


@pytest.mark.parametrize(("only_variant", "is_uneven"), [(7, False), (8, True), (12, True)])
def test_an_arm_that_alone_lacks_more_than_chance_explains_is_warned_about(
    only_variant: int, is_uneven: bool
) -> None:
    subject = bar({"all": [GAIN]})
    arms = (arm(500, 1000), arm(600, 1000, without=range(only_variant)))
    [evidence] = inputs(subject, {"a": arms[0]}, {"a": arms[1]}).metrics.values()
    words = (
        f"{only_variant} ids are missing in the variant alone, 0 in the baseline: more than chance explains"
    )
    assert (words if is_uneven else None) == uneven_missing(evidence)
    assert stats.binomtest(0, only_variant).pvalue == pytest.approx(chance_of_split(0, only_variant))
    assert stats.binomtest(3, 17).pvalue == pytest.approx(chance_of_split(14, 3))


def random_bar(random: Random) -> tuple[Bar, bool]:
    """A bar of random rules over one metric, and whether its scores come in clusters."""

    def condition() -> dict[str, Any]:
        floor = random.choice([{}, {"confidence": random.choice([0.6, 0.8, 0.95])}])
        kind = random.randrange(5)
        if kind == 0:
            return {"metric": "a", "op": "improves_by", "threshold": random.choice([0, 0.02, 0.1])} | floor
        if kind == 1:
            return {"metric": "a", "op": "no_regression", "threshold": random.choice([0, 0.05, 0.3])} | floor
        if kind == 2:
            op = random.choice([">=", "<", ">", "<="])
            return {"metric": "a.delta", "op": op, "threshold": random.choice([-0.6, -0.1, 0, 0.05])} | floor
        if kind == 3:
            op = random.choice([">=", "<"])
            return {"metric": "a.value", "op": op, "threshold": random.choice([0.3, 0.5, 0.7])} | floor
        op = random.choice([">=", "<"])
        return {"metric": "a.relative_delta", "op": op, "threshold": random.choice([-0.2, 0.05])} | floor

    def rule() -> dict[str, Any]:
        conditions = [condition() for _ in range(random.randint(1, 3))]
        return {random.choice(["all", "any"]): conditions}

    direction = random.choice(["higher", "lower"])
    subject = bar(
        rule(),
        random.choice([None, rule()]),
        metrics=[{"key": "a", "unit": "accuracy", "direction": direction} | bounded(random)],
        max_missing=0.5,
        samples=random.choice([1, 45]),
    )
    return subject, random.random() < 0.3


def bounded(random: Random) -> dict[str, Any]:
    """Sometimes a bound on changes, which the scores at hand keep or do not."""
    return random.choice([{}, {}, {"max_change": 0.2}, {"max_change": 0.6}])


def random_arms(random: Random) -> tuple[dict[str, str | None], ...]:
    """Scores by id of baseline and variant, some of them missing; repetitive or not."""
    n, shift, spread = random.choice([20, 40]), random.choice([-0.3, 0, 0.1, 0.4]), random.choice([0, 0.1, 1])
    lost = random.choice([0.02, 0.1])
    baseline: dict[str, str | None] = {}
    variant: dict[str, str | None] = {}
    for row in range(n):
        level = random.choice([0.0, 1.0]) if spread == 1 else 0.5
        moved = min(1.0, max(0.0, level + shift + random.uniform(-spread, spread) / 2))
        if spread == 1:
            moved = float(random.random() < 0.5 + shift)
        for found, score in ((baseline, level), (variant, moved)):
            found[f"q{row}"] = None if random.random() < lost else f"{score:.3f}"
    return baseline, variant


def samples_of(scores: dict[str, str | None], *, clustered: bool, unclear: set[str]) -> Samples:
    """Ids that no arm scored are in one cluster of their own: nobody names theirs."""
    ids = [id_ for id_, score in scores.items() if score is not None]
    clusters = ["unclear" if id_ in unclear else f"c{int(id_[1:]) % 8}" for id_ in ids]
    return Samples(
        ids=ids,
        scores=[score for score in scores.values() if score is not None],
        clusters=clusters if clustered else None,
        missing={id_: "" for id_, score in scores.items() if score is None},
    )


def completed(scores: dict[str, str | None], how: int, random: Random) -> dict[str, str | None]:
    def missing_score() -> str:
        return str(Decimal(how)) if how < 2 else random.choice(["0", "1", "0.5", f"{random.random():.3f}"])

    return {id_: missing_score() if score is None else score for id_, score in scores.items()}


def test_a_ship_or_reject_is_the_same_under_every_completion_of_missing_samples() -> None:
    random, decided = Random(14), {"ship": 0, "reject": 0}
    for _ in range(600):
        subject, clustered = random_bar(random)
        baseline, variant = random_arms(random)
        absent = {f"q{row}" for row in range(len(baseline), subject.metrics[0].samples or 0)}
        unclear = absent | {id_ for id_, score in baseline.items() if score is None and variant[id_] is None}
        arms = [samples_of(scores, clustered=clustered, unclear=unclear) for scores in (baseline, variant)]
        found = judged(subject, *arms)
        if found.verdict not in decided or all(len(one.missing) == 0 for one in arms):
            continue
        decided[found.verdict] += 1
        baseline, variant = (scores | dict.fromkeys(absent) for scores in (baseline, variant))
        for how in ((1, 0), (0, 1), (0, 0), (1, 1), (2, 2), (2, 2), (2, 2)):
            whole = judged(
                subject,
                samples_of(completed(baseline, how[0], random), clustered=clustered, unclear=unclear),
                samples_of(completed(variant, how[1], random), clustered=clustered, unclear=unclear),
            )
            assert found.verdict == whole.verdict, (subject, baseline, variant, how)
    assert min(decided.values()) > 30


GRIDS = {"accuracy": ["0", "0.5", "1"], "signed": ["-1", "0", "1"]}


def small_arms(random: Random, grid: Sequence[str]) -> tuple[dict[str, str | None], ...]:
    """Few scores by id, some missing in one arm, the other or both; one id may stand in one arm alone."""
    rows = random.randint(4, 8)
    lift = random.choice([0, 1, 2])
    arms: tuple[dict[str, str | None], ...] = ({}, {})
    for row in range(rows):
        low = random.randint(0, 2)
        for found, score in zip(arms, (low, min(2, low + lift)), strict=True):
            found[f"q{row}"] = grid[score if random.random() < 0.7 else random.randint(0, 2)]
    for _ in range(random.randint(1, 4)):
        random.choice(arms)[f"q{random.randrange(rows)}"] = None
    return arms


def small_bar(random: Random, unit: str) -> Bar:
    """Conditions of every kind that so few samples can meet."""
    conditions: list[Any] = [
        {"metric": "a.delta", "op": random.choice([">=", ">"]), "threshold": random.choice([0, 0.1, 0.25])},
        {"metric": "a", "op": "no_regression", "threshold": 0.3, "confidence": random.choice([0.55, 0.7])},
        {"metric": "a", "op": "no_regression", "threshold": random.choice([0.1, 0.3]), "mode": "relative"},
        {"metric": "a", "op": "improves_by", "threshold": random.choice([0, 0.1]), "confidence": 0.55},
        {"metric": "a", "op": "improves_by", "threshold": random.choice([0, 0.1]), "mode": "relative"},
        {"metric": "a.relative_delta", "op": ">=", "threshold": 0.05, "confidence": 0.55},
        {"metric": "a.value", "op": random.choice([">=", "<="]), "threshold": random.choice([0.4, 0.6])},
        {"metric": "a.value", "op": ">=", "threshold": 0.3, "confidence": 0.6},
        {"field": "worse", "metric": "a", "op": "<=", "threshold": random.choice([0, 1, 3])},
        {"field": "better", "metric": "a", "op": ">=", "threshold": random.choice([1, 2])},
        {"field": "delta_confidence", "metric": "a", "op": ">=", "threshold": random.choice([0.4, 0.6])},
    ]
    reject = [
        {"metric": "a.delta", "op": "<", "threshold": random.choice([0, -0.1])},
        {"metric": "a", "op": "no_regression", "threshold": 0.1, "confidence": 0.55},
        {"field": "worse", "metric": "a", "op": ">", "threshold": 2},
    ]
    bound = random.choice([{}, {"max_change": 0.5}])
    return bar(
        {random.choice(["all", "any"]): random.sample(conditions, 2)},
        {"any": random.sample(reject, random.randint(1, 2))},
        metrics=[
            {"key": "a", "unit": unit, "direction": random.choice(["higher", "lower"])}
            | bound
            | ({"range": [-1, 1]} if unit == "signed" else {})
        ],
        max_missing=0.5,
    )


def test_of_few_samples_every_single_completion_decides_the_same() -> None:
    """All of them, not some: each missing score takes each value of the grid."""
    random, decided, missing_in = Random(9), {"ship": 0, "reject": 0}, {"one": 0, "both": 0}
    for _ in range(900):
        unit = random.choice(list(GRIDS))
        subject, arms = small_bar(random, unit), small_arms(random, GRIDS[unit])
        found = judged(subject, *(samples_of(one, clustered=False, unclear=set()) for one in arms))
        if found.verdict not in decided:
            continue
        decided[found.verdict] += 1
        places = [(arm, id_) for arm, scores in enumerate(arms) for id_, score in scores.items() if not score]
        missing_in["both" if len({id_ for _, id_ in places}) < len(places) else "one"] += 1
        for scores in product(GRIDS[unit], repeat=len(places)):
            whole = [dict(one) for one in arms]
            for (arm, id_), score in zip(places, scores, strict=True):
                whole[arm][id_] = score
            again = judged(subject, *(samples_of(one, clustered=False, unclear=set()) for one in whole))
            assert found.verdict == again.verdict, (subject.policy, arms, scores)
    assert min(*decided.values(), *missing_in.values()) > 20, (decided, missing_in)
