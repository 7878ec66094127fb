"""How many samples got worse or better between two arms, for conditions that count them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor

from remyx_action.project.models.metrics import BarMetric
from remyx_action.readers.scores import Samples, Scores

from .evidence import ChangeCounts
from .gathering import scale_of
from .pairing import Averaged, average, chosen, pair


def count_changes(
    metric: BarMetric, sizes: Sequence[Decimal], baseline: Scores, variant: Scores
) -> list[ChangeCounts]:
    """Return the counts for changes by more than each size; none where an arm has no samples.

    Ids scored in both arms count, each by the mean of its repeats. One that the variant alone lacks is worse.
    """
    if not sizes or not isinstance(baseline, Samples) or not isinstance(variant, Samples):
        return []
    before, after = average(baseline, "baseline"), average(variant, "variant")
    if not isinstance(before, Averaged) or not isinstance(after, Averaged):
        return []
    scale = scale_of([before, after])
    pairing = pair(before.ids, after.ids)
    a = chosen(after.values(scale.decimals, scale.parts), pairing.variant_rows)
    b = chosen(before.values(scale.decimals, scale.parts), pairing.baseline_rows)
    turn = 1 if metric.direction == "higher" else -1
    gains = [turn * (score - other) for score, other in zip(a, b, strict=True)]
    lost = len(pairing.only_baseline)
    if len(gains) == 0:
        return []
    return [
        ChangeCounts(
            by=size,
            worse=lost + sum(-gain > limit for gain in gains),
            better=sum(gain > limit for gain in gains),
        )
        for size in sizes
        for limit in [floor(Fraction(size) * scale.whole)]
    ]
