"""What users write: metrics, templates, policies, experiments, locks and results, as frozen models.

These models are the only source of the JSON Schemas under `schemas/`.
"""

from .conditions import Comparison, Directional, Equality, FieldCondition, Guard, MetricCondition
from .experiment import Experiment
from .lock import Lock, LockDigests
from .metrics import Metric, Metrics
from .policy import Policy, Rule
from .results_map import ResultsMap
from .template import Template

__all__ = [
    "Comparison",
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
