"""How an arm can end, what it says on the way, and what a runtime has to be able to do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct, field

from remyx_action.planning.plan import Arm, ArmPlan


class Completed(Struct, frozen=True, kw_only=True):
    """The harness ended well; whether it left results is for the readers to say."""

    elapsed_seconds: float
    notes: tuple[str, ...] = ()
    """What a person should know: a cut log, processes that had to be ended."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Of a container: what was built and what it was built from → digest."""


class Failed(Struct, frozen=True, kw_only=True):
    """The harness crashed; that is never a score."""

    what: str
    """In words: `exit code 1`, `killed by SIGKILL: out of memory`."""
    exit_code: int | None
    """None where a signal ended it."""
    signal: str | None
    """Such as `SIGSEGV`."""
    out_of_memory: bool
    """True where the kernel counted it or the harness said so."""
    last_lines: tuple[str, ...]
    elapsed_seconds: float
    notes: tuple[str, ...] = ()
    infrastructure: bool = False
    """The machine's doing, not the harness's: only this is tried again (docs/decisions/retries.md)."""
    images: Mapping[str, str] = field(default_factory=dict)


class TimedOut(Struct, frozen=True, kw_only=True):
    """The template's timeout passed; every process of the arm was killed."""

    timeout_seconds: float
    last_lines: tuple[str, ...]
    elapsed_seconds: float
    notes: tuple[str, ...] = ()
    images: Mapping[str, str] = field(default_factory=dict)


ArmOutcome = Completed | Failed | TimedOut


class Started(Struct, frozen=True, kw_only=True):
    arm: Arm
    command: tuple[str, ...]
    timeout_seconds: float


class Line(Struct, frozen=True, kw_only=True):
    """One line that the harness printed, without control characters, at most 2,000 characters.

    Whoever prints it stands something in front, or a runner may take it for a workflow command.
    """

    arm: Arm
    text: str
    elapsed_seconds: float


class Progress(Struct, frozen=True, kw_only=True):
    """Samples done, as far as the harness's own progress line tells."""

    arm: Arm
    done: int
    total: int
    text: str
    """The line itself."""
    elapsed_seconds: float


class Finished(Struct, frozen=True, kw_only=True):
    arm: Arm
    outcome: ArmOutcome


class Note(Struct, frozen=True, kw_only=True):
    """Our own word about an arm: why it is not run, or run again."""

    arm: Arm
    text: str


Event = Started | Line | Progress | Finished | Note
OnEvent = Callable[[Event], None]
"""Called from one thread at a time."""


class Runtime(Protocol):
    def carry_out(self, arm: ArmPlan, *, on_event: OnEvent, stop: threading.Event) -> ArmOutcome:
        """Run one arm to its end; leave no process behind, and return soon after `stop` is set.

        NotJudged where it cannot even be started.
        """
        ...
