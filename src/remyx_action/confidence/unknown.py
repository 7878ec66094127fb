"""Why there is no confidence, or no point: a reason and what was found, with the next step."""

from __future__ import annotations

from msgspec import Struct

from remyx_action.policy.reasons import Reason


class Unknown(Struct, frozen=True, kw_only=True):
    reason: Reason
    note: str
    """Lower case, no full stop: what was found; what to do."""


DECLARE_A_RANGE = "declare `range:` on the metric"
NO_RANGE_NO_SPREAD = Unknown(
    reason=Reason.NO_UNCERTAINTY,
    note=f"without a range, samples that are all equal say nothing about others: {DECLARE_A_RANGE}",
)
CONTRADICTION = Unknown(
    reason=Reason.INVALID_VALUE,
    note="the sums contradict the range or the extremes: judge the result files anew",
)
BARE_NUMBER = "the {arm} is a bare number: report samples, or its standard error and n"


def too_few_samples(n: int) -> Unknown:
    return Unknown(
        reason=Reason.TOO_FEW_SAMPLES,
        note=f"{n} sample says nothing about the others: evaluate at least 2",
    )


def too_few_clusters(clusters: int) -> Unknown:
    return Unknown(
        reason=Reason.TOO_FEW_CLUSTERS,
        note=f"{clusters} clusters; a confidence needs at least 5: evaluate more clusters",
    )
