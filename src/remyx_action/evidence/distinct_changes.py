"""How often samples changed by how much: what `noise` needs of the rows, so that one verdict is enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from operator import sub
from typing import Annotated, Self

from pydantic import Field, model_validator

from remyx_action.project.models.field_types import Spec, unchecked

from .sums import LARGEST_SCORE, BigInteger, Count, PairedSums

MOST_DISTINCT = 1000
"""Distinct changes that are counted one by one."""
CELLS = 256
"""Of equal width from the smallest to the largest change, where more are distinct."""


class DistinctChanges(Spec):
    """How many ids changed by how much; no verdict rests on it."""

    by: Annotated[list[BigInteger], Field(min_length=1, max_length=MOST_DISTINCT)]
    """Variant - baseline, over the scale of the sums, rising; in cells the mean of each, rounded."""
    counts: list[Count]
    largest: Annotated[BigInteger | None, Field(exclude_if=lambda largest: largest is None)] = None
    """In cells the largest change either way, over the scale; else left out, as `by` has it."""

    @model_validator(mode="after")
    def _of_one_length(self) -> Self:
        if len(self.counts) != len(self.by):
            raise ValueError("changes and their counts differ in length")
        if any(after <= before for before, after in pairwise(map(int, self.by))):
            raise ValueError("changes are not sorted, or stand twice")
        if self.largest is not None and int(self.largest) < max(map(abs, self.within())):
            raise ValueError("a change is larger than the largest")
        return self

    def fits(self, paired: PairedSums) -> bool:
        """Return whether these are changes of the pairs that were summed, up to the rounding of cells."""
        total = paired.total(paired.variant) - paired.total(paired.baseline)
        apart = abs(sum(change * count for change, count in self.within().items()) - total)
        is_possible = self.largest_change() <= 2 * LARGEST_SCORE * paired.scale
        return is_possible and sum(self.counts) == paired.ids and 2 * apart <= paired.ids

    def largest_change(self) -> int:
        """Return the largest change of an id either way, over the scale."""
        return max(map(abs, self.within())) if self.largest is None else int(self.largest)

    def within(self) -> dict[int, int]:
        """Return change → how many ids changed by it."""
        return dict(zip(map(int, self.by), self.counts, strict=True))


def distinct_changes(
    variant: Sequence[int], baseline: Sequence[int], counts: Sequence[int] | None
) -> DistinctChanges:
    """Return the changes of pairs, counted; in cells where more than 1,000 are distinct.

    `counts`: how often each pair occurs; None: once.
    """
    counted: dict[int, int] = Counter(map(sub, variant, baseline) if counts is None else ())
    for change, count in zip(map(sub, variant, baseline), counts or (), strict=counts is not None):
        counted[change] += count
    largest = None
    if len(counted) > MOST_DISTINCT:
        largest = str(max(map(abs, counted)))
        counted = _in_cells(counted)
    changes = sorted(counted)
    return unchecked(DistinctChanges)(
        by=list(map(str, changes)), counts=[counted[change] for change in changes], largest=largest
    )


def _in_cells(counted: dict[int, int]) -> dict[int, int]:
    low, high = min(counted), max(counted)
    totals, sizes = [0] * CELLS, [0] * CELLS
    for change, count in counted.items():
        cell = (change - low) * CELLS // (high - low + 1)
        totals[cell] += change * count
        sizes[cell] += count
    return {(2 * total + size) // (2 * size): size for total, size in zip(totals, sizes, strict=True) if size}
