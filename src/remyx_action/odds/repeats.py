"""One asset measured several times: how often the bar is wrong about it, and how noisy an id is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from msgspec import Struct

from remyx_action.confidence.methods import infer
from remyx_action.evidence.claims import IMPROVED
from remyx_action.evidence.evidence import Inputs
from remyx_action.evidence.pairing import Averaged, average
from remyx_action.policy.bar import Bar
from remyx_action.policy.judgement import judge
from remyx_action.project.models.metrics import BarMetric
from remyx_action.readers.scores import Samples

from .power import spreads_for
from .spread import Spread
from .swaps import ArmOfScores, Compare


class MetricRepeats(Struct, frozen=True, kw_only=True):
    """One metric over every pair of measurements of the same asset."""

    key: str
    disagree: float | None
    """The share of ids whose score differs between two measurements; None without samples."""
    scaled_square: float | None
    """Mean of t²·(ν - 2)/ν over the pairs: 1 where the variance is right, below 1 where it is too large."""
    within: float | None
    """Standard deviation of one id's score over its measurements, in the metric's unit."""
    saved_by_two: float | None
    """By which part the variance of a change falls where each id is scored twice in either arm.

    None where no change between two versions is recorded: by half at most, where all of it is noise.
    """


class Repeated(Struct, frozen=True, kw_only=True):
    """Every pair of measurements of one asset, judged as baseline and variant."""

    measured: int
    pairs: int
    ships: int
    rejects: int
    metrics: Sequence[MetricRepeats]


def judge_repeats(
    bar: Bar, arms: Sequence[ArmOfScores], compare: Compare, *, recorded: Inputs | None = None
) -> Repeated:
    """Return what the bar says of every pair of measurements.

    `recorded`: of a baseline and a variant, whose changes are noise of ids and true changes of ids.
    """
    spreads = {} if recorded is None else spreads_for(bar, recorded)
    pairs = [compare(one, other) for one, other in combinations(arms, 2)]
    verdicts = [judge(bar, inputs).verdict for inputs in pairs]
    return Repeated(
        measured=len(arms),
        pairs=len(pairs),
        ships=verdicts.count("ship"),
        rejects=verdicts.count("reject"),
        metrics=[_metric(metric, arms, pairs, spreads.get(metric.key)) for metric in bar.metrics],
    )


def _metric(
    metric: BarMetric, arms: Sequence[ArmOfScores], pairs: Sequence[Inputs], spread: Spread | None
) -> MetricRepeats:
    scores = [found for arm in arms if (found := _by_id(arm, metric.key)) is not None]
    squares = [square for inputs in pairs if (square := _scaled_square(metric, inputs)) is not None]
    disagree, within = _noise_of_ids(scores) if len(scores) == len(arms) else (None, None)
    return MetricRepeats(
        key=metric.key,
        disagree=disagree,
        scaled_square=sum(squares) / len(squares) if squares else None,
        within=within,
        saved_by_two=_saved_by_two(within, spread),
    )


def _by_id(arm: ArmOfScores, key: str) -> Mapping[str, float] | None:
    found = arm.get(key)
    averaged = average(found, "baseline") if isinstance(found, Samples) else None
    if not isinstance(averaged, Averaged):
        return None
    decimals, parts = averaged.totals.decimals, averaged.parts()
    scale = 10**decimals * parts
    values = averaged.values(decimals, parts)
    return {id_: value / scale for id_, value in zip(averaged.ids, values, strict=True)}


def _noise_of_ids(scores: Sequence[Mapping[str, float]]) -> tuple[float | None, float | None]:
    """Return the share of ids that disagree, and an id's standard deviation over its measurements."""
    ids = set(scores[0]).intersection(*scores[1:]) if scores else set()
    if not ids or len(scores) < 2:
        return None, None
    differing = squares = 0.0
    for one, other in combinations(scores, 2):
        moves = [one[id_] - other[id_] for id_ in ids]
        differing += sum(move != 0 for move in moves) / len(ids)
        squares += sum(move * move for move in moves) / len(ids)
    count = len(scores) * (len(scores) - 1) / 2
    # A change of the same asset is noise alone: its mean square is twice an id's variance.
    within = (squares / count / 2) ** 0.5
    return differing / count, within


def _saved_by_two(within: float | None, spread: Spread | None) -> float | None:
    """Return the noise within ids that a second score takes away, as a part of the variance of a change.

    A change holds the noise of two scores, of which a second score in either arm takes half.
    """
    if within is None or spread is None or spread.source != "recorded":
        return None
    return min(0.5, within**2 / spread.deviation**2)


def _scaled_square(metric: BarMetric, inputs: Inputs) -> float | None:
    inference = infer(inputs.metrics[metric.key], metric, IMPROVED[metric.direction])
    location = getattr(inference, "tails", None)
    center, degrees = getattr(location, "center", None), getattr(location, "degrees", 0.0)
    if center is None or degrees <= 2:
        return None
    steps: float = location.steps(center)  # type: ignore[union-attr]
    return steps * steps * (degrees - 2) / degrees
