"""From an exit code and what is known besides to the outcome of an arm."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from remyx_action.planning.plan import ArmPlan

from .outcomes import ArmOutcome, Completed, Failed, TimedOut

Ending = Literal["exited", "timed out", "stopped"]

TEMPORARY = 75
"""EX_TEMPFAIL of sysexits(3): how a harness itself says that trying again makes sense."""
_FROM_OUTSIDE = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGKILL, signal.SIGTERM})
"""Signals that somebody else sent; a crash of the harness's own has others."""
_SIGNALS = frozenset(signal.Signals)


class Ended(Struct, frozen=True, kw_only=True):
    """An arm's process or container at its end."""

    how: Ending
    code: int
    """Negative: the signal that ended it."""
    elapsed_seconds: float
    out_of_memory: bool
    """The kernel counted it, or the harness said so."""
    counts_memory: bool = False
    """Whether `out_of_memory` would be known in any case: then a bare SIGKILL had another reason."""
    last_lines: tuple[str, ...]
    notes: tuple[str, ...]
    images: Mapping[str, str] = field(default_factory=dict)


def outcome_of(arm: ArmPlan, ended: Ended) -> ArmOutcome:
    """How the arm ended."""
    if ended.how == "timed out":
        return TimedOut(
            timeout_seconds=arm.timeout_seconds,
            last_lines=ended.last_lines,
            elapsed_seconds=ended.elapsed_seconds,
            notes=ended.notes,
            images=ended.images,
        )
    code = ended.code
    if ended.how == "exited" and code == 0:
        return Completed(elapsed_seconds=ended.elapsed_seconds, notes=ended.notes, images=ended.images)
    number = -code if code < 0 else code - 128 if code > 128 else None
    what = "stopped" if ended.how == "stopped" else _in_words(code)
    if ended.out_of_memory:
        what += ": out of memory"
    elif number == signal.SIGKILL and ended.how == "exited" and not ended.counts_memory:
        what += ", as the kernel does where memory runs out"
    from_outside = code == TEMPORARY or number in _FROM_OUTSIDE
    return Failed(
        what=what,
        exit_code=code if code >= 0 else None,
        signal=signal.Signals(number).name if number in _SIGNALS else None,
        out_of_memory=ended.out_of_memory,
        last_lines=ended.last_lines,
        elapsed_seconds=ended.elapsed_seconds,
        notes=ended.notes,
        infrastructure=ended.how == "exited" and not ended.out_of_memory and from_outside,
        images=ended.images,
    )


def _in_words(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name if -code in _SIGNALS else f'signal {-code}'}"
    if code - 128 in _SIGNALS:
        return f"exit code {code} ({signal.Signals(code - 128).name})"
    return f"exit code {code}"
