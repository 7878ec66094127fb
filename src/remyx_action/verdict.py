"""compare → judge → report as one pure call: two arms in, the report of a verdict out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from .bar import Bar, claims_in
from .comparability import compare_provenance
from .comparison import gather, samples_changed
from .evidence import Inputs
from .judgement import judge
from .reasons import Reason
from .report import ArmReport, JudgedUnder, Report, RunReport, SamplesChanged
from .reporting import draw_up
from .scores import ArmScores, Samples, Unusable


@dataclass(frozen=True, kw_only=True)
class MeasuredArm:
    """What one arm left behind and how it came about."""

    scores: ArmScores
    report: ArmReport


def reach_verdict(
    bar: Bar,
    *,
    baseline: MeasuredArm,
    variant: MeasuredArm,
    judged_under: JudgedUnder,
    run: RunReport,
    caps: Sequence[str] = (),
) -> Report:
    """The verdict on two arms under a bar."""
    comparability = compare_provenance(baseline.scores, variant.scores)
    variant = _warned(variant, comparability.warnings)
    inputs = Inputs(
        metrics={
            metric.key: gather(
                metric,
                claims,
                baseline.scores.scores[metric.key],
                variant.scores.scores[metric.key],
                bar.missing,
            )
            for metric, claims in zip(bar.metrics, claims_in(bar).values(), strict=True)
        },
        arms={"baseline": baseline.report.state, "variant": variant.report.state},
        not_comparable=list(comparability.mismatches),
        caps=list(caps),
    )
    return draw_up(
        judge(bar, inputs),
        bar=bar,
        inputs=inputs,
        samples_changed=_changes(bar, baseline.scores, variant.scores),
        judged_under=judged_under,
        arms={"baseline": baseline.report, "variant": variant.report},
        run=run,
    )


def failed_arm(keys: Iterable[str], report: ArmReport) -> MeasuredArm:
    """An arm that left nothing: a crash is never a score, so every metric is unusable."""
    lost = Unusable(reason=Reason.ARM_FAILED, message=report.detail or "the arm failed")
    return MeasuredArm(scores=ArmScores(scores=dict.fromkeys(keys, lost)), report=report)


def _warned(arm: MeasuredArm, warnings: Sequence[str]) -> MeasuredArm:
    report = arm.report.model_copy(update={"warnings": [*arm.report.warnings, *warnings]})
    return replace(arm, report=report)


def _changes(bar: Bar, baseline: ArmScores, variant: ArmScores) -> Mapping[str, SamplesChanged]:
    found = {}
    for metric in bar.metrics:
        before, after = baseline.scores[metric.key], variant.scores[metric.key]
        if isinstance(before, Samples) and isinstance(after, Samples):
            found[metric.key] = samples_changed(before, after)
    return found
