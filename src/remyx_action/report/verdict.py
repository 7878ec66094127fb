"""compare → judge → report as one pure call: two arms in, the report of a verdict out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.confidence import uneven_missing
from remyx_action.evidence.comparability import compare_provenance
from remyx_action.evidence.evidence import Inputs, MetricEvidence
from remyx_action.evidence.gathering import fractions_in_percent, gather
from remyx_action.evidence.samples_changed import SamplesChanged, count_changes, samples_changed
from remyx_action.policy.bar import Bar, claims_in, sizes_in
from remyx_action.policy.judgement import Judgement, asks_for_coverage, judge
from remyx_action.policy.looks import Look, identity_of
from remyx_action.project.models.field_types import unchecked
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.template import ArmName
from remyx_action.readers.scores import ArmScores, Reason, Samples, Scores, Unusable

from .draw_up import ReportContext, draw_up
from .report import ArmReport, ExperimentReport, JudgedUnder, LooksReport, ProposalReport, Report, RunReport


class Arm(Struct, frozen=True, kw_only=True):
    """One arm, measured now or earlier: its scores, and how they came about."""

    scores: ArmScores
    report: ArmReport
    """Its state, its asset, and where its numbers come from."""

    def with_warnings(self, warnings: Sequence[str]) -> Arm:
        """The arm with more for its reader to know."""
        report = self.report.model_copy(update={"warnings": [*self.report.warnings, *warnings]})
        return replace(self, report=report)


class Arms(Struct, frozen=True, kw_only=True):
    """Both arms of an evaluation, or of a quick look at it."""

    baseline: Arm
    variant: Arm
    samples: int | None = None
    """At most so many samples were asked for, fewer than there are: a quick look."""

    def named(self) -> Mapping[ArmName, Arm]:
        """The arms by name, baseline first."""
        return {"baseline": self.baseline, "variant": self.variant}


class EarlierLooks(Struct, frozen=True, kw_only=True):
    """The looks at a pull request that were judged before this one, and what tells this one from them."""

    content: str
    """A digest of what was measured and of what measured it, without commits."""
    known: Sequence[Look]
    """Oldest first."""

    def with_this(self, inputs: Inputs, scored: str | None) -> LooksReport:
        """Return the report of this measurement; `scored`: what a variant left that failed afterwards."""
        return LooksReport(id=identity_of(inputs, self.content, scored=scored), known=list(self.known))


NOT_MEASURED = Unusable(reason=Reason.MISSING_METRIC, message="was not measured")


def reach_verdict(
    bar: Bar,
    arms: Arms,
    *,
    judged_under: JudgedUnder,
    run: RunReport,
    caps: Sequence[str] = (),
    proposal: ProposalReport | None = None,
    experiment: ExperimentReport | None = None,
    earlier_looks: EarlierLooks | None = None,
) -> Report:
    """The verdict on two arms under a bar; `earlier_looks`: None where looks are not counted."""
    failed = any(arm.report.state in {"failed", "timed_out"} for arm in arms.named().values())
    if not failed:  # an arm that left nothing reports nothing that could differ
        warnings = compare_provenance(arms.baseline.scores, arms.variant.scores).warnings
        arms = replace(arms, variant=arms.variant.with_warnings(warnings))
    both, most = arms.named().items(), arms.samples
    arms = replace(arms, **{name: arm.with_warnings(_odd_scores(bar, arm, most)) for name, arm in both})
    inputs = compare(bar, arms, caps=caps)
    looks = None if earlier_looks is None else earlier_looks.with_this(inputs, arms.variant.report.scored)
    inputs = inputs.model_copy(update={"look": looks.number if looks else None})
    uneven = ((key, uneven_missing(evidence)) for key, evidence in inputs.metrics.items())
    missed = [f"{key}: {found}" for key, found in uneven if found]
    arms = replace(arms, variant=arms.variant.with_warnings(missed))
    return draw_up(
        judge(bar, inputs),
        bar=bar,
        inputs=inputs,
        context=ReportContext(
            samples_changed=_changes(bar, arms),
            judged_under=judged_under,
            arms={name: arm.report for name, arm in arms.named().items()},
            proposal=proposal,
            experiment=experiment,
            run=run,
            quick_look=arms.samples,
            looks=looks,
        ),
    )


def preview(bar: Bar, arms: Arms) -> Judgement:
    """What a proposed bar would say of the same numbers; what it names beyond them is unknown."""
    return judge(bar, compare(bar, arms))


def compare(bar: Bar, arms: Arms, *, caps: Sequence[str] = ()) -> Inputs:
    """The evidence in both arms about everything that the bar asks."""
    baseline, variant = arms.baseline.scores, arms.variant.scores
    claims, sizes = claims_in(bar), sizes_in(bar)

    def evidence_on(metric: BarMetric) -> MetricEvidence:
        before = baseline.scores.get(metric.key, NOT_MEASURED)
        after = variant.scores.get(metric.key, NOT_MEASURED)
        expected = 0 if asks_for_coverage(bar.rules.ship) else _expected(metric, arms.samples)
        found = gather(metric, claims[metric.key], before, after, expected=expected)
        counts = count_changes(metric, sizes[metric.key], before, after)
        return found.model_copy(update={"changes": counts}) if counts else found

    return unchecked(Inputs)(
        metrics={metric.key: evidence_on(metric) for metric in bar.metrics},
        arms={name: arm.report.state for name, arm in arms.named().items()},
        not_comparable=list(compare_provenance(baseline, variant).mismatches),
        caps=list(caps),
        samples=arms.samples,
    )


def _expected(metric: BarMetric, samples: int | None) -> int:
    """Return how many samples were declared, at most as many as a quick look asked for; 0: none were."""
    declared = metric.samples or 0
    return declared if samples is None else min(declared, samples)


def _odd_scores(bar: Bar, arm: Arm, samples: int | None) -> list[str]:
    """Return warnings: more samples than were asked for or declared, and scores in another unit."""
    found = [_too_many(metric, arm.scores.scores.get(metric.key), samples) for metric in bar.metrics]
    found += [fractions_in_percent(metric, arm.scores.scores.get(metric.key)) for metric in bar.metrics]
    return [warning for warning in found if warning is not None]


def _too_many(metric: BarMetric, scores: Scores | None, samples: int | None) -> str | None:
    if not isinstance(scores, Samples):
        return None
    count = len(scores.ids) if scores.repeats is None else len(set(scores.ids))
    if samples is not None and count > samples:
        asked = f"{metric.key}: {count:,} samples were scored, and {samples:,} were asked for"
        return f"{asked}: the harness looks at neither REMYX_SAMPLES nor {{samples}}"
    if metric.samples is not None and count > metric.samples:
        return f"{metric.key}: {count:,} samples were scored, and the template declares {metric.samples:,}"
    return None


def failed_arm(keys: Iterable[str], report: ArmReport) -> Arm:
    """Return an arm without scores: a crash is never a score, so every metric is unusable."""
    lost = Unusable(reason=Reason.ARM_FAILED, message=report.detail or "the run failed")
    return Arm(scores=ArmScores(scores=dict.fromkeys(keys, lost)), report=report)


def _changes(bar: Bar, arms: Arms) -> Mapping[str, SamplesChanged]:
    found = {}
    for metric in bar.metrics:
        before = arms.baseline.scores.scores.get(metric.key)
        after = arms.variant.scores.scores.get(metric.key)
        if isinstance(before, Samples) and isinstance(after, Samples):
            found[metric.key] = samples_changed(before, after)
    return found
