"""The one formula: the mean of y with two pseudo-samples, its cluster-robust variance and degrees.

docs/statistics.md has it in full. Without the two pseudo-samples, twenty identical pairs would be
"certain". Sources: D. G. Bonett and R. M. Price, "Adjusted Wald Confidence Interval for a Difference of
Binomial Proportions Based on Paired Data", JEBS 37 (2012) 479-488; R. M. Bell and D. F. McCaffrey, "Bias
Reduction in Standard Errors for Linear Regression with Multi-Stage Samples", Survey Methodology 28 (2002)
169-181.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from math import fsum, lcm

from msgspec import Struct

from .location import Location


class Observed(Struct, frozen=True, kw_only=True):
    """Exact sums of y over the samples, whole or per cluster."""

    denominator: int
    """What the integers of `sums` are divided by; its square divides `squares`."""
    sizes: Sequence[int]
    """Samples of each cluster; one entry where there are no clusters."""
    sums: Sequence[int]
    squares: int
    """Over all samples."""
    clustered: bool

    @property
    def n(self) -> int:
        return sum(self.sizes)

    @property
    def mean(self) -> Fraction:
        return Fraction(sum(self.sums), self.n * self.denominator)


class Prior(Struct, frozen=True, kw_only=True):
    """Where the two pseudo-samples stand: at `center` ± `reach`, reach > 0."""

    center: Fraction
    reach: Fraction


class Mean(Struct, frozen=True, kw_only=True):
    """The true mean of y, as far as the samples tell."""

    location: Location
    n: int
    n_effective: float | None
    """Independent samples that would tell as much; None without clusters."""
    clusters: int | None


def locate(observed: Observed, prior: Prior) -> Mean:
    """The formula, for n >= 2."""
    finer = lcm(observed.denominator, prior.center.denominator, prior.reach.denominator)
    step = finer // observed.denominator
    center, reach = int(prior.center * finer), int(prior.reach * finer)
    n = observed.n
    count = n + 2
    total = sum(observed.sums) * step + 2 * center
    squares = observed.squares * step * step + 2 * (center * center + reach * reach)
    independent = (count * squares - total * total) / (count * count * (count - 1) * reach * reach)
    variance, degrees, n_effective = independent, float(count - 1), None
    if observed.clustered:
        sums = [entry * step for entry in observed.sums]
        variance = _robust(observed.sizes, sums, count, total, center, reach)
        degrees = bell_mccaffrey(observed.sizes)
        n_effective = min(float(n), n * independent / variance)
    return Mean(
        location=Location(
            center=Fraction(total, count * finer), unit=prior.reach, variance=variance, degrees=degrees
        ),
        n=n,
        n_effective=n_effective,
        clusters=len(observed.sizes) if observed.clustered else None,
    )


def _robust(
    sizes: Sequence[int], sums: Sequence[int], count: int, total: int, center: int, reach: int
) -> float:
    """CR2 cluster-robust variance of the mean, over reach squared; a pseudo-sample is its own cluster."""
    unit = reach * reach
    terms = [
        (entry * count - size * total) ** 2 / (count * (count - size) * unit)
        for size, entry in zip(sizes, sums, strict=True)
    ]
    terms += [
        (pseudo * count - total) ** 2 / (count * (count - 1) * unit)
        for pseudo in (center + reach, center - reach)
    ]
    return fsum(terms) / (count * count)


def bell_mccaffrey(sizes: Sequence[int]) -> float:
    """Degrees of freedom of the cluster-robust variance, the two pseudo-samples included."""
    count = sum(sizes) + 2
    of_size = Counter(sizes)
    of_size[1] += 2
    squares = fsum(clusters * (size / count) ** 2 for size, clusters in of_size.items())
    # (Σq)² - Σq² as the sum of its products: subtracted, nothing is left where one cluster outweighs all.
    products, smaller = [], 0.0
    for size, clusters in sorted(of_size.items()):
        corrected = size * size / (count * (count - size))
        products.append(clusters * corrected * (2 * smaller + (clusters - 1) * corrected))
        smaller += clusters * corrected
    return 1 / (squares + fsum(products))
