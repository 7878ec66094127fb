"""The reference figures of `power`, `noise` and `backtest`, measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path
from random import Random

from remyx_action.commands.noise import read_arms
from remyx_action.commands.run.project import Project, load_project
from remyx_action.confidence import weigh
from remyx_action.evidence.evidence import Inputs
from remyx_action.evidence.gathering import gather
from remyx_action.odds.backtest import Past, backtest
from remyx_action.odds.boundary import at_boundary
from remyx_action.odds.joint import joint_draws
from remyx_action.odds.means import chance_by_mean, fewest_samples
from remyx_action.odds.noise import noise
from remyx_action.odds.power import power_at, sizes_in, spreads_for
from remyx_action.odds.requirements import Requirement
from remyx_action.odds.spread import Spread
from remyx_action.odds.swaps import ArmOfScores
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
    began = time.process_time()
    record = [
        Past(
            name=str(place),
            unit=str(place),
            clock=f"{place:09}",
            verdict=past[place % 50][1],
            bar=subject,
            inputs=Inputs.model_validate(strict_json.read(past[place % 50][0].encode())),
        )
        for place in range(verdicts)
    ]
    answer = backtest(subject, record)
    spent = time.process_time() - began
    return [
        printed(BACKTEST_FIGURE, f"seconds of {verdicts} verdicts of 4 metrics, read and judged anew", spent),
        equals(BACKTEST_FIGURE, "verdicts that their own bar moves", len(answer.others), 0, 0),
        equals(
            BACKTEST_FIGURE, "verdicts that their own bar cannot judge", verdicts - len(answer.answered), 0, 0
        ),
    ]
