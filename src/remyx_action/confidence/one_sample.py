"""One arm's own true mean: the formula on its scores, or exact binomial where they are all ends."""

from __future__ import annotations

from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.evidence.evidence import MetricEvidence
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.template import ArmName

from .binomial import clopper_pearson, rate_at_least, rate_at_most
from .bounds import Ends, MissingInArms, bounds_of, missing_scores
from .location import Inference, NotKnown
from .plausibility import range_of
from .pseudo_samples import Observed, Range, locate, prior_of_arm, sums_of_one_arm, why_too_few
from .seeds import seeds_of, widen
from .unpaired import arm_mean, location_of


class Share(Struct, frozen=True, kw_only=True):
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


def mean_of_arm(evidence: MetricEvidence, metric: BarMetric, arm: ArmName) -> Inference | NotKnown:
    """Return the inference about one arm's own true mean, its threshold 0."""
    sums = evidence.sums(arm)
    if sums is None:
        return _of_summary(evidence, metric, arm)
    observed = sums_of_one_arm(sums)
    facts = evidence.facts.get(arm)
    share = _share(observed, range_of(metric), repeated=bool(facts and facts.repeats))
    if share is not None:
        ends = _share_bounds(observed, missing_scores(sums), share)
        if sums.missing is None or ends is not None:
            return Inference(
                tails=share, threshold=Fraction(0), method="one-sample", n=observed.n, bounds=ends
            )
    few = why_too_few(observed, is_bounded=range_of(metric) is not None)
    if few is not None:
        return few
    prior = prior_of_arm(evidence, observed, range_of(metric), of_baseline=arm == "baseline")
    if isinstance(prior, NotKnown):
        return prior
    mean = locate(observed, prior)
    seeds = seeds_of(evidence, metric, {arm: Fraction(1)})
    bounds = bounds_of(observed, missing_scores(sums), prior)
    return Inference(
        tails=widen(mean.location, seeds),
        threshold=Fraction(0),
        method="one-sample",
        n=mean.n,
        n_effective=mean.n_effective,
        clusters=mean.clusters,
        bounds=bounds and bounds.widen(seeds),
    )


def _of_summary(evidence: MetricEvidence, metric: BarMetric, arm: ArmName) -> Inference | NotKnown:
    summary = arm_mean(evidence, metric, arm)
    if isinstance(summary, NotKnown):
        return summary
    return Inference(
        tails=location_of(summary),
        threshold=Fraction(0),
        method="one-sample",
        n=summary.n,
        clusters=summary.clusters,
    )


def _share_bounds(observed: Observed, missing: MissingInArms | None, share: Share) -> Ends | None:
    """Return the binomials of the fewest and the most successes; None where those are no whole numbers."""
    if missing is None:
        return None
    (lost,), ends = missing.sizes, []
    for total in (missing.low[0], missing.high[0]):
        above_low = Fraction(total, observed.denominator) - lost * share.low
        successes = share.successes + above_low / (share.high - share.low)
        if successes.denominator != 1:
            return None
        ends.append(replace(share, successes=int(successes), n=share.n + lost))
    return Ends(low=ends[0], high=ends[1])


def _share(observed: Observed, range_: Range, *, repeated: bool) -> Share | None:
    """Return the binomial where every score is an end of the range, that is Σ(a - low)(high - a) = 0."""
    if range_ is None or observed.clusters is not None or repeated:
        return None
    low, high = range_
    n, scale = observed.n, observed.denominator
    total = Fraction(observed.total, scale)
    inside = (low + high) * total - Fraction(observed.squares, scale * scale) - n * low * high
    if inside != 0:
        return None
    successes = (total - n * low) / (high - low)
    if successes.denominator != 1 or not 0 <= successes <= n:
        return None
    return Share(successes=int(successes), n=n, low=low, high=high)
