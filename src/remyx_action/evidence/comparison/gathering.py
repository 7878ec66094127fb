"""Scores of two arms → the evidence about one metric."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Literal

from pydantic import ValidationError

from remyx_action.evidence.inputs import Arm, ArmState, MetricEvidence, SummaryState, UnusableState
from remyx_action.evidence.scores import Exact, Samples, Scores, Summary, Unusable
from remyx_action.policy.bar import BarMetric
from remyx_action.policy.claims import Claim
from remyx_action.policy.reasons import Reason

from .extremes import extremes_apart, extremes_of_pairs
from .pairing import Averaged, Pairing, average, examples_of, pair, sum_seeds
from .percentile_counts import Arms, percentile_state
from .summing import Scale, arm_sums, paired_sums, rows_of

Missing = Literal["unmatched", "worst"]


def gather(
    metric: BarMetric,
    claims: Sequence[Claim],
    baseline: Scores,
    variant: Scores,
    missing: Missing,
) -> MetricEvidence:
    """Everything that estimates and claims about this metric follow from.

    `claims` are those of `bar.claims_in`; a claim that is not among them may have no confidence later.
    Where an arm was run once per seed, claims are about the recipe.
    """
    scores: dict[Arm, Scores] = {"baseline": baseline, "variant": variant}
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


def _arm(scores: Scores, arm: Arm) -> Averaged | ArmState:
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
        paired=paired_sums(rows, scale),
        both=both,
        facts={
            "baseline": baseline.facts(filled=len(pairing.only_variant)),
            "variant": variant.facts(filled=len(pairing.only_baseline)),
        },
        extremes=[] if metric.range else extremes_of_pairs(rows, claims),
        percentiles=percentile_state(metric, claims, Arms(paired=rows), scale) if metric.aggregate else None,
    )


def _gather_apart(
    metric: BarMetric,
    claims: Sequence[Claim],
    arms: dict[Arm, Averaged | ArmState],
    *,
    both: int | None,
    unmatched: str | None,
) -> MetricEvidence:
    """Each arm by itself: only its own value can be judged, or its summary against the other's."""
    averaged = {arm: found for arm, found in arms.items() if isinstance(found, Averaged)}
    scale = scale_of(list(averaged.values()))
    rows = {
        arm: rows_of(values, values, found.clusters)
        for arm, found in averaged.items()
        for values in [found.values(scale.decimals, scale.parts)]
    }
    states: dict[Arm, ArmState] = {
        arm: arm_sums(rows[arm], scale) if isinstance(found, Averaged) else found
        for arm, found in arms.items()
    }
    before = states["baseline"]
    exact = Fraction(before.value) if isinstance(before, SummaryState) and before.exact else None
    ranked = Arms(variant=rows.get("variant"), baseline=rows.get("baseline"), exact_baseline=exact)
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
    """What an absent score counts as, in the variant and in the baseline; 0, 0 without a range."""
    low, high = (int(Fraction(end) * scale.whole) for end in metric.range or (0, 0))
    return (low, high) if metric.direction == "higher" else (high, low)


def _ordered(values: list[int], rows: Sequence[int | None] | None, filled: int) -> list[int]:
    """The arm's values in the common order; `filled` where it has no row."""
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
    """What is wrong where the arms do not put every id into the same cluster."""
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
