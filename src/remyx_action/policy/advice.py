"""Advice with an iterate: what would settle each condition that the ship rule still misses."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from remyx_action.confidence import AdviceNumbers, advise
from remyx_action.decimals import round_significant
from remyx_action.evidence.claims import IMPROVED, Claim, claim_of
from remyx_action.evidence.evidence import Inputs
from remyx_action.project.models import Equality, FieldCondition, MetricCondition
from remyx_action.project.models.fields import Integer, Number, Spec
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.policy import key_of

from .bar import Bar, text_of
from .judgement import Judgement
from .rules import ConditionTrace, Mark, RuleTrace, turn_of

LONGEST_NUMBER = 15
"""Characters; beyond it an exponent reads better."""
SURE_ENOUGH = Fraction(1, 2)
"""A field's threshold at or below it is no floor that samples could meet."""


def advice_for(judgement: Judgement, *, bar: Bar, inputs: Inputs) -> list[Advice]:
    """One entry per ship condition with a floor that is not met, in the file's order; only for iterate."""
    if judgement.verdict != "iterate" or judgement.run_state == "not_comparable":
        return []
    missed = [trace for trace in leaves_of(judgement.ship) if trace.mark is not Mark.TRUE]
    found = (_advice(trace, judgement, bar, inputs) for trace in missed)
    return [advice for advice in found if advice is not None]


def leaves_of(rule: RuleTrace) -> Iterator[ConditionTrace]:
    """Every condition at any depth."""
    for child in rule.children:
        if isinstance(child, RuleTrace):
            yield from leaves_of(child)
        else:
            yield child


def _advice(trace: ConditionTrace, judgement: Judgement, bar: Bar, inputs: Inputs) -> Advice | None:
    if isinstance(trace.condition, FieldCondition):
        return _of_field(trace, trace.condition, judgement, bar, inputs)
    if trace.floor is None or trace.observed is None or isinstance(trace.condition, Equality):
        return None
    metric = bar.metric(key_of(trace.condition))
    turn = turn_of(trace.condition, metric)
    expect = trace.condition.expect
    numbers = advise(
        inputs.metrics[metric.key],
        metric,
        claim_of(trace.condition, metric.direction),
        trace.floor,
        None if expect is None else turn * expect,
    )
    return _entry(numbers, text_of(trace.condition), metric, _term(trace.condition), turn)


def _of_field(
    trace: ConditionTrace, condition: FieldCondition, judgement: Judgement, bar: Bar, inputs: Inputs
) -> Advice | None:
    """`delta_confidence` asks a floor of the metric that is least surely better."""
    floor = Fraction(condition.threshold)
    key = judgement.least_sure if condition.metric is None else condition.metric
    asks = condition.field == "delta_confidence" and condition.op in {">=", ">"} and SURE_ENOUGH < floor < 1
    if not asks or key is None or trace.observed is None:
        return None
    metric = bar.metric(key)
    claim: Claim = IMPROVED[metric.direction]
    turn = 1 if metric.direction == "higher" else -1
    numbers = advise(inputs.metrics[key], metric, claim, floor, None)
    return _entry(numbers, text_of(condition), metric, f"gain in {metric.label}", turn)


def _entry(numbers: AdviceNumbers, text: str, metric: BarMetric, term: str, turn: int) -> Advice | None:
    if numbers.expected is None:
        return None
    expected = round_significant(turn * numbers.expected)
    effect = None if numbers.smallest_effect is None else turn * numbers.smallest_effect
    return Advice(
        condition=text,
        metric=metric.key,
        kind=numbers.kind,
        n_needed=numbers.n_needed,
        n_now=numbers.n_now,
        smallest_effect=effect,
        expected=expected,
        expected_from=numbers.expected_from,
        counted_in=numbers.counted_in,
        evidence_against=numbers.evidence_against,
        message=_message(numbers, term, expected, effect),
    )


def _term(condition: MetricCondition) -> str:
    if "." in condition.metric:
        return {"value": "value", "delta": "delta"}.get(condition.metric.partition(".")[2], "relative delta")
    return "gain" if condition.op == "improves_by" else "loss"


def _message(numbers: AdviceNumbers, term: str, expected: Decimal, effect: Decimal | None) -> str:
    """The numbers in plain sentences."""
    assumed = f"{'observed' if numbers.expected_from == 'observed' else 'expected'} {_short(expected)}"
    now = numbers.n_now or 0
    if numbers.kind == "more_samples":
        needed = f"about {_round_up(numbers.n_needed or 0):,} {numbers.counted_in}"
        said = f"If the true {term} is the {assumed}, {needed} settle it (now {now:,})."
    elif numbers.kind == "more_samples_do_not_help":
        said = f"The {term}, {assumed}, is not beyond the threshold: more samples are not expected to help."
    else:
        said = f"No number of {numbers.counted_in} can be named for the {term} {assumed}."
    if effect is not None:
        count = f"{now:,} {numbers.counted_in}"
        said += f" With {count}, a true {term} of {_short(effect)} is confirmed four times out of five."
    if numbers.counted_in == "clusters":
        said += " More samples in the same clusters do not help."
    if numbers.evidence_against:
        said += " The numbers so far are evidence against it."
    return said


def _short(value: Decimal) -> str:
    shown = round_significant(value, 3)
    return f"{shown:f}" if len(f"{shown:f}") <= LONGEST_NUMBER else f"{shown:.3g}"


def _round_up(count: int) -> int:
    """To three digits, upwards: a projection has no more."""
    step = int("1".ljust(len(str(count)) - 2, "0"))
    return -(-count // step) * step


class Advice(Spec):
    """What would settle one condition of an iterate."""

    condition: str
    metric: str
    kind: Literal["more_samples", "more_samples_do_not_help", "no_estimate"]
    n_needed: Integer | None
    """Samples (or clusters, see `counted_in`) at which the condition is expected to pass, power 0.80."""
    n_now: Integer | None
    smallest_effect: Number | None
    """The true value that this n can confirm with power 0.80."""
    expected: Number | None
    expected_from: Literal["expect", "observed"] | None
    counted_in: Literal["samples", "clusters"]
    evidence_against: bool
    message: str
    """The same in one plain sentence."""
