"""Inputs of a verdict: the exact sufficient statistics of both arms, metric by metric.

Every estimate is computed from this state as stored, never from rows; adding states is exact, so row
order and shards cannot change a byte (statistics.md, Arithmetic). verdict.json carries it as `inputs`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .specs.fields import Integer, Number, Spec

BigInteger = Annotated[str, Field(pattern=r"^-?[0-9]{1,400}(?![\s\S])")]
"""An integer of any size as a decimal string, so that no JSON reader rounds it."""


class SummaryState(Spec):
    """An arm that came as numbers only."""

    value: Number
    n: Integer | None = None
    stderr: Number | None = None
    clusters: Integer | None = None
    exact: bool = False


class UnusableState(Spec):
    reason: str
    message: str


class Inputs(Spec):
    """Placeholder of the whole: refined by the statistics."""

    arms: dict[Literal["baseline", "variant"], str]
    not_comparable: list[str]
    caps: list[str]
