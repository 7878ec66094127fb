"""Advice with an iterate: what would settle each condition that the ship rule still misses."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from remyx_action.confidence import AdviceNumbers, advise
from remyx_action.decimals import round_significant
from remyx_action.evidence.claims import IMPROVED, Claim
from remyx_action.evidence.evidence import Inputs
from remyx_action.project.models.field_types import Integer, Number, Spec
from remyx_action.project.models.metrics import BarMetric

from .bar import Bar
from .judgement import Judgement
from .rules import Condition, Mark, OnField, OnMetric

LONGEST_NUMBER = 15
"""Characters; beyond it an exponent reads better."""


def advice_for(judgement: Judgement, *, bar: Bar, inputs: Inputs) -> list[Advice]:
    """One entry per ship condition with a floor that is not met, in the file's order; only for iterate."""
    if judgement.verdict != "iterate" or judgement.run_state == "not_comparable":
        return []
    missed = [condition for condition in judgement.ship.conditions() if condition.mark is not Mark.TRUE]
    found = (_advice(condition, judgement, bar, inputs) for condition in missed)
    return [advice for advice in found if advice is not None]


def _advice(condition: Condition, judgement: Judgement, bar: Bar, inputs: Inputs) -> Advice | None:
    if isinstance(condition, OnField):
        return _of_field(condition, judgement, bar, inputs)
    assert isinstance(condition, OnMetric)
    if condition.floor is None or condition.observed is None:
        return None
    metric, expect = condition.metric, condition.expect
    evidence, floor = inputs.metrics[metric.key], condition.floor
    numbers = advise(
        evidence, metric, condition.claim, floor, None if expect is None else condition.turn * expect
    )
    limits_a_loss = condition.is_directional and condition.op == "no_regression"
    if limits_a_loss and expect is None and numbers.n_needed is None and not numbers.evidence_against:
        unchanged = advise(evidence, metric, condition.claim, floor, Decimal(0))
        if unchanged.n_needed is not None:
            numbers = unchanged
    return _entry(numbers, condition.claim, condition.text, metric, _term(condition), condition.turn)


def _of_field(condition: OnField, judgement: Judgement, bar: Bar, inputs: Inputs) -> Advice | None:
    """`delta_confidence` asks a floor of the metric that is least surely better."""
    floor = condition.floor
    key = judgement.least_sure if condition.metric is None else condition.metric.key
    if floor is None or key is None or condition.observed is None:
        return None
    metric = bar.metric(key)
    claim: Claim = IMPROVED[metric.direction]
    turn = 1 if metric.direction == "higher" else -1
    numbers = advise(inputs.metrics[key], metric, claim, floor, None)
    return _entry(numbers, claim, condition.text, metric, f"gain in {metric.label}", turn)


def _entry(
    numbers: AdviceNumbers, claim: Claim, text: str, metric: BarMetric, term: str, turn: int
) -> Advice | None:
    if numbers.expected is None:
        return None
    expected = round_significant(turn * numbers.expected)
    possible = numbers.smallest_effect is None or _is_possible(numbers.smallest_effect, claim, metric)
    effect = turn * numbers.smallest_effect if possible and numbers.smallest_effect is not None else None
    message = _message(numbers, term, expected, effect)
    if not possible:
        message += f" {numbers.n_now or 0:,} {numbers.counted_in} cannot confirm any {term}."
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
        message=message,
    )


def _is_possible(effect: Decimal, claim: Claim, metric: BarMetric) -> bool:
    """Whether a value or a delta in the metric's range can be as large."""
    if metric.range is None or claim.quantity == "relative_delta":
        return True
    low, high = metric.range
    if claim.quantity == "value":
        return low <= effect <= high
    return abs(effect) <= min(high - low, metric.max_change or high - low)


def _term(condition: OnMetric) -> str:
    if condition.is_directional:
        return "gain" if condition.op == "improves_by" else "loss"
    return condition.claim.quantity.replace("_", " ")


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
        if now == 1:
            said += " One sample has no spread: 2 are the least."
    if effect is not None:
        count = f"{now:,} {numbers.counted_in}"
        said += f" With {count}, a true {term} of {_short(effect)} shows with 80 % power."
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
