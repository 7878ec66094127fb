"""Drift: a declared baseline that the measured one contradicts."""

from __future__ import annotations

from remyx_action.confidence import interval_of_baseline
from remyx_action.decimals import plain, round_significant
from remyx_action.evidence.inputs import Inputs
from remyx_action.policy.bar import Bar, BarMetric
from remyx_action.specs.metrics import ExactBaseline, RecordedBaseline

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
