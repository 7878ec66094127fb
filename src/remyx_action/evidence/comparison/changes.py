"""Which samples changed between the arms: how many each way, and the largest changes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from heapq import nlargest, nsmallest
from operator import sub

from remyx_action.decimals import round_significant
from remyx_action.evidence.scores import Samples
from remyx_action.reports.report import SampleChange, SamplesChanged

from .gathering import scale_of
from .pairing import Averaged, average, pair

LARGEST = 20


def samples_changed(baseline: Samples, variant: Samples) -> SamplesChanged:
    """Over the ids with a real score in both arms; of equal changes the ids that sort first."""
    before, after = average(baseline, "baseline"), average(variant, "variant")
    if not isinstance(before, Averaged) or not isinstance(after, Averaged):
        return SamplesChanged(up=0, down=0, examples=[])
    scale = scale_of([before, after])
    a, b = (arm.values(scale.decimals, scale.parts) for arm in (after, before))
    ids: Sequence[str] = before.ids
    pairing = pair(before.ids, after.ids)
    if pairing.variant_rows is not None and pairing.matched:
        a = [a[row] for row in pairing.variant_rows if row is not None]
    elif pairing.variant_rows is not None:
        rows = [
            (row, other) for row, other in enumerate(pairing.variant_rows[: len(ids)]) if other is not None
        ]
        ids = [before.ids[row] for row, _ in rows]
        a, b = [a[other] for _, other in rows], [b[row] for row, _ in rows]
    moves = list(map(sub, a, b))
    examples = [
        SampleChange(
            id=ids[row],
            baseline=round_significant(Fraction(b[row], scale.whole)),
            variant=round_significant(Fraction(a[row], scale.whole)),
        )
        for row in largest_moves(ids, moves)
    ]
    return SamplesChanged(up=sum(map((0).__lt__, moves)), down=sum(map((0).__gt__, moves)), examples=examples)


def largest_moves(ids: Sequence[str], moves: Sequence[int]) -> list[int]:
    """Rows of the 20 largest moves either way, largest first, then by id."""
    sizes = list(map(abs, moves))
    if not sizes:
        return []
    # Only rows that reach the twentieth size are compared by id: ids cost more than numbers.
    twentieth = nlargest(LARGEST, sizes)[-1]
    rows = [row for row, size in enumerate(sizes) if size >= twentieth and size]
    return nsmallest(LARGEST, rows, key=lambda row: (-sizes[row], ids[row]))
