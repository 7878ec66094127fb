"""The samples of two arms in one order: repeats averaged, ids matched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import lcm
from typing import TypeVar

from msgspec import Struct

from remyx_action.project.models.field_types import unchecked
from remyx_action.project.models.template import ArmName
from remyx_action.readers.scores import Reason, Samples, Unusable

from .evidence import ArmFacts, SeedSums
from .sums import MOST_PARTS, Column, integers_of

T = TypeVar("T")
EXAMPLES = 3
LONGEST_ERROR = 300
"""Characters of an error that are kept."""


class Averaged(Struct, frozen=True, kw_only=True):
    """One arm, one row an id."""

    ids: Sequence[str]
    totals: Column
    """The sum of the id's repeats."""
    repeats: Sequence[int] | None
    """How many repeats each id has; None where every id occurs once."""
    clusters: Sequence[str] | None
    missing: Mapping[str, str]
    """Ids without a score → the error that was reported, or ""."""

    def parts(self) -> int:
        return lcm(*set(self.repeats)) if self.repeats else 1

    def values(self, decimals: int, parts: int) -> list[int]:
        """Return the means over `10**decimals * parts`."""
        totals = self.totals.with_decimals(decimals)
        if self.repeats is None:
            return totals if parts == 1 else [total * parts for total in totals]
        share = {count: parts // count for count in set(self.repeats)}
        return [total * share[count] for total, count in zip(totals, self.repeats, strict=True)]

    def facts(self, *, missing: int) -> ArmFacts:
        errors = Counter(filter(None, self.missing.values())).most_common()
        error, count = min(errors, key=lambda found: (-found[1], found[0]), default=(None, 0))
        return unchecked(ArmFacts)(
            ids=len(self.ids),
            missing=missing,
            error=error and error[:LONGEST_ERROR],
            errors=count,
            repeats=[min(self.repeats), max(self.repeats)] if self.repeats else None,
            rounded=self.totals.long,
        )


def average(samples: Samples, arm: ArmName) -> Averaged | Unusable:
    """Return one row per id, in the order in which the ids first came."""
    if not samples.ids:
        return Unusable(reason=Reason.INVALID_VALUE, message=f"the {arm} has no samples")
    column = integers_of(samples.scores)
    if samples.repeats is None:
        return Averaged(
            ids=samples.ids,
            totals=column,
            repeats=None,
            clusters=samples.clusters,
            missing=samples.missing,
        )
    totals: dict[str, int] = dict.fromkeys(samples.ids, 0)
    repeats = dict.fromkeys(samples.ids, 0)
    for id_, value in zip(samples.ids, column.values, strict=True):
        totals[id_] += value
        repeats[id_] += 1
    clusters = samples.clusters and dict(zip(samples.ids, samples.clusters, strict=True))
    if clusters and samples.clusters:
        torn = {id_ for id_, name in zip(samples.ids, samples.clusters, strict=True) if clusters[id_] != name}
        if torn:
            message = f"{len(torn)} ids of the {arm} stand in several clusters: {examples_of(torn)}"
            return Unusable(reason=Reason.INVALID_VALUE, message=message)
    counts = list(repeats.values())
    averaged = Averaged(
        ids=list(totals),
        totals=Column(values=list(totals.values()), decimals=column.decimals, long=column.long),
        repeats=counts if max(counts) > 1 else None,
        clusters=list(clusters.values()) if clusters else None,
        missing=samples.missing,
    )
    if averaged.parts() > MOST_PARTS:
        message = f"the {arm} has too many different numbers of repeats to average exactly"
        return Unusable(reason=Reason.INVALID_VALUE, message=message)
    return averaged


def sum_seeds(samples: Samples) -> SeedSums:
    """Return the sums by seed; an arm without seeds has one."""
    column = integers_of(samples.scores)
    names = samples.seeds or [""] * len(samples.ids)
    totals = dict.fromkeys(sorted(set(names)), 0)
    counts = dict.fromkeys(totals, 0)
    for seed, value in zip(names, column.values, strict=True):
        totals[seed] += value
        counts[seed] += 1
    return SeedSums(decimals=column.decimals, n=list(counts.values()), totals=list(map(str, totals.values())))


class Pairing(Struct, frozen=True, kw_only=True):
    """The rows of the ids that both arms have scored, in the baseline's order."""

    baseline_rows: Sequence[int] | None
    """None: all of them, in their order."""
    variant_rows: Sequence[int] | None
    """None: both arms have the same ids in the same order."""
    only_baseline: list[str]
    only_variant: list[str]


def pair(baseline: Sequence[str], variant: Sequence[str]) -> Pairing:
    """Match the ids of two arms; each id occurs once in its arm."""
    if baseline == variant:
        return Pairing(baseline_rows=None, variant_rows=None, only_baseline=[], only_variant=[])
    row_of = dict(zip(variant, range(len(variant)), strict=True))
    found = list(map(row_of.get, baseline))
    if None not in found and len(variant) == len(baseline):
        rows = [row for row in found if row is not None]
        return Pairing(baseline_rows=None, variant_rows=rows, only_baseline=[], only_variant=[])
    known = set(baseline)
    both = [(row, other) for row, other in enumerate(found) if other is not None]
    return Pairing(
        baseline_rows=[row for row, _ in both],
        variant_rows=[other for _, other in both],
        only_baseline=sorted(id_ for id_ in baseline if id_ not in row_of),
        only_variant=sorted(id_ for id_ in variant if id_ not in known),
    )


def chosen(column: Sequence[T], rows: Sequence[int] | None) -> Sequence[T]:
    """Return the entries at the rows, or the column itself."""
    return column if rows is None else list(map(column.__getitem__, rows))


def examples_of(names: set[str] | Sequence[str]) -> str:
    """Return the first few names in alphabetical order, shortened."""
    shown = sorted(names)[:EXAMPLES]
    more = ", …" if len(names) > EXAMPLES else ""
    return ", ".join(name if len(name) <= 40 else name[:39] + "…" for name in shown) + more
