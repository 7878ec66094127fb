"""Judgement → report: the rows of verdict.json.

Points, fields and floors are exact up to here (means over literals of more than 15 digits count at 12), and
become 12 significant digits here. Confidences (9 decimals), intervals and effective sizes (12 digits) were
rounded in `confidence`; what a condition observed in `policy.judgement`, to 12 digits or as many more as
keep it on its own side of the threshold.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.confidence import Estimate, interval_of_baseline
from remyx_action.decimals import plain, round_significant
from remyx_action.evidence.evidence import Inputs
from remyx_action.evidence.samples_changed import SamplesChanged
from remyx_action.policy.advice import Advice, advice_for
from remyx_action.policy.bar import Bar
from remyx_action.policy.fields import FieldValue, word_of
from remyx_action.policy.judgement import Judgement
from remyx_action.policy.rules import Condition, Gate, OnField, OnMetric
from remyx_action.project.models.field_types import unchecked
from remyx_action.project.models.metrics import BarMetric, ExactBaseline, RecordedBaseline
from remyx_action.project.models.template import ArmName
from remyx_action.readers.scores import Reason

from .report import (
    ArmReport,
    ExperimentReport,
    FieldConditionRow,
    Fields,
    JudgedUnder,
    LooksReport,
    MetricConditionRow,
    MetricRow,
    ProposalReport,
    Report,
    RuleRow,
    Rules,
    RunReport,
)

LEVEL = 0.99
"""Of the measured baseline's interval: one honest number in a hundred is called drift by chance."""
MEASURED = frozenset({"completed", "handed_in"})


def drift_of(metric: BarMetric, bar: Bar, inputs: Inputs) -> str | None:
    """What to say where metrics.yaml declares a number outside the measured 99 % interval, else None."""
    declared = metric.baseline
    if declared is None or bar.baseline != "measured" or inputs.arms["baseline"] not in MEASURED:
        return None
    value = declared.value if isinstance(declared, RecordedBaseline | ExactBaseline) else declared
    interval = interval_of_baseline(inputs.metrics[metric.key], metric, LEVEL)
    if interval is None or interval[0] <= value <= interval[1]:
        return None
    low, high = (f"{round_significant(bound, 4):f}" for bound in interval)
    return f"the declared baseline {plain(value):f} has drifted: measured 99 % interval {low} to {high}"


class Compared(Struct, frozen=True, kw_only=True):
    """The part of a report that follows from bar and inputs alone."""

    metrics: list[MetricRow]
    rules: Rules
    fields: Fields
    advice: list[Advice]


class ReportContext(Struct, frozen=True, kw_only=True):
    """The parts of the report outside the judgement: nothing in them decides the verdict."""

    samples_changed: Mapping[str, SamplesChanged]
    judged_under: JudgedUnder
    arms: Mapping[ArmName, ArmReport]
    proposal: ProposalReport | None
    run: RunReport
    experiment: ExperimentReport | None = None
    quick_look: int | None = None
    looks: LooksReport | None = None


def draw_up(judgement: Judgement, *, bar: Bar, inputs: Inputs, context: ReportContext) -> Report:
    """The whole of verdict.json."""
    compared = lay_out(judgement, bar=bar, inputs=inputs)
    return unchecked(Report)(
        schema="remyx-verdict/1",
        verdict=judgement.verdict,
        reason=judgement.reason,
        run_state=judgement.run_state,
        metrics=compared.metrics,
        rules=compared.rules,
        fields=compared.fields,
        advice=compared.advice,
        policy=bar,
        inputs=inputs,
        samples_changed=dict(context.samples_changed),
        judged_under=context.judged_under,
        arms=dict(context.arms),
        proposal=context.proposal,
        experiment=context.experiment,
        quick_look=context.quick_look,
        looks=context.looks,
        run=context.run,
    )


def lay_out(judgement: Judgement, *, bar: Bar, inputs: Inputs) -> Compared:
    """What a replay must reproduce, from the judgement of the same bar and inputs."""
    reject = judgement.reject
    return Compared(
        metrics=[_metric_row(metric, judgement, bar, inputs) for metric in bar.metrics],
        rules=unchecked(Rules)(ship=_rule_row(judgement.ship), reject=_rule_row(reject) if reject else None),
        fields=_fields(judgement),
        advice=advice_for(judgement, bar=bar, inputs=inputs),
    )


def _metric_row(metric: BarMetric, judgement: Judgement, bar: Bar, inputs: Inputs) -> MetricRow:
    estimate = judgement.estimates[metric.key]
    if judgement.run_state == "not_comparable":
        estimate = _not_comparable(estimate)
    interval = estimate.interval
    drift = drift_of(metric, bar, inputs)
    return unchecked(MetricRow)(
        key=metric.key,
        label=metric.label,
        unit=metric.unit,
        direction=metric.direction,
        baseline=_number(estimate.baseline),
        variant=_number(estimate.variant),
        delta=_number(estimate.delta),
        interval=[round_significant(bound) for bound in interval] if interval else None,
        level=estimate.level,
        confidence_improved=estimate.lowest_confidence_better,
        n=estimate.n,
        n_effective=None if estimate.n_effective is None else round_significant(estimate.n_effective),
        clusters=estimate.clusters,
        method=estimate.method,
        reason=estimate.reason,
        note="; ".join(part for part in (estimate.note, drift) if part) or None,
    )


def _not_comparable(estimate: Estimate) -> Estimate:
    """The points stay, as what was observed; no confidence may be drawn from their difference."""
    reason = estimate.reason or Reason.NOT_COMPARABLE
    return replace(estimate, interval=None, lowest_confidence_better=None, method=None, reason=reason)


def _rule_row(gate: Gate) -> RuleRow:
    return unchecked(RuleRow)(
        combinator=gate.combinator,
        k=gate.k if gate.combinator == "at_least" else None,
        mark=gate.mark.value,
        conditions=[
            _rule_row(child) if isinstance(child, Gate) else _condition_row(child) for child in gate.children
        ],
    )


def _condition_row(condition: Condition) -> MetricConditionRow | FieldConditionRow:
    if isinstance(condition, OnField):
        return unchecked(FieldConditionRow)(
            text=condition.text,
            field=condition.field,
            mark=condition.mark.value,
            reason=condition.reason,
            observed=condition.observed,
            threshold=plain(condition.threshold),
            confidence=None,
            floor=None if condition.floor == condition.declared_floor else _number(condition.floor),
            n=None,
            why=condition.why,
        )
    assert isinstance(condition, OnMetric)
    return unchecked(MetricConditionRow)(
        text=condition.text,
        metric=condition.metric.key,
        mark=condition.mark.value,
        reason=condition.reason,
        observed=condition.observed,
        threshold=plain(condition.threshold),
        confidence=condition.confidence,
        floor=_number(condition.floor),
        declared_floor=condition.declared_floor,
        n=condition.n,
        why=condition.why,
    )


def _fields(judgement: Judgement) -> Fields:
    def value(found: FieldValue) -> Decimal | None:
        return _number(found.value)

    return unchecked(Fields)(
        delta_confidence=value(judgement.delta_confidence),
        delta_confidence_word=word_of(judgement.delta_confidence),
        sample_size=value(judgement.sample_size),
        coverage=value(judgement.coverage),
    )


def _number(value: Fraction | None) -> Decimal | None:
    return None if value is None else round_significant(value)
