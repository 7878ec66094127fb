"""Recorded arms with some of their ids swapped: what an unchanged variant could as well have scored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

from remyx_action.evidence.evidence import Inputs, MetricEvidence
from remyx_action.evidence.gathering import scale_of
from remyx_action.evidence.pairing import Averaged, average, chosen, pair
from remyx_action.policy.bar import Bar
from remyx_action.project.models.metrics import BarMetric
from remyx_action.readers.scores import Samples, Scores

from .distributions import random_bytes

ArmOfScores = Mapping[str, Scores]
"""One arm's scores by metric key."""
Compare = Callable[[ArmOfScores, ArmOfScores], Inputs]
"""Baseline and variant → the evidence about them."""


class Changes(Struct, frozen=True, kw_only=True):
    """The changes of one metric, summed within each unit that swaps as one: a cluster, or an id."""

    n: int
    """Ids scored in both arms."""
    decimals: int
    parts: int
    sizes: Sequence[int]
    """Ids of each unit."""
    sums: Sequence[int]
    """Sum of variant - baseline over the ids of each unit, over the scale."""
    squares: int
    """Of all ids, over the scale squared."""
    units: Sequence[str]
    """Name of each unit: the cluster, or the id."""
    is_clustered: bool
    within: Mapping[int, int]
    """Distinct change of an id, over the scale → how many ids changed by it; of a verdict in cells."""
    largest: int
    """The largest change of an id either way, over the scale."""

    @property
    def scale(self) -> int:
        return int(10**self.decimals * self.parts)

    @property
    def total(self) -> int:
        return sum(self.sums)


def changes_of(metric: BarMetric, baseline: Scores, variant: Scores) -> Changes | None:
    """Return the changes of ids scored in both arms, or None where ids do not pair whole."""
    if not isinstance(baseline, Samples) or not isinstance(variant, Samples):
        return None
    before, after = average(baseline, "baseline"), average(variant, "variant")
    if not isinstance(before, Averaged) or not isinstance(after, Averaged):
        return None
    pairing = pair(before.ids, after.ids)
    if pairing.only_baseline or pairing.only_variant or before.missing or after.missing:
        return None
    scale = scale_of([before, after], metric.range or [])
    ids = chosen(before.ids, pairing.baseline_rows)
    a = chosen(after.values(scale.decimals, scale.parts), pairing.variant_rows)
    b = chosen(before.values(scale.decimals, scale.parts), pairing.baseline_rows)
    moves = [x - y for x, y in zip(a, b, strict=True)]
    units = ids if before.clusters is None else chosen(before.clusters, pairing.baseline_rows)
    sums: dict[str, int] = dict.fromkeys(units, 0)
    sizes, within = dict.fromkeys(units, 0), dict[int, int]()
    for unit, move in zip(units, moves, strict=True):
        sums[unit] += move
        sizes[unit] += 1
        within[move] = within.get(move, 0) + 1
    return Changes(
        n=len(ids),
        decimals=scale.decimals,
        parts=scale.parts,
        sizes=list(sizes.values()),
        sums=list(sums.values()),
        squares=sum(move * move for move in moves),
        units=list(sums),
        is_clustered=before.clusters is not None,
        within=within,
        largest=max(map(abs, within), default=0),
    )


def changes_of_arms(bar: Bar, baseline: ArmOfScores, variant: ArmOfScores) -> Mapping[str, Changes | None]:
    """Return the changes of each metric; None where ids do not pair whole, or the claim is about a recipe."""
    return {
        metric.key: None
        if any(getattr(arm.get(metric.key), "seeds", None) is not None for arm in (baseline, variant))
        or not all(metric.key in arm for arm in (baseline, variant))
        else changes_of(metric, baseline[metric.key], variant[metric.key])
        for metric in bar.metrics
    }


def changes_of_inputs(bar: Bar, inputs: Inputs) -> Mapping[str, Changes | None]:
    """Return the same by what a verdict kept."""
    return {
        metric.key: changes_in(metric, inputs.metrics[metric.key]) if metric.key in inputs.metrics else None
        for metric in bar.metrics
    }


MOST_UNITS = 2_000_000
"""Ids or clusters of a verdict that are drawn; its counts alone could name any number of them."""


def changes_in(metric: BarMetric, evidence: MetricEvidence) -> Changes | None:
    """Return the changes that a verdict's sums and counts hold; None where a sample is missing or unpaired.

    The units of each metric are its own: which ids changed in two metrics is not kept.
    """
    paired, distinct = evidence.paired, evidence.distinct
    if paired is None or distinct is None or evidence.missing or evidence.seeds:
        return None
    within, clusters = distinct.within(), paired.clusters
    rows = [(1, change, count) for change, count in within.items()]
    if clusters is not None:
        moves = [int(a) - int(b) for a, b in zip(paired.variant, paired.baseline, strict=True)]
        rows = list(zip(paired.n, moves, clusters, strict=True))
    if sum(count for _, _, count in rows) > MOST_UNITS:
        return None
    sums = [total for _, total, count in rows for _ in range(count)]
    return Changes(
        n=paired.ids,
        decimals=paired.decimals,
        parts=int(paired.parts),
        sizes=[size for size, _, count in rows for _ in range(count)],
        sums=sums,
        squares=sum(change * change * count for change, count in within.items()),
        units=[f"{metric.key} {place}" for place in range(len(sums))],
        is_clustered=clusters is not None,
        within=within,
        largest=distinct.largest_change(),
    )


def units_together(changes: Iterable[Changes]) -> Mapping[str, int] | None:
    """Return the place of each unit that swaps, over all metrics; None where only some have clusters."""
    every = list(changes)
    if len({one.is_clustered for one in every}) > 1:
        return None  # ids that swap with their clusters in one metric, and alone in another
    return {
        unit: place for place, unit in enumerate(dict.fromkeys(unit for one in every for unit in one.units))
    }


class SumOfChosen:
    """Sums of the integers whose bit is set in a mask: one popcount for each binary digit of them."""

    def __init__(self, values: Sequence[int]) -> None:
        self._low = min(0, *values) if values else 0
        above = [value - self._low for value in values]
        digits = max(above, default=0).bit_length()
        self._masks = [
            int("".join("1" if value >> digit & 1 else "0" for value in reversed(above)), 2)
            for digit in range(digits)
        ]

    def of(self, mask: int) -> int:
        """Return the sum of the values whose bit is set; bit 0 is that of the first value."""
        found = self._low * mask.bit_count() if self._low else 0
        for digit, digit_mask in enumerate(self._masks):
            found += (digit_mask & mask).bit_count() << digit
        return found


def coins(units: int, draws: int, seed: int) -> Iterator[int]:
    """Yield masks in which each unit's bit is set with probability one half, the same ones every time."""
    spare = -units % 8
    for number in range(draws):
        yield int.from_bytes(random_bytes(seed, number, (units + 7) // 8)) >> spare


def swapped(
    baseline: ArmOfScores, variant: ArmOfScores, is_swapped: Callable[[str], bool]
) -> tuple[ArmOfScores, ArmOfScores]:
    """Return both arms with the samples of some ids exchanged, in every metric."""
    before, after = dict(baseline), dict(variant)
    for key, one in baseline.items():
        other = variant.get(key)
        if isinstance(one, Samples) and isinstance(other, Samples):
            before[key] = _mixed(one, other, is_swapped)
            after[key] = _mixed(other, one, is_swapped)
    return before, after


def _mixed(own: Samples, other: Samples, is_swapped: Callable[[str], bool]) -> Samples:
    rows = [(own, row) for row, id_ in enumerate(own.ids) if not is_swapped(id_)]
    rows += [(other, row) for row, id_ in enumerate(other.ids) if is_swapped(id_)]

    def column(name: str) -> list[str] | None:
        if getattr(own, name) is None or getattr(other, name) is None:
            return None
        return [getattr(arm, name)[row] for arm, row in rows]

    missing = {id_: error for id_, error in own.missing.items() if not is_swapped(id_)}
    missing |= {id_: error for id_, error in other.missing.items() if is_swapped(id_)}
    return Samples(
        ids=column("ids") or [],
        scores=column("scores") or [],
        clusters=column("clusters"),
        repeats=column("repeats"),
        seeds=column("seeds"),
        missing=missing,
    )


def units_of(bar: Bar, baseline: ArmOfScores, variant: ArmOfScores) -> Mapping[str, str]:
    """Return id → the unit that it swaps with: its cluster where any metric has clusters, else itself."""
    found: dict[str, str] = {}
    for metric in bar.metrics:
        for arm in (baseline, variant):
            scores = arm.get(metric.key)
            if isinstance(scores, Samples):
                names = scores.clusters or scores.ids
                for id_, name in zip(scores.ids, names, strict=True):
                    if scores.clusters is not None or id_ not in found:
                        found[id_] = name
                for id_ in scores.missing:
                    found.setdefault(id_, id_)
    return found


def reach_of(metric: BarMetric, changes: Changes) -> Fraction:
    """Return how far a change can reach: `max_change` while no change is larger, else the range's width."""
    largest = Fraction(changes.largest, changes.scale)
    if metric.max_change is not None and largest <= Fraction(metric.max_change):
        return Fraction(metric.max_change)
    assert metric.range is not None
    low, high = (Decimal(end) for end in metric.range)
    return Fraction(high) - Fraction(low)
