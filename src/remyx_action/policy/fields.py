"""Fields: the numbers about the whole comparison that a condition may name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.confidence import Estimate
from remyx_action.confidence import sample_size as size_behind
from remyx_action.evidence.claims import IMPROVED, Claim
from remyx_action.evidence.evidence import Inputs, UnusableState
from remyx_action.project.models.metrics import BarMetric
from remyx_action.readers.scores import Reason

from .bar import Bar
from .rules import OnField


class Numbers(Struct, frozen=True, kw_only=True):
    """What conditions are judged by."""

    bar: Bar
    inputs: Inputs
    estimates: Mapping[str, Estimate]
    """By metric key."""
    blocked_by: Reason | None
    """Why no comparison of the arms counts: an arm failed, or they are not comparable."""


SIGNIFICANT = Fraction(95, 100)
WORSE = Fraction(5, 100)


class FieldValue(Struct, frozen=True, kw_only=True):
    """A number, or the reason why there is none."""

    value: Fraction | None
    reason: Reason | None
    key: str | None = None
    """The metric that decides it."""
    lowest: Fraction | None = None
    """The smallest value over all missing scores; None: `value` is."""
    highest: Fraction | None = None
    """The largest value over all missing scores; None: it does not depend on them."""


def field_value(condition: OnField, numbers: Numbers) -> FieldValue:
    """The field over the metrics of the condition."""
    if condition.field in ("worse", "better"):
        return changed(condition, numbers)
    fields = {"delta_confidence": delta_confidence, "sample_size": sample_size, "coverage": coverage}
    return fields[condition.field](numbers, condition.keys)


def changed(condition: OnField, numbers: Numbers) -> FieldValue:
    """How many samples of the metric got worse, or better; unknown without pairs."""
    if numbers.blocked_by:
        return FieldValue(value=None, reason=numbers.blocked_by)
    [key] = condition.keys
    evidence, reason = numbers.inputs.metrics[key], numbers.estimates[key].reason
    if reason is Reason.TOO_MANY_MISSING:
        return FieldValue(value=None, reason=reason)
    if evidence.missing and numbers.bar.metric(key).missing == "unknown":
        return FieldValue(value=None, reason=Reason.MISSING_SAMPLES)
    # Each missing id may turn out to be one more. Those that the variant alone lacks count as worse, and may
    # turn out not to be.
    lost, more = 0, evidence.missing
    if condition.field == "worse" and evidence.both is not None and "baseline" in evidence.facts:
        lost = evidence.facts["baseline"].ids - evidence.both
    for counts in evidence.changes:
        if counts.by == condition.by:
            value = Fraction(getattr(counts, condition.field))
            return FieldValue(value=value, lowest=value - lost, highest=value + more - lost, reason=None)
    return FieldValue(value=None, reason=reason or Reason.NO_UNCERTAINTY)


def delta_confidence(numbers: Numbers, keys: Sequence[str]) -> FieldValue:
    """The smallest P(the variant is truly better) over the metrics."""

    def confidence_better(key: str) -> FieldValue:
        estimate = numbers.estimates[key]
        if estimate.lowest_confidence_better is None or estimate.highest_confidence_better is None:
            return FieldValue(value=None, reason=estimate.reason, key=key)
        return FieldValue(
            value=Fraction(estimate.lowest_confidence_better),
            highest=Fraction(estimate.highest_confidence_better),
            reason=None,
            key=key,
        )

    if numbers.blocked_by:
        return FieldValue(value=None, reason=numbers.blocked_by)
    return smallest(keys, confidence_better)


def sample_size(numbers: Numbers, keys: Sequence[str]) -> FieldValue:
    """The smallest number of samples behind any of the metrics; with clusters the effective one."""

    def size(key: str) -> FieldValue:
        evidence, metric = numbers.inputs.metrics[key], numbers.bar.metric(key)
        sizes = [size_behind(evidence, metric, claim) for claim in _compared_by(numbers, key)]
        known = [size for size in sizes if isinstance(size, Fraction)]
        if len(known) == len(sizes):
            return FieldValue(value=min(known), reason=None)
        reason = next((size for size in sizes if isinstance(size, Reason)), numbers.estimates[key].reason)
        return FieldValue(value=None, reason=reason or Reason.NO_UNCERTAINTY)

    return _failed(numbers) or smallest(keys, size)


def coverage(numbers: Numbers, keys: Sequence[str]) -> FieldValue:
    """The smallest share of the expected ids that carry a real score in both arms."""

    def covered(key: str) -> FieldValue:
        value = coverage_of(numbers.inputs, numbers.bar.metric(key))
        reason = None if value is not None else numbers.estimates[key].reason or Reason.NO_UNCERTAINTY
        return FieldValue(value=value, reason=reason)

    return _failed(numbers) or smallest(keys, covered)


def coverage_of(inputs: Inputs, metric: BarMetric) -> Fraction | None:
    """Return the share of the metric's expected samples that both arms scored, or None without ids."""
    declared = metric.samples
    if declared is not None and inputs.samples is not None:
        declared = min(declared, inputs.samples)
    return inputs.metrics[metric.key].coverage(expected=declared)


def smallest(keys: Iterable[str], value_of: Callable[[str], FieldValue]) -> FieldValue:
    """The smallest of the values; unknown as soon as one is, or where there is none."""
    values = [value_of(key) for key in keys]
    unknown = next((value for value in values if value.value is None), None)
    if unknown or not values:
        return unknown or FieldValue(value=None, reason=Reason.MISSING_METRIC)
    found = min(values, key=lambda one: one.value or 0)
    highest = min(one.value if one.highest is None else one.highest for one in values)  # type: ignore[type-var]
    return found if found.highest is None else replace(found, highest=highest)


def word_of(found: FieldValue) -> Literal["significant", "worse", "inconclusive", "not_tested"]:
    """delta_confidence as a word."""
    if found.value is None:
        return "not_tested"
    if found.value >= SIGNIFICANT:
        return "significant"
    return "worse" if found.value <= WORSE else "inconclusive"


def _compared_by(numbers: Numbers, key: str) -> list[Claim]:
    """The claims that the metric's samples count for: the comparison, or its values alone."""
    judged = [found.claim for found in numbers.bar.rules.on_metrics() if found.metric.key == key]
    alone = isinstance(numbers.inputs.metrics[key].baseline, UnusableState)
    if judged and alone and all(claim.quantity == "value" for claim in judged):
        return judged
    return [IMPROVED[numbers.bar.metric(key).direction]]


def _failed(numbers: Numbers) -> FieldValue | None:
    """Coverage and sample size are known of arms that are not comparable, and not of one that failed."""
    failed = numbers.blocked_by is Reason.ARM_FAILED
    return FieldValue(value=None, reason=numbers.blocked_by) if failed else None
