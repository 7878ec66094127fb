"""Fields: the numbers about the whole comparison that a condition may name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Literal

from msgspec import Struct

from remyx_action.confidence import Estimate
from remyx_action.confidence import sample_size as size_behind
from remyx_action.evidence.claims import IMPROVED, Claim, claim_of
from remyx_action.evidence.evidence import Inputs, UnusableState
from remyx_action.project.models import FieldCondition
from remyx_action.project.models.policy import key_of, leaves_of, metric_keys
from remyx_action.readers.reasons import Reason

from .bar import Bar, asked_to_improve


class Facts(Struct, frozen=True, kw_only=True):
    bar: Bar
    inputs: Inputs
    estimates: Mapping[str, Estimate]
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
        evidence, metric = facts.inputs.metrics[key], facts.bar.metric(key)
        sizes = [size_behind(evidence, metric, claim) for claim in _compared_by(facts, key)]
        known = [size for size in sizes if isinstance(size, Fraction)]
        if len(known) == len(sizes):
            return FieldValue(value=min(known), reason=None)
        reason = next((size for size in sizes if isinstance(size, Reason)), facts.estimates[key].reason)
        return FieldValue(value=None, reason=reason or Reason.NO_UNCERTAINTY)

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


def _compared_by(facts: Facts, key: str) -> list[Claim]:
    """What the metric's samples count for: the comparison, or its values where nothing else is judged."""
    direction = facts.bar.metric(key).direction
    policy = facts.bar.policy
    judged = [
        claim_of(leaf, direction)
        for leaf in leaves_of(policy.ship) + leaves_of(policy.reject)
        if not isinstance(leaf, FieldCondition) and key_of(leaf) == key
    ]
    alone = isinstance(facts.inputs.metrics[key].baseline, UnusableState)
    if judged and alone and all(claim.quantity == "value" for claim in judged):
        return judged
    return [IMPROVED[direction]]


def _judged_keys(facts: Facts) -> list[str]:
    policy = facts.bar.policy
    return list(dict.fromkeys(metric_keys(policy.ship) + metric_keys(policy.reject)))


def _blocked(facts: Facts) -> FieldValue | None:
    return FieldValue(value=None, reason=facts.blocked_by) if facts.blocked_by else None


def _failed(facts: Facts) -> FieldValue | None:
    return _blocked(facts) if facts.blocked_by is Reason.ARM_FAILED else None
