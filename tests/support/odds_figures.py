"""The reference figures of `power`, `noise` and `backtest`, measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from random import Random

from remyx_action.confidence import weigh
from remyx_action.evidence.gathering import gather
from remyx_action.odds.boundary import at_boundary
from remyx_action.odds.means import chance_by_mean, fewest_samples
from remyx_action.odds.noise import noise
from remyx_action.odds.requirements import Requirement
from remyx_action.odds.spread import Spread
from remyx_action.policy.bar import Bar
from remyx_action.readers.scores import Samples

from .bars import bar, inputs, samples
from .enumeration import chance, claim, condition_passes, fewest_wins, metric, most_losses
from .measured_figures import Measured, at_most, equals, printed

POWER_FIGURE, NOISE_FIGURE = 13, 14
Pairs = tuple[Samples, Samples]


def power_beside_enumeration(
    sizes: Sequence[int] = (200, 300, 1000), shares: Sequence[float] = (0.05, 0.1, 0.2, 0.4)
) -> list[Measured]:
    """The closed form of power for 0/1 scores beside exact enumeration with SciPy."""
    worst = 0.0
    for n in sizes:
        for threshold, floor in (("0", "0.80"), ("0.02", "0.80"), ("0.02", "0.95")):
            boundary = fewest_wins(n, condition_passes(n, threshold, floor), most_losses(n))
            asked = Requirement(
                metric=metric(), claim=claim("delta", "at_least", threshold), floor=Fraction(Decimal(floor))
            )
            for changed in shares:
                spread = Spread(deviation=0.0, changed=changed, is_binary=True, source="given")
                for effect in (0.0, 0.02, 0.05):
                    exact = chance(n, boundary, win=(changed + effect) / 2, loss=(changed - effect) / 2)
                    worst = max(worst, abs(exact - (chance_by_mean(asked, spread, n, effect) or 0.0)))
    asked = Requirement(metric=metric(), claim=claim("delta", "at_least", "0.02"), floor=Fraction(4, 5))
    assumed = Spread(deviation=0.44, changed=None, is_binary=False, source="assumed")
    needed = fewest_samples(asked, assumed, 0.05) or 0
    return [
        printed(POWER_FIGURE, f"closed form less enumeration, 0/1, n from {min(sizes)} on", worst),
        equals(POWER_FIGURE, "pairs for a true gain of 0.05 over 0.02 at 0.80", needed, 624, 6.24),
    ]


def of_wins(random: Random) -> Pairs:
    """A thousand 0/1 pairs, one in five changed, the true change exactly 0.02."""
    draws = [random.random() for _ in range(1000)]
    before = ["1" if draw < 0.09 else "0" for draw in draws]
    after = ["1" if 0.09 <= draw < 0.2 else "0" for draw in draws]
    return samples(before), samples(after)


def of_fractions(random: Random) -> Pairs:
    """Three hundred pairs whose changes are normal around 0.05 with deviation 0.08."""
    moves = [random.gauss(0.05, 0.08) for _ in range(300)]
    return samples(["0.5"] * 300), samples([f"{0.5 + move:.4f}" for move in moves])


def of_clusters(random: Random) -> Pairs:
    """Sixty clusters of five, their changes around 0.02, most of the spread between them."""
    names = [f"c{place // 5}" for place in range(300)]
    shared = [random.gauss(0, 0.1) for _ in range(60)]
    moves = [0.02 + shared[place // 5] + random.gauss(0, 0.06) for place in range(300)]
    after = [f"{0.5 + move:.4f}" for move in moves]
    return samples(["0.5"] * 300, clusters=names), samples(after, clusters=names)


KINDS: dict[str, tuple[Callable[[Random], Pairs], str]] = {
    "0/1, ψ 0.2, n = 1000": (of_wins, "0.02"),
    "fractional, sd 0.08, n = 300": (of_fractions, "0.05"),
    "60 clusters": (of_clusters, "0.02"),
}


def boundary_rates(sets: int = 300, *, draws: int = 400, seed: int = 14) -> list[Measured]:
    """The rate that `noise --at boundary` prints, averaged over data sets, beside the true one."""
    found = []
    for name, (make, threshold) in KINDS.items():
        random = Random(seed)
        subject = bar({"all": [f"a.delta >= {threshold} at 80%"]})
        asked = claim("delta", "at_least", threshold)
        said, passed = [], 0
        for place in range(sets * 4):
            before, after = make(random)
            weighed = weigh(gather(subject.metrics[0], [asked], before, after), subject.metrics[0], asked)
            passed += (
                bool(weighed.holds)
                and weighed.confidence is not None
                and weighed.confidence >= Decimal("0.8")
            )
            if place < sets:
                [row] = at_boundary(subject, {"a": before}, {"a": after}, draws=draws)
                said.append(row.rate or 0.0)
        difference = abs(sum(said) / len(said) - passed / (4 * sets))
        spare = 2 * (0.16 / (4 * sets)) ** 0.5  # of the true rate, which is drawn itself
        found.append(
            at_most(NOISE_FIGURE, f"rate at the boundary less the true one, {name}", difference, 0.02 + spare)
        )
    return found


def four_metrics() -> Bar:
    """A bar on four metrics with a reject rule."""
    ship = {"all": ["a.delta >= 0.02 at 80%", "b improves_by 0.02 at 80%", "delta_confidence >= 0.8"]}
    reject = {"any": ["c.delta < -0.01 at 80%", "d no_regression 0.01 at 80%"], "floors": "shared"}
    return bar(ship, reject, metrics=[{"key": key, "unit": "accuracy"} for key in "abcd"])


def seconds_of_noise(draws: int = 10_000, ids: int = 5000) -> list[Measured]:
    """Processor time of ten thousand draws of four metrics of 5,000 ids."""
    subject, random = four_metrics(), Random(1)

    def arm() -> dict[str, Samples]:
        return {key: samples([round(random.random(), 3) for _ in range(ids)]) for key in "abcd"}

    before, after = arm(), arm()
    began = time.process_time()
    noise(subject, before, after, lambda one, two: inputs(subject, one, two), draws=draws)
    spent = time.process_time() - began
    return [printed(NOISE_FIGURE, f"seconds of {draws} draws x 4 metrics x {ids} ids", spent)]
