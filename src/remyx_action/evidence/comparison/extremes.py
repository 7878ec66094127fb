"""Rows → the smallest and largest y of each claim, which stand in for a range where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal
from fractions import Fraction

from remyx_action.evidence.inputs import Extremes
from remyx_action.policy.claims import Claim

from .summing import Rows

_EXACT = Context(prec=400)


def extremes_of_pairs(rows: Rows, claims: Sequence[Claim]) -> list[Extremes]:
    """Of the variant, the difference, every relative claim's y, and the baseline.

    A relative claim may need either sign of the baseline, which is settled when it is weighed.
    """
    relative = [Fraction(claim.threshold) for claim in claims if claim.quantity == "relative_delta"]
    around = [1 + sign * threshold for threshold in relative for sign in (1, -1)]
    ratios = dict.fromkeys([Fraction(0), Fraction(1), *around])
    return [*(_of_ratio(rows, ratio) for ratio in ratios), _extreme(None, rows.baseline)]


def extremes_apart(baseline: Rows | None, variant: Rows | None) -> list[Extremes]:
    """Of each arm's own scores."""
    found = [] if variant is None else [_of_ratio(variant, Fraction(0))]
    return found if baseline is None else [*found, _extreme(None, baseline.baseline)]


def _of_ratio(rows: Rows, ratio: Fraction) -> Extremes:
    p, q = ratio.numerator, ratio.denominator
    y = [a * q - b * p for a, b in zip(rows.variant, rows.baseline, strict=True)] if p else rows.variant
    # The ratio is 1 plus or minus a number that was written, so it is a decimal that ends.
    return _extreme(_EXACT.divide(Decimal(p), Decimal(q)), y)


def _extreme(ratio: Decimal | None, values: Sequence[int]) -> Extremes:
    return Extremes(ratio=ratio, low=str(min(values)), high=str(max(values)))
