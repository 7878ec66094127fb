"""What conditions and fields are held against."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from remyx_action.confidence import Estimate
from remyx_action.evidence.inputs import Inputs
from remyx_action.policy.bar import Bar
from remyx_action.policy.reasons import Reason


class Facts(Struct, frozen=True, kw_only=True):
    bar: Bar
    inputs: Inputs
    estimates: Mapping[str, Estimate]
    blocked_by: Reason | None
    """Why no comparison of the arms counts: an arm failed, or they are not comparable."""
