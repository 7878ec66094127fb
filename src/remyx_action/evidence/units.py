"""Scores that another unit than the metric's would explain."""

from __future__ import annotations

from remyx_action.project.models.metrics import PERCENT, BarMetric
from remyx_action.readers.scores import Samples, Scores, Summary


def fractions_in_percent(metric: BarMetric, scores: Scores | None) -> str | None:
    """Return a warning where all scores of a metric in percent are at most 1, and some are not 0."""
    if metric.unit.casefold() not in PERCENT:
        return None
    if isinstance(scores, Samples):
        values = list(map(float, scores.scores))
    elif isinstance(scores, Summary):
        values = [float(scores.value)]
    else:
        return None
    if not any(values) or not all(0 <= value <= 1 for value in values):
        return None
    return (
        f"{metric.key}: every score is at most 1 and the unit is {metric.unit}: "
        f"a score of 83 % is 83, or 0.83 with `unit: fraction`"
    )
