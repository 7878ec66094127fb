"""Columns of integers → exact sums, whole or per cluster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import mul

from remyx_action.sums import ArmSums, PairedSums

FEW = 4
"""Distinct pairs are counted first where there are at least this many rows for each."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    decimals: int
    parts: int

    @property
    def whole(self) -> int:
        return int(10**self.decimals * self.parts)


UNSCALED = Scale(decimals=0, parts=1)


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Pairs of scores over one scale, each with how often it stands."""

    variant: Sequence[int]
    baseline: Sequence[int]
    counts: Sequence[int] | None
    """None: every pair once."""


def compress(variant: Sequence[int], baseline: Sequence[int]) -> Rows:
    """Count equal pairs where they are many: of a million binary pairs four rows are left."""
    if len(set(variant)) * len(set(baseline)) * FEW > len(variant):
        return Rows(variant=variant, baseline=baseline, counts=None)
    counted = Counter(zip(variant, baseline, strict=True))
    return Rows(
        variant=[a for a, _ in counted], baseline=[b for _, b in counted], counts=list(counted.values())
    )


def split(
    variant: Sequence[int], baseline: Sequence[int], clusters: Sequence[str] | None
) -> dict[str | None, Rows]:
    """Rows by cluster, sorted by name; without clusters all under None."""
    if clusters is None:
        return {None: compress(variant, baseline)}
    columns: dict[str, tuple[list[int], list[int]]] = {name: ([], []) for name in sorted(set(clusters))}
    for name, a, b in zip(clusters, variant, baseline, strict=True):
        column = columns[name]
        column[0].append(a)
        column[1].append(b)
    return {name: Rows(variant=a, baseline=b, counts=None) for name, (a, b) in columns.items()}


def paired_sums(rows: dict[str | None, Rows], scale: Scale) -> PairedSums:
    groups = rows.values()
    return PairedSums.model_construct(
        decimals=scale.decimals,
        parts=str(scale.parts),
        clusters=_names(rows),
        n=[_size(group) for group in groups],
        variant=[str(_sum(group.counts, group.variant)) for group in groups],
        baseline=[str(_sum(group.counts, group.baseline)) for group in groups],
        variant_squares=[str(_product(group.counts, group.variant, group.variant)) for group in groups],
        products=[str(_product(group.counts, group.variant, group.baseline)) for group in groups],
        baseline_squares=[str(_product(group.counts, group.baseline, group.baseline)) for group in groups],
    )


def arm_sums(rows: dict[str | None, Rows], scale: Scale) -> ArmSums:
    """Sums of the variant column alone."""
    groups = rows.values()
    return ArmSums.model_construct(
        kind="samples",
        decimals=scale.decimals,
        parts=str(scale.parts),
        clusters=_names(rows),
        n=[_size(group) for group in groups],
        scores=[str(_sum(group.counts, group.variant)) for group in groups],
        squares=[str(_product(group.counts, group.variant, group.variant)) for group in groups],
    )


def _names(rows: dict[str | None, Rows]) -> list[str] | None:
    return None if None in rows else [name for name in rows if name is not None]


def _size(rows: Rows) -> int:
    return len(rows.variant) if rows.counts is None else sum(rows.counts)


def _sum(counts: Sequence[int] | None, values: Sequence[int]) -> int:
    return sum(_weighted(counts, values))


def _product(counts: Sequence[int] | None, left: Sequence[int], right: Sequence[int]) -> int:
    return sum(_weighted(counts, map(mul, left, right)))


def _weighted(counts: Sequence[int] | None, values: Iterable[int]) -> Iterable[int]:
    return values if counts is None else map(mul, counts, values)
