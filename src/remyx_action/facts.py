"""What conditions and fields are held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .bar import Bar
from .confidence import Estimate
from .evidence import Inputs
from .reasons import Reason


@dataclass(frozen=True, kw_only=True)
class Facts:
    bar: Bar
    inputs: Inputs
    estimates: Mapping[str, Estimate]
    blocked_by: Reason | None
    """Why no comparison of the arms counts: an arm failed, or they are not comparable."""
