"""The variance between an arm's seeds, where a claim is about the recipe and not about one checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import sqrt

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.evidence.evidence import MetricEvidence, SeedSums
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.template import ArmName

from .location import Location
from .plausibility import range_of


class SeedVariance(Struct, frozen=True, kw_only=True):
    """What one arm's seeds add to the variance of the mean of y."""

    variance: Fraction
    """s²/S, times the square of the arm's factor in y."""
    degrees: int
    """Seeds less one."""
    scored: Fraction
    """The share of the arm's ids that have a score: missing ones leave so much of the seeds' differences."""
    reach: Fraction
    """How far the missing scores can move a seed's mean, either way, from where they are mid-range."""

    def over(self, unit: Fraction) -> float:
        """Return the variance over the unit squared."""
        return float(self.variance / unit**2)

    def bounds_over(self, unit: Fraction) -> tuple[float, float]:
        """Return the least and the most variance over all missing scores, over the unit squared.

        Means that move by at most `reach` move the root of their squares by at most √S·reach.
        """
        middle = float(self.scored) * sqrt(self.over(unit))
        moved = float(self.reach / unit) / sqrt(self.degrees)
        return max(0.0, middle - moved) ** 2, (middle + moved) ** 2


def seeds_of(
    evidence: MetricEvidence, metric: BarMetric, factors: dict[ArmName, Fraction]
) -> list[SeedVariance]:
    """Return the variance of each arm's seeds; each arm comes with its factor in y.

    Empty where an arm was not run with at least two seeds. In every seed a missing id has as many scores
    as the others have there on average.
    """
    if not evidence.has_seeds(*factors):
        return []
    low, high = range_of(metric) or (Fraction(0), Fraction(0))
    found = []
    for arm, factor in factors.items():
        seeds, facts = evidence.seeds[arm], evidence.facts.get(arm)
        lost = facts.missing + evidence.absent if facts else 0
        missing = Fraction(lost, facts.ids + lost) if facts else Fraction(0)
        found.append(
            SeedVariance(
                variance=factor**2 * _variance_of_mean(seeds),
                degrees=len(seeds.n) - 1,
                scored=1 - missing,
                reach=abs(factor) * missing * (high - low) / 2,
            )
        )
    return found


def widen(items: Location, seeds: Sequence[SeedVariance]) -> Location:
    """Return the location with se² = se²_items + Σ factor²·s²/S and Satterthwaite's degrees of freedom."""
    if not seeds:
        return items
    variances = [items.variance, *(arm.over(items.unit) for arm in seeds)]
    degrees = satterthwaite(variances, [items.degrees, *(arm.degrees for arm in seeds)])
    return replace(items, variance=sum(variances), degrees=degrees)


def satterthwaite(variances: Sequence[float], degrees: Sequence[float]) -> float:
    """Return the degrees of freedom of a sum of variances."""
    spent = sum(variance * variance / freedom for variance, freedom in zip(variances, degrees, strict=True))
    return sum(variances) ** 2 / spent


def _variance_of_mean(seeds: SeedSums) -> Fraction:
    """Return s²/S of the means of S seeds."""
    means = [
        Fraction(int(total), n * 10**seeds.decimals) for n, total in zip(seeds.n, seeds.totals, strict=True)
    ]
    count = len(means)
    middle = sum(means, Fraction(0)) / count
    return sum(((mean - middle) ** 2 for mean in means), Fraction(0)) / (count * (count - 1))
