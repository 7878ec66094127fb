"""Lint of `worse` and `better`: what an unchanged model makes of a count of samples."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, exp, floor, lgamma, log, log1p

from remyx_action.decimals import plain
from remyx_action.policy.rules import OnField

from .chances import SUGGESTED_FLOOR, USUAL_SAMPLES
from .context import Finding, LintContext
from .rules import percent

EACH_WAY = 1 / 200
"""Of an unchanged model: one score in a hundred changes from run to run, half of them for the worse."""
RARE = float(1 - SUGGESTED_FLOOR)
BY_CHANCE = "holds for an unchanged model with probability"


def changes_by_chance(context: LintContext) -> Iterator[Finding]:
    """Counts that an unchanged model often fails, or often reaches where nothing else asks for a gain."""
    claimed = _claimed(context)
    for condition in context.bar.rules.conditions():
        if not isinstance(condition, OnField) or condition.metric is None:
            continue
        if condition.field not in ("worse", "better"):
            continue
        n = condition.metric.samples or USUAL_SAMPLES
        found = _of_worse(condition, n) if condition.field == "worse" else None
        if condition.field == "better" and condition.role == "ship" and condition.metric.key not in claimed:
            found = _of_better(condition, n)
        if found is not None:
            yield Finding(
                lint="changes-by-chance",
                pointer=condition.pointer,
                message=f"with one change in a hundred, {condition.text} of {n} samples {found[0]}",
                help=found[1],
            )


def _of_worse(condition: OnField, n: int) -> tuple[str, str] | None:
    """What it does with an unchanged model, and what does better; None where that is as meant."""
    chance, is_limit = _chance(condition, n), condition.claim.side == "at_most"
    if condition.role == "ship" and is_limit and chance < 1 - RARE:
        return (
            f"lets an unchanged model ship with probability {percent(chance)}",
            f"`{_with_threshold(condition, n)}` passes it in at least {percent(1 - RARE)} of runs",
        )
    if condition.role == "reject" and not is_limit and chance > RARE:
        return (
            f"rejects an unchanged model with probability {percent(chance)}",
            f"`{_with_threshold(condition, n)}` rejects it in at most {percent(RARE)} of runs",
        )
    return None


def _of_better(condition: OnField, n: int) -> tuple[str, str] | None:
    chance = _chance(condition, n)
    if condition.metric is None or condition.claim.side == "at_most" or chance <= RARE:
        return None
    return (
        f"{BY_CHANCE} {percent(chance)}: alone it is no evidence",
        f"add `{condition.metric.key} improves_by 0 at 80%`",
    )


def _claimed(context: LintContext) -> set[str]:
    """Metrics of which every ship asks for an improvement with a floor."""
    deciding = context.deciding()
    return {
        found.metric.key
        for found in context.on_metrics("ship")
        if found.pointer in deciding and found.asks_to_improve and found.floor is not None
    }


def _chance(condition: OnField, n: int) -> float:
    """P(the count is as the condition asks) of an unchanged model with n samples."""
    threshold = Fraction(condition.claim.threshold)
    if condition.claim.side == "at_most":
        return _at_most(ceil(threshold) - 1 if condition.claim.strict else floor(threshold), n)
    return 1 - _at_most(floor(threshold) if condition.claim.strict else ceil(threshold) - 1, n)


def _at_most(count: int, n: int) -> float:
    """P(a binomial count of n at EACH_WAY is at most `count`)."""
    if count >= n:
        return 1.0
    return min(1.0, sum(exp(_log_weight(k, n)) for k in range(count + 1)))


def _log_weight(k: int, n: int) -> float:
    ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    return ways + k * log(EACH_WAY) + (n - k) * log1p(-EACH_WAY)


def _with_threshold(condition: OnField, n: int) -> str:
    """The condition with the smallest count that an unchanged model seldom goes beyond."""
    enough, reached = 0, _at_most(0, n)
    while reached < 1 - RARE:
        enough += 1
        reached += exp(_log_weight(enough, n))
    number = enough + (condition.op in ("<", ">="))
    return condition.text.replace(
        f"{condition.op} {plain(condition.threshold):f}", f"{condition.op} {number}", 1
    )
