"""How an arm can end, what it says on the way, and what a runtime has to be able to do."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct, field

from remyx_action.project.models.template import ArmName

from .plan.plan import ArmPlan

_SAYINGS = re.compile(
    r"\bMemoryError\b|\bout of memory\b|\bOutOfMemoryError\b|\bstd::bad_alloc\b|\bCannot allocate memory\b",
    re.IGNORECASE,
)


def count_kills() -> int:
    """How often the kernel killed for memory in this process's control group (cgroup v2); 0 if unknown."""
    with suppress(OSError, ValueError, StopIteration):
        groups = Path("/proc/self/cgroup").read_text().splitlines()
        group = next(line[3:] for line in groups if line.startswith("0::"))
        events = (Path("/sys/fs/cgroup") / group.lstrip("/") / "memory.events").read_text().splitlines()
        return int(next(line for line in events if line.startswith("oom_kill ")).split()[1])
    return 0


def says_so(last_lines: Sequence[str]) -> bool:
    """Whether one of the last lines is what Python, C++, CUDA or the kernel say when memory runs out."""
    return any(_SAYINGS.search(line) for line in last_lines)


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
    arm: ArmName
    command: tuple[str, ...]
    timeout_seconds: float


class Line(Struct, frozen=True, kw_only=True):
    """One line that the harness printed, without control characters, at most 2,000 characters.

    Whoever prints it stands something in front, or a runner may take it for a workflow command.
    """

    arm: ArmName
    text: str
    elapsed_seconds: float


class Progress(Struct, frozen=True, kw_only=True):
    """Samples done, as far as the harness's own progress line tells."""

    arm: ArmName
    done: int
    total: int
    text: str
    """The line itself."""
    elapsed_seconds: float


class Finished(Struct, frozen=True, kw_only=True):
    arm: ArmName
    outcome: ArmOutcome


class Note(Struct, frozen=True, kw_only=True):
    """Our own word about an arm: why it is not run, or run again."""

    arm: ArmName
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
