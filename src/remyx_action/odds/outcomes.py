"""What single metrics show before a run: chances of requirements, the samples needed, the smallest effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import sqrt

from .distributions import probable_counts
from .means import outcomes_of_mean, threshold_in_unit
from .requirements import Requirement
from .spread import Spread, width_of_range
from .wins import Marks, boundary_of, outcomes_of_wins

MOST_LOSSES = 420
"""Probable numbers of losses that are all gone through: those of 5,000 0/1 scores, two in five changed.

Where there are more, the mean is as good as normal.
"""
MOST = 10**9
"""Samples; larger numbers are not sought."""
POWER = 0.80


def outcomes_of(
    requirements: Sequence[Requirement], spread: Spread, n: int, effect: float
) -> Mapping[Marks, float] | None:
    """Return the probability of each combination of marks under a true change; None: not known.

    Of 0/1 scores every number of wins and losses is gone through, which is exact; else by the closed form.
    A change beyond the range counts as the whole range: none can be larger.
    """
    width = width_of_range(requirements[0].metric)
    if width is not None:
        effect = max(-width, min(width, effect))
    rates = _rates_of_wins(requirements, spread, effect)
    if rates is None or len(probable_counts(n, rates[1])) > MOST_LOSSES:
        return outcomes_of_mean(requirements, spread, n, effect)
    win, loss = rates
    boundaries = [boundary_of(requirement, n) for requirement in requirements]
    return outcomes_of_wins(boundaries, n, win=win, loss=loss)


def _rates_of_wins(
    requirements: Sequence[Requirement], spread: Spread, effect: float
) -> tuple[float, float] | None:
    """Return how often a pair is a win and a loss; None where these alone do not decide."""
    width = width_of_range(requirements[0].metric)
    if width is None or not spread.is_binary or spread.samples_in_a_cluster is not None:
        return None
    if any(requirement.claim.quantity != "delta" for requirement in requirements):
        return None
    share = effect / width
    changed = (spread.deviation / width) ** 2 + share**2 if spread.changed is None else spread.changed
    changed = min(1.0, max(changed, abs(share)))
    return (changed + share) / 2, (changed - share) / 2


def chance_of(requirement: Requirement, spread: Spread, n: int, effect: float) -> float | None:
    """Return P(the requirement is met); None where it is not known."""
    found = outcomes_of([requirement], spread, n, effect)
    return None if found is None else sum(chance for marks, chance in found.items() if marks[0])


def fewest_samples(requirement: Requirement, spread: Spread, effect: float) -> int | None:
    """Return the fewest samples at which a true change of `effect` passes with power 0.80; None: never."""

    def passes(n: int) -> bool:
        return (chance_of(requirement, spread, n, effect) or 0.0) >= POWER

    return fewest(passes)


def fewest(passes: Callable[[int], bool], *, digits: int = 9) -> int | None:
    """Return the fewest samples that pass, rounded up to so many digits; None: no number does."""

    def rounded(n: int) -> int:
        step = 10 ** max(0, len(str(n)) - digits)
        return int(-(-n // step) * step)

    high = 2
    while not passes(high):
        high *= 2
        if high > MOST:
            return None
    low = high // 2
    while rounded(low + 1) != rounded(high):
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    return rounded(high)


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
    if (chance_of(requirement, spread, n, far) or 0.0) < POWER:
        return None
    for _ in range(40):
        middle = (near + far) / 2
        reached = (chance_of(requirement, spread, n, middle) or 0.0) >= POWER
        near, far = (near, middle) if reached else (middle, far)
    return far
