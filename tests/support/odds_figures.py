"""The reference figures of `power`, `noise` and `backtest`, measured."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import partial
from itertools import compress, product
from pathlib import Path
from random import Random
from statistics import mean, stdev
from typing import Any

import numpy as np
from scipy.stats import t as student

from remyx_action.commands.noise import read_arms
from remyx_action.commands.run.project import Project, load_project
from remyx_action.evidence.evidence import Inputs
from remyx_action.odds.backtest import Past, backtest
from remyx_action.odds.boundary import at_boundary
from remyx_action.odds.distributions import probable_counts
from remyx_action.odds.joint import joint_draws
from remyx_action.odds.means import outcomes_of_mean
from remyx_action.odds.noise import noise
from remyx_action.odds.outcomes import MOST_LOSSES, chance_of, fewest_samples
from remyx_action.odds.power import power_at, sizes_in, spreads_for
from remyx_action.odds.requirements import Requirement
from remyx_action.odds.spread import Spread
from remyx_action.odds.swaps import ArmOfScores, changes_of_arms, coins
from remyx_action.odds.wins import boundary_of, outcomes_of_wins
from remyx_action.policy.bar import Bar, make_bar
from remyx_action.policy.judgement import judge
from remyx_action.project.files import json_text as strict_json
from remyx_action.readers.scores import Samples

from .bars import bar, inputs, samples
from .enumeration import chance, claim, condition_passes, fewest_wins, metric, most_losses
from .measured_figures import Measured, at_most, equals, printed

POWER_FIGURE, NOISE_FIGURE, EXAMPLE_FIGURE, BACKTEST_FIGURE = 13, 14, 15, 16
Pairs = tuple[Samples, Samples]


def power_beside_enumeration(
    sizes: Sequence[int] = (200, 300, 1000), shares: Sequence[float] = (0.05, 0.1, 0.2, 0.4)
) -> list[Measured]:
    """The power of 0/1 scores beside exact enumeration with SciPy."""
    worst = 0.0
    for n in sizes:
        for threshold, floor in (("0", "0.80"), ("0.02", "0.80"), ("0.02", "0.95"), ("-0.02", "0.80")):
            boundary = fewest_wins(n, condition_passes(n, threshold, floor), most_losses(n))
            for changed, effect in product(shares, (0.0, 0.02, 0.05)):
                exact = chance(n, boundary, win=(changed + effect) / 2, loss=(changed - effect) / 2)
                seen = chance_of(asked_of_delta(threshold, floor), spread_of(changed), n, effect)
                worst = max(worst, abs(exact - (seen or 0.0)))
    assumed = Spread(deviation=0.44, changed=None, is_binary=False, source="assumed")
    needed = fewest_samples(asked_of_delta("0.02", "0.80"), assumed, 0.05) or 0
    return [
        at_most(POWER_FIGURE, f"power less enumeration, 0/1, n from {min(sizes)} on", worst, 0.01),
        equals(POWER_FIGURE, "pairs for a true gain of 0.05 over 0.02 at 0.80", needed, 624, 6.24),
    ]


def asked_of_delta(threshold: str, floor: str) -> Requirement:
    return Requirement(
        metric=metric(), claim=claim("delta", "at_least", threshold), floor=Fraction(Decimal(floor))
    )


def spread_of(changed: float) -> Spread:
    return Spread(deviation=0.0, changed=changed, is_binary=True, source="given")


def closed_form_beside_enumeration(
    shares: Sequence[float] = (0.02, 0.05, 0.2, 0.8), effects: Sequence[float] = (-0.02, 0.0, 0.02)
) -> list[Measured]:
    """The closed form of power beside enumeration, at the fewest 0/1 scores that are not gone through."""
    worst = 0.0
    for changed, effect in product(shares, effects):
        loss, n = (changed - effect) / 2, 1000
        while len(probable_counts(n, loss)) <= MOST_LOSSES and loss:
            n = int(n * 1.05)
        for threshold, floor in product(("0", "0.02", "-0.02"), ("0.80", "0.95")) if loss else ():
            asked = asked_of_delta(threshold, floor)
            exact = outcomes_of_wins([boundary_of(asked, n)], n, win=(changed + effect) / 2, loss=loss)
            form = outcomes_of_mean([asked], spread_of(changed), n, effect)
            assert form is not None
            worst = max(worst, abs(exact.get((True,), 0.0) - form.get((True,), 0.0)))
    name = "closed form less enumeration, 0/1, where it takes over"
    return [at_most(POWER_FIGURE, name, worst, 0.01)]


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


TRUTH_DRAWS = 40_000
"""Of the true rate of what cannot be gone through; its standard error is then 0.002."""


def true_rate_of_wins() -> float:
    """How often a bar of 0.02 at 80 % passes `of_wins`: every number of wins and losses, with SciPy."""
    boundary = fewest_wins(1000, condition_passes(1000, "0.02", "0.80"), most_losses(1000))
    return chance(1000, boundary, win=0.11, loss=0.09)


def true_rate_of_fractions() -> float:
    """The same of `of_fractions` at 0.05: the formula of the page, by NumPy and SciPy."""
    moves = np.random.default_rng(3).normal(0.05, 0.08, (TRUTH_DRAWS, 300))
    count = 302
    middle = moves.sum(1) / count
    error = np.sqrt(((moves**2).sum(1) + 2 - count * middle**2) / (count * (count - 1)))
    return _share_that_pass(moves.mean(1), (middle - 0.05) / error, 0.05, count - 1)


def true_rate_of_clusters() -> float:
    """The same of `of_clusters` at 0.02."""
    random = np.random.default_rng(4)
    noise_of_sums = random.normal(0, 0.06 * 5**0.5, (TRUTH_DRAWS, 60))
    sums = 0.1 + 5 * random.normal(0, 0.1, (TRUTH_DRAWS, 60)) + noise_of_sums
    count = 302
    middle = sums.sum(1) / count
    squares = ((sums - 5 * middle[:, None]) ** 2).sum(1) / (1 - 5 / count)
    error = np.sqrt(squares + (2 + 2 * middle**2) / (1 - 1 / count)) / count
    shares = np.array([5 / count] * 60 + [1 / count] * 2)
    parts = shares**2 / (1 - shares)
    degrees = 1 / ((shares**2).sum() + parts.sum() ** 2 - (parts**2).sum())
    return _share_that_pass(sums.mean(1) / 5, (middle - 0.02) / error, 0.02, degrees)


def _share_that_pass(means: Any, steps: Any, threshold: float, degrees: float) -> float:
    return float(np.mean((means >= threshold) & (steps >= student.ppf(0.8, degrees))))


KINDS: dict[str, tuple[Callable[[Random], Pairs], str, Callable[[], float]]] = {
    "0/1, ψ 0.2, n = 1000": (of_wins, "0.02", true_rate_of_wins),
    "fractional, sd 0.08, n = 300": (of_fractions, "0.05", true_rate_of_fractions),
    "60 clusters": (of_clusters, "0.02", true_rate_of_clusters),
}


def boundary_rates(sets: int = 300, *, draws: int = 400, seed: int = 14) -> list[Measured]:
    """The rate that `noise --at boundary` prints, averaged over data sets, beside the true one.

    Of a few sets the average is drawn itself: three of its standard errors are then allowed as well.
    """
    found = []
    for name, (make, threshold, true_rate) in KINDS.items():
        random, subject = Random(seed), bar({"all": [f"a.delta >= {threshold} at 80%"]})
        printed_rates = []
        for _ in range(sets):
            before, after = make(random)
            changes = changes_of_arms(subject, {"a": before}, {"a": after})
            [row] = at_boundary(subject, changes, draws=draws)
            assert row.rate is not None
            printed_rates.append(row.rate)
        average, true = mean(printed_rates), true_rate()
        spare = 0.0 if sets >= 300 else 3 * stdev(printed_rates) / sets**0.5
        found += [
            printed(NOISE_FIGURE, f"passes on its threshold, {name}", true),
            at_most(
                NOISE_FIGURE,
                f"noise --at boundary less that, average of {sets} sets, {name}",
                abs(average - true),
                0.02 + spare,
            ),
        ]
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
    spent = _seconds(
        lambda: noise(subject, before, after, lambda one, two: inputs(subject, one, two), draws=draws)
    )
    changes = [random.randrange(-1000, 1000) for _ in range(ids)]
    a_tenth = list(coins(ids, draws // 10, 1))
    one_by_one = _seconds(
        lambda: [sum(compress(changes, map(int, f"{mask:0{ids}b}"))) for mask in a_tenth for _ in range(4)]
    )
    drawing = _seconds(lambda: list(coins(ids, draws, 1)))
    name = f"{draws:,} draws x 4 metrics x {ids:,} ids"
    return [
        printed(NOISE_FIGURE, f"processor seconds of {name}", spent),
        printed(NOISE_FIGURE, f"{name}: times the random bytes alone", spent / drawing),
        printed(NOISE_FIGURE, f"{name}: times the sums alone, id by id", spent / one_by_one / 10),
    ]


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


EXAMPLE = Path(__file__).parents[2] / "examples/vqasynth"


def example_arms() -> tuple[Project, ArmOfScores, ArmOfScores]:
    """The worked example, and its reports `baseline` and `ship`."""
    project = load_project(EXAMPLE)
    template = project.bundle.templates["spatial-suite"]
    reports = EXAMPLE / "reports"
    return project, *read_arms(project, template, reports / "baseline", reports / "ship")


def of_size(
    n: int, baseline: ArmOfScores, variant: ArmOfScores, seed: int = 5
) -> tuple[ArmOfScores, ArmOfScores]:
    """Both arms with n ids, drawn from theirs with replacement; an id keeps its pair of scores."""
    random = Random(seed)
    drawn: tuple[dict[str, Samples], dict[str, Samples]] = ({}, {})
    for key in baseline:
        before, after = baseline[key], variant[key]
        assert isinstance(before, Samples)
        assert isinstance(after, Samples)
        scored = dict(zip(after.ids, after.scores, strict=True))
        rows = [random.randrange(len(before.ids)) for _ in range(n)]
        names = [f"{key}-{place}" for place in range(n)]
        drawn[0][key] = Samples(ids=names, scores=[before.scores[row] for row in rows], missing={})
        drawn[1][key] = Samples(ids=names, scores=[scored[before.ids[row]] for row in rows], missing={})
    return drawn


def power_beside_noise(sizes: Sequence[int] = (300, 1000, 5000), draws: int = 4000) -> list[Measured]:
    """How often the worked example's bars reject an unchanged variant: `power` beside `noise`, same arms.

    The samples that the template declares are left out: other sizes would be incomplete.
    """
    project, baseline, variant = example_arms()
    template = project.bundle.templates["spatial-suite"].model_copy(update={"samples": None})
    found = []
    for policy in project.bundle.policies.values():
        subject = make_bar(policy, template, project.vocabulary)
        for n in sizes:
            arms = of_size(n, baseline, variant)
            judged = noise(subject, *arms, partial(inputs, subject), draws=draws)
            joint = joint_draws(subject, *arms)
            spreads = spreads_for(subject, inputs(subject, *arms), joint=joint)
            seen = power_at(subject, sizes_in(subject, n), spreads, gain=0.05, joint=joint)
            low, high = judged.reject_limits
            name = f"{policy.name} at {n:,}"
            hoped, unchanged = seen.chance("as hoped"), seen.chance("unchanged")
            found += [
                printed(EXAMPLE_FIGURE, f"{name}: power, ships a true gain of 0.05", hoped.ship),
                printed(EXAMPLE_FIGURE, f"{name}: power, ships an unchanged variant", unchanged.ship),
                printed(EXAMPLE_FIGURE, f"{name}: noise, ships an unchanged variant", judged.ship),
                printed(EXAMPLE_FIGURE, f"{name}: power, rejects an unchanged variant", unchanged.reject),
                printed(EXAMPLE_FIGURE, f"{name}: noise, rejects an unchanged variant", judged.reject),
                at_most(
                    EXAMPLE_FIGURE,
                    f"{name}: power beyond the limits of noise",
                    max(low - unchanged.reject, unchanged.reject - high, 0.0),
                    0.005,
                ),
            ]
    return found


def backtested(verdicts: int = 1000) -> list[Measured]:
    """Processor time of reading and judging so many recorded verdicts anew, and what their own bar moves."""
    subject, random = four_metrics(), Random(3)
    past = []
    for _ in range(50):
        arms = [
            {key: samples([float(random.random() < 0.6) for _ in range(300)]) for key in "abcd"}
            for _ in range(2)
        ]
        evidence = inputs(subject, *arms)
        verdict = judge(subject, evidence).verdict
        past.append((evidence.model_dump_json(by_alias=True), verdict))
    texts = [past[place % 50] for place in range(verdicts)]
    began = time.process_time()
    record = [
        Past(
            name=str(place),
            unit=str(place),
            clock=f"{place:09}",
            verdict=verdict,
            bar=subject,
            inputs=Inputs.model_validate(strict_json.read(text.encode())),
        )
        for place, (text, verdict) in enumerate(texts)
    ]
    answer = backtest(subject, record)
    spent = time.process_time() - began
    reading = _seconds(lambda: [json.loads(text) for text, _ in texts])
    judging = _seconds(lambda: [judge(one.bar, one.inputs) for one in record])
    name = f"{verdicts:,} verdicts of 4 metrics, read and judged anew"
    return [
        printed(BACKTEST_FIGURE, f"processor seconds of {name}", spent),
        printed(BACKTEST_FIGURE, f"{name}: times json.loads of the same bytes", spent / reading),
        printed(BACKTEST_FIGURE, f"{name}: times judging each once", spent / judging),
        equals(BACKTEST_FIGURE, "verdicts that their own bar moves", len(answer.others), 0, 0),
        equals(
            BACKTEST_FIGURE, "verdicts that their own bar cannot judge", verdicts - len(answer.answered), 0, 0
        ),
    ]
