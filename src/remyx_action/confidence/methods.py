"""The method table: which data a claim is weighed by, and how."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from remyx_action.bar import BarMetric
from remyx_action.claims import Claim
from remyx_action.evidence import MetricEvidence, SummaryState
from remyx_action.reasons import Reason
from remyx_action.sums import PairedSums

from . import percentiles
from .binomial import clopper_pearson, rate_at_least, rate_at_most
from .location import Tails
from .moments import (
    Range,
    alone,
    countable,
    difference,
    prior_of_arm,
    prior_of_difference,
)
from .plausibility import range_of
from .points import delta_of, point_of
from .pseudo_samples import Observed, locate
from .unknown import Unknown
from .unpaired import arm_mean, difference_of_means, location_of

Method = Literal["paired", "unpaired", "one-sample", "quantile"]
INTERVAL_LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What a claim is weighed by."""

    tails: Tails
    threshold: Fraction
    """Where the claim's inequality lies for the value that `tails` is about."""
    method: Method
    n: int
    n_effective: float | None = None
    clusters: int | None = None
    shift: Fraction = Fraction(0)
    """The delta is what `tails` is about minus this."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """Exact binomial tails of a mean of scores that are all ends of the range."""

    successes: int
    n: int
    low: Fraction
    high: Fraction

    def at_least(self, threshold: Fraction) -> float:
        rate = self._rate(threshold)
        return rate_at_least(self.successes, self.n, float(rate), float(1 - rate))

    def at_most(self, threshold: Fraction) -> float:
        rate = self._rate(threshold)
        return rate_at_most(self.successes, self.n, float(rate), float(1 - rate))

    def interval(self, level: float) -> tuple[float, float]:
        low, high = clopper_pearson(self.successes, self.n, level)
        start, width = float(self.low), float(self.high - self.low)
        return start + width * low, start + width * high

    def _rate(self, threshold: Fraction) -> Fraction:
        return (threshold - self.low) / (self.high - self.low)


def basis_of(evidence: MetricEvidence, metric: BarMetric, claim: Claim) -> Basis | Unknown:
    """The row of the table that the claim falls under, or why there is no confidence in it."""
    if claim.quantity == "value":
        point = point_of(evidence, metric, "variant")
        if isinstance(point, Unknown):
            return point
        return _of_value(evidence, metric, claim, Fraction(claim.threshold))
    delta = delta_of(evidence, metric)
    if isinstance(delta, Unknown):
        return delta
    state = evidence.baseline
    if isinstance(state, SummaryState) and state.exact:
        return _against_exact(evidence, metric, claim)
    if metric.aggregate is not None:
        return _of_percentiles(evidence, metric, claim)
    if evidence.paired is not None:
        return _paired(evidence, evidence.paired, metric, claim)
    return _unpaired(evidence, metric, claim)


def mean_of_arm(evidence: MetricEvidence, metric: BarMetric, *, of_baseline: bool = False) -> Basis | Unknown:
    """One arm's own true mean; its threshold is 0."""
    arm: Literal["baseline", "variant"] = "baseline" if of_baseline else "variant"
    sums = evidence.sums(arm)
    if sums is None:
        summary = arm_mean(evidence, metric, arm)
        if isinstance(summary, Unknown):
            return summary
        return Basis(
            tails=location_of(summary),
            threshold=Fraction(0),
            method="one-sample",
            n=summary.n,
            clusters=summary.clusters,
        )
    observed = alone(sums)
    few = countable(observed) if observed.clustered else None
    if few is not None:
        return few
    facts = evidence.facts.get(arm)
    share = _share(observed, range_of(metric), repeated=bool(facts and facts.repeats))
    if share is not None:
        return Basis(tails=share, threshold=Fraction(0), method="one-sample", n=observed.n)
    few = countable(observed)
    if few is not None:
        return few
    prior = prior_of_arm(evidence, observed, range_of(metric), of_baseline=of_baseline)
    if isinstance(prior, Unknown):
        return prior
    mean = locate(observed, prior)
    return Basis(
        tails=mean.location,
        threshold=Fraction(0),
        method="one-sample",
        n=mean.n,
        n_effective=mean.n_effective,
        clusters=mean.clusters,
    )


def sign_of_baseline(evidence: MetricEvidence, metric: BarMetric) -> int | Unknown:
    """The sign of the baseline's true mean, where range or samples settle it."""
    range_ = range_of(metric)
    if range_ is not None and (range_[0] >= 0 or range_[1] <= 0):
        return 1 if range_[0] >= 0 else -1
    state = evidence.baseline
    if isinstance(state, SummaryState) and state.exact and state.value != 0:
        return 1 if state.value > 0 else -1
    unsettled = Unknown(
        reason=Reason.ZERO_BASELINE,
        note="the baseline may be 0, so a change relative to it says nothing: use an absolute threshold",
    )
    if isinstance(state, SummaryState) and state.exact:
        return unsettled
    if metric.aggregate is not None:
        return percentiles.sign_of_baseline(evidence, metric) or unsettled
    basis = mean_of_arm(evidence, metric, of_baseline=True)
    if isinstance(basis, Unknown):
        return basis
    interval = basis.tails.interval(INTERVAL_LEVEL)
    if interval is None or interval[0] <= 0 <= interval[1]:
        return unsettled
    return 1 if interval[0] > 0 else -1


def ratio_of(evidence: MetricEvidence, metric: BarMetric, claim: Claim) -> Fraction | Unknown:
    """ρ of y = variant - ρ·baseline: 1 for a delta, 1 ± r for a relative one."""
    if claim.quantity == "delta":
        return Fraction(1)
    sign = sign_of_baseline(evidence, metric)
    return sign if isinstance(sign, Unknown) else 1 + Fraction(claim.threshold) * sign


def threshold_of(claim: Claim) -> Fraction:
    """Where y of the claim is held against."""
    return Fraction(0) if claim.quantity == "relative_delta" else Fraction(claim.threshold)


def _of_value(
    evidence: MetricEvidence, metric: BarMetric, claim: Claim, threshold: Fraction
) -> Basis | Unknown:
    if metric.aggregate is None:
        basis = mean_of_arm(evidence, metric)
        if isinstance(basis, Unknown):
            return basis
        return Basis(**(vars(basis) | {"threshold": threshold}))
    sums = evidence.sums("variant")
    if sums is None:
        return _needs_samples(metric)
    tails = percentiles.of_value(evidence, metric, claim)
    if isinstance(tails, Unknown):
        return tails
    return _quantile_basis(tails, sum(sums.n), sums.clusters)


def _against_exact(evidence: MetricEvidence, metric: BarMetric, claim: Claim) -> Basis | Unknown:
    baseline = point_of(evidence, metric, "baseline")
    assert isinstance(baseline, Fraction)
    margin = Fraction(claim.threshold)
    if claim.quantity == "relative_delta":
        sign = sign_of_baseline(evidence, metric)
        if isinstance(sign, Unknown):
            return sign
        margin *= abs(baseline)
    basis = _of_value(evidence, metric, claim, baseline + margin)
    return basis if isinstance(basis, Unknown) else Basis(**(vars(basis) | {"shift": baseline}))


def _paired(evidence: MetricEvidence, paired: PairedSums, metric: BarMetric, claim: Claim) -> Basis | Unknown:
    ratio = ratio_of(evidence, metric, claim)
    if isinstance(ratio, Unknown):
        return ratio
    observed = difference(paired, ratio)
    few = countable(observed)
    if few is not None:
        return few
    prior = prior_of_difference(evidence, observed, range_of(metric), ratio)
    if isinstance(prior, Unknown):
        return prior
    mean = locate(observed, prior)
    return Basis(
        tails=mean.location,
        threshold=threshold_of(claim),
        method="paired",
        n=mean.n,
        n_effective=mean.n_effective,
        clusters=mean.clusters,
    )


def _unpaired(evidence: MetricEvidence, metric: BarMetric, claim: Claim) -> Basis | Unknown:
    variant = arm_mean(evidence, metric, "variant")
    baseline = arm_mean(evidence, metric, "baseline")
    for arm in (variant, baseline):
        if isinstance(arm, Unknown):
            return arm
    ratio = ratio_of(evidence, metric, claim)
    if isinstance(ratio, Unknown):
        return ratio
    assert not isinstance(variant, Unknown)
    assert not isinstance(baseline, Unknown)
    clusters = [arm.clusters for arm in (variant, baseline) if arm.clusters is not None]
    return Basis(
        tails=difference_of_means(variant, baseline, ratio),
        threshold=threshold_of(claim),
        method="unpaired",
        n=min(variant.n, baseline.n),
        clusters=min(clusters, default=None),
    )


def _of_percentiles(evidence: MetricEvidence, metric: BarMetric, claim: Claim) -> Basis | Unknown:
    if evidence.paired is None:
        return _needs_samples(metric)
    if claim.quantity == "relative_delta":
        sign = sign_of_baseline(evidence, metric)
        if isinstance(sign, Unknown):
            return sign
    tails = percentiles.of_difference(evidence, metric, claim)
    if isinstance(tails, Unknown):
        return tails
    return _quantile_basis(tails, sum(evidence.paired.n), evidence.paired.clusters)


def _quantile_basis(tails: Tails, n: int, clusters: list[str] | None) -> Basis:
    return Basis(
        tails=tails,
        threshold=Fraction(0),
        method="quantile",
        n=n,
        clusters=None if clusters is None else len(clusters),
    )


def _needs_samples(metric: BarMetric) -> Unknown:
    return Unknown(
        reason=Reason.NO_UNCERTAINTY,
        note=f"a {metric.aggregate} needs samples in both arms: report them",
    )


def _share(observed: Observed, range_: Range, *, repeated: bool) -> Share | None:
    """Binomial where every score is an end of the range: then Σ(a - low)(high - a) is exactly 0."""
    if range_ is None or observed.clustered or repeated:
        return None
    low, high = range_
    n, scale = observed.n, observed.denominator
    total = Fraction(sum(observed.sums), scale)
    inside = (low + high) * total - Fraction(observed.squares, scale * scale) - n * low * high
    if inside != 0:
        return None
    successes = (total - n * low) / (high - low)
    if successes.denominator != 1 or not 0 <= successes <= n:
        return None
    return Share(successes=int(successes), n=n, low=low, high=high)
