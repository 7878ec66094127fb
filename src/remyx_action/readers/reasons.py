"""Why something is unknown or not met: the one list of words that files, code and reports share."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    # why a condition is false
    THRESHOLD = "threshold"
    """The observed number does not satisfy the condition."""
    LOW_CONFIDENCE = "low_confidence"
    """The observed number satisfies it, the confidence is below the floor."""
    # why a condition is unknown
    MISSING_METRIC = "missing_metric"
    NO_BASELINE = "no_baseline"
    INVALID_VALUE = "invalid_value"
    OUT_OF_RANGE = "out_of_range"
    ZERO_BASELINE = "zero_baseline"
    NO_UNCERTAINTY = "no_uncertainty"
    TOO_FEW_SAMPLES = "too_few_samples"
    TOO_FEW_CLUSTERS = "too_few_clusters"
    UNMATCHED_SAMPLES = "unmatched_samples"
    MISSING_SAMPLES = "missing_samples"
    TOO_MANY_MISSING = "too_many_missing"
    NOT_COMPARABLE = "not_comparable"
    ARM_FAILED = "arm_failed"
