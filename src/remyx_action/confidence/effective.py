"""How many independent samples would tell as much as clustered ones, however few clusters there are."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from remyx_action.evidence.claims import Claim
from remyx_action.evidence.evidence import MetricEvidence
from remyx_action.evidence.sums import ArmSums, PairedSums
from remyx_action.project.models.metrics import BarMetric
from remyx_action.readers.reasons import Reason

from .location import Unknown
from .percentiles import counts_of
from .plausibility import range_of
from .pseudo_samples import Observed, Prior, alone, difference, locate, prior_of_arm, prior_of_difference

UNTOLD = Unknown(
    reason=Reason.TOO_FEW_CLUSTERS,
    note="the samples come in clusters, and what these are worth was not gathered: judge the files anew",
)
INDICATOR = Prior(center=Fraction(1, 2), reach=Fraction(1, 2))
DIFFERENCE_OF_INDICATORS = Prior(center=Fraction(0), reach=Fraction(1))


def effective_size(evidence: MetricEvidence, metric: BarMetric, claim: Claim) -> float | Unknown | None:
    """n over the design effect of the claim's y, at most n; None without clusters.

    It needs no five clusters, as no confidence follows from it: a thousand samples of two clusters are
    worth less than a thousand also where nothing else is known about them. Of a percentile it is the
    smallest over the indicators that the claim is weighed by; of two arms apart the smaller arm's.
    """
    sampled = _sums(evidence, claim)
    if all(sums.clusters is None for sums in sampled):
        return None
    if metric.aggregate is not None:
        counts = counts_of(evidence, claim)
        tables = [counts.variant, *counts.pairs] if counts else []
        return _smallest([_of_indicator(sums) for sums in tables if sums is not None])
    return _smallest([_of_scores(evidence, metric, sums) for sums in sampled if sums.clusters is not None])


def _sums(evidence: MetricEvidence, claim: Claim) -> list[ArmSums | PairedSums]:
    if claim.quantity != "value" and evidence.paired is not None:
        return [evidence.paired]
    arms = (evidence.sums("variant"), None if claim.quantity == "value" else evidence.sums("baseline"))
    return [sums for sums in arms if sums is not None]


def _of_scores(
    evidence: MetricEvidence, metric: BarMetric, sums: ArmSums | PairedSums
) -> float | Unknown | None:
    range_ = range_of(metric)
    if isinstance(sums, PairedSums):
        observed = difference(sums, Fraction(1))
        prior = prior_of_difference(evidence, observed, range_, Fraction(1))
    else:
        observed = alone(sums)
        prior = prior_of_arm(evidence, observed, range_, of_baseline=sums is evidence.baseline)
    return prior if isinstance(prior, Unknown) else _of(observed, prior)


def _of_indicator(sums: ArmSums | PairedSums) -> float | None:
    if isinstance(sums, PairedSums):
        return _of(difference(sums, Fraction(1)), DIFFERENCE_OF_INDICATORS)
    return _of(alone(sums), INDICATOR)


def _of(observed: Observed, prior: Prior) -> float | None:
    return locate(observed, prior).n_effective


def _smallest(sizes: Sequence[float | Unknown | None]) -> float | Unknown:
    unknown = next((size for size in sizes if isinstance(size, Unknown)), None)
    known = [size for size in sizes if isinstance(size, float)]
    if unknown is not None or len(known) < len(sizes) or not known:
        return unknown or UNTOLD
    return min(known)
