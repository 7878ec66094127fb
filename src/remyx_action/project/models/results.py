"""`results.json`: what a harness leaves behind in a run's output folder.

The reader of this file works line by line; the model is the source of its JSON Schema.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag

from .field_types import END, Bounds, Integer, Number, Spec

Id = Annotated[str, Field(min_length=1)] | Integer
Limited = Annotated[Number, Bounds(least="-1000000000000000", most="1000000000000000")]
SiblingName = Annotated[str, Field(pattern=r"^(?!\.)[^/\\\u0000-\u001f\u007f]+" + END, max_length=255)]
"""The name of a file in the folder of results.json: no folder, no leading dot."""


class Received(Spec):
    """Base of what programs write: keys that nothing reads are left alone."""

    model_config = ConfigDict(extra="ignore")


class Sample(Received):
    """One scored item of the evaluation."""

    id: Id
    """Pairs baseline and variant; strings or integers, compared as written."""
    score: Limited | None = None
    """A number in the metric's range; null where the sample could not be scored."""
    error: Any = None
    """Not empty: why the sample could not be scored."""
    cluster: Id | None = None
    """The group that the sample was drawn with, such as its document or category."""
    repeat: Id | None = None
    """Which repetition of the same id this is."""
    input: Any = None
    """The question, or its digest; compared between baseline and variant where both give it."""
    output: Any = None
    """The answer."""


def _kind_of_samples(raw: Any) -> str:
    return "<file>" if isinstance(raw, str) else "<list>"


class MetricResult(Received):
    """One metric: samples, or a value with as much about its uncertainty as is known."""

    value: Limited | None = None
    """The run's mean; may be left out where there are samples, and has to agree with them."""
    n: Annotated[Integer, Bounds(least="1")] | None = None
    """How many samples the value is the mean of."""
    stderr: Number | None = None
    """Standard error of the mean, in the metric's unit."""
    clusters: Annotated[Integer, Bounds(least="1")] | None = None
    """How many clusters the standard error rests on."""
    samples: (
        Annotated[
            Annotated[list[Sample], Tag("<list>")] | Annotated[SiblingName, Tag("<file>")],
            Discriminator(_kind_of_samples),
        ]
        | None
    ) = None
    """The samples, or the name of a JSON Lines file in the same folder."""


class Results(Received):
    """What one run scored."""

    schema_: Literal["remyx-results/1"] = Field(alias="schema")
    """The version of this file's format."""
    metrics: dict[str, MetricResult]
    """By the metric's key."""
    provenance: dict[str, str] = Field(default_factory=dict)
    """`dataset_revision`, `judge`, `model_revision`, …"""
    cost: dict[str, Annotated[Number, Bounds(least="0")]] = Field(default_factory=dict)
    """What the run cost, by unit: `usd`, `tokens`, `gpu_hours`, …; shown, never judged."""
