"""The evidence about one metric, from the scores of two arms."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import repeat
from math import lcm

from pydantic import ValidationError

from remyx_action.project.models.field_types import unchecked
from remyx_action.project.models.metrics import PERCENT, BarMetric
from remyx_action.project.models.template import ArmName
from remyx_action.readers.scores import Exact, Reason, Samples, Scores, Summary, Unusable

from .claims import Claim
from .distinct_changes import distinct_changes
from .evidence import ArmState, Extremes, MetricEvidence, SummaryState, UnusableState
from .pairing import Averaged, Pairing, average, chosen, examples_of, pair, sum_seeds
from .summing import (
    Gap,
    RankedArms,
    Scale,
    SummedRows,
    arm_sums,
    extremes_apart,
    extremes_of_changes,
    extremes_of_pairs,
    paired_sums,
    percentile_state,
    rows_of,
)


def gather(
    metric: BarMetric,
    claims: Sequence[Claim],
    baseline: Scores,
    variant: Scores,
    *,
    expected: int = 0,
) -> MetricEvidence:
    """Return the sums that the metric's estimates and claims follow from.

    `claims` are those of `bar.claims_in`; a claim that is not among them may have no confidence later.
    `expected` samples were declared: those that are in neither arm count as missing. Where an arm was run
    once per seed, claims are about the recipe.
    """
    scores: dict[ArmName, Scores] = {"baseline": baseline, "variant": variant}
    arms = {arm: _arm(found, arm) for arm, found in scores.items()}
    before, after = arms["baseline"], arms["variant"]
    if isinstance(before, Averaged) and isinstance(after, Averaged):
        evidence = _gather_both(metric, claims, before, after, expected)
    else:
        evidence = _gather_apart(metric, claims, arms, expected)
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
    metric: BarMetric, claims: Sequence[Claim], baseline: Averaged, variant: Averaged, expected: int
) -> MetricEvidence:
    pairing = pair(baseline.ids, variant.ids)
    torn = _cluster_conflict(baseline, variant, pairing)
    if torn is not None:
        invalid = UnusableState(reason=Reason.INVALID_VALUE, message=torn)
        return unchecked(MetricEvidence)(baseline=invalid, variant=invalid)
    both = len(baseline.ids) - len(pairing.only_baseline)
    if not both:
        arms: dict[ArmName, Averaged | ArmState] = {"baseline": baseline, "variant": variant}
        apart = _gather_apart(metric, claims, arms, expected)
        unmatched = _unmatched(baseline, variant, pairing)
        return apart.model_copy(update={"both": 0, "unmatched": unmatched})
    scale = scale_of([baseline, variant], metric.range or [])
    missing = _Missing(metric, baseline, variant, pairing, scale, expected)
    rows = rows_of(
        chosen(variant.values(scale.decimals, scale.parts), pairing.variant_rows),
        chosen(baseline.values(scale.decimals, scale.parts), pairing.baseline_rows),
        None if baseline.clusters is None else chosen(baseline.clusters, pairing.baseline_rows),
        missing.gaps() if _is_bounded(metric) else (),
    )
    return unchecked(MetricEvidence)(
        paired=paired_sums(rows, scale, named=True),
        both=both,
        asked=missing.asked,
        absent=missing.absent,
        alone=missing.lacking_in_one_arm(),
        facts={
            "baseline": baseline.facts(missing=missing.asked - len(baseline.ids)),
            "variant": variant.facts(missing=missing.asked - len(variant.ids)),
        },
        extremes=_extremes_of_pairs(metric, rows, claims),
        percentiles=percentile_state(metric, claims, RankedArms(paired=rows), scale)
        if metric.aggregate
        else None,
        distinct=None if metric.aggregate else distinct_changes(rows.variant, rows.baseline, rows.counts),
    )


def _extremes_of_pairs(metric: BarMetric, rows: SummedRows, claims: Sequence[Claim]) -> list[Extremes]:
    """Return how far y reaches without a range, and how far scores changed where that is bounded."""
    if metric.range is None:
        return extremes_of_pairs(rows, claims)
    return [] if metric.max_change is None else [extremes_of_changes(rows)]


def _is_bounded(metric: BarMetric) -> bool:
    """Return whether the sums of missing scores have bounds: percentiles and endless ranges have none."""
    return metric.range is not None and metric.aggregate is None


class _Missing:
    """The ids that lack a score in one arm or in both.

    A missing id has a score in one arm or in none. One without any is either listed by an arm as unscored, or
    listed by no arm but counted in the template's `samples` (`absent`). `asked` counts the listed ids.
    """

    def __init__(
        self,
        metric: BarMetric,
        baseline: Averaged,
        variant: Averaged,
        pairing: Pairing,
        scale: Scale,
        expected: int,
    ) -> None:
        self._ends = _ends(metric, scale)
        self._arms: dict[ArmName, Averaged] = {"baseline": baseline, "variant": variant}
        self._scored_only_in: dict[ArmName, list[str]] = {
            "baseline": pairing.only_baseline,
            "variant": pairing.only_variant,
        }
        scored = {*baseline.ids, *variant.ids} if self._has_any() else baseline.ids
        unscored = {*baseline.missing, *variant.missing} - {*scored} if self._has_any() else ()
        self._scale = scale
        self.asked = len(scored) + len(unscored)
        self.absent = max(0, expected - self.asked)
        self._scored_in_neither = len(unscored) + self.absent

    def _has_any(self) -> bool:
        return any(self._scored_only_in.values()) or any(arm.missing for arm in self._arms.values())

    def gaps(self) -> list[Gap]:
        """Return the missing ids with the bounds of their scores: the range's ends, and what one arm knows.

        One gap for each id that is scored in one arm only, and one for all that are scored in neither.
        """
        gaps = [
            Gap(
                cluster=cluster,
                variant=self._ends if arm == "baseline" else (score, score),
                baseline=self._ends if arm == "variant" else (score, score),
            )
            for arm in self._arms
            for score, cluster in self._of_ids_only_in(arm)
        ]
        neither = self._scored_in_neither
        if neither:
            low, high = self._ends
            ends = (neither * low, neither * high)
            gaps.append(Gap(cluster=None, ids=neither, variant=ends, baseline=ends))
        return gaps

    def lacking_in_one_arm(self) -> dict[ArmName, int]:
        """Return how many ids each arm lacks that the other has; or in how many clusters it lacks more."""
        lacks: dict[ArmName, list[str | None]] = {
            "baseline": [cluster for _, cluster in self._of_ids_only_in("variant")],
            "variant": [cluster for _, cluster in self._of_ids_only_in("baseline")],
        }
        if not any(lacks.values()):
            return {}
        if self._arms["baseline"].clusters is None:
            return {arm: len(clusters) for arm, clusters in lacks.items()}
        more = {arm: Counter(clusters) for arm, clusters in lacks.items()}
        return {
            "baseline": len(more["baseline"] - more["variant"]),
            "variant": len(more["variant"] - more["baseline"]),
        }

    def _of_ids_only_in(self, arm: ArmName) -> list[tuple[int, str | None]]:
        """Return score and cluster of the ids that are scored in this arm only."""
        if not self._scored_only_in[arm]:
            return []
        averaged, only = self._arms[arm], set(self._scored_only_in[arm])
        values = averaged.values(self._scale.decimals, self._scale.parts)
        clusters = averaged.clusters or repeat(None)
        return [
            (value, cluster)
            for id_, value, cluster in zip(averaged.ids, values, clusters, strict=False)
            if id_ in only
        ]


def _gather_apart(
    metric: BarMetric, claims: Sequence[Claim], arms: dict[ArmName, Averaged | ArmState], expected: int
) -> MetricEvidence:
    """Return each arm by itself: its own value can be judged, or its summary against the other's.

    An arm lacks the ids that it names itself without a score, and the declared ones that it does not name;
    not the ids of the other arm, as none of these is the same sample.
    """
    averaged = {arm: found for arm, found in arms.items() if isinstance(found, Averaged)}
    scale = scale_of(list(averaged.values()), metric.range or [])
    named = {arm: {*found.ids, *found.missing} for arm, found in averaged.items()}
    lacking = {arm: max(len(named[arm]), expected) - len(found.ids) for arm, found in averaged.items()}
    asked = len(set().union(*named.values()))
    absent = max(0, expected - asked) if averaged else 0
    rows = {
        arm: rows_of(values, values, found.clusters, _gap_of(metric, lacking[arm], scale))
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
    return unchecked(MetricEvidence)(
        baseline=before,
        variant=states["variant"],
        asked=asked if averaged else None,
        absent=absent,
        facts={arm: found.facts(missing=lacking[arm] - absent) for arm, found in averaged.items()},
        extremes=[] if metric.range else extremes_apart(rows.get("baseline"), rows.get("variant")),
        percentiles=percentile_state(metric, claims, ranked, scale) if metric.aggregate and rows else None,
    )


def _gap_of(metric: BarMetric, missing: int, scale: Scale) -> Sequence[Gap]:
    if not missing or not _is_bounded(metric):
        return ()
    low, high = _ends(metric, scale)
    ends = (missing * low, missing * high)
    return (Gap(cluster=None, ids=missing, variant=ends, baseline=ends),)


def scale_of(arms: Sequence[Averaged], ends: Sequence[Decimal] = ()) -> Scale:
    places = [-int(end.as_tuple().exponent) for end in ends]
    return Scale(
        decimals=max([0, *(arm.totals.decimals for arm in arms), *places]),
        parts=lcm(*(arm.parts() for arm in arms)),
    )


def _ends(metric: BarMetric, scale: Scale) -> tuple[int, int]:
    """Return the ends of the range over the scale; 0, 0 without a range."""
    low, high = (int(Fraction(end) * scale.whole) for end in metric.range or (0, 0))
    return low, high


def _cluster_conflict(baseline: Averaged, variant: Averaged, pairing: Pairing) -> str | None:
    """Return what is wrong, or None where both arms put every id into the same cluster."""
    if (baseline.clusters is None) != (variant.clusters is None):
        given, lacking = ("baseline", "variant") if variant.clusters is None else ("variant", "baseline")
        return f"the {given} has clusters and the {lacking} has none: report them in both"
    if baseline.clusters is None or variant.clusters is None:
        return None
    ids = chosen(baseline.ids, pairing.baseline_rows)
    before = list(chosen(baseline.clusters, pairing.baseline_rows))
    after = list(chosen(variant.clusters, pairing.variant_rows))
    if before == after:
        return None
    moved = [id_ for id_, name, other in zip(ids, before, after, strict=True) if name != other]
    return f"{len(moved)} ids stand in different clusters in baseline and variant: {examples_of(moved)}"


def _unmatched(baseline: Averaged, variant: Averaged, pairing: Pairing) -> str:
    sides = {"baseline": pairing.only_baseline, "variant": pairing.only_variant}
    before, after = ({_folded(id_) for id_ in ids} for ids in sides.values())
    alike = [id_ for id_ in pairing.only_variant if _folded(id_) in before & after]
    found = [
        f"{len(ids)} ids are only in the {arm}: {examples_of([ascii(id_) for id_ in ids] if alike else ids)}"
        for arm, ids in sides.items()
    ]
    if alike:
        found.append(f"{len(alike)} of them differ in case, Unicode form or outer blanks alone")
    counts = f"baseline {len(baseline.ids)}, variant {len(variant.ids)} ids"
    is_any_common = pairing.baseline_rows is None or len(pairing.baseline_rows) > 0
    advice = "" if is_any_common else ", by ids that are the data set's and not the run's own"
    return f"{'; '.join(found)} ({counts}): evaluate the same samples in baseline and variant{advice}"


def _folded(id_: str) -> str:
    """Return an id so that those that only look alike are equal."""
    return unicodedata.normalize("NFKC", id_).strip().casefold()


def fractions_in_percent(metric: BarMetric, scores: Scores | None) -> str | None:
    """Return a warning where all scores of a metric in percent are at most 1, and some are not 0."""
    if metric.unit.casefold() not in PERCENT:
        return None
    if isinstance(scores, Samples):
        values = list(map(float, scores.scores))
    elif isinstance(scores, Summary):
        values = [float(scores.value)]
    else:
        return None
    if not any(values) or not all(0 <= value <= 1 for value in values):
        return None
    return (
        f"{metric.key}: every score is at most 1 and the unit is {metric.unit}: "
        f"a score of 83 % is 83, or 0.83 with `unit: fraction`"
    )
