"""What users write: metrics, templates, policies, experiments, locks and results, as frozen models.

These models are the only source of the JSON Schemas under `schemas/`.
"""

from .experiment import Experiment
from .lock import Lock, LockDigests
from .metrics import Metric, Metrics
from .policy import (
    Comparison,
    Condition,
    Directional,
    Equality,
    FieldCondition,
    Guard,
    MetricCondition,
    Policy,
    Rule,
)
from .template import ResultsMap, Template

__all__ = [
    "Comparison",
    "Condition",
    "Directional",
    "Equality",
    "Experiment",
    "FieldCondition",
    "Guard",
    "Lock",
    "LockDigests",
    "Metric",
    "MetricCondition",
    "Metrics",
    "Policy",
    "ResultsMap",
    "Rule",
    "Template",
]
