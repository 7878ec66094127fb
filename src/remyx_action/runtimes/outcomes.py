"""How an arm ended, what it reports on the way, and what a runtime has to be able to do."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from remyx_action.project.models.template import ArmName
from remyx_action.runtimes.plan.run_plan import ArmPlan

State = Literal["completed", "failed", "timed_out"]


class Outcome(Struct, frozen=True, kw_only=True):
    """How an arm ended. A crash is never a score; whether a completed arm left results, the readers find."""

    state: State
    what: str = ""
    """Why it did not complete: `exit code 1`, `killed by SIGKILL: out of memory`, `timed out after 60 s`."""
    elapsed_seconds: float
    last_lines: tuple[str, ...] = ()
    """The end of its log, where it did not complete."""
    notes: tuple[str, ...] = ()
    """For a person: a cut log, processes that had to be ended."""
    infrastructure: bool = False
    """The machine's doing, not the harness's: only this is tried again (docs/decisions/retries.md)."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Of a container: its image and the images that it was built from → digest."""
    is_redacted: bool = False
    """Secrets were taken out of its files."""


class Started(Struct, frozen=True, kw_only=True):
    arm: ArmName
    command: tuple[str, ...]
    timeout_seconds: float


class OutputLine(Struct, frozen=True, kw_only=True):
    """One line that the harness printed, without control characters, at most 2,000 characters.

    Print it with something before it, or a runner may take it for a workflow command.
    """

    arm: ArmName
    text: str
    elapsed_seconds: float


class Progress(Struct, frozen=True, kw_only=True):
    """Samples done, as far as the harness's own progress line says."""

    arm: ArmName
    done: int
    total: int
    text: str
    """The line itself."""
    elapsed_seconds: float


class Finished(Struct, frozen=True, kw_only=True):
    arm: ArmName
    outcome: Outcome


class Note(Struct, frozen=True, kw_only=True):
    """A message of this program's about an arm: why it is not run, or run again."""

    arm: ArmName
    text: str


class Secrets(Struct, frozen=True, kw_only=True):
    """On a runner of GitHub's, before anything runs: values that it is to mask in its log."""

    values: tuple[str, ...]


RunEvent = Started | OutputLine | Progress | Finished | Note | Secrets
OnEvent = Callable[[RunEvent], None]
"""Called from one thread at a time."""


class Runtime(Protocol):
    def carry_out(self, arm: ArmPlan, *, on_event: OnEvent, stop: threading.Event) -> Outcome:
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
_MEMORY_MESSAGE = re.compile(
    r"\bMemoryError\b|\bout of memory\b|\bOutOfMemoryError\b|\bstd::bad_alloc\b|\bCannot allocate memory\b",
    re.IGNORECASE,
)


def outcome_of(
    arm: ArmPlan,
    ending: Ending,
    *,
    code: int | None,
    elapsed_seconds: float,
    out_of_memory: bool,
    counts_memory: bool = False,
    last_lines: tuple[str, ...],
    notes: tuple[str, ...],
    images: Mapping[str, str] | None = None,
) -> Outcome:
    """The outcome of a process or container that ran.

    `code` is negative for a signal, and None where it is unknown. `counts_memory`: `out_of_memory` is known
    in any case, so that a bare SIGKILL has another reason.
    """
    end = Outcome(state="completed", elapsed_seconds=elapsed_seconds, notes=notes, images=images or {})
    if ending == "exited" and code == 0:
        return end
    if ending == "timed out":
        what = f"timed out after {arm.timeout_seconds:g} s"
        return replace(end, state="timed_out", what=what, last_lines=last_lines)
    out_of_memory = out_of_memory or any(_MEMORY_MESSAGE.search(line) for line in last_lines)
    what, infrastructure = "stopped", False
    if ending == "exited" and code is not None:
        number = -code if code < 0 else code - 128 if code > 128 else None
        what = _in_words(code)
        if number == signal.SIGKILL and not out_of_memory and not counts_memory:
            what += ", as the kernel does where memory runs out"
        infrastructure = not out_of_memory and (code == TEMPORARY or number in _FROM_OUTSIDE)
    what = f"{what}: out of memory" if out_of_memory else what
    return replace(end, state="failed", what=what, last_lines=last_lines, infrastructure=infrastructure)


def _in_words(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name if -code in _SIGNALS else f'signal {-code}'}"
    if code - 128 in _SIGNALS:
        return f"exit code {code} ({signal.Signals(code - 128).name})"
    return f"exit code {code}"


def count_memory_kills() -> int:
    """How often the kernel killed for memory in this process's control group (cgroup v2); 0 if unknown."""
    with suppress(OSError, ValueError, StopIteration):
        groups = Path("/proc/self/cgroup").read_text().splitlines()
        group = next(line[3:] for line in groups if line.startswith("0::"))
        events = (Path("/sys/fs/cgroup") / group.lstrip("/") / "memory.events").read_text().splitlines()
        return int(next(line for line in events if line.startswith("oom_kill ")).split()[1])
    return 0
