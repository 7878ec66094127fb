"""What a claim is weighed by, whichever method it came from."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from msgspec import Struct

from .location import Tails

Method = Literal["paired", "unpaired", "one-sample", "quantile"]
INTERVAL_LEVEL = 0.95


class Basis(Struct, frozen=True, kw_only=True):
    """What a claim is weighed by."""

    tails: Tails
    threshold: Fraction
    """Where the claim's inequality lies for the value that `tails` is about."""
    method: Method
    n: int
    n_effective: float | None = None
    clusters: int | None = None
    shift: Fraction = Fraction(0)
    """The delta is what `tails` is about minus this."""
