"""The samples of two arms in one order: repeats averaged, ids matched."""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm

from msgspec import Struct

from remyx_action.project.models.template import ArmName
from remyx_action.readers.reasons import Reason
from remyx_action.readers.scores import Samples, Unusable

from .evidence import ArmFacts, SeedSums
from .integers import Column, integers_of
from .sums import MOST_PARTS

EXAMPLES = 3


class Averaged(Struct, frozen=True, kw_only=True):
    """One arm, one row an id."""

    ids: Sequence[str]
    totals: Column
    """The sum of the id's repeats."""
    repeats: Sequence[int] | None
    """How many repeats each id has; None where every id stands once."""
    clusters: Sequence[str] | None

    def parts(self) -> int:
        return lcm(*set(self.repeats)) if self.repeats else 1

    def values(self, decimals: int, parts: int) -> list[int]:
        """Return the means over `10**decimals * parts`."""
        totals = self.totals.with_decimals(decimals)
        if self.repeats is None:
            return totals if parts == 1 else [total * parts for total in totals]
        share = {count: parts // count for count in set(self.repeats)}
        return [total * share[count] for total, count in zip(totals, self.repeats, strict=True)]

    def facts(self, *, filled: int = 0) -> ArmFacts:
        return ArmFacts(
            ids=len(self.ids),
            filled=filled,
            repeats=[min(self.repeats), max(self.repeats)] if self.repeats else None,
            rounded=self.totals.long,
        )


def average(samples: Samples, arm: ArmName) -> Averaged | Unusable:
    """Return one row per id, in the order in which the ids first came."""
    if not samples.ids:
        return Unusable(reason=Reason.INVALID_VALUE, message=f"the {arm} has no samples")
    column = integers_of(samples.scores)
    if samples.repeats is None:
        return Averaged(ids=samples.ids, totals=column, repeats=None, clusters=samples.clusters)
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
    """The row of every id in each arm, in one common order of the ids of both."""

    baseline_rows: Sequence[int | None] | None
    """None: its own order is the common one."""
    variant_rows: Sequence[int | None] | None
    """None: both arms have the same ids in the same order."""
    only_baseline: list[str]
    only_variant: list[str]

    @property
    def matched(self) -> bool:
        return not self.only_baseline and not self.only_variant


def pair(baseline: Sequence[str], variant: Sequence[str]) -> Pairing:
    """Match the ids of two arms; each id stands once in its arm."""
    if baseline is variant or list(baseline) == list(variant):
        return Pairing(baseline_rows=None, variant_rows=None, only_baseline=[], only_variant=[])
    row_of = dict(zip(variant, range(len(variant)), strict=True))
    variant_rows = list(map(row_of.get, baseline))
    if None not in variant_rows and len(variant) == len(baseline):
        return Pairing(baseline_rows=None, variant_rows=variant_rows, only_baseline=[], only_variant=[])
    known = set(baseline)
    only_variant = [id_ for id_ in variant if id_ not in known]
    return Pairing(
        baseline_rows=[*range(len(baseline)), *([None] * len(only_variant))],
        variant_rows=variant_rows + [row_of[id_] for id_ in only_variant],
        only_baseline=sorted(id_ for id_ in baseline if id_ not in row_of),
        only_variant=sorted(only_variant),
    )


def examples_of(names: set[str] | Sequence[str]) -> str:
    """Return the first few names in alphabetical order, shortened."""
    shown = sorted(names)[:EXAMPLES]
    more = ", …" if len(names) > EXAMPLES else ""
    return ", ".join(name if len(name) <= 40 else name[:39] + "…" for name in shown) + more
