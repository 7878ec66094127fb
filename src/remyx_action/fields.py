"""Fields: the numbers about the whole comparison that a condition may name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from .bar import metric_keys
from .facts import Facts
from .improvement import asked_to_improve
from .reasons import Reason

SIGNIFICANT = Fraction(95, 100)
WORSE = Fraction(5, 100)


@dataclass(frozen=True, kw_only=True)
class FieldValue:
    """A number, or the reason why there is none."""

    value: Fraction | None
    reason: Reason | None
    key: str | None = None
    """The metric that decides it."""


def field_value(
    field: Literal["delta_confidence", "sample_size", "coverage"], facts: Facts, *, key: str | None = None
) -> FieldValue:
    """The field over its own metrics, or over the one of `key`."""
    return {"delta_confidence": delta_confidence, "sample_size": sample_size, "coverage": coverage}[field](
        facts, key=key
    )


def delta_confidence(facts: Facts, *, key: str | None = None) -> FieldValue:
    """The smallest P(the variant is truly better) over the metrics that ship asks to improve."""
    directions = {metric.key: metric.direction for metric in facts.bar.metrics}
    keys = [key] if key else asked_to_improve(facts.bar.policy.ship, directions)

    def improved(key: str) -> FieldValue:
        estimate = facts.estimates[key]
        value = None if estimate.improved is None else Fraction(estimate.improved)
        return FieldValue(value=value, reason=None if value is not None else estimate.reason, key=key)

    return _blocked(facts) or smallest(keys, improved)


def sample_size(facts: Facts, *, key: str | None = None) -> FieldValue:
    """The smallest number of samples behind any metric condition; with clusters the effective one."""

    def size(key: str) -> FieldValue:
        estimate = facts.estimates[key]
        scored = facts.inputs.metrics[key].both  # filled-in scores are no samples
        sizes = [Fraction(size) for size in (estimate.n, estimate.n_effective, scored) if size is not None]
        if estimate.n is None:
            return FieldValue(value=None, reason=estimate.reason or Reason.NO_UNCERTAINTY)
        return FieldValue(value=min(sizes), reason=None)

    return _failed(facts) or smallest([key] if key else _judged_keys(facts), size)


def coverage(facts: Facts, *, key: str | None = None) -> FieldValue:
    """The smallest share of the expected ids that carry a real score in both arms."""

    def covered(key: str) -> FieldValue:
        value = facts.inputs.metrics[key].coverage(expected=facts.bar.metric(key).samples)
        reason = None if value is not None else facts.estimates[key].reason or Reason.NO_UNCERTAINTY
        return FieldValue(value=value, reason=reason)

    return _failed(facts) or smallest([key] if key else _judged_keys(facts), covered)


def smallest(keys: Iterable[str], value_of: Callable[[str], FieldValue]) -> FieldValue:
    """The smallest of the values; unknown as soon as one is, or where there is none."""
    values = [value_of(key) for key in keys]
    unknown = next((value for value in values if value.value is None), None)
    if unknown or not values:
        return unknown or FieldValue(value=None, reason=Reason.MISSING_METRIC)
    return min(values, key=lambda found: found.value or 0)


def word_of(found: FieldValue) -> Literal["significant", "worse", "inconclusive", "not_tested"]:
    """delta_confidence as a word."""
    if found.value is None:
        return "not_tested"
    if found.value >= SIGNIFICANT:
        return "significant"
    return "worse" if found.value <= WORSE else "inconclusive"


def _judged_keys(facts: Facts) -> list[str]:
    policy = facts.bar.policy
    return list(dict.fromkeys(metric_keys(policy.ship) + metric_keys(policy.reject)))


def _blocked(facts: Facts) -> FieldValue | None:
    return FieldValue(value=None, reason=facts.blocked_by) if facts.blocked_by else None


def _failed(facts: Facts) -> FieldValue | None:
    return _blocked(facts) if facts.blocked_by is Reason.ARM_FAILED else None
