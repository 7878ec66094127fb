"""Lints of single thresholds: on the wrong side, out of reach, in the wrong unit."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from remyx_action.decimals import plain
from remyx_action.policy.rules import OnMetric
from remyx_action.project.models.metrics import PERCENT

from .context import Finding, LintContext

SMALLEST_PERCENTAGE = Decimal("0.1")
"""Smaller thresholds on a metric in percent are taken for fractions."""


def wrong_side(context: LintContext) -> Iterator[Finding]:
    for condition in context.on_metrics():
        claim = condition.claim
        compares = claim.quantity != "value" and condition.op != "=="
        if not compares or condition.favours_better == (condition.role == "ship"):
            continue
        yield Finding(lint="wrong-side", pointer=condition.pointer, **_side(condition))


def _side(condition: OnMetric) -> dict[str, str]:
    metric, threshold = condition.metric, condition.claim.threshold
    size = plain(abs(threshold))
    amount = f"{size:f} of the baseline" if condition.is_relative else f"{size:f}"
    of = " of baseline" if condition.is_relative else ""
    upwards = "worse" if metric.direction == "lower" else "better"
    if threshold < 0:
        upwards = "better" if upwards == "worse" else "worse"
    if condition.role == "ship":
        asked = f"at least {amount} {upwards}" if upwards == "worse" else f"no more than {amount} better"
        op = "improves_by" if upwards == "worse" else "no_regression"
        return {
            "message": f"ships only where {metric.key} is {asked}: {metric.direction} is better",
            "help": f"did you mean `{metric.key} {op} {size:f}{of}`?",
        }
    rejected = f"is {amount} or more better" if upwards == "better" else f"is less than {amount} worse"
    return {
        "message": f"rejects where {metric.key} {rejected}: {metric.direction} is better",
        "help": f"did you mean `{metric.key} regresses_by {size:f}{of}`?",
    }


def threshold_unit(context: LintContext) -> Iterator[Finding]:
    for condition in context.on_metrics():
        size = plain(abs(condition.claim.threshold))
        in_percent = condition.metric.unit.casefold() in PERCENT
        if in_percent and not condition.is_relative and 0 < size < SMALLEST_PERCENTAGE:
            yield Finding(
                lint="threshold-unit",
                pointer=f"{condition.pointer}/threshold",
                message=f"{size:f} on a metric in % is {size:f} percentage points: "
                f"one sample in {round(100 / size)}",
                help=f"did you mean {plain(size * 100):f}?",
            )
