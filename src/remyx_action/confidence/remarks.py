"""What a reader of an estimate should know besides its numbers: missing samples, few clusters, bounds."""

from __future__ import annotations

from remyx_action.evidence.evidence import MetricEvidence, SummaryState
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.template import ArmName

from .binomial import chance_of_split
from .plausibility import max_change_of

FEW_CLUSTERS = 20
UNSEEN = 0.05
"""How often no sample of those drawn shows changes that are just frequent enough to be seen."""
UNEVEN = 0.01
"""Probability below which missing ids are said to be no chance of one arm."""
MORE_THAN_CHANCE = "more than chance explains"
"""How the remark on them ends."""


def remark_on(evidence: MetricEvidence, metric: BarMetric, clusters: int | None) -> str | None:
    """Return missing scores, unequal repeats, few clusters and bounded changes in one line, or None."""
    remarks = []
    arms: tuple[ArmName, ArmName] = ("baseline", "variant")
    remarks += _on_missing(evidence)
    for arm in arms:
        facts = evidence.facts.get(arm)
        if facts and facts.repeats and facts.repeats[0] != facts.repeats[1]:
            remarks.append(f"ids of the {arm} have {facts.repeats[0]} to {facts.repeats[1]} repeats")
    remarks += _on_seeds(evidence)
    if clusters is not None and clusters < FEW_CLUSTERS:
        remarks.append(f"only {clusters} clusters: a loss in clusters that nobody drew cannot be seen")
    remarks += _on_changes(evidence, metric)
    return "; ".join(remarks) or None


def who_lacks(evidence: MetricEvidence) -> str:
    """Return what is true of the samples that are missing: `have a score in the baseline only`."""
    lacking = [arm for arm, facts in evidence.facts.items() if facts.missing]
    if len(evidence.facts) == 1:
        return "have no score"
    if evidence.unmatched is not None or evidence.absent or len(lacking) != 1:
        return "have no score in baseline or variant"
    return f"have a score in the {'baseline' if lacking == ['variant'] else 'variant'} only"


def uneven_missing(evidence: MetricEvidence) -> str | None:
    """Return that one arm alone lacks more ids (or more clusters' ids) than chance explains, or None."""
    counts = evidence.alone
    if not counts or chance_of_split(counts["baseline"], counts["variant"]) >= UNEVEN:
        return None
    sums = evidence.sums("variant")
    units = "ids" if sums is None or sums.clusters is None else "clusters' ids"
    found = f"{counts['variant']:,} {units} are missing in the variant alone"
    return f"{found}, {counts['baseline']:,} in the baseline: {MORE_THAN_CHANCE}"


def _on_missing(evidence: MetricEvidence) -> list[str]:
    """Return how many samples have no score, in which arm, and the commonest error."""
    if not evidence.missing:
        return []
    found = [f"{facts.missing:,} in the {arm}" for arm, facts in evidence.facts.items() if facts.missing]
    if evidence.absent:
        found.append(f"{evidence.absent:,} declared ones in neither")
    remark = f"samples without a score: {', '.join(found)}"
    errors = [facts for facts in evidence.facts.values() if facts.error is not None]
    if errors:
        commonest = max(errors, key=lambda facts: facts.errors)
        remark += f"; the commonest error ({commonest.errors:,} times): {commonest.error}"
    return [remark]


def _on_changes(evidence: MetricEvidence, metric: BarMetric) -> list[str]:
    """Return what a bound on the changes of samples cannot show, or that it does not hold."""
    most, largest, paired = max_change_of(metric), evidence.largest_change, evidence.paired
    if most is None or largest is None or paired is None:
        return []
    if largest > most:
        instead = f"more than `max_change: {metric.max_change:f}`: the range counts in its place"
        return [f"a sample changed by {float(largest):.6g}, {instead}"]
    unseen = 100 * (1 - UNSEEN ** (1 / paired.ids))
    beyond = f"changes beyond `max_change: {metric.max_change:f}`"
    return [f"{beyond} may be unseen in fewer than {unseen:.2g} % of the samples"]


def _on_seeds(evidence: MetricEvidence) -> list[str]:
    """Return what a claim about the recipe lacks."""
    if not evidence.seeds:
        return []
    if not evidence.has_seeds(*evidence.seeds):
        return ["a single seed: this speaks of the checkpoint, not of the recipe"]
    bar = evidence.baseline
    exact = isinstance(bar, SummaryState) and bar.exact
    if evidence.paired is None and not exact:
        return ["seeds are weighed where samples pair: this difference speaks of the checkpoints"]
    return []
