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
from operator import mul

from msgspec import Struct

from remyx_action.evidence.evidence import MetricEvidence
from remyx_action.evidence.sums import ArmSums, PairedSums

from .location import (
    CONTRADICTION,
    NO_RANGE_NO_SPREAD,
    Location,
    NotKnown,
    changed_more,
    too_few_clusters,
    too_few_samples,
)


class Observed(Struct, frozen=True, kw_only=True):
    """Exact sums of y over the samples, whole or per cluster."""

    denominator: int
    """The denominator of `sums`; its square is that of `squares`."""
    sizes: Sequence[int]
    """Samples of each cluster of the row; one row where there are no clusters."""
    sums: Sequence[int]
    squares: int
    """Over all samples."""
    clusters: Sequence[int] | None = None
    """How many clusters have the size and the sum of each row."""

    @property
    def counts(self) -> Sequence[int]:
        return self.clusters or [1]

    @property
    def n(self) -> int:
        return sum(map(mul, self.counts, self.sizes))

    @property
    def total(self) -> int:
        return sum(map(mul, self.counts, self.sums))

    @property
    def cluster_count(self) -> int | None:
        """How many clusters have a scored id; None without clusters."""
        if self.clusters is None:
            return None
        return sum(count for count, size in zip(self.clusters, self.sizes, strict=True) if size)

    @property
    def mean(self) -> Fraction:
        return Fraction(self.total, self.n * self.denominator)


class Prior(Struct, frozen=True, kw_only=True):
    """Where the two pseudo-samples stand: at `center` ± `reach`, reach > 0."""

    center: Fraction
    reach: Fraction


class Mean(Struct, frozen=True, kw_only=True):
    """The inference about the true mean of y."""

    location: Location
    n: int
    n_effective: float | None
    """The number of independent samples that would show as much; None without clusters."""
    clusters: int | None


def locate(observed: Observed, prior: Prior) -> Mean:
    """Return the mean by the formula, for n >= 2."""
    finer = lcm(observed.denominator, prior.center.denominator, prior.reach.denominator)
    step = finer // observed.denominator
    center, reach = int(prior.center * finer), int(prior.reach * finer)
    n = observed.n
    count = n + 2
    total = observed.total * step + 2 * center
    squares = observed.squares * step * step + 2 * (center * center + reach * reach)
    independent = (count * squares - total * total) / (count * count * (count - 1) * reach * reach)
    variance, degrees, n_effective = independent, float(count - 1), None
    if observed.clusters is not None:
        sums = [entry * step for entry in observed.sums]
        variance = _robust(observed.sizes, sums, observed.clusters, total, center, reach)
        degrees = bell_mccaffrey(observed.sizes, observed.clusters)
        n_effective = min(float(n), n * independent / variance)
    return Mean(
        location=Location(
            center=Fraction(total, count * finer), unit=prior.reach, variance=variance, degrees=degrees
        ),
        n=n,
        n_effective=n_effective,
        clusters=observed.cluster_count,
    )


def _robust(
    sizes: Sequence[int], sums: Sequence[int], counts: Sequence[int], total: int, center: int, reach: int
) -> float:
    """Return the CR2 cluster-robust variance of the mean, over reach squared.

    Each pseudo-sample is a cluster of its own.
    """
    unit, count = reach * reach, sum(map(mul, counts, sizes)) + 2
    terms = [
        number * (entry * count - size * total) ** 2 / (count * (count - size) * unit)
        for number, size, entry in zip(counts, sizes, sums, strict=True)
    ]
    terms += [
        (pseudo * count - total) ** 2 / (count * (count - 1) * unit)
        for pseudo in (center + reach, center - reach)
    ]
    return float(fsum(terms) / (count * count))


def bell_mccaffrey(sizes: Sequence[int], counts: Sequence[int]) -> float:
    """Return the degrees of freedom of the cluster-robust variance, the two pseudo-samples included."""
    count: int = sum(map(mul, counts, sizes)) + 2
    of_size = Counter({1: 2})
    for number, size in zip(counts, sizes, strict=True):
        of_size[size] += number
    squares = fsum(number * (size / count) ** 2 for size, number in of_size.items())
    # (Σq)² - Σq² as the sum of its products: subtracted, nothing is left where one cluster outweighs all.
    products, smaller = [], 0.0
    for size, number in sorted(of_size.items()):
        corrected = size * size / (count * (count - size))
        products.append(number * corrected * (2 * smaller + (number - 1) * corrected))
        smaller += number * corrected
    return 1 / (squares + fsum(products))


Range = tuple[Fraction, Fraction] | None

FEWEST_CLUSTERS = 5
FEWEST_SAMPLES = 2
FEWEST_WITHOUT_RANGE = 10
"""Where nothing but the samples themselves says how far the others may lie."""


def difference(sums: PairedSums, ratio: Fraction) -> Observed:
    """Return the sums of y = variant - ratio·baseline."""
    p, q = ratio.numerator, ratio.denominator
    totals = [int(a) * q - int(b) * p for a, b in zip(sums.variant, sums.baseline, strict=True)]
    aa, ab, bb = map(sums.total, (sums.variant_squares, sums.products, sums.baseline_squares))
    return Observed(
        denominator=sums.scale * q,
        sizes=sums.n,
        sums=totals,
        squares=q * q * aa - 2 * p * q * ab + p * p * bb,
        clusters=sums.clusters,
    )


def sums_of_one_arm(sums: ArmSums) -> Observed:
    """Return the sums of y = the scores of one arm, without another arm."""
    return Observed(
        denominator=sums.scale,
        sizes=sums.n,
        sums=list(map(int, sums.scores)),
        squares=sums.total(sums.squares),
        clusters=sums.clusters,
    )


def prior_of_difference(
    evidence: MetricEvidence,
    observed: Observed,
    range_: Range,
    ratio: Fraction,
    *,
    max_change: Fraction | None = None,
) -> Prior | NotKnown:
    """Return the prior around 0, as far as differences reach; without a range around the mean.

    No sample's score may change by more than `max_change`; where one does, the range takes its place.
    """
    if max_change is not None:
        largest = evidence.largest_change
        if largest is not None and largest <= max_change:
            prior = Prior(center=Fraction(0), reach=max_change)
            return _possible(observed, prior) if ratio == 1 else prior
        if range_ is None:
            return changed_more(largest, max_change)
    if range_ is None:
        return _prior_of_extremes(evidence, observed, ratio)
    # All four corners: which of them are farthest depends on the ratio's sign.
    reach = max(abs(a - ratio * b) for a in range_ for b in range_)
    return _possible(observed, Prior(center=Fraction(0), reach=reach))


def prior_of_arm(
    evidence: MetricEvidence, observed: Observed, range_: Range, *, of_baseline: bool
) -> Prior | NotKnown:
    """Return the prior at the range's middle with half its width; without a range around the mean."""
    if range_ is None:
        return _prior_of_extremes(evidence, observed, None if of_baseline else Fraction(0))
    low, high = range_
    return _possible(observed, Prior(center=(low + high) / 2, reach=(high - low) / 2))


def why_too_few(observed: Observed, *, is_bounded: bool) -> NotKnown | None:
    """Return why these samples are too few for any confidence, or None.

    `is_bounded`: something that was declared says how far y can lie.
    """
    clusters = observed.cluster_count
    if clusters is not None and clusters < FEWEST_CLUSTERS:
        return too_few_clusters(clusters)
    fewest = FEWEST_SAMPLES if is_bounded else FEWEST_WITHOUT_RANGE
    return too_few_samples(observed.n, fewest) if observed.n < fewest else None


def _prior_of_extremes(
    evidence: MetricEvidence, observed: Observed, ratio: Fraction | None
) -> Prior | NotKnown:
    # Around the observed mean, not around 0: there, a guard `latency.delta <= 100` would pass half of
    # the variants that are exactly 100 slower, however many samples there are.
    extremes = evidence.extremes_of(ratio)
    if extremes is None:
        return NO_RANGE_NO_SPREAD
    low, high = (Fraction(extreme, observed.denominator) for extreme in extremes)
    mean = observed.mean
    reach = max(high - mean, mean - low)
    return _possible(observed, Prior(center=mean, reach=reach)) if reach > 0 else NO_RANGE_NO_SPREAD


def _possible(observed: Observed, prior: Prior) -> Prior | NotKnown:
    """Return the prior, unless the sums spread wider than scores within its reach can."""
    scale = observed.denominator
    total, squares = Fraction(observed.total, scale), Fraction(observed.squares, scale * scale)
    about_center = squares - 2 * prior.center * total + observed.n * prior.center**2
    return prior if about_center <= observed.n * prior.reach**2 else CONTRADICTION
