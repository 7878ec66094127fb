"""A metric for tests of readers."""

from decimal import Decimal
from typing import Any

from remyx_action.project.models.metrics import BarMetric


def a_metric(key: str, **changes: Any) -> BarMetric:
    fields: dict[str, Any] = {
        "key": key,
        "label": key,
        "unit": "accuracy",
        "direction": "higher",
        "range": [Decimal(0), Decimal(1)],
        "scores": None,
        "aggregate": None,
        "baseline": None,
        "samples": None,
    }
    return BarMetric(**(fields | changes))
