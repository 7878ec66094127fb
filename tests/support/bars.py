"""Bars and arms for tests, in as few words as they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from remyx_action.evidence.evidence import Inputs, MetricEvidence
from remyx_action.evidence.gathering import gather
from remyx_action.evidence.samples_changed import count_changes
from remyx_action.policy.bar import Bar, claims_in, make_bar, sizes_in
from remyx_action.policy.judgement import asks_for_coverage
from remyx_action.project.models import Metrics, Policy, Template
from remyx_action.project.models.metrics import BarMetric
from remyx_action.readers.scores import Exact, Reason, Samples, Scores, Summary, Unusable

MISSING = Unusable(reason=Reason.MISSING_METRIC, message="the variant does not report it")


def decimals(value: Any) -> Any:
    """Floats and number-like strings of a test as the loader would give them."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Mapping):
        return {key: decimals(child) for key, child in value.items()}
    return [decimals(child) for child in value] if isinstance(value, list) else value


def bar(
    ship: Mapping[str, Any],
    reject: Mapping[str, Any] | None = None,
    *,
    metrics: Sequence[Mapping[str, Any]] = ({"key": "a", "unit": "accuracy"},),
    looks: str = "counted",
    **template: Any,
) -> Bar:
    """The bar of two rules over some metrics."""
    keys = [metric["key"] for metric in metrics]
    given = {"version": 1, "name": "t", "script": "run.py", "baseline_asset": "old", "metrics": keys}
    rules = {"ship": ship} | ({"reject": reject} if reject else {})
    return make_bar(
        Policy.model_validate(
            decimals({"version": 1, "name": "p", "template": "t", "looks": looks, **rules})
        ),
        Template.model_validate(decimals(given | template)),
        Metrics.model_validate(decimals({"version": 1, "metrics": list(metrics)})),
    )


def samples(scores: Sequence[float | str], *, first: int = 0, **columns: Any) -> Samples:
    """Scores with the ids q0, q1, …"""
    literals = [score if isinstance(score, str) else repr(score) for score in scores]
    return Samples(
        ids=[f"q{number}" for number in range(first, first + len(scores))], scores=literals, **columns
    )


def number(value: float | str) -> Summary:
    """A bare number."""
    return Summary(value=Decimal(str(value)))


def exact(value: float | str) -> Exact:
    return Exact(value=Decimal(str(value)))


def inputs(
    bar: Bar,
    baseline: Mapping[str, Scores],
    variant: Mapping[str, Scores],
    *,
    not_comparable: Sequence[str] = (),
    caps: Sequence[str] = (),
    states: tuple[str, str] = ("completed", "completed"),
) -> Inputs:
    """Both arms as evidence; a metric that an arm lacks is missing."""
    claims, sizes = claims_in(bar), sizes_in(bar)

    def evidence_on(metric: BarMetric) -> MetricEvidence:
        before = baseline.get(metric.key, Unusable(reason=Reason.NO_BASELINE, message="no baseline"))
        after = variant.get(metric.key, MISSING)
        expected = 0 if asks_for_coverage(bar.rules.ship) else metric.samples or 0
        found = gather(metric, claims[metric.key], before, after, expected=expected)
        return found.model_copy(update={"changes": count_changes(metric, sizes[metric.key], before, after)})

    return Inputs(
        metrics={metric.key: evidence_on(metric) for metric in bar.metrics},
        arms={"baseline": states[0], "variant": states[1]},
        not_comparable=list(not_comparable),
        caps=list(caps),
    )
