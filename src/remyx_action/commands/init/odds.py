"""One line on what a rule does to a variant that is exactly as good as the baseline."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from remyx_action.policy.lints.chances import USUAL_SAMPLES, chance_if_unchanged
from remyx_action.policy.rules import OnMetric, compile_policy
from remyx_action.project.models import Metrics, Policy, Template
from remyx_action.project.models.metrics import all_metrics


def odds_of(policy: Policy, template: Template, vocabulary: Metrics) -> Iterator[str]:
    """Yield how often the guard of the ship rule that fails most often passes an equally good variant."""
    rules = compile_policy(policy, all_metrics(template, vocabulary))
    guards = [
        condition
        for condition in rules.ship.conditions()
        if isinstance(condition, OnMetric) and condition.floor is not None and condition.op == "no_regression"
    ]
    worst = min(guards, key=chance_if_unchanged, default=None)
    if worst is not None:
        samples = worst.metric.samples or USUAL_SAMPLES
        share = Fraction(chance_if_unchanged(worst)).limit_denominator(10)
        often = "never" if share == 0 else "always" if share == 1 else f"about {share.numerator} time"
        often += "" if share in {0, 1} else f"{'' if share.numerator == 1 else 's'} in {share.denominator}"
        supposed = "" if worst.metric.samples else ", say,"
        yield (
            f"with {samples:,}{supposed} samples `{worst.text}` passes an equally good variant {often}: "
            "more samples, or a larger loss that may be, pass it more often"
        )
