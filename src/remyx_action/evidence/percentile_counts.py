"""Percentiles of rows, and the counts behind claims about them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import compress

from msgspec import Struct

from remyx_action.project.models.metrics import BarMetric

from .claims import Claim
from .evidence import ClaimCounts, PercentileState
from .summing import UNSCALED, Scale, SummedRows, arm_sums, paired_sums
from .sums import PairedSums


class RankedArms(Struct, frozen=True, kw_only=True):
    """The rows that percentiles are taken of."""

    paired: SummedRows | None = None
    variant: SummedRows | None = None
    """One arm's rows, where the arms are not paired."""
    baseline: SummedRows | None = None
    exact_baseline: Fraction | None = None


def percentile_state(
    metric: BarMetric, claims: Sequence[Claim], arms: RankedArms, scale: Scale
) -> PercentileState:
    """Return the percentile of each arm that has samples, and the counts of each claim about them."""
    variant, baseline = arms.paired or arms.variant, arms.paired or arms.baseline
    points = {
        "variant": None if variant is None else percentile(metric, variant.variant, variant.counts),
        "baseline": None if baseline is None else percentile(metric, baseline.baseline, baseline.counts),
    }
    counts = [
        found
        for claim in claims
        if claim.side != "equal" and (found := _counts(claim, arms, points, metric, scale))
    ]
    return PercentileState(
        decimals=scale.decimals,
        parts=str(scale.parts),
        baseline=None if points["baseline"] is None else str(points["baseline"]),
        variant=None if points["variant"] is None else str(points["variant"]),
        baseline_below_zero=None if baseline is None else _up_to(baseline, -1),
        baseline_up_to_zero=None if baseline is None else _up_to(baseline, 0),
        counts=counts,
    )


def percentile(metric: BarMetric, scores: Sequence[int], counts: Sequence[int] | None) -> int:
    """Return the ⌈pn⌉-th smallest score."""
    assert metric.aggregate is not None
    percent = int(metric.aggregate.removeprefix("p"))
    if counts is None:
        return sorted(scores)[-(-percent * len(scores) // 100) - 1]
    rank = -(-percent * sum(counts) // 100)
    for score, count in sorted(zip(scores, counts, strict=True)):
        rank -= count
        if rank <= 0:
            return score
    raise AssertionError("a rank beyond the last score")


def _up_to(rows: SummedRows, most: int) -> int:
    """Return how many scores of the baseline are at most that."""
    return sum(compress(rows.weights(), [score <= most for score in rows.baseline]))


def _counts(
    claim: Claim, arms: RankedArms, points: dict[str, int | None], metric: BarMetric, scale: Scale
) -> ClaimCounts | None:
    variant = arms.paired or arms.variant
    if variant is None:
        return None
    threshold = Fraction(claim.threshold)
    if claim.quantity == "value":
        return _against(variant, claim, threshold * scale.whole)
    if arms.exact_baseline is not None:
        margin = threshold * abs(arms.exact_baseline) if claim.quantity == "relative_delta" else threshold
        return _against(variant, claim, (arms.exact_baseline + margin) * scale.whole)
    if arms.paired is None or points["variant"] is None or points["baseline"] is None:
        return None
    shift, ratio = threshold * scale.whole, Fraction(1)
    if claim.quantity == "relative_delta":
        shift, ratio = Fraction(0), 1 + _sign(metric, points["baseline"]) * threshold
    if ratio <= 0:  # turns the order of the baseline's scores around: no percentile of them is meant
        return None
    limits = (Fraction(points["variant"]), ratio * points["baseline"] + shift)
    return _claim_counts(claim).model_copy(
        update={"pairs": [_pairs_up_to(arms.paired, limit, (limit - shift) / ratio) for limit in limits]}
    )


def _sign(metric: BarMetric, baseline: int) -> int:
    """Return the sign of the baseline's percentile; confidence/ asks whether it is settled."""
    if metric.range and (metric.range[0] >= 0 or metric.range[1] <= 0):
        return 1 if metric.range[0] >= 0 else -1
    return 1 if baseline > 0 else -1


def _against(rows: SummedRows, claim: Claim, limit: Fraction) -> ClaimCounts:
    """Count the scores up to the limit (at most), or below it (at least)."""
    most = limit.numerator // limit.denominator
    if claim.side == "at_least" and most == limit:
        most -= 1
    within = SummedRows(
        variant=[int(score <= most) for score in rows.variant],
        baseline=rows.baseline,
        counts=rows.counts,
        clusters=rows.clusters,
    )
    return _claim_counts(claim).model_copy(update={"variant": arm_sums(within, UNSCALED)})


def _pairs_up_to(rows: SummedRows, variant_limit: Fraction, baseline_limit: Fraction) -> PairedSums:
    most_variant = variant_limit.numerator // variant_limit.denominator
    most_baseline = baseline_limit.numerator // baseline_limit.denominator
    within = SummedRows(
        variant=[int(score <= most_variant) for score in rows.variant],
        baseline=[int(score <= most_baseline) for score in rows.baseline],
        counts=rows.counts,
        clusters=rows.clusters,
    )
    return paired_sums(within, UNSCALED)


def _claim_counts(claim: Claim) -> ClaimCounts:
    assert claim.side != "equal"
    return ClaimCounts(quantity=claim.quantity, side=claim.side, threshold=claim.threshold)
