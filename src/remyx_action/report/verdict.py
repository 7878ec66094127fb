"""compare → judge → report as one pure call: two arms in, the report of a verdict out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.evidence.comparability import compare_provenance
from remyx_action.evidence.evidence import Inputs
from remyx_action.evidence.gathering import SamplesChanged, gather, samples_changed
from remyx_action.policy.bar import Bar, claims_in
from remyx_action.policy.judgement import Judgement, judge
from remyx_action.project.models.fields import unchecked
from remyx_action.project.models.template import ArmName
from remyx_action.readers.reasons import Reason
from remyx_action.readers.scores import ArmScores, Samples, Unusable

from .draw_up import Surroundings, draw_up
from .report import ArmReport, JudgedUnder, ProposalReport, Report, RunReport


class MeasuredArm(Struct, frozen=True, kw_only=True):
    """What one arm left behind and how it came about."""

    scores: ArmScores
    report: ArmReport


Arms = Mapping[ArmName, MeasuredArm]
"""Both of them."""


class Measurement(Struct, frozen=True, kw_only=True):
    """Both arms, and how much of the evaluation they are."""

    arms: Arms
    samples: int | None = None
    """At most so many were asked for, fewer than there are: a quick look."""


NOT_MEASURED = Unusable(reason=Reason.MISSING_METRIC, message="was not measured")


def reach_verdict(
    bar: Bar,
    arms: Arms,
    *,
    judged_under: JudgedUnder,
    run: RunReport,
    caps: Sequence[str] = (),
    proposal: ProposalReport | None = None,
    quick_look: int | None = None,
) -> Report:
    """The verdict on two arms under a bar."""
    warnings = compare_provenance(arms["baseline"].scores, arms["variant"].scores).warnings
    arms = {**arms, "variant": with_warnings(arms["variant"], warnings)}
    inputs = compare(bar, arms, caps=caps)
    return draw_up(
        judge(bar, inputs),
        bar=bar,
        inputs=inputs,
        surroundings=Surroundings(
            samples_changed=_changes(bar, arms),
            judged_under=judged_under,
            arms={arm: measured.report for arm, measured in arms.items()},
            proposal=proposal,
            run=run,
            quick_look=quick_look,
        ),
    )


def preview(bar: Bar, arms: Arms) -> Judgement:
    """What a proposed bar would say of the same numbers; what it names beyond them is unknown."""
    return judge(bar, compare(bar, arms))


def compare(bar: Bar, arms: Arms, *, caps: Sequence[str] = ()) -> Inputs:
    """The evidence in both arms about everything that the bar asks."""
    baseline, variant = arms["baseline"], arms["variant"]
    return unchecked(Inputs)(
        metrics={
            metric.key: gather(
                metric,
                claims,
                baseline.scores.scores.get(metric.key, NOT_MEASURED),
                variant.scores.scores.get(metric.key, NOT_MEASURED),
                bar.missing,
            )
            for metric, claims in zip(bar.metrics, claims_in(bar).values(), strict=True)
        },
        arms={arm: measured.report.state for arm, measured in arms.items()},
        not_comparable=list(compare_provenance(baseline.scores, variant.scores).mismatches),
        caps=list(caps),
    )


def failed_arm(keys: Iterable[str], report: ArmReport) -> MeasuredArm:
    """An arm that left nothing: a crash is never a score, so every metric is unusable."""
    lost = Unusable(reason=Reason.ARM_FAILED, message=report.detail or "the arm failed")
    return MeasuredArm(scores=ArmScores(scores=dict.fromkeys(keys, lost)), report=report)


def with_warnings(arm: MeasuredArm, warnings: Sequence[str]) -> MeasuredArm:
    """The arm with more for its reader to know."""
    report = arm.report.model_copy(update={"warnings": [*arm.report.warnings, *warnings]})
    return replace(arm, report=report)


def _changes(bar: Bar, arms: Arms) -> Mapping[str, SamplesChanged]:
    found = {}
    for metric in bar.metrics:
        before = arms["baseline"].scores.scores[metric.key]
        after = arms["variant"].scores.scores[metric.key]
        if isinstance(before, Samples) and isinstance(after, Samples):
            found[metric.key] = samples_changed(before, after)
    return found
