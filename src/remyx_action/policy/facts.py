"""What conditions and fields are held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from remyx_action.confidence import Estimate
from remyx_action.evidence.inputs import Inputs
from remyx_action.policy.bar import Bar
from remyx_action.policy.reasons import Reason


@dataclass(frozen=True, kw_only=True)
class Facts:
    bar: Bar
    inputs: Inputs
    estimates: Mapping[str, Estimate]
    blocked_by: Reason | None
    """Why no comparison of the arms counts: an arm failed, or they are not comparable."""
