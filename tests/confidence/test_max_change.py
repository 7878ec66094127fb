"""`max_change`: how far the pseudo-samples stand where scores cannot change as far as their range reaches."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from scipy import stats

from remyx_action.confidence import Estimate, estimate, weigh
from remyx_action.confidence.estimates import Weighed
from remyx_action.evidence.claims import Claim
from remyx_action.evidence.evidence import MetricEvidence
from remyx_action.evidence.gathering import gather
from remyx_action.project.models.metrics import BarMetric
from remyx_action.readers.scores import Reason
from support.bars import samples
from support.enumeration import claim, metric

BOUNDED = {"max_change": Decimal("0.3")}
GAIN = claim("delta", "at_least", "0.02")


def fractional_arms(seed: int, n: int, step: float = 0.25) -> tuple[list[str], list[str]]:
    random = Random(seed)
    baseline = [random.uniform(0.3, 0.7) for _ in range(n)]
    variant = [score + random.uniform(-step / 2, step) for score in baseline]
    return [f"{score:.4f}" for score in baseline], [f"{score:.4f}" for score in variant]


def gathered(subject: BarMetric, what: Claim, arms: tuple[list[str], list[str]]) -> MetricEvidence:
    return gather(subject, [what], samples(arms[0]), samples(arms[1]))


def weighed(what: Claim, arms: tuple[list[str], list[str]], **changes: object) -> Weighed:
    subject = metric(**changes)
    return weigh(gathered(subject, what, arms), subject, what)


def estimated(arms: tuple[list[str], list[str]], **changes: object) -> Estimate:
    subject = metric(**changes)
    return estimate(gathered(subject, GAIN, arms), subject)


@pytest.mark.parametrize("range_", [None, [Decimal(0), Decimal(1)]])
@pytest.mark.parametrize("n", [12, 50])
@pytest.mark.parametrize("relative", [False, True])
def test_the_pseudo_samples_are_at_the_bound(range_: list[Decimal] | None, n: int, relative: bool) -> None:
    arms = fractional_arms(n, n)
    ratio = 1.02 if relative else 1.0
    what = claim("relative_delta", "at_least", "0.02") if relative else GAIN
    threshold = 0.0 if relative else 0.02
    y = [float(a) - ratio * float(b) for b, a in zip(*arms, strict=True)]
    found = weighed(what, arms, range=range_, **BOUNDED)
    expected = stats.ttest_1samp([*y, 0.3, -0.3], threshold, alternative="greater").pvalue
    assert 1 - expected == pytest.approx(float(found.lowest_confidence or 0), abs=1e-9)


@pytest.mark.parametrize("largest", ["0.3", "0.3000001", "-0.3", "-0.31"])
def test_a_larger_change_brings_the_range_back_and_is_reported(largest: str) -> None:
    arms = fractional_arms(7, 40)
    arms[1][11] = str(Decimal(arms[0][11]) + Decimal(largest))
    keeps = abs(Decimal(largest)) <= Decimal("0.3")
    bounded, ranged = weighed(GAIN, arms, **BOUNDED), weighed(GAIN, arms)
    assert keeps == (bounded.lowest_confidence != ranged.lowest_confidence)
    note = estimated(arms, **BOUNDED).note or ""
    shown = f"a sample changed by {abs(float(largest)):.6g}, more than `max_change: 0.3`: the range counts"
    unseen = "changes beyond `max_change: 0.3` may be unseen in fewer than 7.2 % of the samples"
    assert (unseen if keeps else shown) in note
    assert "max_change" not in (estimated(arms).note or "")
    endless = weighed(GAIN, arms, range=None, **BOUNDED)
    assert (None if keeps else Reason.NO_UNCERTAINTY) == endless.reason
    assert endless.holds is not None


def test_a_value_is_not_weighed_by_how_far_scores_change() -> None:
    arms, above = fractional_arms(3, 30), claim("value", "at_least", "0.5")
    assert weighed(above, arms, **BOUNDED).lowest_confidence == weighed(above, arms).lowest_confidence


def test_a_bound_ships_true_gains_that_the_range_alone_would_not() -> None:
    """The price of a wide range, as the design has it: true gain .02, sd of changes .08, n = 50."""
    random, sure = Random(1), {"range": 0, "bound": 0}
    for _ in range(200):
        changes = [max(-0.3, min(0.3, random.gauss(0.02, 0.08))) for _ in range(50)]
        arms = ["0.5"] * 50, [f"{0.5 + change:.4f}" for change in changes]
        above_zero = claim("delta", "at_least", "0")
        for name, bound in (("range", {}), ("bound", BOUNDED)):
            found = weighed(above_zero, arms, **bound)
            sure[name] += bool(found.holds and found.is_sure(Fraction(4, 5)))
    assert sure["range"] < 80
    assert sure["bound"] > 140
