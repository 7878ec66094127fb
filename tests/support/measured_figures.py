"""The figures that the statistics must reach, measured: what is claimed, what came out, what is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import product
from math import exp, sqrt
from random import Random
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from remyx_action.confidence import advise, estimate, weigh
from remyx_action.confidence.location import Inference, Location
from remyx_action.confidence.methods import infer
from remyx_action.confidence.student import lower_tail
from remyx_action.evidence.claims import Claim, claim_of
from remyx_action.evidence.evidence import ArmFacts, Extremes, Inputs, MetricEvidence
from remyx_action.evidence.gathering import gather
from remyx_action.evidence.merging import merge_shards
from remyx_action.evidence.sums import ArmSums, PairedSums
from remyx_action.policy.judgement import judge
from remyx_action.project.models import Directional, Guard
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.template import ArmName
from remyx_action.readers.scores import ArmScores, Samples, Scores
from support.bars import bar
from support.enumeration import (
    EASY,
    HARD,
    claim,
    condition_passes,
    metric,
    of_wins,
    worst_false_pass,
)

FLOORS = (("0.80", 0.2), ("0.95", 0.05))
ALLOWED = {"0.80": 0.21, "0.95": 0.055}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One number of a figure."""

    figure: int
    what: str
    value: float
    allowed: str
    holds: bool
    """Whether the number is what it must be; always true where it is only printed."""

    def __str__(self) -> str:
        mark = "ok" if self.holds else "MISSED"
        return f"figure {self.figure:2}  {self.what:<72} {self.value:>12.6g}  {self.allowed:<16} {mark}"


def at_most(figure: int, what: str, value: float, bound: float) -> Measured:
    return Measured(figure=figure, what=what, value=value, allowed=f"<= {bound:g}", holds=value <= bound)


def at_least(figure: int, what: str, value: float, bound: float) -> Measured:
    return Measured(figure=figure, what=what, value=value, allowed=f">= {bound:g}", holds=value >= bound)


def equals(figure: int, what: str, value: float, expected: float, within: float) -> Measured:
    return Measured(
        figure=figure,
        what=what,
        value=value,
        allowed=f"= {expected:g}",
        holds=abs(value - expected) <= within,
    )


def printed(figure: int, what: str, value: float) -> Measured:
    return Measured(figure=figure, what=what, value=value, allowed="printed", holds=True)


def identical_pairs() -> list[Measured]:
    """Figure 1."""
    guard = claim("delta", "at_least", "-0.01")
    found = []
    for n, expected in ((20, 0.5597), (200, 0.9221)):
        evidence = of_wins(n, 0, 0)
        interval = estimate(evidence, metric()).interval
        assert interval is not None
        if n == 20:
            found.append(
                equals(1, "upper end of the interval of 20 identical pairs", interval[1], 0.1368, 5e-5)
            )
        confidence = float(weigh(evidence, metric(), guard).lowest_confidence or 0)
        found.append(equals(1, f"P(delta >= -0.01) of {n} identical pairs", confidence, expected, 5e-5))
    return found


def enumerated_false_ships(n: int) -> list[Measured]:
    """Figure 2, for one n."""
    found = []
    for thresholds, name, bounds in ((EASY, "", (0.206, 0.055)), (HARD, " (hard side)", (0.280, 0.078))):
        for (floor, _), bound in zip(FLOORS, bounds, strict=True):
            worst = worst_false_pass(n, thresholds, lambda t, floor=floor: condition_passes(n, t, floor))  # type: ignore[misc]
            found.append(at_most(2, f"worst false ship{name}, floor {floor}, n = {n}", worst, bound))
    return found


def of_differences(
    differences: Sequence[int], decimals: int, clusters: Sequence[str], *, ranged: bool = False
) -> MetricEvidence:
    """Pairs whose baseline is 0, gathered as the program gathers them."""
    ids = [f"q{number}" for number in range(len(differences))]
    power = Decimal(1).scaleb(-decimals)
    scores = [f"{difference * power:f}" for difference in differences]
    return gather(
        metric() if ranged else metric(range=None),
        [],
        Samples(ids=ids, scores=["0"] * len(ids), clusters=clusters),
        Samples(ids=ids, scores=scores, clusters=clusters),
    )


def uneven_clusters(draws: int, *, seed: int = 3) -> list[Measured]:
    """Figure 3: eight clusters of uneven size whose samples agree; the true difference is 0."""
    random, better, floor = Random(seed), claim("delta", "at_least", "0"), Decimal("0.95")
    passed = ignoring = endless = 0
    for draw in range(draws):
        differences, names = [], []
        for cluster in range(8):
            shared = random.gauss(0, 1)
            size = max(1, round(4 * exp(random.gauss(0, 1))))
            names += [f"c{cluster}"] * size
            differences += [
                round(300_000 * (sqrt(0.7) * shared + sqrt(0.3) * random.gauss(0, 1))) for _ in range(size)
            ]
        evidence = of_differences(differences, 6, names, ranged=True)
        passed += (weigh(evidence, metric(), better).lowest_confidence or 0) >= floor
        if draw < draws // 10:
            ignoring += (weigh(flattened(evidence), metric(), better).lowest_confidence or 0) >= floor
            unranged = of_differences(differences, 6, names)
            endless += (weigh(unranged, metric(range=None), better).lowest_confidence or 0) >= floor
    return [
        at_most(3, f"false ship, 8 uneven clusters, floor 0.95, {draws} draws", passed / draws, 0.055),
        printed(3, "the same, clusters ignored (a tenth of the draws)", ignoring / (draws // 10)),
        printed(3, "the same, without a range (a tenth of the draws)", endless / (draws // 10)),
    ]


def flattened(evidence: MetricEvidence) -> MetricEvidence:
    """The same samples as if they came in no clusters."""
    paired = evidence.paired
    assert paired is not None
    whole = {
        field: [str(paired.total(getattr(paired, field)))]
        for field in ("variant", "baseline", "variant_squares", "products", "baseline_squares")
    }
    update: dict[str, Any] = {"clusters": None, "named": {}, "n": [paired.ids], **whole}
    return evidence.model_copy(update={"paired": paired.model_copy(update=update)})


def rare_losses(clusters: int, draws: int, *, seed: int = 4) -> Measured:
    """Figure 3: a loss that sits whole in one cluster of ten; without one drawn nothing shows it."""
    random, better, floor = Random(seed), claim("delta", "at_least", "0"), Decimal("0.95")
    passed = 0
    for _ in range(draws):
        differences, names = [], []
        for cluster in range(clusters):
            lost = random.random() < 0.1
            names += [f"c{cluster}"] * 10
            differences += [
                round(1000 * ((-0.9 if lost else 0.1) + random.gauss(0, 0.05))) for _ in range(10)
            ]
        evidence = of_differences(differences, 3, names)
        passed += (weigh(evidence, metric(range=None), better).lowest_confidence or 0) >= floor
    return printed(3, f"false ship, rare losses in {clusters} clusters, floor 0.95", passed / draws)


def located(evidence: MetricEvidence, subject: BarMetric, weighed: Claim) -> Location:
    """What the confidence in a claim is read off."""
    inference = infer(evidence, subject, weighed)
    assert isinstance(inference, Inference)
    assert isinstance(inference.tails, Location)
    return inference.tails


def clusters_of_one() -> Measured:
    """Figure 3: the largest difference that clusters of size one make, before anything is rounded."""
    random, largest = Random(5), 0.0
    for n in (10, 20, 300):
        differences = [random.randint(-100, 100) for _ in range(n)]
        evidence = of_differences(differences, 2, [f"c{number}" for number in range(n)])
        for range_ in (None, [Decimal(-1), Decimal(1)]):
            subject = metric(range=range_)
            for threshold in ("0", "0.05", "-0.1"):
                weighed = claim("delta", "at_least", threshold)
                ours, plain = (located(form, subject, weighed) for form in (evidence, flattened(evidence)))
                assert (ours.center, ours.unit) == (plain.center, plain.unit)
                largest = max(
                    largest,
                    abs(ours.variance / plain.variance - 1),
                    abs(ours.degrees / plain.degrees - 1),
                )
    return at_most(3, "largest difference between clusters of size one and none", largest, 1e-12)


def student_against_mpmath() -> Measured:
    """Figure 4."""
    degrees = (0.5, 0.7, 1, 2, 3.3, 9, 19, 100, 999, 1e4, 1e6, 1e8)
    steps = (1e-6, 0.01, 0.3, 0.84, 1.2, 1.7, 1.74, 2, 3, 5, 9, 30)
    largest = max(
        abs(lower_tail(sign * t, nu) - float(exact_student(sign * t, nu)))
        for nu, t, sign in product(degrees, steps, (1, -1))
    )
    return at_most(4, "largest error of Student's t against mpmath", largest, 1e-9)


def exact_student(t: float, degrees: float) -> mpmath.mpf:
    """The lower tail to 30 digits; by quadrature where mpmath's incomplete beta function fails."""
    with mpmath.workdps(30):
        nu, step = mpmath.mpf(degrees), abs(mpmath.mpf(t))
        if degrees < 1e4:
            tail = mpmath.betainc(nu / 2, mpmath.mpf(1) / 2, 0, nu / (nu + step**2), regularized=True) / 2
        else:
            log_scale = (
                mpmath.loggamma((nu + 1) / 2) - mpmath.loggamma(nu / 2) - mpmath.log(nu * mpmath.pi) / 2
            )
            tail = mpmath.quad(
                lambda u: mpmath.exp(log_scale - (nu + 1) / 2 * mpmath.log1p(u * u / nu)),
                [step, step + 2, step + 6, step + 40],
            )
        return tail if t < 0 else 1 - tail


def far_from_zero() -> Measured:
    """Figure 5: standard errors of values near 1e12 against those of the same values near 0."""
    random = Random(6)
    steps = [random.randint(-(10**6), 10**6) for _ in range(3000)]
    widths = []
    for offset in (0, 10**18):
        ids = [f"q{number}" for number in range(3000)]
        literals = [f"{Decimal(offset + step).scaleb(-6):f}" for step in steps]
        samples = Samples(ids=ids, scores=literals)
        zero = Samples(ids=ids, scores=["0"] * 3000)
        evidence = gather(metric(range=None), [], zero, samples)
        outlook = advise(evidence, metric(range=None), claim("delta", "at_least", "0"), Fraction(4, 5), None)
        assert outlook.smallest_effect is not None
        widths.append(float(outlook.smallest_effect))
    return at_most(5, "relative error of the standard error near 1e12", abs(widths[1] / widths[0] - 1), 1e-9)


def shard_bytes(seed: int) -> set[str]:
    """Figure 5: the evidence as text, of rows in order, shuffled, and merged from 2 and 8 shards."""
    random = Random(seed)
    rows = [
        (f"q{n}", f"{random.random():.{random.randint(1, 17)}f}", str(random.randint(0, 1)), f"c{n % 7}")
        for n in range(500)
    ]
    found = set()
    for _ in range(2):
        for shards in (1, 2, 8):
            found.add(gathered([rows[shard::shards] for shard in range(shards)]).model_dump_json())
        random.shuffle(rows)
    return found


def gathered(shards: Sequence[Sequence[tuple[str, str, str, str]]]) -> MetricEvidence:
    """The evidence of rows of id, variant's and baseline's score and cluster, merged from shards."""

    def arm(column: int) -> Scores:
        parts = []
        for number, rows in enumerate(shards):
            columns = list(zip(*rows, strict=True))
            part = Samples(ids=columns[0], scores=columns[column], clusters=columns[3])
            parts.append((f"shard {number}", ArmScores(scores={"a": part})))
        return merge_shards(parts).scores["a"]

    return gather(metric(), [], arm(2), arm(1))


Draws = npt.NDArray[np.int64]


def drawn(variant: Draws, baseline: Draws, ratio: str, decimals: int = 4) -> Iterator[MetricEvidence]:
    """One evidence without a range for each row of integers: what gather makes, without the text."""
    p, q = Fraction(ratio).numerator, Fraction(ratio).denominator
    y = q * variant - p * baseline
    columns = {
        "variant": variant.sum(1),
        "baseline": baseline.sum(1),
        "variant_squares": (variant * variant).sum(1),
        "products": (variant * baseline).sum(1),
        "baseline_squares": (baseline * baseline).sum(1),
    }
    n = variant.shape[1]
    facts: dict[ArmName, ArmFacts] = {"baseline": ArmFacts(ids=n), "variant": ArmFacts(ids=n)}
    ends = (y.min(1), y.max(1), baseline.min(1), baseline.max(1))
    for row, (low, high, lowest, highest) in enumerate(zip(*ends, strict=True)):
        paired = PairedSums.model_construct(
            decimals=decimals,
            parts="1",
            clusters=None,
            n=[n],
            **{field: [str(column[row])] for field, column in columns.items()},  # type: ignore[arg-type]
        )
        extremes = [
            Extremes(ratio=Decimal(ratio), low=str(low), high=str(high)),
            Extremes(ratio=None, low=str(lowest), high=str(highest)),
        ]
        yield MetricEvidence(paired=paired, both=n, facts=facts, extremes=extremes)


def pass_rates(found: Iterable[Decimal | None]) -> dict[str, float]:
    """By floor, how many of the confidences reach it."""
    confidences = [confidence or Decimal(0) for confidence in found]
    return {
        floor: sum(confidence >= Decimal(floor) for confidence in confidences) / len(confidences)
        for floor, _ in FLOORS
    }


def without_range(n: int, draws: int, *, seed: int = 7) -> list[Measured]:
    """Figure 7: d = t + 5z, the claim at the truth itself, both sides, the same at every t."""
    steps = np.rint(50_000 * np.random.default_rng(seed).standard_normal((draws, n))).astype(np.int64)
    subject, found, moved = metric(range=None), [], Decimal(0)
    zeros = np.zeros_like(steps)
    for side in ("at_least", "at_most"):
        confidences = [
            weigh(evidence, subject, claim("delta", side, "0")).lowest_confidence
            for evidence in drawn(steps, zeros, "1")
        ]
        for t in (10, 100):
            for before, evidence in zip(
                confidences, drawn(steps[:100] + t * 10_000, zeros[:100], "1"), strict=False
            ):
                after = weigh(evidence, subject, claim("delta", side, str(t))).lowest_confidence
                moved = max(moved, abs((after or Decimal(9)) - (before or Decimal(0))))
        for floor, rate in pass_rates(confidences).items():
            what = f"false pass, no range, {side}, floor {floor}, n = {n}"
            found.append(at_most(7, what, rate, ALLOWED[floor]))
    return [*found, at_most(7, f"largest change of a confidence with t, n = {n}", float(moved), 0)]


def relative_thresholds(draws: int, *, n: int = 300, seed: int = 8) -> list[Measured]:
    """Figure 8: a relative change of exactly 5 %, either way, on a baseline of mean -1 and +1."""
    generator = np.random.default_rng(seed)
    found = []
    for mean, side, threshold in product((-1, 1), ("at_least", "at_most"), ("0.05", "-0.05")):
        weighed = claim("relative_delta", side, threshold)
        baseline = mean + 0.3 * generator.standard_normal((draws, n))
        variant = baseline + float(threshold) * abs(mean) + 0.2 * generator.standard_normal((draws, n))
        ratio = str(1 + Decimal(threshold) * mean)
        columns = [np.rint(10_000 * column).astype(np.int64) for column in (variant, baseline)]
        subject = metric(range=None)
        rates = pass_rates(
            weigh(evidence, subject, weighed).lowest_confidence
            for evidence in drawn(columns[0], columns[1], ratio)
        )
        for floor, rate in rates.items():
            what = f"false pass, {wording(side, threshold)}, mean {mean}, floor {floor}"
            found.append(at_most(8, what, rate, ALLOWED[floor]))
    return found


def wording(side: str, threshold: str) -> str:
    """Which directional conditions, in either direction of better, make this claim."""
    for op in ("improves_by", "no_regression"):
        for direction in ("higher", "lower"):
            values = {"metric": "m", "op": op, "threshold": Decimal("0.05"), "mode": "relative"}
            model = Guard if op == "no_regression" else Directional
            made = claim_of(model.model_validate(values), direction)
            if (made.side, str(made.threshold)) == (side, threshold):
                return f"{op} 5 % relative ({direction})"
    raise AssertionError("no condition makes this claim")


def binary_values(n: int) -> list[Measured]:
    """Figure 9: `.value` on 0/1 scores, both sides, enumerated at the truth."""
    thresholds = ("0.01", "0.05", "0.1", "0.25", "0.5", "0.75", "0.9", "0.99")
    found = []
    for side in ("at_least", "at_most"):
        worst = dict.fromkeys((floor for floor, _ in FLOORS), 0.0)
        for threshold in thresholds:
            weighed = claim("value", side, threshold)
            confidences = [
                weigh(_of_successes(n, count), metric(), weighed).lowest_confidence or Decimal(0)
                for count in range(n + 1)
            ]
            masses = binom.pmf(range(n + 1), n, float(threshold))
            for floor in worst:
                chance = sum(
                    mass
                    for mass, confidence in zip(masses, confidences, strict=True)
                    if confidence >= Decimal(floor)
                )
                worst[floor] = max(worst[floor], float(chance))
        for floor, bound in FLOORS:
            what = f"worst false pass of value {side}, floor {floor}, n = {n}"
            found.append(at_most(9, what, worst[floor], bound))
    return found


def _of_successes(n: int, successes: int) -> MetricEvidence:
    sums = ArmSums(
        decimals=0, parts="1", clusters=None, n=[n], scores=[str(successes)], squares=[str(successes)]
    )
    bare = {"kind": "summary", "value": Decimal(0)}
    return MetricEvidence.model_validate(
        {"baseline": bare, "variant": sums, "facts": {"variant": ArmFacts(ids=n)}}
    )


EXAMPLE_POLICY: dict[str, Any] = {
    "ship": {
        "all": [
            {"metric": "spatialscore.delta", "op": ">=", "threshold": 0.02, "confidence": 0.80},
            {"metric": "omnispatial", "op": "improves_by", "threshold": 0.02, "confidence": 0.80},
            {"field": "delta_confidence", "op": ">=", "threshold": 0.80},
            {"metric": "space10", "op": "no_regression", "threshold": 0.01},
            {"metric": "mindcube", "op": "no_regression", "threshold": 0.01},
        ]
    },
    "reject": {
        "any": [
            {"metric": "space10.delta", "op": "<", "threshold": -0.01, "confidence": 0.80},
            {"metric": "mindcube", "op": "no_regression", "threshold": 0.01, "confidence": 0.80},
        ],
        "floors": "shared",
    },
}


def example_policy(draws: int, *, n: int = 1000, seed: int = 10) -> list[Measured]:
    """Figure 10: both targets truly +0.05 with ψ = 0.2, through the whole judge."""
    random = Random(seed)
    keys = ("spatialscore", "omnispatial", "space10", "mindcube")
    example = bar(
        EXAMPLE_POLICY["ship"],
        EXAMPLE_POLICY["reject"],
        metrics=[{"key": key, "unit": "accuracy"} for key in keys],
    )

    def changed(psi: float, delta: float) -> MetricEvidence:
        draw = [random.random() for _ in range(n)]
        wins = sum(u < (psi + delta) / 2 for u in draw)
        return of_wins(n, wins, sum(u >= 1 - (psi - delta) / 2 for u in draw))

    found = []
    for churn in (0.0, 0.05):
        ships = 0
        for _ in range(draws):
            metrics = {key: changed(0.2, 0.05) for key in keys[:2]} | {
                key: changed(churn, 0) for key in keys[2:]
            }
            states = {"baseline": "completed", "variant": "completed"}
            inputs = Inputs(metrics=metrics, arms=states, not_comparable=[], caps=[])  # type: ignore[arg-type]
            ships += judge(example, inputs).verdict == "ship"
        what = f"ships, example policy, n = {n}, guards with {churn:.0%} of pairs changed"
        rate = ships / draws
        found.append(at_least(10, what, rate, 0.75) if churn == 0 else printed(10, what, rate))
    return found
