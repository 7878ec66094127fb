"""What a reader of a comparison should know beside its numbers."""

from __future__ import annotations

from remyx_action.evidence.inputs import Arm, MetricEvidence, SummaryState

FEW_CLUSTERS = 20


def remark_on(evidence: MetricEvidence, clusters: int | None) -> str | None:
    """Filled-in scores, unequal repeats and few clusters, in one line; None where there is nothing."""
    remarks = []
    arms: tuple[Arm, Arm] = ("baseline", "variant")
    for arm in arms:
        facts = evidence.facts.get(arm)
        if facts and facts.filled:
            remarks.append(
                f"{facts.filled} ids that the {arm} lacks were given the worst case for the variant"
            )
        if facts and facts.repeats and facts.repeats[0] != facts.repeats[1]:
            remarks.append(f"ids of the {arm} have {facts.repeats[0]} to {facts.repeats[1]} repeats")
    remarks += _on_seeds(evidence)
    if clusters is not None and clusters < FEW_CLUSTERS:
        remarks.append(f"only {clusters} clusters: a loss in clusters that nobody drew cannot be seen")
    return "; ".join(remarks) or None


def _on_seeds(evidence: MetricEvidence) -> list[str]:
    """What a claim about the recipe lacks."""
    if not evidence.seeds:
        return []
    if not evidence.has_seeds(*evidence.seeds):
        return ["a single seed: this speaks of the checkpoint, not of the recipe"]
    bar = evidence.baseline
    exact = isinstance(bar, SummaryState) and bar.exact
    if evidence.paired is None and not exact:
        return ["seeds are weighed where samples pair: this difference speaks of the checkpoints"]
    return []
