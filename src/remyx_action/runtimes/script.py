"""The runtime for processes on this machine: one arm's command, logged, bounded in time.

It is ended with all of its descendants, by a supervisor of its own.
"""

from __future__ import annotations

import errno
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import IO, Any, Self

from remyx_action.errors import NotJudged
from remyx_action.runtimes.plan.run_plan import ArmPlan

from . import supervisor
from .lighteval.environment import uv_command
from .log import LOG_CAP_BYTES, HarnessLog, new_log
from .outcomes import Ending, OnEvent, Outcome, count_memory_kills, outcome_of
from .supervisor import KILL_SECONDS, MECHANISMS

GRACE_SECONDS = 3.0
"""Between asking and killing; a cancelled job on GitHub's runners has 7.5 seconds."""
_LATE_SECONDS = 60.0
"""How much later than its own limits a supervisor may end, on a busy machine."""
_BLOCK_BYTES = 64 * 1024
_PIPE_BLOCKS = 64
"""More than a pipe holds."""
_OF_THE_INTERPRETER = ("LD_LIBRARY_PATH",)
"""The one variable that a Python may need to start."""


class Process:
    """A started command; as a context manager it ends the command and all of its descendants."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: str,
        environment: Mapping[str, str],
        grace_seconds: float = GRACE_SECONDS,
        mechanisms: Sequence[str] = MECHANISMS,
    ) -> None:
        """`mechanisms`: see supervisor.py. OSError where the command cannot be started."""
        self._grace_seconds = grace_seconds
        self._answers: dict[str, Any] = {}
        self._unfinished = b""
        self._control, theirs = socket.socketpair()
        with theirs:
            self._supervisor = subprocess.Popen(  # noqa: S603 - a program of our own
                [sys.executable, "-I", "-S", supervisor.__file__],
                cwd="/",
                env={name: os.environ[name] for name in _OF_THE_INTERPRETER if name in os.environ},
                stdin=theirs.fileno(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        assert self._supervisor.stdout is not None
        self._output: IO[bytes] = self._supervisor.stdout
        self._open = {self._control.fileno(), self._output.fileno()}
        request = {
            "command": list(command),
            "folder": folder,
            "environment": dict(environment),
            "grace_seconds": grace_seconds,
            "mechanisms": list(mechanisms),
        }
        try:
            self._start(request)
        except BaseException:
            self._close()
            raise

    def _start(self, request: Mapping[str, Any]) -> None:
        self._control.sendall(json.dumps(request).encode() + b"\n")
        while not self._answers and self._is_supervised:
            self._take_answers()
        if "started" not in self._answers:
            number = self._answers.get("refused", 0)
            raise OSError(number, os.strerror(number) if number else "its supervisor was ended")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.end(lambda _: None)
        finally:
            self._close()

    @property
    def has_exited(self) -> bool:
        """Whether the command itself has ended, or nobody is left who could say so."""
        return "exited" in self._answers or not self._is_supervised

    @property
    def exit_code(self) -> int | None:
        """Of the command itself: negative for a signal, None where it was ended before its time."""
        code: int | None = self._answers.get("exited")
        return code

    @property
    def outlived(self) -> int:
        """How many processes there were besides the command, once it had ended or was asked to."""
        return int(self._answers.get("outlived", 0))

    @property
    def held_by(self) -> str | None:
        """What held its processes together until none was left; None where some are, or may be, left."""
        return None if self._answers.get("left", 1) else str(self._answers["by"])

    @property
    def left(self) -> str:
        """Which processes could not be ended, in words."""
        count = self._answers.get("left")
        return "its supervisor was ended" if count is None else f"{count} of its processes could not be ended"

    def read(self, wait_seconds: float) -> bytes:
        """What was printed, waiting at most that long for it; empty where nothing was."""
        ready, _, _ = select.select(self._open, [], [], wait_seconds)
        if self._control.fileno() in ready:
            self._take_answers()
        if self._output.fileno() not in ready:
            return b""
        data = os.read(self._output.fileno(), _BLOCK_BYTES)
        if not data:
            self._open.discard(self._output.fileno())
        return data

    def end(self, on_output: Callable[[bytes], object]) -> None:
        """End every process, if they have not ended; `on_output` is called with what they still print."""
        if self._is_supervised:
            self._control.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + self._grace_seconds + KILL_SECONDS + _LATE_SECONDS
        while self._is_supervised and time.monotonic() < deadline:
            on_output(self.read(0.1))
        for _ in range(_PIPE_BLOCKS):
            if data := self.read(0):
                on_output(data)

    @property
    def _is_supervised(self) -> bool:
        return self._control.fileno() in self._open

    def _take_answers(self) -> None:
        data = self._control.recv(_BLOCK_BYTES)
        if not data:
            self._open.discard(self._control.fileno())
        *lines, self._unfinished = (self._unfinished + data).split(b"\n")
        for line in lines:
            self._answers |= json.loads(line)

    def _close(self) -> None:
        if self._is_supervised:
            self._supervisor.kill()
        self._supervisor.wait()
        self._control.close()
        self._output.close()


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
