"""Exact sums of columns of integers, whole or per cluster, and counts for claims about percentiles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from heapq import nlargest, nsmallest
from itertools import compress, repeat
from operator import mul

from msgspec import Struct

from remyx_action.project.models.field_types import unchecked
from remyx_action.project.models.metrics import BarMetric

from .claims import Claim
from .evidence import ClaimCounts, Extremes, PercentileState
from .sums import FIRST, MOST_NAMED, ArmSums, MissingPairs, PairedSums

FEW = 4
"""Distinct pairs are counted first where there are at least this many rows for each."""
FEW_IN_CLUSTERS = 9
"""Of so many distinct pairs, a cluster holds how often it has each."""


SumEntry = tuple[int, ...]
"""n, Σa, Σb, Σa², Σab, Σb², and of missing ids their number and the ends of Σa and Σb."""


class Scale(Struct, frozen=True, kw_only=True):
    """The denominator of scores that are held as integers."""

    decimals: int
    parts: int

    @property
    def whole(self) -> int:
        return int(10**self.decimals * self.parts)


UNSCALED = Scale(decimals=0, parts=1)


class Gap(Struct, frozen=True, kw_only=True):
    """Ids that have no score in every arm, and between which sums theirs lie."""

    cluster: str | None
    """None: in no cluster, or in one that no arm names."""
    ids: int = 1
    variant: tuple[int, int]
    """The smallest and the largest Σa; equal where the score is known."""
    baseline: tuple[int, int]

    def entry(self) -> SumEntry:
        return (self.ids, *self.variant, *self.baseline)


class SummedRows(Struct, frozen=True, kw_only=True):
    """Pairs of scores over one scale; of a single arm, both columns are its own."""

    variant: Sequence[int]
    baseline: Sequence[int]
    counts: Sequence[int] | None
    """How often each pair occurs; None: once. Always None where there are clusters."""
    clusters: Sequence[str] | None
    gaps: Sequence[Gap] = ()
    """Ids that are missing in an arm; not among the pairs."""

    @property
    def n(self) -> int:
        return len(self.variant) if self.counts is None else sum(self.counts)

    def weights(self) -> Iterable[int]:
        return repeat(1) if self.counts is None else self.counts


def rows_of(
    variant: Sequence[int],
    baseline: Sequence[int],
    clusters: Sequence[str] | None,
    gaps: Sequence[Gap] = (),
) -> SummedRows:
    """Return the pairs, counted where many are equal: of a million binary pairs four rows are left."""
    if clusters is not None or not (
        _few(variant[:FIRST], baseline[:FIRST], len(variant)) and _few(variant, baseline, len(variant))
    ):
        return SummedRows(variant=variant, baseline=baseline, counts=None, clusters=clusters, gaps=gaps)
    counted = Counter(zip(variant, baseline, strict=True))
    return SummedRows(
        variant=[a for a, _ in counted],
        baseline=[b for _, b in counted],
        counts=list(counted.values()),
        clusters=None,
        gaps=gaps,
    )


def _few(variant: Sequence[int], baseline: Sequence[int], n: int) -> bool:
    return len(set(variant)) * len(set(baseline)) * FEW <= n


def paired_sums(rows: SummedRows, scale: Scale, *, named: bool = False) -> PairedSums:
    """Return n, Σa, Σb, Σa², Σab, Σb² of everything, or of each cluster, equal ones counted."""
    clusters, names = None, {}
    if rows.clusters is None:
        entries = [(*_totals(rows), *_gaps_in(rows.gaps))]
    else:
        by_cluster = _by_cluster(rows, rows.clusters)
        counted = Counter(by_cluster.values())
        entries = sorted(counted)
        clusters = [counted[entry] for entry in entries]
        names = _named(by_cluster, entries) if named else {}
    columns = list(zip(*entries, strict=True))
    return PairedSums.model_construct(
        decimals=scale.decimals,
        parts=str(scale.parts),
        clusters=clusters,
        n=list(columns[0]),
        variant=list(map(str, columns[1])),
        baseline=list(map(str, columns[2])),
        variant_squares=list(map(str, columns[3])),
        products=list(map(str, columns[4])),
        baseline_squares=list(map(str, columns[5])),
        named=names,
        missing=_missing(columns[6:]) if rows.gaps else None,
    )


def _missing(columns: Sequence[Sequence[int]]) -> MissingPairs:
    ids, *ends = columns
    variant_low, variant_high, baseline_low, baseline_high = (list(map(str, end)) for end in ends)
    return MissingPairs.model_construct(
        ids=list(ids),
        variant_low=variant_low,
        variant_high=variant_high,
        baseline_low=baseline_low,
        baseline_high=baseline_high,
    )


def arm_sums(rows: SummedRows, scale: Scale) -> ArmSums:
    """Return n, Σa, Σa² of the variant column."""
    alone = SummedRows(
        variant=rows.variant,
        baseline=rows.variant,
        counts=rows.counts,
        clusters=rows.clusters,
        gaps=rows.gaps,
    )
    return paired_sums(alone, scale).arm("variant")


def _totals(rows: SummedRows) -> SumEntry:
    a, b = rows.variant, rows.baseline
    sums = [a, b, map(mul, a, a), map(mul, a, b), map(mul, b, b)]
    if rows.counts is not None:
        sums = [map(mul, rows.counts, column) for column in sums]
    return (rows.n, *map(sum, sums))


def _gaps_in(gaps: Iterable[Gap]) -> SumEntry:
    return tuple(map(sum, zip((0, 0, 0, 0, 0), *(gap.entry() for gap in gaps), strict=True)))


def _by_cluster(rows: SummedRows, clusters: Sequence[str]) -> Mapping[str | None, SumEntry]:
    """Return the sums of each cluster; under None those of missing ids whose cluster no arm names."""
    pairs = set(zip(rows.variant[:FIRST], rows.baseline[:FIRST], strict=True))
    if len(pairs) <= FEW_IN_CLUSTERS:
        pairs = set(zip(rows.variant, rows.baseline, strict=True))
    few = len(pairs) <= FEW_IN_CLUSTERS
    totals = _counted(rows, clusters, pairs) if few else _summed(rows, clusters)
    if not rows.gaps:
        return totals
    gaps: dict[str | None, list[Gap]] = {}
    for gap in rows.gaps:
        gaps.setdefault(gap.cluster, []).append(gap)
    without, none_missing = (0, 0, 0, 0, 0, 0), _gaps_in(())
    missing = {name: _gaps_in(found) for name, found in gaps.items()}
    return {
        name: totals.get(name, without) + missing.get(name, none_missing)
        for name in dict.fromkeys((*totals, *gaps))
    }


def _counted(
    rows: SummedRows, clusters: Sequence[str], pairs: Iterable[tuple[int, int]]
) -> Mapping[str | None, SumEntry]:
    """Return the sums of each cluster, by how often it has each pair: one integer with a place for each."""
    place = len(clusters) + 1
    unit_of = {pair: place**index for index, pair in enumerate(pairs)}
    units = map(unit_of.__getitem__, zip(rows.variant, rows.baseline, strict=True))
    counts: dict[str | None, int] = dict.fromkeys(clusters, 0)
    for name, unit in zip(clusters, units, strict=True):
        counts[name] += unit
    entry_of = {count: _sums_of(count, unit_of, place) for count in set(counts.values())}
    return dict(zip(counts, map(entry_of.__getitem__, counts.values()), strict=True))


def _sums_of(count: int, unit_of: Mapping[tuple[int, int], int], place: int) -> SumEntry:
    often = {pair: count // unit % place for pair, unit in unit_of.items()}
    every = [(n, n * a, n * b, n * a * a, n * a * b, n * b * b) for (a, b), n in often.items()]
    return tuple(map(sum, zip(*every, strict=True)))


def _summed(rows: SummedRows, clusters: Sequence[str]) -> Mapping[str | None, SumEntry]:
    """Return the sums of each cluster, row by row."""
    totals: dict[str | None, list[int]] = {name: [0, 0, 0, 0, 0, 0] for name in clusters}
    for name, a, b in zip(clusters, rows.variant, rows.baseline, strict=True):
        total = totals[name]
        total[0] += 1
        total[1] += a
        total[2] += b
        total[3] += a * a
        total[4] += a * b
        total[5] += b * b
    return {name: tuple(total) for name, total in totals.items()}


def _named(by_cluster: Mapping[str | None, SumEntry], entries: Sequence[SumEntry]) -> dict[str, int]:
    """Return the row of the clusters that changed most in sum, by name."""
    row_of = dict(zip(entries, range(len(entries)), strict=True))
    change_of = {entry: abs(entry[1] - entry[2]) for entry in entries}
    changes = list(map(change_of.__getitem__, by_cluster.values()))
    # Only clusters that reach the hundredth change are compared by name: names cost more than numbers.
    least = min(nlargest(MOST_NAMED, changes))
    most = nsmallest(
        MOST_NAMED,
        (
            (-change, name)
            for name, change in zip(by_cluster, changes, strict=True)
            if change >= least and name is not None
        ),
    )
    return {name: row_of[by_cluster[name]] for name in sorted(name for _, name in most)}


_EXACT = Context(prec=400)


def extremes_of_pairs(rows: SummedRows, claims: Sequence[Claim]) -> list[Extremes]:
    """Return the extremes of the variant, the difference, every relative claim's y, and the baseline.

    A relative claim may need either sign of the baseline, which is settled when it is weighed.
    """
    relative = [Fraction(claim.threshold) for claim in claims if claim.quantity == "relative_delta"]
    around = [1 + sign * threshold for threshold in relative for sign in (1, -1)]
    ratios = dict.fromkeys([Fraction(0), Fraction(1), *around])
    return [*(_of_ratio(rows, ratio) for ratio in ratios), _extreme(None, rows.baseline)]


def extremes_of_changes(rows: SummedRows) -> Extremes:
    """Return the extremes of the differences alone."""
    return _of_ratio(rows, Fraction(1))


def extremes_apart(baseline: SummedRows | None, variant: SummedRows | None) -> list[Extremes]:
    """Return the extremes of each arm's own scores."""
    found = [] if variant is None else [_of_ratio(variant, Fraction(0))]
    return found if baseline is None else [*found, _extreme(None, baseline.baseline)]


def _of_ratio(rows: SummedRows, ratio: Fraction) -> Extremes:
    p, q = ratio.numerator, ratio.denominator
    y = [a * q - b * p for a, b in zip(rows.variant, rows.baseline, strict=True)] if p else rows.variant
    # The ratio is 1 plus or minus a number that was written, so it is a decimal that ends.
    return _extreme(_EXACT.divide(Decimal(p), Decimal(q)), y)


def _extreme(ratio: Decimal | None, values: Sequence[int]) -> Extremes:
    return unchecked(Extremes)(ratio=ratio, low=str(min(values)), high=str(max(values)))


class RankedArms(Struct, frozen=True, kw_only=True):
    """The rows that percentiles are taken of."""

    paired: SummedRows | None = None
    variant: SummedRows | None = None
    """One arm's rows, where the arms are not paired."""
    baseline: SummedRows | None = None
    exact_baseline: Fraction | None = None


def percentile_state(
    metric: BarMetric, claims: Sequence[Claim], arms: RankedArms, scale: Scale
) -> PercentileState:
    """Return the percentile of each arm that has samples, and the counts of each claim about them."""
    variant, baseline = arms.paired or arms.variant, arms.paired or arms.baseline
    points = {
        "variant": None if variant is None else percentile(metric, variant.variant, variant.counts),
        "baseline": None if baseline is None else percentile(metric, baseline.baseline, baseline.counts),
    }
    counts = [
        found
        for claim in claims
        if claim.side != "equal" and (found := _counts(claim, arms, points, metric, scale))
    ]
    return PercentileState(
        decimals=scale.decimals,
        parts=str(scale.parts),
        baseline=None if points["baseline"] is None else str(points["baseline"]),
        variant=None if points["variant"] is None else str(points["variant"]),
        baseline_below_zero=None if baseline is None else _up_to(baseline, -1),
        baseline_up_to_zero=None if baseline is None else _up_to(baseline, 0),
        counts=counts,
    )


def percentile(metric: BarMetric, scores: Sequence[int], counts: Sequence[int] | None) -> int:
    """Return the ⌈pn⌉-th smallest score."""
    assert metric.aggregate is not None
    percent = int(metric.aggregate.removeprefix("p"))
    if counts is None:
        return sorted(scores)[-(-percent * len(scores) // 100) - 1]
    rank = -(-percent * sum(counts) // 100)
    for score, count in sorted(zip(scores, counts, strict=True)):
        rank -= count
        if rank <= 0:
            return score
    raise AssertionError("a rank beyond the last score")


def _up_to(rows: SummedRows, most: int) -> int:
    """Return how many scores of the baseline are at most that."""
    return sum(compress(rows.weights(), [score <= most for score in rows.baseline]))


def _counts(
    claim: Claim, arms: RankedArms, points: dict[str, int | None], metric: BarMetric, scale: Scale
) -> ClaimCounts | None:
    variant = arms.paired or arms.variant
    if variant is None:
        return None
    threshold = Fraction(claim.threshold)
    if claim.quantity == "value":
        return _against(variant, claim, threshold * scale.whole)
    if arms.exact_baseline is not None:
        margin = threshold * abs(arms.exact_baseline) if claim.quantity == "relative_delta" else threshold
        return _against(variant, claim, (arms.exact_baseline + margin) * scale.whole)
    if arms.paired is None or points["variant"] is None or points["baseline"] is None:
        return None
    shift, ratio = threshold * scale.whole, Fraction(1)
    if claim.quantity == "relative_delta":
        shift, ratio = Fraction(0), 1 + _sign(metric, points["baseline"]) * threshold
    if ratio <= 0:  # turns the order of the baseline's scores around: no percentile of them is meant
        return None
    limits = (Fraction(points["variant"]), ratio * points["baseline"] + shift)
    return _claim_counts(claim).model_copy(
        update={"pairs": [_pairs_up_to(arms.paired, limit, (limit - shift) / ratio) for limit in limits]}
    )


def _sign(metric: BarMetric, baseline: int) -> int:
    """Return the sign of the baseline's percentile; confidence/ asks whether it is settled."""
    if metric.range and (metric.range[0] >= 0 or metric.range[1] <= 0):
        return 1 if metric.range[0] >= 0 else -1
    return 1 if baseline > 0 else -1


def _against(rows: SummedRows, claim: Claim, limit: Fraction) -> ClaimCounts:
    """Count the scores up to the limit (at most), or below it (at least)."""
    most = limit.numerator // limit.denominator
    if claim.side == "at_least" and most == limit:
        most -= 1
    within = SummedRows(
        variant=[int(score <= most) for score in rows.variant],
        baseline=rows.baseline,
        counts=rows.counts,
        clusters=rows.clusters,
    )
    return _claim_counts(claim).model_copy(update={"variant": arm_sums(within, UNSCALED)})


def _pairs_up_to(rows: SummedRows, variant_limit: Fraction, baseline_limit: Fraction) -> PairedSums:
    most_variant = variant_limit.numerator // variant_limit.denominator
    most_baseline = baseline_limit.numerator // baseline_limit.denominator
    within = SummedRows(
        variant=[int(score <= most_variant) for score in rows.variant],
        baseline=[int(score <= most_baseline) for score in rows.baseline],
        counts=rows.counts,
        clusters=rows.clusters,
    )
    return paired_sums(within, UNSCALED)


def _claim_counts(claim: Claim) -> ClaimCounts:
    assert claim.side != "equal"
    return ClaimCounts(quantity=claim.quantity, side=claim.side, threshold=claim.threshold)
