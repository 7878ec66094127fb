"""Estimates and weighed claims, row by row of the method table, through the public face."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from fractions import Fraction
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats

from remyx_action.confidence import Weighed, estimate, interval_of_baseline, weigh
from remyx_action.confidence.pseudo_samples import Observed, Prior, prior_of_difference
from remyx_action.evidence.claims import Claim
from remyx_action.evidence.evidence import Extremes, MetricEvidence
from remyx_action.evidence.gathering import gather
from remyx_action.readers.scores import Reason, Samples, Scores, Summary, Unusable
from support.bars import exact, number, samples
from support.enumeration import claim, metric

UNRANGED = metric(range=None)
SIGNED = metric(range=[Decimal(-1), Decimal(1)])
BETTER = claim("delta", "at_least", "0")


def weighed(baseline: Scores, variant: Scores, what: Claim = BETTER, **changes: object) -> Weighed:
    subject = metric(**changes)
    return weigh(gather(subject, [what], baseline, variant), subject, what)


def summary(value: str, n: int | None, stderr: str | None = None, clusters: int | None = None) -> Summary:
    return Summary(
        value=Decimal(value), n=n, stderr=None if stderr is None else Decimal(stderr), clusters=clusters
    )


# the point


@pytest.mark.parametrize("baseline", ["0.42", "0.31", "0.55", "0.38"])
def test_a_delta_on_the_threshold_is_exactly_on_it(baseline: str) -> None:
    up = number(str(Decimal(baseline) + Decimal("0.02")))
    down = number(str(Decimal(baseline) - Decimal("0.01")))
    assert weighed(number(baseline), up, claim("delta", "at_least", "0.02")).holds
    assert not weighed(number(baseline), up, claim("delta", "at_least", "0.02", strict=True)).holds
    assert not weighed(number(baseline), down, claim("delta", "at_most", "-0.01", strict=True)).holds
    assert weighed(number(baseline), down, claim("delta", "equal", "-0.01")).holds


def test_means_of_binary_floats_are_rounded_before_they_are_compared() -> None:
    # 0.1 + 0.2 as a harness prints it; the arm counts as 0.3, its difference to 0.1 as 0.2.
    floats = samples(["0.30000000000000004"] * 3)
    assert weighed(samples(["0.1"] * 3), floats, claim("delta", "equal", "0.2")).holds
    assert weighed(number("0.1"), number("0.30000000000000004"), claim("value", "equal", "0.3")).holds
    short = samples(["0.300000000000001"] * 3)
    assert not weighed(samples(["0.1"] * 3), short, claim("delta", "equal", "0.2")).holds


def test_a_relative_point_is_compared_without_division() -> None:
    third = claim("relative_delta", "at_least", "0.1")
    found = weighed(samples(["1", "0", "0"]), samples(["1", "0.1", "0"]), third)
    assert (Fraction(1, 30), Fraction(1, 30), True) == (found.left, found.right, found.holds)


# paired


def test_a_confidence_is_rounded_once_to_nine_decimals() -> None:
    found = weighed(samples(["1"] * 20), samples(["1"] * 20), claim("delta", "at_least", "-0.01"))
    assert Decimal("0.559675982") == found.lowest_confidence


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from(["0", "0.5", "1"]), st.sampled_from(["0", "0.25", "1"])),
        min_size=5,
        max_size=20,
    ),
    st.sampled_from(["-0.1", "0", "0.3"]),
    st.booleans(),
    st.booleans(),
)
def test_lower_is_better_mirrors_higher_is_better(
    rows: list[tuple[str, str]], threshold: str, clustered: bool, ranged: bool
) -> None:
    clusters = [f"c{row % 5}" for row in range(len(rows))] if clustered else None
    arms = [samples([row[arm] for row in rows], clusters=clusters) for arm in (0, 1)]
    mirrored = [samples([str(1 - Decimal(row[arm])) for row in rows], clusters=clusters) for arm in (0, 1)]
    limit = [Decimal(0), Decimal(1)] if ranged else None
    above = weighed(arms[0], arms[1], claim("delta", "at_least", threshold), range=limit)
    below = weighed(
        mirrored[0], mirrored[1], claim("delta", "at_most", str(-Decimal(threshold))), range=limit
    )
    assert (above.holds, above.lowest_confidence, above.reason) == (
        below.holds,
        below.lowest_confidence,
        below.reason,
    )


def test_too_little_data_is_reported_and_the_point_still_judged() -> None:
    one = weighed(samples(["0"]), samples(["1"]))
    assert (True, None, Reason.TOO_FEW_SAMPLES, 1) == (one.holds, one.lowest_confidence, one.reason, one.n)
    clusters = [f"c{row % 4}" for row in range(40)]
    four = weighed(samples(["0"] * 40, clusters=clusters), samples(["1"] * 40, clusters=clusters))
    assert (True, None, Reason.TOO_FEW_CLUSTERS, 40) == (
        four.holds,
        four.lowest_confidence,
        four.reason,
        four.n,
    )
    level = weighed(samples(["1", "2"] * 5), samples(["2", "3"] * 5), range=None)
    assert (True, None, Reason.NO_UNCERTAINTY) == (level.holds, level.lowest_confidence, level.reason)


@pytest.mark.parametrize("what", ["delta", "value", "relative_delta"])
@pytest.mark.parametrize("n", [2, 9, 10])
def test_without_a_range_nine_samples_give_no_confidence(what: str, n: int) -> None:
    """Without one, the largest of a few differences says little about how far others reach."""
    asked = claim(what, "at_least", "0.001")
    before, after = (samples([str(2 + arm + row % (3 + arm)) for row in range(n)]) for arm in (0, 1))
    found = weighed(before, after, asked, range=None)
    assert (Reason.TOO_FEW_SAMPLES if n < 10 else None, n) == (found.reason, found.n)
    assert weighed(before, after, asked, range=[Decimal(0), Decimal(10)]).reason is None
    if what == "delta":
        assert weighed(before, after, asked, range=None, max_change=Decimal(9)).reason is None


@pytest.mark.parametrize(("n", "few"), [(2, 30), (30, 2), (9, 9), (30, 9)])
def test_arms_that_do_not_pair_need_ten_samples_each_without_a_range(n: int, few: int) -> None:
    found = weighed(summary("1", n, "0.1"), summary("2", few, "0.1"), range=None)
    assert found.reason is Reason.TOO_FEW_SAMPLES
    rows = samples([str(row % 4) for row in range(few)])
    assert weighed(summary("1", n, "0.1"), rows, range=None).reason is Reason.TOO_FEW_SAMPLES
    assert weighed(summary("1", 10, "0.1"), summary("2", 10, "0.1"), range=None).reason is None


def test_few_clusters_are_remarked() -> None:
    clusters = [f"c{row % 7}" for row in range(40)]
    arms = [samples([str(row * step % 2) for row in range(40)], clusters=clusters) for step in (1, 3)]
    found = estimate(gather(metric(), [], arms[0], arms[1]), metric())
    assert (7, None, "paired") == (found.clusters, found.reason, found.method)
    assert found.note == "only 7 clusters: a loss in clusters that nobody drew cannot be seen"
    assert found.n_effective is not None


def test_an_interval_is_cut_to_what_is_possible() -> None:
    found = estimate(gather(metric(), [], samples(["0"] * 2), samples(["1"] * 2)), metric())
    assert found.interval is not None
    assert 1.0 == found.interval[1]


# relative


def test_a_relative_claim_is_fiellers() -> None:
    baseline, variant = ["1.1", "0.9", "1.3", "1.0", "0.8"] * 2, ["1.2", "0.9", "1.5", "1.0", "1.1"] * 2
    found = weighed(
        samples(baseline), samples(variant), claim("relative_delta", "at_least", "0.05"), range=None
    )
    y = [float(a) - 1.05 * float(b) for a, b in zip(variant, baseline, strict=True)]
    mean, reach = sum(y) / 10, max(abs(value - sum(y) / 10) for value in y)
    expected = 1 - stats.ttest_1samp([*y, mean + reach, mean - reach], 0, alternative="greater").pvalue
    assert expected == pytest.approx(float(found.lowest_confidence or 0), abs=1e-9)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    st.integers(-5, 5),
    st.integers(1, 5),
    st.fractions(-4, 4, max_denominator=20),
    st.fractions(0, 1),
    st.fractions(0, 1),
)
def test_a_relative_claim_reaches_as_far_as_its_range_lets_it(
    low: int, width: int, ratio: Fraction, a: Fraction, b: Fraction
) -> None:
    reach = prior_reach(Fraction(low), Fraction(low + width), ratio)
    assert abs((low + a * width) - ratio * (low + b * width)) <= reach
    if ratio >= 0:
        assert max(abs(low + width - ratio * low), abs(low - ratio * (low + width))) == reach


def prior_reach(low: Fraction, high: Fraction, ratio: Fraction) -> Fraction:
    nothing = Observed(denominator=1, sizes=[2], sums=[0], squares=0)
    prior = prior_of_difference(MetricEvidence.model_construct(), nothing, (low, high), ratio)
    assert isinstance(prior, Prior)
    return prior.reach


@pytest.mark.parametrize(
    ("baseline", "variant", "threshold"), [("-1", "1", "2"), ("-0.5", "1", "1.5"), ("-1", "0.9", "1")]
)
def test_a_large_relative_gain_on_a_negative_baseline_is_weighed(
    baseline: str, variant: str, threshold: str
) -> None:
    # The ratio is 1 - threshold: -1, -0.5 and 0, where what the range allows is not at the usual corners.
    what = claim("relative_delta", "at_least", threshold)
    found = weighed(
        samples([baseline] * 300), samples([variant] * 300), what, range=[Decimal(-1), Decimal(1)]
    )
    ratio = 1 - float(threshold)
    y, reach = float(variant) - ratio * float(baseline), 1 + abs(ratio)
    middle = 300 * y / 302
    error = sqrt((300 * (y - middle) ** 2 + (reach - middle) ** 2 + (reach + middle) ** 2) / (302 * 301))
    assert stats.t.cdf(middle / error, 301) == pytest.approx(float(found.lowest_confidence or 0), abs=1e-9)


def test_the_sign_of_the_baseline_must_be_settled() -> None:
    rising = claim("relative_delta", "at_least", "0.1")
    unsure = weighed(samples(["-1", "1", "0.5"] * 4), samples(["1"] * 12), rising, range=None)
    assert (True, None, Reason.ZERO_BASELINE) == (unsure.holds, unsure.lowest_confidence, unsure.reason)
    given_by_range = weighed(samples(["0", "0", "0.5"]), samples(["0", "1", "0.5"]), rising)
    assert (True, None) == (given_by_range.holds, given_by_range.reason)
    negative = metric(range=[Decimal(-1), Decimal(0)])
    assert weighed(samples(["-1", "0"]), samples(["0", "0"]), rising, range=negative.range).reason is None
    assert Reason.ZERO_BASELINE is weighed(exact("0"), samples(["1", "0"]), rising, range=SIGNED.range).reason
    assert weighed(exact("-0.5"), samples(["1", "0"]), rising, range=SIGNED.range).reason is None


@settings(derandomize=True, deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.integers(1, 100), st.integers(1, 100)), min_size=5, max_size=20), st.integers(-5, 5)
)
def test_a_relative_claim_does_not_depend_on_the_sign_of_the_scale(
    rows: list[tuple[int, int]], tenths: int
) -> None:
    threshold = Decimal(tenths).scaleb(-1)
    positive = [samples([str(100 + row[arm]) for row in rows]) for arm in (0, 1)]
    negative = [samples([str(-100 - row[arm]) for row in rows]) for arm in (0, 1)]
    above = weighed(positive[0], positive[1], claim("relative_delta", "at_least", str(threshold)), range=None)
    below = weighed(negative[0], negative[1], claim("relative_delta", "at_most", str(-threshold)), range=None)
    assert (above.holds, above.lowest_confidence, above.reason) == (
        below.holds,
        below.lowest_confidence,
        below.reason,
    )


# one sample


def test_a_value_of_ends_is_exact_binomial() -> None:
    found = weighed(number("0"), samples(["1"] * 7 + ["0"] * 3), claim("value", "at_least", "0.5"))
    assert 1 - stats.binom.sf(6, 10, 0.5) == pytest.approx(float(found.lowest_confidence or 0), abs=1e-9)
    wide = weighed(
        number("2"),
        samples(["5"] * 7 + ["2"] * 3),
        claim("value", "at_most", "3"),
        range=[Decimal(2), Decimal(5)],
    )
    assert 1 - stats.binom.cdf(7, 10, 1 / 3) == pytest.approx(float(wide.lowest_confidence or 0), abs=1e-9)
    beyond = weighed(number("0"), samples(["1"] * 3), claim("value", "at_least", "-0.5"))
    assert Decimal(1) == beyond.lowest_confidence


def test_fractional_clustered_or_repeated_scores_take_the_formula() -> None:
    half = claim("value", "at_least", "0.5")
    plain = weighed(number("0"), samples(["1", "0.5", "1"]), half)
    expected = stats.ttest_1samp([1, 0.5, 1, 0, 1], 0.5, alternative="greater").pvalue
    assert 1 - expected == pytest.approx(float(plain.lowest_confidence or 0), abs=1e-9)
    binary = weighed(number("0"), samples(["1", "0", "1"]), half).lowest_confidence
    rows = Samples(ids=["a", "a", "b", "b", "c", "c"], scores=list("110011"), repeats=list("121212"))
    repeated = weighed(number("0"), rows, half).lowest_confidence
    assert repeated is not None
    assert repeated != binary


def test_an_exact_baseline_is_a_bar_for_the_value() -> None:
    arm = samples(["1"] * 7 + ["0"] * 3)
    against = weighed(exact("0.45"), arm, claim("delta", "at_least", "0.05"))
    assert (
        weighed(number("0"), arm, claim("value", "at_least", "0.5")).lowest_confidence
        == against.lowest_confidence
    )
    relative = weighed(exact("0.4"), arm, claim("relative_delta", "at_least", "0.25"))
    assert against.lowest_confidence == relative.lowest_confidence
    found = estimate(gather(metric(), [], exact("0.45"), arm), metric())
    assert ("one-sample", 10, Fraction(1, 4)) == (found.method, found.n, found.delta)
    low, high = stats.binomtest(7, 10).proportion_ci(0.95, "exact")
    assert (low - 0.45, high - 0.45) == pytest.approx(found.interval, abs=1e-11)


def test_a_summary_against_an_exact_baseline_is_one_sample() -> None:
    found = weighed(exact("3"), summary("4", 25, "0.5"), claim("delta", "at_least", "0"), range=None)
    assert stats.t.cdf(2, 24) == pytest.approx(float(found.lowest_confidence or 0), abs=1e-9)


def test_a_value_is_judged_whatever_the_baseline_is() -> None:
    lonely = weighed(number("0"), samples(["1", "0", "1"]), claim("value", "at_least", "0.2"))
    assert lonely.lowest_confidence is not None
    assert (
        weighed(number("0"), summary("0.5", 100, "0.05"), claim("value", "at_least", "0.4")).lowest_confidence
        is not None
    )


def test_the_interval_of_the_baseline_is_for_drift() -> None:
    evidence = gather(metric(), [], samples(["1"] * 7 + ["0"] * 3), samples(["1"] * 10))
    assert stats.binomtest(7, 10).proportion_ci(0.99, "exact") == pytest.approx(
        interval_of_baseline(evidence, metric(), 0.99), abs=1e-12
    )
    assert interval_of_baseline(gather(metric(), [], exact("1"), number("1")), metric(), 0.99) is None
    assert interval_of_baseline(evidence, metric(aggregate="p50"), 0.99) is None


def test_a_variant_that_fails_on_hard_samples_makes_no_drift_of_the_baseline() -> None:
    """Of the pairs alone the baseline is right 50 times in 60; of all its samples 50 times in 100."""
    baseline, variant = samples(["1"] * 50 + ["0"] * 50), samples(["1"] * 60)
    low, high = interval_of_baseline(gather(metric(), [], baseline, variant), metric(), 0.99) or (0, 0)
    assert stats.binomtest(50, 100).proportion_ci(0.99, "exact") == pytest.approx((low, high), abs=1e-12)
    endless = metric(range=None)
    assert interval_of_baseline(gather(endless, [], baseline, variant), endless, 0.99) is None
    assert interval_of_baseline(gather(endless, [], baseline, baseline), endless, 0.99) is not None


# unpaired


def test_two_summaries_without_a_range_are_welchs() -> None:
    found = weighed(summary("3", 25, "0.5"), summary("4", 16, "0.3"), BETTER, range=None)
    expected = stats.ttest_ind_from_stats(
        4, 0.3 * 4, 16, 3, 0.5 * 5, 25, equal_var=False, alternative="greater"
    )
    assert 1 - expected.pvalue == pytest.approx(float(found.lowest_confidence or 0), abs=1e-9)
    assert 16 == found.n


def test_two_summaries_with_a_range_get_their_pseudo_samples() -> None:
    rows = [[1.0] * 40 + [0.0] * 60, [1.0] * 55 + [0.0] * 45]
    arms = [
        summary(
            str(sum(row) / 100), 100, f"{sqrt(0.01 * sum(row) / 100 * (1 - sum(row) / 100) * 100 / 99):.12f}"
        )
        for row in rows
    ]
    expected = stats.ttest_ind(
        [*rows[1], 0, 1], [*rows[0], 0, 1], equal_var=False, alternative="greater"
    ).pvalue
    found = weighed(arms[0], arms[1])
    assert 1 - expected == pytest.approx(float(found.lowest_confidence or 0), abs=1e-8)
    without = weighed(summary("0.4", 100), summary("0.55", 100))  # the largest standard error of 0/1 scores
    assert found.lowest_confidence == pytest.approx(without.lowest_confidence, abs=Decimal("1e-8"))
    sampled = weighed(arms[0], samples([f"{score:g}" for score in rows[1]]))
    assert found.lowest_confidence == pytest.approx(sampled.lowest_confidence, abs=Decimal("1e-8"))
    evidence = gather(metric(), [], arms[0], arms[1])
    assert ("unpaired", 100, None) == tuple(
        getattr(estimate(evidence, metric()), name) for name in ("method", "n", "reason")
    )


def test_clusters_of_a_summary_give_its_degrees() -> None:
    found = weighed(
        summary("3", 25, "0.5", clusters=6), exact("4"), claim("value", "at_least", "0"), range=None
    )
    assert found.reason is Reason.NO_UNCERTAINTY  # the variant is a bare number here
    variant = weighed(
        exact("4"), summary("3", 25, "0.5", clusters=6), claim("value", "at_least", "2"), range=None
    )
    assert stats.t.cdf(2, 5) == pytest.approx(float(variant.lowest_confidence or 0), abs=1e-9)
    few = weighed(
        exact("4"), summary("3", 25, "0.5", clusters=4), claim("value", "at_least", "2"), range=None
    )
    assert few.reason is Reason.TOO_FEW_CLUSTERS


def test_a_sampled_arm_with_clusters_is_summarised_robustly() -> None:
    clusters = [f"c{row // 10}" for row in range(80)]
    rows = [str(int(row // 10 % 2 == 0)) for row in range(80)]
    together = weighed(
        summary("0.4", 100), samples(rows, clusters=clusters), claim("delta", "at_least", "-0.1")
    )
    apart = weighed(summary("0.4", 100), samples(rows), claim("delta", "at_least", "-0.1"))
    assert together.lowest_confidence is not None
    assert apart.lowest_confidence is not None
    assert together.lowest_confidence < apart.lowest_confidence


def test_a_relative_claim_about_summaries_weighs_the_baseline() -> None:
    found = weighed(
        summary("3", 25, "0.5"),
        summary("4", 16, "0.3"),
        claim("relative_delta", "at_least", "0.1"),
        range=None,
    )
    variance, scaled = 0.3**2, 1.1**2 * 0.5**2
    degrees = (variance + scaled) ** 2 / (variance**2 / 15 + scaled**2 / 24)
    expected = stats.t.cdf((4 - 3.3) / sqrt(variance + scaled), degrees)
    assert expected == pytest.approx(float(found.lowest_confidence or 0), abs=1e-9)


@pytest.mark.parametrize(
    ("variant", "changes", "reason", "words"),
    [
        (number("0.5"), {}, Reason.NO_UNCERTAINTY, "the variant is a bare number"),
        (summary("0.5", None, "0.1"), {}, Reason.NO_UNCERTAINTY, "the variant is a bare number"),
        (summary("0.5", 100), {"range": None}, Reason.NO_UNCERTAINTY, "report `stderr` or declare `range:`"),
        (summary("0.5", 1), {}, Reason.TOO_FEW_SAMPLES, "1 sample says nothing"),
        (summary("0.5", 1, "0.1"), {}, Reason.NO_UNCERTAINTY, "is of n = 1: it needs n of at least 2"),
        (summary("0.5", 100, clusters=10), {}, Reason.NO_UNCERTAINTY, "n and clusters but no standard error"),
        (summary("0.5", 100, "-0.1"), {}, Reason.NO_UNCERTAINTY, "is negative"),
        (summary("0.5", 100, "0"), {"range": None}, Reason.NO_UNCERTAINTY, "leaves nothing to judge by"),
        (summary("0.5", 100, "0"), {}, Reason.NO_UNCERTAINTY, "is below 0.00502519"),
        (summary("0.5", 100, "0.0016"), {}, Reason.NO_UNCERTAINTY, "is below 0.00502519"),
        (summary("0.5", 100, "0.51"), {}, Reason.NO_UNCERTAINTY, "is above 0.5, the largest"),
        (summary("0.5", 100, "0.03"), {"scores": "binary"}, Reason.NO_UNCERTAINTY, "is below 0.0452267"),
        (summary("0.02", 100, "0.014"), {}, Reason.TOO_FEW_SAMPLES, "too close to an end of the range"),
        (summary("0.98", 100), {}, Reason.TOO_FEW_SAMPLES, "too close to an end of the range"),
        (summary("1.5", 100, "0.1"), {}, Reason.OUT_OF_RANGE, "the variant's value 1.5 is outside [0, 1]"),
        (summary("0.5", 100, "0.05", clusters=4), {}, Reason.TOO_FEW_CLUSTERS, "4 clusters"),
    ],
    ids=str,
)
def test_a_summary_that_cannot_be_believed_says_why(
    variant: Scores, changes: dict[str, object], reason: Reason, words: str
) -> None:
    subject = metric(**changes)
    found = estimate(gather(subject, [], summary("0.5", 400, "0.025"), variant), subject)
    assert (None, None, None, reason) == (
        found.lowest_confidence_better,
        found.interval,
        found.method,
        found.reason,
    )
    assert words in (found.note or "")
    other = estimate(gather(subject, [], variant, summary("0.5", 400, "0.025")), subject)
    assert reason == other.reason


@pytest.mark.parametrize("stderr", ["0.0051", "0.05", "0.5"])
def test_a_possible_standard_error_is_believed(stderr: str) -> None:
    assert weighed(summary("0.5", 400, "0.025"), summary("0.5", 100, stderr)).lowest_confidence is not None


# percentiles


def test_a_percentile_is_the_smallest_score_that_enough_do_not_exceed() -> None:
    for n, percent, expected in ((20, 95, 19), (100, 95, 95), (21, 95, 20), (10, 50, 5), (3, 99, 3)):
        arm = samples([str(score) for score in range(n, 0, -1)])
        evidence = gather(metric(range=None, aggregate=f"p{percent}"), [], arm, arm)
        assert Fraction(expected) == estimate(evidence, metric(range=None, aggregate=f"p{percent}")).variant


def latency(aggregate: str = "p95") -> dict[str, object]:
    return {"range": None, "aggregate": aggregate, "direction": "lower", "unit": "ms"}


def test_a_percentile_below_a_bar_is_exact_binomial() -> None:
    arm = samples([str(score) for score in range(200)])
    below = weighed(number("1"), arm, claim("value", "at_most", "193"), **latency())
    assert 1 - stats.binom.sf(193, 200, 0.95) == pytest.approx(float(below.lowest_confidence or 0), abs=1e-9)
    above = weighed(number("1"), arm, claim("value", "at_least", "187"), **latency())
    assert 1 - stats.binom.cdf(187, 200, 0.95) == pytest.approx(float(above.lowest_confidence or 0), abs=1e-9)
    assert (True, True, 200) == (below.holds, above.holds, above.n)


def test_a_change_of_a_percentile_takes_the_worse_of_both_limits() -> None:
    before, after = [str(score) for score in range(200)], [str(score * 9 % 200) for score in range(200)]
    found = weighed(samples(before), samples(after), claim("delta", "at_most", "3"), **latency())

    def at(limit: int) -> float:
        y = [int(int(a) <= limit) - int(int(b) + 3 <= limit) for a, b in zip(after, before, strict=True)]
        return float(1 - stats.ttest_1samp([*y, 1, -1], 0, alternative="greater").pvalue)

    assert min(at(189), at(192)) == pytest.approx(float(found.lowest_confidence or 0), abs=1e-9)
    relative = weighed(
        samples(before), samples(after), claim("relative_delta", "at_most", "0.1"), **latency()
    )
    assert relative.lowest_confidence is not None
    assert estimate_of(samples(before), samples(after), **latency()) == ("quantile", None, None)


def estimate_of(baseline: Scores, variant: Scores, **changes: object) -> tuple[object, object, object]:
    subject = metric(**changes)
    what = claim("delta", "at_most" if subject.direction == "lower" else "at_least", "0", strict=True)
    found = estimate(gather(subject, [what], baseline, variant), subject)
    return found.method, found.reason, found.interval


def test_a_percentile_needs_samples_around_it() -> None:
    arm = samples([str(score) for score in range(99)])
    few = weighed(arm, arm, claim("delta", "at_most", "1"), **latency())
    assert (True, Reason.TOO_FEW_SAMPLES) == (few.holds, few.reason)
    assert weighed(arm, arm, claim("delta", "at_most", "1"), **latency("p90")).lowest_confidence is not None
    assert Reason.TOO_FEW_SAMPLES is weighed(arm, arm, claim("value", "at_most", "1"), **latency()).reason
    numbers = weighed(number("1"), number("2"), claim("delta", "at_most", "1"), **latency())
    assert (True, Reason.NO_UNCERTAINTY) == (numbers.holds, numbers.reason)
    assert (
        Reason.NO_UNCERTAINTY
        is weighed(number("1"), number("2"), claim("value", "at_most", "3"), **latency()).reason
    )


def test_a_relative_percentile_needs_a_baseline_with_a_sign() -> None:
    arm = samples([str(score - 100) for score in range(200)])
    grows = claim("relative_delta", "at_most", "0.1")
    assert Reason.ZERO_BASELINE is weighed(arm, arm, grows, **latency("p50")).reason
    assert weighed(arm, arm, grows, **latency("p90")).reason is None
    assert weighed(arm, arm, grows, **latency("p10")).reason is None
    turned = claim("relative_delta", "at_most", "-1.5")
    assert Reason.NO_UNCERTAINTY is weighed(arm, arm, turned, **latency("p90")).reason


def test_a_percentile_against_an_exact_bar_is_one_of_a_value() -> None:
    arm = samples([str(score) for score in range(200)])
    bar = weighed(exact("180"), arm, claim("delta", "at_most", "13"), **latency())
    assert (
        weighed(number("1"), arm, claim("value", "at_most", "193"), **latency()).lowest_confidence
        == bar.lowest_confidence
    )


def test_percentiles_of_clusters_take_the_robust_formula() -> None:
    clusters = [f"c{row % 10}" for row in range(200)]
    arm = samples([str(score) for score in range(200)], clusters=clusters)
    found = weighed(number("1"), arm, claim("value", "at_most", "193"), **latency())
    alone = weighed(number("1"), samples(arm.scores), claim("value", "at_most", "193"), **latency())
    assert found.lowest_confidence is not None
    assert found.lowest_confidence != alone.lowest_confidence
    few = samples(arm.scores, clusters=[f"c{row % 4}" for row in range(200)])
    assert Reason.TOO_FEW_CLUSTERS is weighed(few, few, claim("delta", "at_most", "1"), **latency()).reason


def test_a_claim_that_was_not_gathered_has_no_confidence() -> None:
    arm = samples([str(score) for score in range(200)])
    subject = metric(**latency())
    evidence = gather(subject, [], arm, arm)
    for quantity in ("value", "delta"):
        found = weigh(evidence, subject, claim(quantity, "at_most", "1000"))
        assert (True, Reason.NO_UNCERTAINTY) == (found.holds, found.reason)
    unranged = gather(UNRANGED, [], arm, samples(arm.scores[::-1]))
    assert (
        weigh(unranged, UNRANGED, claim("relative_delta", "at_least", "0.7")).reason is Reason.NO_UNCERTAINTY
    )


# hostile evidence


def test_sums_wider_than_the_range_are_not_believed() -> None:
    evidence = gather(UNRANGED, [], samples(["0", "5"] * 10), samples(["9", "0"] * 10))
    found = estimate(evidence, metric())
    assert (Reason.INVALID_VALUE, None) == (found.reason, found.lowest_confidence_better)
    narrow = [entry.model_copy(update={"low": "4", "high": "4"}) for entry in evidence.extremes]
    lied = estimate(evidence.model_copy(update={"extremes": narrow}), UNRANGED)
    assert (Reason.INVALID_VALUE, None) == (lied.reason, lied.lowest_confidence_better)


def test_an_empty_range_counts_as_none() -> None:
    evidence = gather(UNRANGED, [], samples(["0", "1"]), samples(["1", "1"]))
    assert estimate(evidence, UNRANGED) == estimate(evidence, metric(range=[Decimal(1), Decimal(1)]))


def test_evidence_is_only_read_where_it_fits_together() -> None:
    written = gather(metric(), [], samples(["0", "1"]), samples(["1", "1"])).model_dump()
    assert MetricEvidence.model_validate(written)
    others: list[dict[str, object]] = [
        {"paired": None},
        {"baseline": written["paired"]},
        {"both": 3},
        {"both": None},
        {"facts": {}},
    ]
    for other in others:
        with pytest.raises(ValidationError):
            MetricEvidence.model_validate({**written, **other})


# what is left of the table


def test_a_mean_in_clusters_of_its_own_takes_the_robust_formula() -> None:
    clusters = [f"c{row % 6}" for row in range(30)]
    half = claim("value", "at_least", "0.5")
    rows = [str(int(row % 6 < 4)) for row in range(30)]
    together = weighed(number("0"), samples(rows, clusters=clusters), half).lowest_confidence
    assert together is not None
    assert together < (weighed(number("0"), samples(rows), half).lowest_confidence or 0)
    few = samples(rows, clusters=[f"c{row % 4}" for row in range(30)])
    assert weighed(number("0"), few, half).reason is Reason.TOO_FEW_CLUSTERS


def test_a_value_says_why_there_is_none() -> None:
    lost = Unusable(reason=Reason.MISSING_METRIC, message="not there")
    found = weighed(samples(["1"]), lost, claim("value", "at_least", "0.5"))
    assert (None, Reason.MISSING_METRIC, Reason.MISSING_METRIC) == (
        found.holds,
        found.point_reason,
        found.reason,
    )
    bare = weighed(number("0"), number("1"), claim("value", "at_least", "0.5"))
    assert (True, Reason.NO_UNCERTAINTY) == (bare.holds, bare.reason)
    level = weighed(number("0"), samples(["1"] * 10), claim("value", "at_least", "0.5"), range=None)
    assert (True, Reason.NO_UNCERTAINTY, 10) == (level.holds, level.reason, level.n)
    against = weighed(exact("0.5"), number("1"), claim("delta", "at_least", "0.5"))
    assert (True, Reason.NO_UNCERTAINTY) == (against.holds, against.reason)


def test_a_sampled_arm_beside_a_summary_needs_a_spread() -> None:
    once = weighed(summary("1", 9, "0.1"), samples(["1"]), BETTER, range=None)
    assert (True, Reason.TOO_FEW_SAMPLES) == (once.holds, once.reason)
    level = weighed(summary("1", 10, "0.1"), samples(["1"] * 10), BETTER, range=None)
    assert (True, Reason.NO_UNCERTAINTY) == (level.holds, level.reason)
    spread = weighed(summary("1", 10, "0.1"), samples(["1", "3"] * 5), BETTER, range=None)
    assert ("", 10) == ("" if spread.lowest_confidence else "none", spread.n)


def test_a_summary_of_a_signed_metric_settles_the_sign_by_itself() -> None:
    rising = claim("relative_delta", "at_least", "0.1")
    low, high = summary("0.1", 50, "0.09"), summary("0.5", 50, "0.09")
    assert weighed(low, high, rising, range=SIGNED.range).reason is Reason.ZERO_BASELINE
    assert weighed(high, high, rising, range=SIGNED.range).reason is None
    assert weighed(number("1"), high, rising, range=SIGNED.range).reason is Reason.NO_UNCERTAINTY


def test_an_exact_bar_for_a_percentile_says_why_it_cannot_be_held_against() -> None:
    few = weighed(exact("180"), samples(["1", "2"]), claim("delta", "at_most", "13"), **latency())
    assert (True, Reason.TOO_FEW_SAMPLES) == (few.holds, few.reason)
    zero = weighed(exact("0"), samples(["1"] * 200), claim("relative_delta", "at_most", "13"), **latency())
    assert zero.reason is Reason.ZERO_BASELINE


def test_percentiles_of_many_equal_scores_are_counted() -> None:
    arm = samples(["1", "2"] * 200)
    found = weighed(arm, arm, claim("delta", "at_most", "0.5"), **latency("p50"))
    assert (Fraction(0), True, None) == (found.left, found.holds, found.reason)
    ranged = metric(aggregate="p50", range=[Decimal(0), Decimal(9)])
    rising = claim("relative_delta", "at_most", "0.1")
    evidence = gather(ranged, [rising, claim("delta", "equal", "0")], arm, arm)
    assert weigh(evidence, ranged, rising).lowest_confidence is not None
    assert 1 == len(evidence.percentiles.counts if evidence.percentiles else [])


def test_percentiles_of_ids_that_differ_keep_each_arms_own_value() -> None:
    before, after = samples(["1", "2", "3"]), samples(["2", "3", "4"], first=3)
    subject = metric(**latency("p50"))
    found = estimate(gather(subject, [], before, after), subject)
    assert (Fraction(2), Fraction(3), None) == (found.baseline, found.variant, found.delta)


def test_counts_that_are_no_counts_are_refused() -> None:
    subject = metric(**latency("p50"))
    claims = [claim("delta", "at_most", "1"), claim("value", "at_most", "2")]
    arm = samples([str(score) for score in range(20)])
    written = gather(subject, claims, arm, arm).model_dump()
    for place in (0, 1):
        hostile = deepcopy(written)
        table = hostile["percentiles"]["counts"][place]
        sums = table["variant"] or table["pairs"][0]
        sums["decimals"] = 1
        with pytest.raises(ValidationError):
            MetricEvidence.model_validate(hostile)


def test_a_percentile_that_was_not_gathered_has_no_point() -> None:
    arm = samples([str(score) for score in range(20)])
    found = estimate(gather(UNRANGED, [], arm, arm), metric(**latency()))
    assert (None, Reason.NO_UNCERTAINTY) == (found.variant, found.reason)


def test_extremes_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ValidationError):
        Extremes(ratio=None, low="2", high="1")
