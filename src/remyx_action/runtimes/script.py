"""The runtime `custom` for scripts: one arm as a process of its own session, heard, bounded, ended whole."""

from __future__ import annotations

import errno
import os
import select
import signal
import subprocess
import threading
import time
import uuid
from typing import IO

from remyx_action.errors import NotJudged

from . import outcomes as memory
from .lighteval.environment import uv_command
from .log import LOG_CAP_BYTES, Hearing, new_log
from .outcomes import ArmOutcome, Ended, Ending, OnEvent, outcome_of
from .plan.plan import ArmPlan
from .processes import MARK, end_family

GRACE_SECONDS = 3.0
"""Between asking and killing; a cancelled job on GitHub's runners has 7.5 seconds."""
_POLL_SECONDS = 0.1
_LAST_WORDS_SECONDS = 1.0
_BLOCK_BYTES = 64 * 1024


class ScriptRuntime:
    """Runs an arm's command directly on this machine."""

    def __init__(self, *, grace_seconds: float = GRACE_SECONDS, log_cap_bytes: int = LOG_CAP_BYTES) -> None:
        self._grace_seconds = grace_seconds
        self._log_cap_bytes = log_cap_bytes

    def carry_out(self, arm: ArmPlan, *, on_event: OnEvent, stop: threading.Event) -> ArmOutcome:
        """Run the arm; its log is `harness.log` in its output folder. NotJudged where it cannot start."""
        kills_before = memory.count_kills()
        with new_log(arm) as log:
            harness = _Harness(arm, Hearing(arm, on_event, log, cap_bytes=self._log_cap_bytes))
            try:
                ending = harness.follow(stop)
            finally:
                outlived = harness.end(self._grace_seconds)
        notes = [*harness.hearing.notes]
        if ending == "exited" and outlived:
            notes.append(f"processes that outlived the harness and were ended: {outlived}")
        code, last_lines = harness.process.returncode, harness.hearing.last_lines
        killed_for_memory = code in {-signal.SIGKILL, 128 + signal.SIGKILL} and (
            memory.count_kills() > kills_before
        )
        return outcome_of(
            arm,
            Ended(
                how=ending,
                code=code,
                elapsed_seconds=harness.elapsed_seconds,
                out_of_memory=killed_for_memory or memory.says_so(last_lines),
                last_lines=last_lines,
                notes=tuple(notes),
            ),
        )


class _Harness:
    """A started process and what is heard of it."""

    def __init__(self, arm: ArmPlan, hearing: Hearing) -> None:
        self.arm = arm
        self.hearing = hearing
        self._run_id = uuid.uuid4().hex
        self._began = time.monotonic()
        self.elapsed_seconds = 0.0
        self.process = _start(arm, self._run_id)
        self._is_heard = True

    def follow(self, stop: threading.Event) -> Ending:
        """Listen until it ends by itself, its time is over, or `stop` is set."""
        while not stop.is_set():
            if self.process.poll() is not None:
                return "exited"
            if time.monotonic() - self._began >= self.arm.timeout_seconds:
                return "timed out"
            self._hear(wait_seconds=_POLL_SECONDS)
        return "stopped"

    def end(self, grace_seconds: float) -> int:
        """End whatever is left of it and hear it out; returns how many processes there were."""
        self.elapsed_seconds = time.monotonic() - self._began
        count = end_family(
            self.process,
            self._run_id,
            grace_seconds=grace_seconds,
            meanwhile=lambda: self._hear(wait_seconds=0),
        )
        self.process.wait()
        with self._stdout:
            deadline = time.monotonic() + _LAST_WORDS_SECONDS
            while self._hear(wait_seconds=0) and time.monotonic() < deadline:
                pass
            self.hearing.finish()
        return count

    @property
    def _stdout(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout

    def _hear(self, *, wait_seconds: float) -> bool:
        """Take what was printed, waiting at most that long; False where there was nothing."""
        if not self._is_heard:  # it closed its output and goes on in silence
            time.sleep(wait_seconds)
            return False
        if not select.select([self._stdout], [], [], wait_seconds)[0]:
            return False
        data = os.read(self._stdout.fileno(), _BLOCK_BYTES)
        self._is_heard = bool(data)
        self.hearing.hear(data)
        return self._is_heard


def _start(arm: ArmPlan, run_id: str) -> subprocess.Popen[bytes]:
    command = _with_uv(arm)
    try:
        return subprocess.Popen(  # noqa: S603 - a command of the base's template, without a shell
            command,
            cwd=arm.working_folder,
            env={**arm.environment, MARK: run_id},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        what = (error.strerror or "unknown error").lower()
        advice = _HELP.get(error.errno or 0, "run the command by hand to see why")
        raise NotJudged(f"cannot start {command[0]}: {what}", help=advice) from error


_HELP = {
    errno.ENOENT: "install it, or correct `command:` in the template or the first line (#!) of the script",
    errno.EACCES: "run `chmod +x` on it, or say how it is started with `command:`",
    errno.ENOEXEC: "start the script with a line such as `#!/bin/sh`, or use `command:`",
}


def _with_uv(arm: ArmPlan) -> tuple[str, ...]:
    """The command, where `uv` is the program on PATH, else the one installed beside this program."""
    if arm.command[0] != "uv":
        return arm.command
    found = uv_command(arm.environment)
    if found is None:
        raise NotJudged(
            "uv is missing, and the script's inline metadata asks for it",
            help="install it (`python3 -m pip install uv`), or say how to start the script with `command:`",
        )
    return (*found, *arm.command[1:])
