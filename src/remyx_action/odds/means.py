"""Other scores: the mean change as a normal, and the point from which on a requirement is met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor, inf, sqrt

from msgspec import Struct

from remyx_action.project.models.metrics import declared_value

from .distributions import normal_below, normal_quantile, t_quantile
from .requirements import Requirement
from .spread import Spread, width_of_range
from .wins import Marks

FEWEST_WITHOUT_RANGE = 10
"""Samples below which nothing is sure of scores without a range."""


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
