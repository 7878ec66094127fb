"""Other scores: the mean change as a normal, and the point from which on a requirement is met."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor, inf, sqrt

from msgspec import Struct

from remyx_action.confidence.student import quantile
from remyx_action.project.models.metrics import declared_value

from .distributions import normal_below, normal_quantile
from .requirements import Requirement
from .spread import Spread, width_of_range
from .wins import Marks

FEWEST_WITHOUT_RANGE = 10
"""Samples below which nothing is sure of scores without a range."""
MOST = 10**9
"""Samples; larger numbers are not sought."""
POWER = 0.80


class MeanAt(Struct, frozen=True, kw_only=True):
    """What a requirement is weighed by: a mean of n samples around its true value."""

    n: int
    true: float
    """The true value that the claim is about: a delta, or the value itself."""
    deviation: float
    """Of one sample; clusters included."""
    center: float
    """Of the pseudo-samples."""
    reach: float
    degrees: float
    step: Fraction | None
    """What every change of a sample is a multiple of, where that is known."""


def mean_at(requirement: Requirement, spread: Spread, n: int, effect: float) -> MeanAt | None:
    """Return the mean that a true change of `effect` gives; None where a value is asked and none declared."""
    metric = requirement.metric
    width, declared = width_of_range(metric), declared_value(metric)
    deviation = spread.around(effect, width or 1.0) * sqrt(spread.design_effect)
    degrees = n + 1.0 if not spread.samples_in_a_cluster else n / spread.samples_in_a_cluster + 1
    true, center, reach = effect, 0.0, width
    if metric.max_change is not None:
        reach = float(metric.max_change)
    if requirement.claim.quantity == "value":
        if declared is None:
            return None
        true = float(declared) + effect
        if metric.range is not None and width is not None:
            center, reach = float(metric.range[0]) + width / 2, width / 2
            share = min(1.0, max(0.0, (true - float(metric.range[0])) / width))
            deviation = width * sqrt(share * (1 - share)) if spread.is_binary else deviation
    if reach is None and n < FEWEST_WITHOUT_RANGE and requirement.floor is not None:
        return None
    if reach is None:
        # Without a range the pseudo-samples lie as far out as the farthest of n samples.
        center, reach = true, deviation * normal_quantile(1 - 1 / (2 * max(n, 2)))
    step = spread.step if requirement.claim.quantity == "delta" else None
    return MeanAt(n=n, true=true, deviation=deviation, center=center, reach=reach, degrees=degrees, step=step)


def threshold_in_unit(requirement: Requirement) -> float | None:
    """Return the threshold in the metric's unit; None for a share of a baseline that nobody declared."""
    threshold = float(requirement.claim.threshold)
    if requirement.claim.quantity != "relative_delta":
        return threshold
    declared = declared_value(requirement.metric)
    return None if declared is None else threshold * abs(float(declared))


def edge_of(requirement: Requirement, mean: MeanAt, threshold: float) -> float:
    """Return the observed mean from which on, towards the claim's side, the requirement is met."""
    side = 1 if requirement.claim.side == "at_least" else -1
    if requirement.floor is None:
        return threshold if mean.step is None else _between_steps(requirement, mean.n, mean.step)
    middle = (mean.n * mean.true + 2 * mean.center) / (mean.n + 2)
    squares = mean.n * (mean.deviation**2 + (mean.true - middle) ** 2)
    squares += (mean.center + mean.reach - middle) ** 2 + (mean.center - mean.reach - middle) ** 2
    error = sqrt(squares / ((mean.n + 2) * (mean.n + 1)))
    steps = t_quantile(float(requirement.floor), mean.degrees)
    asked = ((threshold + side * steps * error) * (mean.n + 2) - 2 * mean.center) / mean.n
    if not requirement.with_point:
        return asked
    return max(asked, threshold) if side > 0 else min(asked, threshold)


def _between_steps(requirement: Requirement, n: int, step: Fraction) -> float:
    """Return the middle between the sums that meet a bare threshold and those that do not, over n."""
    claim = requirement.claim
    steps = Fraction(claim.threshold) * n / step
    if (claim.side == "at_least") == claim.strict:  # > and <=: the steps up to the threshold are one side
        return float((floor(steps) + Fraction(1, 2)) * step / n)
    return float((ceil(steps) - Fraction(1, 2)) * step / n)


def t_quantile(probability: float, degrees: float) -> float:
    """Return the t with P(T <= t) = probability, on either side of one half."""
    if probability in (0.0, 0.5, 1.0):
        return {0.0: -inf, 0.5: 0.0, 1.0: inf}[probability]
    return quantile(probability, degrees) if probability > 0.5 else -quantile(1 - probability, degrees)


def chance_by_mean(requirement: Requirement, spread: Spread, n: int, effect: float) -> float | None:
    """Return P(the requirement is met); None where it is not known."""
    found = outcomes_of_mean([requirement], spread, n, effect)
    return None if found is None else sum(chance for marks, chance in found.items() if marks[0])


def outcomes_of_mean(
    requirements: Sequence[Requirement], spread: Spread, n: int, effect: float
) -> Mapping[Marks, float] | None:
    """Return the probability of each combination of marks; None where one of them is not known."""
    edges = []
    for requirement in requirements:
        mean, threshold = mean_at(requirement, spread, n, effect), threshold_in_unit(requirement)
        if mean is None or threshold is None:
            return None
        side = 1 if requirement.rises else -1
        error = mean.deviation / sqrt(n) or 1e-300
        edges.append((side, (edge_of(requirement, mean, threshold) - mean.true) / error))
    cuts = [-inf, *sorted({edge for _, edge in edges if abs(edge) < inf}), inf]
    found: dict[Marks, float] = {}
    for low, high in pairwise(cuts):
        marks = tuple(low >= edge if side > 0 else high <= edge for side, edge in edges)
        found[marks] = found.get(marks, 0.0) + normal_below(high) - normal_below(low)
    return found


def fewest_samples(requirement: Requirement, spread: Spread, effect: float) -> int | None:
    """Return the fewest samples at which a true change of `effect` passes with power 0.80; None: never."""

    def passes(n: int) -> bool:
        return (chance_by_mean(requirement, spread, n, effect) or 0.0) >= POWER

    return fewest(passes)


def fewest(passes: Callable[[int], bool], *, digits: int = 9) -> int | None:
    """Return the fewest samples that pass, rounded up to so many digits; None: no number does."""
    high = 2
    while not passes(high):
        high *= 2
        if high > MOST:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    step = 10 ** max(0, len(str(high)) - digits)
    return int(-(-high // step) * step)


def smallest_effect(requirement: Requirement, spread: Spread, n: int) -> float | None:
    """Return the true change nearest to the threshold that n samples confirm with power 0.80."""
    threshold = threshold_in_unit(requirement)
    if threshold is None or requirement.claim.quantity == "value":
        return None
    side = 1 if requirement.claim.side == "at_least" else -1
    step = spread.deviation * sqrt(spread.design_effect / n)
    near, far = threshold, threshold + side * 20 * step
    limit = width_of_range(requirement.metric)
    if limit is not None:
        far = max(-limit, min(limit, far))
    if (chance_by_mean(requirement, spread, n, far) or 0.0) < POWER:
        return None
    for _ in range(60):
        middle = (near + far) / 2
        reached = (chance_by_mean(requirement, spread, n, middle) or 0.0) >= POWER
        near, far = (near, middle) if reached else (middle, far)
    return far
