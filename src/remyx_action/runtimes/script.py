"""The runtime for processes on this machine: one arm's command, logged, bounded in time, ended whole."""

from __future__ import annotations

import errno
import signal
import sys
import threading
import time

from remyx_action.errors import NotJudged

from .lighteval.environment import uv_command
from .log import LOG_CAP_BYTES, HarnessLog, new_log
from .outcomes import Ending, OnEvent, Outcome, count_memory_kills, outcome_of
from .plan.plan import ArmPlan
from .processes import GRACE_SECONDS, Process

_POLL_SECONDS = 0.1
BEST_EFFORT = (
    "on this system a process that leaves its group is not found: it may live on while results are read"
)


class ScriptRuntime:
    """Runs an arm's command directly on this machine."""

    def __init__(self, *, grace_seconds: float = GRACE_SECONDS, log_cap_bytes: int = LOG_CAP_BYTES) -> None:
        self._grace_seconds = grace_seconds
        self._log_cap_bytes = log_cap_bytes

    def carry_out(self, arm: ArmPlan, *, on_event: OnEvent, stop: threading.Event) -> Outcome:
        """Run the arm; its log is `harness.log` in its output folder. NotJudged where it cannot start."""
        kills_before = count_memory_kills()
        with new_log(arm) as file:
            log = HarnessLog(arm, on_event, file, cap_bytes=self._log_cap_bytes)
            began = time.monotonic()
            with self._started(arm) as process:
                ending = _follow(process, log, arm.timeout_seconds, stop)
                elapsed_seconds = time.monotonic() - began
                process.end(log.add)
            last_lines = log.finish()
        notes = [*log.notes, *([] if sys.platform.startswith("linux") else [BEST_EFFORT])]
        if ending == "exited" and process.outlived:
            notes.append(f"processes that outlived the harness and were ended: {process.outlived}")
        if process.held_by is None and ending == "exited":
            return Outcome(
                state="failed",
                what=f"{process.left}: what it left is not read while they may change it",
                elapsed_seconds=elapsed_seconds,
                last_lines=last_lines,
                notes=tuple(notes),
            )
        was_killed = process.exit_code in {-signal.SIGKILL, 128 + signal.SIGKILL}
        return outcome_of(
            arm,
            ending,
            code=process.exit_code,
            elapsed_seconds=elapsed_seconds,
            out_of_memory=was_killed and count_memory_kills() > kills_before,
            last_lines=last_lines,
            notes=tuple(notes),
        )

    def _started(self, arm: ArmPlan) -> Process:
        command = _with_uv(arm)
        try:
            return Process(
                command,
                folder=arm.working_folder,
                environment=arm.environment,
                grace_seconds=self._grace_seconds,
            )
        except OSError as error:
            what = (error.strerror or "unknown error").lower()
            advice = _HELP.get(error.errno or 0, "run the command by hand to see why")
            raise NotJudged(f"cannot start {command[0]}: {what}", help=advice) from error


def _follow(process: Process, log: HarnessLog, timeout_seconds: float, stop: threading.Event) -> Ending:
    """Log its output until it ends by itself, its time is over, or `stop` is set."""
    deadline = time.monotonic() + timeout_seconds
    while not process.has_exited:
        if stop.is_set():
            return "stopped"
        if time.monotonic() >= deadline:
            return "timed out"
        log.add(process.read(_POLL_SECONDS))
    return "exited"


_HELP = {
    errno.ENOENT: "install it, or correct `command:` in the template or the first line (#!) of the script",
    errno.EACCES: "run `chmod +x` on it, or say how it is started with `command:`",
    errno.ENOEXEC: "start the script with a line such as `#!/bin/sh`, or use `command:`",
}


def _with_uv(arm: ArmPlan) -> tuple[str, ...]:
    """The command, where `uv` is the program on PATH, else the one installed with this program."""
    if arm.command[0] != "uv":
        return arm.command
    found = uv_command(arm.environment)
    if found is None:
        raise NotJudged(
            "uv is missing, and the script's inline metadata asks for it",
            help="install it (`python3 -m pip install uv`), or say how to start the script with `command:`",
        )
    return (*found, *arm.command[1:])
