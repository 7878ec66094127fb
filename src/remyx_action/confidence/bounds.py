"""How far missing scores can move a confidence: its smallest and its largest value over all of them.

A single completion does not bound a confidence: a missing score at its best end widens the variance too.
Mean, variance and degrees are therefore bounded apart, and the tails of all combinations lie between the
two ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import fsum, lcm
from operator import mul

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.evidence.sums import ArmSums, PairedSums

from .location import Location, Tails
from .pseudo_samples import Observed, Prior, bell_mccaffrey
from .seeds import SeedVariance, satterthwaite


class Between(Struct, frozen=True, kw_only=True):
    """Student's t around centres from `low` to `high`, with any variance and degrees between the two ends."""

    low: Fraction
    high: Fraction
    unit: Fraction
    """As a location's: the unit of the variances."""
    variances: tuple[float, float]
    degrees: tuple[float, float]

    def at_least(self, threshold: Fraction) -> tuple[float, float]:
        least = self._around(self.low, spread=self.low > threshold)
        most = self._around(self.high, spread=self.high <= threshold)
        return least.at_least(threshold), most.at_least(threshold)

    def at_most(self, threshold: Fraction) -> tuple[float, float]:
        least = self._around(self.high, spread=self.high < threshold)
        most = self._around(self.low, spread=self.low >= threshold)
        return least.at_most(threshold), most.at_most(threshold)

    def interval(self, level: float) -> tuple[float, float]:
        low, _ = self._around(self.low, spread=True).interval(level)
        _, high = self._around(self.high, spread=True).interval(level)
        return low, high

    def widen(self, seeds: Sequence[SeedVariance]) -> Between:
        """Return the bounds with the variance of seeds.

        Samples and seeds have degrees of their own, so those of the sum depend on which of them varies more,
        and need not lie between those at the two ends of the variance. They are fewest at a corner.
        """
        if not seeds:
            return self
        parts = [self.variances, *(arm.bounds_over(self.unit) for arm in seeds)]
        degrees = [self.degrees[0], *(arm.degrees for arm in seeds)]
        least, most = ([part[end] for part in parts] for end in (0, 1))
        spent = sum(variance**2 / freedom for variance, freedom in zip(least, degrees, strict=True))
        return replace(
            self,
            variances=(sum(least), sum(most)),
            degrees=(
                min(satterthwaite(corner, degrees) for corner in product(*parts)),
                min(sum(most) ** 2 / spent, sum(degrees)),
            ),
        )

    def _around(self, center: Fraction, *, spread: bool) -> Location:
        """Return the most spread distribution around the centre, or the least spread one.

        Above the threshold the most spread one is the least sure; below it has the larger tail.
        """
        variance, degrees = self.variances[spread], self.degrees[not spread]
        return Location(center=center, unit=self.unit, variance=variance, degrees=degrees)


class Ends(Struct, frozen=True, kw_only=True):
    """Tails that rise with the scores, at the lowest and at the highest ones."""

    low: Tails
    high: Tails

    def at_least(self, threshold: Fraction) -> tuple[float, float]:
        return self.low.at_least(threshold), self.high.at_least(threshold)

    def at_most(self, threshold: Fraction) -> tuple[float, float]:
        return self.high.at_most(threshold), self.low.at_most(threshold)

    def interval(self, level: float) -> tuple[float, float] | None:
        low, high = self.low.interval(level), self.high.interval(level)
        return None if low is None or high is None else (low[0], high[1])


class MissingInArms(Struct, frozen=True, kw_only=True):
    """The y of missing ids, row by row as in the observed sums."""

    sizes: Sequence[int]
    low: Sequence[int]
    high: Sequence[int]


def missing_pairs(sums: PairedSums, ratio: Fraction) -> MissingInArms | None:
    """Return the missing y = variant - ratio·baseline, or None where no id is missing."""
    if sums.missing is None:
        return None
    p, q, ends = ratio.numerator, ratio.denominator, sums.missing
    below, above = ends.baseline_low, ends.baseline_high
    if p < 0:
        below, above = above, below
    return MissingInArms(
        sizes=ends.ids,
        low=[int(a) * q - int(b) * p for a, b in zip(ends.variant_low, above, strict=True)],
        high=[int(a) * q - int(b) * p for a, b in zip(ends.variant_high, below, strict=True)],
    )


def missing_scores(sums: ArmSums) -> MissingInArms | None:
    """Return the missing scores of an arm, or None where no id is missing."""
    if sums.missing is None:
        return None
    ends = sums.missing
    return MissingInArms(sizes=ends.ids, low=list(map(int, ends.low)), high=list(map(int, ends.high)))


def mean_bounds(observed: Observed, missing: MissingInArms | None) -> tuple[Fraction, Fraction]:
    """Return the smallest and the largest mean of y over observed and missing ids."""
    if missing is None:
        return observed.mean, observed.mean
    count = (observed.n + sum(map(mul, observed.counts, missing.sizes))) * observed.denominator
    low, high = (
        observed.total + sum(map(mul, observed.counts, ends)) for ends in (missing.low, missing.high)
    )
    return Fraction(low, count), Fraction(high, count)


class Either(Struct, frozen=True, kw_only=True):
    """Bounds of completions of two kinds: what holds for both holds for all."""

    one: Between
    other: Between

    def at_least(self, threshold: Fraction) -> tuple[float, float]:
        return _hull(self.one.at_least(threshold), self.other.at_least(threshold))

    def at_most(self, threshold: Fraction) -> tuple[float, float]:
        return _hull(self.one.at_most(threshold), self.other.at_most(threshold))

    def interval(self, level: float) -> tuple[float, float]:
        return _hull(self.one.interval(level), self.other.interval(level))

    def widen(self, seeds: Sequence[SeedVariance]) -> Either:
        """Return the bounds with the variance of seeds."""
        return Either(one=self.one.widen(seeds), other=self.other.widen(seeds))


def _hull(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return min(one[0], other[0]), max(one[1], other[1])


def bounds_of_difference(
    observed: Observed, missing: MissingInArms | None, prior: Prior, widest: Prior | None
) -> Between | Either | None:
    """Return the bounds of the mean difference over observed and missing ids; None where none is missing.

    `widest`: the range's prior. Where another is in force, a missing score may yet bring the range's back.
    """
    if widest is None or widest == prior:
        return bounds_of(observed, missing, prior)
    one = bounds_of(observed, missing, prior, farthest=widest.reach)
    other = bounds_of(observed, missing, widest)
    return None if one is None or other is None else Either(one=one, other=other)


def bounds_of(
    observed: Observed, missing: MissingInArms | None, prior: Prior, *, farthest: Fraction | None = None
) -> Between | None:
    """Return the bounds of the mean of y over observed and missing ids; None where none is missing.

    No missing y is farther from the prior's centre than `farthest`; default: the prior's reach.
    """
    if missing is None:
        return None
    farthest = prior.reach if farthest is None else farthest
    finer = lcm(*(part.denominator for part in (prior.center, prior.reach, farthest)), observed.denominator)
    step = finer // observed.denominator
    center, reach = int(prior.center * finer), int(prior.reach * finer)
    count = observed.n + sum(map(mul, observed.counts, missing.sizes)) + 2
    low, high = (
        (observed.total + sum(map(mul, observed.counts, ends))) * step + 2 * center
        for ends in (missing.low, missing.high)
    )
    variances = (
        _of_samples(observed, missing, step, (center, reach, int(farthest * finer)), (low, high))
        if observed.clusters is None
        else _of_clusters(observed, missing, step, center, reach, (low, high))
    )
    sizes = [n + lost for n, lost in zip(observed.sizes, missing.sizes, strict=True)]
    degrees = count - 1.0 if observed.clusters is None else bell_mccaffrey(sizes, observed.counts)
    return Between(
        low=Fraction(low, count * finer),
        high=Fraction(high, count * finer),
        unit=prior.reach,
        variances=variances,
        degrees=(degrees, degrees),
    )


def _of_samples(
    observed: Observed,
    missing: MissingInArms,
    step: int,
    prior: tuple[int, int, int],
    totals: tuple[int, int],
) -> tuple[float, float]:
    """Return the least and the most variance of the mean, over the reach squared.

    The squares about the mean are at least those of what was observed, and at most those about the
    centre where every missing y is as far from it as it can be.
    """
    n, (lost,), (center, reach, farthest) = observed.n, missing.sizes, prior
    count = n + lost + 2
    total = observed.total * step + 2 * center
    squares = observed.squares * step * step + 2 * (center * center + reach * reach)
    least = squares - Fraction(total * total, n + 2)
    about_center = squares - 2 * center * total + (n + 2) * center * center + lost * farthest**2
    low, high = (end - count * center for end in totals)
    nearest = 0 if low <= 0 <= high else min(abs(low), abs(high))
    most = about_center - Fraction(nearest * nearest, count)
    unit = count * (count - 1) * reach * reach
    return float(least / unit), float(most / unit)


def _of_clusters(
    observed: Observed, missing: MissingInArms, step: int, center: int, reach: int, totals: tuple[int, int]
) -> tuple[float, float]:
    """Return the same of the cluster-robust variance, each cluster bounded by itself."""
    sizes = [n + lost for n, lost in zip(observed.sizes, missing.sizes, strict=True)]
    count = sum(map(mul, observed.counts, sizes)) + 2
    rows = [
        (number, size, (entry + low) * step, (entry + high) * step)
        for number, size, entry, low, high in zip(
            observed.counts, sizes, observed.sums, missing.low, missing.high, strict=True
        )
    ]
    rows += [(1, 1, pseudo, pseudo) for pseudo in (center + reach, center - reach)]
    least, most = [], []
    for number, size, low, high in rows:
        corners = [low * count - size * totals[1], high * count - size * totals[0]]
        unit = count * (count - size) * reach * reach
        nearest = 0 if corners[0] <= 0 <= corners[1] else min(map(abs, corners))
        least.append(number * nearest**2 / unit)
        most.append(number * max(map(abs, corners)) ** 2 / unit)
    return fsum(least) / (count * count), fsum(most) / (count * count)
