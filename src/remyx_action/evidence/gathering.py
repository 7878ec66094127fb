"""The evidence about one metric, from the scores of two arms."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from heapq import nlargest, nsmallest
from math import lcm
from operator import sub
from typing import Literal

from pydantic import ValidationError

from remyx_action.decimals import round_significant
from remyx_action.project.models.fields import Integer, Number, Spec
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.template import ArmName
from remyx_action.readers.reasons import Reason
from remyx_action.readers.scores import Exact, Samples, Scores, Summary, Unusable

from .claims import Claim
from .evidence import ArmState, MetricEvidence, SummaryState, UnusableState
from .pairing import Averaged, Pairing, average, examples_of, pair, sum_seeds
from .percentile_counts import RankedArms, percentile_state
from .summing import Scale, arm_sums, extremes_apart, extremes_of_pairs, paired_sums, rows_of

Missing = Literal["unmatched", "worst"]


def gather(
    metric: BarMetric,
    claims: Sequence[Claim],
    baseline: Scores,
    variant: Scores,
    missing: Missing,
) -> MetricEvidence:
    """Return the sums that the metric's estimates and claims follow from.

    `claims` are those of `bar.claims_in`; a claim that is not among them may have no confidence later.
    Where an arm was run once per seed, claims are about the recipe.
    """
    scores: dict[ArmName, Scores] = {"baseline": baseline, "variant": variant}
    arms = {arm: _arm(found, arm) for arm, found in scores.items()}
    before, after = arms["baseline"], arms["variant"]
    if isinstance(before, Averaged) and isinstance(after, Averaged):
        evidence = _gather_both(metric, claims, before, after, missing)
    else:
        evidence = _gather_apart(metric, claims, arms, both=None, unmatched=None)
    sampled = {arm: found for arm, found in scores.items() if isinstance(found, Samples) and found.ids}
    if all(found.seeds is None for found in sampled.values()):
        return evidence
    return evidence.model_copy(update={"seeds": {arm: sum_seeds(found) for arm, found in sampled.items()}})


def _arm(scores: Scores, arm: ArmName) -> Averaged | ArmState:
    found: Averaged | Scores = average(scores, arm) if isinstance(scores, Samples) else scores
    if isinstance(found, Averaged):
        return found
    if isinstance(found, Unusable):
        return UnusableState(reason=found.reason, message=found.message)
    try:
        if isinstance(found, Exact):
            return SummaryState(value=found.value, exact=True)
        assert isinstance(found, Summary)
        return SummaryState(value=found.value, n=found.n, stderr=found.stderr, clusters=found.clusters)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
        return UnusableState(reason=Reason.INVALID_VALUE, message=f"the {arm}'s summary: {wrong}")


def _gather_both(
    metric: BarMetric, claims: Sequence[Claim], baseline: Averaged, variant: Averaged, missing: Missing
) -> MetricEvidence:
    pairing = pair(baseline.ids, variant.ids)
    torn = _cluster_conflict(baseline, variant, pairing)
    if torn is not None:
        invalid = UnusableState(reason=Reason.INVALID_VALUE, message=torn)
        return MetricEvidence(baseline=invalid, variant=invalid)
    both = len(baseline.ids) - len(pairing.only_baseline)
    if not pairing.matched and (missing == "unmatched" or metric.range is None):
        return _gather_apart(
            metric,
            claims,
            {"baseline": baseline, "variant": variant},
            both=both,
            unmatched=_unmatched(baseline, variant, pairing, missing),
        )
    scale = scale_of([baseline, variant], [] if pairing.matched else metric.range or [])
    worst, best = _ends(metric, scale)
    a = _ordered(variant.values(scale.decimals, scale.parts), pairing.variant_rows, worst)
    b = _ordered(baseline.values(scale.decimals, scale.parts), pairing.baseline_rows, best)
    rows = rows_of(a, b, _clusters_in_order(baseline, variant, pairing))
    return MetricEvidence(
        paired=paired_sums(rows, scale, named=True),
        both=both,
        facts={
            "baseline": baseline.facts(filled=len(pairing.only_variant)),
            "variant": variant.facts(filled=len(pairing.only_baseline)),
        },
        extremes=[] if metric.range else extremes_of_pairs(rows, claims),
        percentiles=percentile_state(metric, claims, RankedArms(paired=rows), scale)
        if metric.aggregate
        else None,
    )


def _gather_apart(
    metric: BarMetric,
    claims: Sequence[Claim],
    arms: dict[ArmName, Averaged | ArmState],
    *,
    both: int | None,
    unmatched: str | None,
) -> MetricEvidence:
    """Return each arm by itself: its own value can be judged, or its summary against the other's."""
    averaged = {arm: found for arm, found in arms.items() if isinstance(found, Averaged)}
    scale = scale_of(list(averaged.values()))
    rows = {
        arm: rows_of(values, values, found.clusters)
        for arm, found in averaged.items()
        for values in [found.values(scale.decimals, scale.parts)]
    }
    states: dict[ArmName, ArmState] = {
        arm: arm_sums(rows[arm], scale) if isinstance(found, Averaged) else found
        for arm, found in arms.items()
    }
    before = states["baseline"]
    exact = Fraction(before.value) if isinstance(before, SummaryState) and before.exact else None
    ranked = RankedArms(variant=rows.get("variant"), baseline=rows.get("baseline"), exact_baseline=exact)
    return MetricEvidence(
        baseline=before,
        variant=states["variant"],
        both=both,
        unmatched=unmatched,
        facts={arm: found.facts() for arm, found in averaged.items()},
        extremes=[] if metric.range else extremes_apart(rows.get("baseline"), rows.get("variant")),
        percentiles=percentile_state(metric, claims, ranked, scale) if metric.aggregate and rows else None,
    )


def scale_of(arms: Sequence[Averaged], ends: Sequence[Decimal] = ()) -> Scale:
    places = [-int(end.as_tuple().exponent) for end in ends]
    return Scale(
        decimals=max([0, *(arm.totals.decimals for arm in arms), *places]),
        parts=lcm(*(arm.parts() for arm in arms)),
    )


def _ends(metric: BarMetric, scale: Scale) -> tuple[int, int]:
    """Return the worst score for the variant and for the baseline; 0, 0 without a range."""
    low, high = (int(Fraction(end) * scale.whole) for end in metric.range or (0, 0))
    return (low, high) if metric.direction == "higher" else (high, low)


def _ordered(values: list[int], rows: Sequence[int | None] | None, filled: int) -> list[int]:
    """Return the arm's values in the common order, `filled` for ids that it lacks."""
    if rows is None:
        return values
    if None not in rows:
        return list(map(values.__getitem__, rows))  # type: ignore[arg-type]
    return [filled if row is None else values[row] for row in rows]


def _clusters_in_order(baseline: Averaged, variant: Averaged, pairing: Pairing) -> Sequence[str] | None:
    if baseline.clusters is None or variant.clusters is None:
        return None
    if pairing.variant_rows is None:
        return baseline.clusters
    added = pairing.variant_rows[len(baseline.clusters) :]
    return [*baseline.clusters, *(variant.clusters[row] for row in added if row is not None)]


def _cluster_conflict(baseline: Averaged, variant: Averaged, pairing: Pairing) -> str | None:
    """Return what is wrong, or None where both arms put every id into the same cluster."""
    if (baseline.clusters is None) != (variant.clusters is None):
        given, lacking = ("baseline", "variant") if variant.clusters is None else ("variant", "baseline")
        return f"the {given} has clusters and the {lacking} has none: report them in both arms"
    if baseline.clusters is None or variant.clusters is None:
        return None
    after = variant.clusters
    rows = range(len(after)) if pairing.variant_rows is None else pairing.variant_rows
    moved = [
        id_
        for id_, name, row in zip(baseline.ids, baseline.clusters, rows, strict=False)
        if row is not None and after[row] != name
    ]
    if not moved:
        return None
    return f"{len(moved)} ids stand in different clusters in the two arms: {examples_of(moved)}"


def _unmatched(baseline: Averaged, variant: Averaged, pairing: Pairing, missing: Missing) -> str:
    found = []
    for arm, ids in (("baseline", pairing.only_baseline), ("variant", pairing.only_variant)):
        if ids:
            found.append(f"{len(ids)} ids are only in the {arm}: {examples_of(ids)}")
    step = (
        "`missing: worst` needs a `range:` on the metric"
        if missing == "worst"
        else "evaluate the same samples in both arms"
    )
    counts = f"baseline {len(baseline.ids)}, variant {len(variant.ids)} ids"
    return f"{'; '.join(found)} ({counts}): {step}"


LARGEST = 20


def samples_changed(baseline: Samples, variant: Samples) -> SamplesChanged:
    """Return the changes of the ids scored in both arms; of equal changes the ids that sort first."""
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
    """Return the rows of the 20 largest moves either way, largest first, then by id."""
    sizes = list(map(abs, moves))
    if not sizes:
        return []
    # Only rows that reach the twentieth size are compared by id: ids cost more than numbers.
    twentieth = nlargest(LARGEST, sizes)[-1]
    rows = [row for row, size in enumerate(sizes) if size >= twentieth and size]
    return nsmallest(LARGEST, rows, key=lambda row: (-sizes[row], ids[row]))


class SampleChange(Spec):
    id: str
    baseline: Number
    variant: Number


class SamplesChanged(Spec):
    """Samples whose score differs between the arms."""

    up: Integer
    down: Integer
    examples: list[SampleChange]
    """The 20 largest changes."""
