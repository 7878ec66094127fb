"""How many samples got worse or better, which changed most, and what was asked and answered there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from heapq import nlargest, nsmallest
from itertools import compress
from math import floor
from operator import sub
from typing import Annotated

from pydantic import Field

from remyx_action.decimals import round_significant
from remyx_action.project.models.field_types import Integer, Number, Spec, unchecked
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.template import ArmName
from remyx_action.readers.scores import Samples, Scores

from .evidence import ChangeCounts
from .gathering import scale_of
from .pairing import Averaged, average, chosen, pair

LARGEST = 20
"""Samples of each way that are named."""
LONGEST_TEXT = 300
"""Characters of an input or output that are kept."""
BINS = 12
"""Of each way, of equal width, up to the largest change."""
DIGEST = re.compile(r"(sha\d{1,3}:)?[0-9a-f]{16,128}", re.IGNORECASE)
"""An input that is given as a digest tells nobody what was asked."""


class SampleChange(Spec):
    """One sample, in both arms."""

    id: str
    baseline: Number
    variant: Number
    input: Annotated[str | None, Field(exclude_if=lambda text: text is None)] = None
    """What was asked, at most 300 characters; left out where the harness left nothing, or a digest."""
    outputs: Annotated[dict[ArmName, str], Field(exclude_if=lambda texts: not texts)] = Field(
        default_factory=dict
    )
    """What each arm answered, at most 300 characters; left out where the harness left nothing."""


class ChangeBins(Spec):
    """How many samples changed by how much: bins of equal width from 0 to the largest change."""

    largest: Number
    """Size of the largest change of either way, in the metric's unit."""
    down: list[Integer]
    """By size of the change, smallest first."""
    up: list[Integer]


class SamplesChanged(Spec):
    """Samples whose score differs between the arms."""

    up: Integer
    down: Integer
    examples: list[SampleChange]
    """The 20 largest changes of either way, largest first, then by id."""
    bins: Annotated[ChangeBins | None, Field(exclude_if=lambda bins: bins is None)] = None
    """Left out where every change has the same size, as between right and wrong answers."""


def samples_changed(baseline: Samples, variant: Samples) -> SamplesChanged:
    """Return the changes of the ids scored in both arms."""
    before, after = average(baseline, "baseline"), average(variant, "variant")
    if not isinstance(before, Averaged) or not isinstance(after, Averaged):
        return unchecked(SamplesChanged)(up=0, down=0, examples=[])
    scale = scale_of([before, after])
    pairing = pair(before.ids, after.ids)
    a = chosen(after.values(scale.decimals, scale.parts), pairing.variant_rows)
    b = chosen(before.values(scale.decimals, scale.parts), pairing.baseline_rows)
    ids = chosen(before.ids, pairing.baseline_rows)
    moves = list(map(sub, a, b))
    counts = Counter(moves)
    rows = largest_moves(ids, moves, counts)
    named = {ids[row] for row in rows}
    arms: dict[ArmName, Samples] = {"baseline": baseline, "variant": variant}
    inputs = [_texts(samples, samples.inputs, named) for samples in arms.values()]
    outputs = {arm: _texts(samples, samples.outputs, named) for arm, samples in arms.items()}
    return unchecked(SamplesChanged)(
        up=sum(count for move, count in counts.items() if move > 0),
        down=sum(count for move, count in counts.items() if move < 0),
        examples=[
            unchecked(SampleChange)(
                id=ids[row],
                baseline=round_significant(Fraction(b[row], scale.whole)),
                variant=round_significant(Fraction(a[row], scale.whole)),
                input=_asked(texts.get(ids[row]) for texts in inputs),
                outputs={arm: texts[ids[row]] for arm, texts in outputs.items() if ids[row] in texts},
            )
            for row in rows
        ],
        bins=_bins(counts, scale.whole),
    )


def largest_moves(ids: Sequence[str], moves: Sequence[int], counts: Mapping[int, int]) -> list[int]:
    """Return the rows of the 20 largest moves of either way, largest first, then by id.

    `counts` says how often each move occurs.
    """
    # Only rows that reach the twentieth size are compared by id: ids cost more than numbers.
    most, least = _twentieth(counts, 1), _twentieth(counts, -1)
    moved = list(compress(range(len(moves)), moves))
    up = [row for row in moved if moves[row] >= most] if most else []
    down = [row for row in moved if moves[row] <= least] if least else []

    def place(row: int) -> tuple[int, str]:
        return -abs(moves[row]), ids[row]

    return sorted(nsmallest(LARGEST, up, key=place) + nsmallest(LARGEST, down, key=place), key=place)


def _twentieth(counts: Mapping[int, int], sign: int) -> int:
    """Return the 20th largest move of this sign, the smallest where there are fewer, 0 where none is."""
    found, total = 0, 0
    for found in nlargest(LARGEST, (move for move in counts if move * sign > 0), key=abs):
        total += counts[found]
        if total >= LARGEST:
            break
    return found


def _bins(counts: Mapping[int, int], whole: int) -> ChangeBins | None:
    """Return how many moves fall into each bin; one at an edge is in the bin below it."""
    sizes = set(map(abs, counts)) - {0}
    if len(sizes) < 2:
        return None
    largest = max(sizes)
    found = {"down": [0] * BINS, "up": [0] * BINS}
    for move, count in counts.items():
        if move:
            found["up" if move > 0 else "down"][(abs(move) * BINS - 1) // largest] += count
    return unchecked(ChangeBins)(largest=round_significant(Fraction(largest, whole)), **found)


def _texts(samples: Samples, column: Sequence[str | None] | None, named: set[str]) -> Mapping[str, str]:
    """Return what was left of each id that is named; of repeats the first."""
    found: dict[str, str] = {}
    for id_, text in zip(samples.ids, column or (), strict=column is not None):
        if text and id_ in named:
            found.setdefault(id_, text[:LONGEST_TEXT])
    return found


def _asked(found: Iterable[str | None]) -> str | None:
    return next((text for text in found if text and not DIGEST.fullmatch(text)), None)


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
