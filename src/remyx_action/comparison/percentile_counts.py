"""Rows → percentiles and the counts that claims about them are weighed by."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from remyx_action.bar import BarMetric
from remyx_action.claims import Claim
from remyx_action.evidence import ClaimCounts, PercentileState

from .summing import UNSCALED, Rows, Scale, arm_sums, paired_sums

RowsByCluster = dict[str | None, Rows]


def percentile_state(
    metric: BarMetric,
    claims: Sequence[Claim],
    *,
    variant: RowsByCluster | None,
    baseline: RowsByCluster | None,
    paired: bool,
    exact_baseline: Fraction | None,
    scale: Scale,
) -> PercentileState:
    """Of each arm that has samples; `baseline` rows carry its scores as their variant column if unpaired."""
    variant_point = None if variant is None else percentile(metric, variant)
    baseline_point = None
    below_zero = up_to_zero = None
    if baseline is not None:
        baseline_point = percentile(metric, baseline, of_baseline=paired)
        scores = _expanded(baseline, of_baseline=paired)
        below_zero = sum(count for score, count in scores if score < 0)
        up_to_zero = sum(count for score, count in scores if score <= 0)
    counts: list[ClaimCounts] = []
    for claim in claims:
        found = None
        if claim.side == "equal" or variant is None:
            continue
        if claim.quantity == "value":
            found = _against(variant, claim, Fraction(claim.threshold) * scale.whole)
        elif exact_baseline is not None:
            margin = Fraction(claim.threshold)
            margin *= abs(exact_baseline) if claim.quantity == "relative_delta" else 1
            found = _against(variant, claim, (exact_baseline + margin) * scale.whole)
        elif paired and variant_point is not None and baseline_point is not None:
            found = _between(variant, claim, (variant_point, baseline_point), metric, scale)
        if found is not None:
            counts.append(found)
    return PercentileState(
        decimals=scale.decimals,
        parts=str(scale.parts),
        baseline=None if baseline_point is None else str(baseline_point),
        variant=None if variant_point is None else str(variant_point),
        baseline_below_zero=below_zero,
        baseline_up_to_zero=up_to_zero,
        counts=counts,
    )


def percentile(metric: BarMetric, rows: RowsByCluster, *, of_baseline: bool = False) -> int:
    """The ⌈pn⌉-th smallest score."""
    assert metric.aggregate is not None
    scores = sorted(_expanded(rows, of_baseline=of_baseline))
    n = sum(count for _, count in scores)
    rank = -(-int(metric.aggregate.removeprefix("p")) * n // 100)
    for score, count in scores:
        rank -= count
        if rank <= 0:
            return score
    raise AssertionError("a rank beyond the last score")


def _expanded(rows: RowsByCluster, *, of_baseline: bool) -> list[tuple[int, int]]:
    """(score, count) of every row."""
    found = []
    for group in rows.values():
        column = group.baseline if of_baseline else group.variant
        found += list(zip(column, group.counts or [1] * len(column), strict=True))
    return found


def _against(rows: RowsByCluster, claim: Claim, limit: Fraction) -> ClaimCounts:
    """Scores up to the limit (at most), or below it (at least)."""
    most = limit.numerator // limit.denominator
    if claim.side == "at_least" and most == limit:
        most -= 1
    indicators = {
        name: Rows(variant=[int(score <= most) for score in group.variant], baseline=(), counts=group.counts)
        for name, group in rows.items()
    }
    assert claim.side != "equal"
    return ClaimCounts(
        quantity=claim.quantity,
        side=claim.side,
        threshold=claim.threshold,
        variant=arm_sums(indicators, UNSCALED),
    )


def _between(
    rows: RowsByCluster, claim: Claim, points: tuple[int, int], metric: BarMetric, scale: Scale
) -> ClaimCounts | None:
    """Pairs (a <= u, b' <= u) at the variant's percentile and at the moved baseline's."""
    variant_point, baseline_point = points
    shift, ratio = Fraction(claim.threshold) * scale.whole, Fraction(1)
    if claim.quantity == "relative_delta":
        low, high = metric.range or (None, None)
        sign = (
            1
            if (low is not None and low >= 0) or (baseline_point > 0 and not (high is not None and high <= 0))
            else -1
        )
        shift, ratio = Fraction(0), 1 + sign * Fraction(claim.threshold)
        if ratio <= 0:  # turns the order of the baseline's scores around: no percentile of them is meant
            return None
    assert claim.side != "equal"
    limits = (Fraction(variant_point), ratio * baseline_point + shift)
    return ClaimCounts(
        quantity=claim.quantity,
        side=claim.side,
        threshold=claim.threshold,
        pairs=[
            paired_sums(
                {name: _indicators(group, limit, ratio, shift) for name, group in rows.items()}, UNSCALED
            )
            for limit in limits
        ],
    )


def _indicators(rows: Rows, limit: Fraction, ratio: Fraction, shift: Fraction) -> Rows:
    moved_back = (limit - shift) / ratio  # b' <= u exactly where b is up to this
    most_variant = limit.numerator // limit.denominator
    most_baseline = moved_back.numerator // moved_back.denominator
    return Rows(
        variant=[int(score <= most_variant) for score in rows.variant],
        baseline=[int(score <= most_baseline) for score in rows.baseline],
        counts=rows.counts,
    )
