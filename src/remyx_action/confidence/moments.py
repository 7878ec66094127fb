"""Evidence → the y that a claim is about: its exact sums, and where the pseudo-samples stand."""

from __future__ import annotations

from fractions import Fraction

from remyx_action.evidence.inputs import MetricEvidence
from remyx_action.evidence.sums import ArmSums, PairedSums

from .pseudo_samples import Observed, Prior
from .unknown import CONTRADICTION, NO_RANGE_NO_SPREAD, Unknown, too_few_clusters, too_few_samples

Range = tuple[Fraction, Fraction] | None

FEWEST_CLUSTERS = 5


def difference(sums: PairedSums, ratio: Fraction) -> Observed:
    """y = variant - ratio·baseline."""
    p, q = ratio.numerator, ratio.denominator
    totals = [int(a) * q - int(b) * p for a, b in zip(sums.variant, sums.baseline, strict=True)]
    aa, ab, bb = (
        sum(map(int, column)) for column in (sums.variant_squares, sums.products, sums.baseline_squares)
    )
    return Observed(
        denominator=sums.scale * q,
        sizes=sums.n,
        sums=totals,
        squares=q * q * aa - 2 * p * q * ab + p * p * bb,
        clustered=sums.clusters is not None,
    )


def alone(sums: ArmSums) -> Observed:
    """y = the arm's scores."""
    return Observed(
        denominator=sums.scale,
        sizes=sums.n,
        sums=list(map(int, sums.scores)),
        squares=sum(map(int, sums.squares)),
        clustered=sums.clusters is not None,
    )


def prior_of_difference(
    evidence: MetricEvidence, observed: Observed, range_: Range, ratio: Fraction
) -> Prior | Unknown:
    """Around 0, as far as the range lets a difference reach; without a range around the mean."""
    if range_ is None:
        return _prior_of_extremes(evidence, observed, ratio)
    # All four corners: which of them are farthest depends on the ratio's sign.
    reach = max(abs(a - ratio * b) for a in range_ for b in range_)
    return _possible(observed, Prior(center=Fraction(0), reach=reach))


def prior_of_arm(
    evidence: MetricEvidence, observed: Observed, range_: Range, *, of_baseline: bool
) -> Prior | Unknown:
    """The range's middle and half its width; without a range around the mean."""
    if range_ is None:
        return _prior_of_extremes(evidence, observed, None if of_baseline else Fraction(0))
    low, high = range_
    return _possible(observed, Prior(center=(low + high) / 2, reach=(high - low) / 2))


def countable(observed: Observed) -> Unknown | None:
    """Why these samples are too few for any confidence."""
    if observed.clustered and len(observed.sizes) < FEWEST_CLUSTERS:
        return too_few_clusters(len(observed.sizes))
    return too_few_samples(observed.n) if observed.n < 2 else None


def _prior_of_extremes(
    evidence: MetricEvidence, observed: Observed, ratio: Fraction | None
) -> Prior | Unknown:
    # Around the observed mean, not around 0: there, a guard `latency.delta <= 100` would pass half of
    # the variants that are exactly 100 slower, however many samples there are.
    extremes = evidence.extremes_of(ratio)
    if extremes is None:
        return NO_RANGE_NO_SPREAD
    low, high = (Fraction(extreme, observed.denominator) for extreme in extremes)
    mean = observed.mean
    reach = max(high - mean, mean - low)
    return _possible(observed, Prior(center=mean, reach=reach)) if reach > 0 else NO_RANGE_NO_SPREAD


def _possible(observed: Observed, prior: Prior) -> Prior | Unknown:
    """The prior, unless the sums spread wider than scores within its reach ever do."""
    scale = observed.denominator
    total, squares = Fraction(sum(observed.sums), scale), Fraction(observed.squares, scale * scale)
    about_center = squares - 2 * prior.center * total + observed.n * prior.center**2
    return prior if about_center <= observed.n * prior.reach**2 else CONTRADICTION
