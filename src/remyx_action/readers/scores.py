"""The scores of one arm, metric by metric: samples, a summary, or the reason why neither can be used.

`Reason` is the one list of reasons that files, code and reports share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct, field


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


class Samples(Struct, frozen=True, kw_only=True):
    """Columns of equal length, one row a sample, in the order in which they were written."""

    ids: Sequence[str]
    """As written; an integer id is its decimal text."""
    scores: Sequence[str]
    """The decimal literals as written, each finite and within ±1e15 and the metric's range."""
    clusters: Sequence[str] | None = None
    repeats: Sequence[str] | None = None
    """Absent: every id occurs once. (id, repeat) never occurs twice."""
    seeds: Sequence[str] | None = None
    """Where the recipe was run once per seed: the seed of each row."""
    inputs: Sequence[str | None] | None = None
    """The input of the sample, or its digest; compared between arms where both give it."""
    outputs: Sequence[str | None] | None = None
    missing: Mapping[str, str] = field(default_factory=dict)
    """Id without a score in any repeat → the error that was reported, or "" where none was."""


class Summary(Struct, frozen=True, kw_only=True):
    """An arm's mean, with the uncertainty that the harness reported."""

    value: Decimal
    n: int | None = None
    stderr: Decimal | None = None
    """Standard error of the mean, s/√n, in the metric's unit."""
    clusters: int | None = None


class Exact(Struct, frozen=True, kw_only=True):
    """A baseline that is a fixed number by decision, not a measurement."""

    value: Decimal


class Unusable(Struct, frozen=True, kw_only=True):
    """No score that counts; `message` says why, with counts and examples."""

    reason: Reason
    message: str


class Empty(Unusable, frozen=True, kw_only=True):
    """A list without samples: unusable alone, an empty part where there are other shards."""


Scores = Samples | Summary | Exact | Unusable


class ArmScores(Struct, frozen=True, kw_only=True):
    """Everything that was read from one arm's output."""

    scores: Mapping[str, Scores]
    """By metric key; a declared metric that did not arrive is `Unusable(missing_metric)`."""
    provenance: Mapping[str, str] = field(default_factory=dict)
    """`dataset_revision`, `judge`, `model_revision`, …, as the harness reported them."""
    unnamed: tuple[str, ...] = ()
    """What arrived that no metric names: listed, not matched."""
    warnings: tuple[str, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    """File name → `sha256:…` of each file that was read."""
    cost: Mapping[str, Decimal] = field(default_factory=dict)
    """Unit → amount, as the harness reported it."""

    def unusable(self, *, of_a_shard: bool = False) -> Mapping[str, Unusable]:
        """The metrics without a score that counts; a shard may well have no sample of one."""
        kind = Empty if of_a_shard else ()
        return {
            key: found
            for key, found in self.scores.items()
            if isinstance(found, Unusable) and not isinstance(found, kind)
        }
