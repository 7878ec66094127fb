"""How the metrics of recorded arms hang together: in which draws of an unchanged variant each is high."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import gcd

from msgspec import Struct

from remyx_action.policy.bar import Bar

from .distributions import shares
from .swaps import ArmOfScores, Changes, SumOfChosen, changes_of, coins, units_together

DRAWS = 4000
SEED = 19


class JointDraws(Struct, frozen=True, kw_only=True):
    """Draws of recorded arms whose units each keep or turn the sign of their centred change."""

    shares: Mapping[str, Sequence[float]]
    """By metric key, the part of all draws whose mean is lower; the same draws in every metric."""
    sizes: Mapping[str, int]
    """By metric key, the ids that were recorded."""
    steps: Mapping[str, Fraction]
    """By metric key, what every change is a multiple of."""
    seed: int = SEED


def joint_draws(
    bar: Bar, baseline: ArmOfScores, variant: ArmOfScores, *, draws: int = DRAWS, seed: int = SEED
) -> JointDraws:
    """Return the draws of every metric whose ids pair whole; none where only some metrics have clusters."""
    found = {
        metric.key: changes
        for metric in bar.metrics
        if metric.aggregate is None and metric.key in baseline and metric.key in variant
        for changes in [changes_of(metric, baseline[metric.key], variant[metric.key])]
        if changes is not None
    }
    units = units_together(found.values())
    masks = [] if units is None else list(coins(len(units), draws, seed))
    return JointDraws(
        shares={}
        if units is None
        else {
            key: _shares_below(_means(one, units, masks), seed + place)
            for place, (key, one) in enumerate(found.items())
        },
        sizes={key: one.n for key, one in found.items()},
        steps={key: Fraction(gcd(*one.within), one.scale) for key, one in found.items() if any(one.within)},
        seed=seed,
    )


def _means(changes: Changes, units: Mapping[str, int], masks: Sequence[int]) -> Sequence[int]:
    """Return the sum of the centred changes in each draw, in any unit."""
    centred = [0] * len(units)
    for unit, size, total in zip(changes.units, changes.sizes, changes.sums, strict=True):
        centred[units[unit]] = total * changes.n - size * changes.total
    chosen = SumOfChosen(centred)
    return [-chosen.of(mask) for mask in masks]


def _shares_below(means: Sequence[int], seed: int) -> Sequence[float]:
    """Return the part of all draws below each, ties in an order of their own for each metric."""
    ties = shares(seed, len(means))
    found = [0.0] * len(means)
    for rank, place in enumerate(sorted(range(len(means)), key=lambda one: (means[one], ties[one]))):
        found[place] = (rank + 0.5) / len(means)
    return found
