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
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

from remyx_action.errors import NotJudged
from remyx_action.planning.plan import LOG_NAME, ArmPlan

from . import memory
from .listening import LOG_CAP_BYTES, Listener, progress_in, size_of
from .outcomes import ArmOutcome, Completed, Event, Failed, Line, OnEvent, Progress, TimedOut
from .processes import MARK, end_family
from .uv import uv_command

GRACE_SECONDS = 3.0
"""Between asking and killing; a cancelled job on GitHub's runners has 7.5 seconds."""
_POLL_SECONDS = 0.1
_LAST_WORDS_SECONDS = 1.0
_BLOCK_BYTES = 64 * 1024

Ending = Literal["exited", "timed out", "stopped"]


class ScriptRuntime:
    """Runs an arm's command directly on this machine."""

    def __init__(self, *, grace_seconds: float = GRACE_SECONDS, log_cap_bytes: int = LOG_CAP_BYTES) -> None:
        self._grace_seconds = grace_seconds
        self._log_cap_bytes = log_cap_bytes

    def carry_out(self, arm: ArmPlan, *, on_event: OnEvent, stop: threading.Event) -> ArmOutcome:
        """Run the arm; its log is `harness.log` in its output folder. NotJudged where it cannot start."""
        kills_before = memory.count_kills()
        with _new_log(arm) as log:
            listener = Listener(log, cap_bytes=self._log_cap_bytes)
            harness = _Harness(arm, listener, on_event)
            try:
                ending = harness.follow(stop)
            finally:
                outlived = harness.end(self._grace_seconds)
        notes = []
        if listener.was_cut:
            notes.append(f"the log was cut at {size_of(self._log_cap_bytes)}")
        if ending == "exited" and outlived:
            notes.append(f"processes that outlived the harness and were ended: {outlived}")
        return _outcome(
            ending, harness, notes=tuple(notes), killed_for_memory=memory.count_kills() > kills_before
        )


class _Harness:
    """A started process and what is heard of it."""

    def __init__(self, arm: ArmPlan, listener: Listener, on_event: OnEvent) -> None:
        self.arm = arm
        self.listener = listener
        self._on_event = on_event
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
            self._tell(self.listener.finish())
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
        self._tell(self.listener.hear(data))
        return self._is_heard

    def _tell(self, lines: Iterable[str]) -> None:
        try:
            for line in lines:
                self._on_event(self._event_of(line))
        except BaseException:
            self._on_event = lambda _event: None  # whoever cannot hear must not keep the harness from ending
            raise

    def _event_of(self, line: str) -> Event:
        arm, elapsed = self.arm.arm, time.monotonic() - self._began
        progress = progress_in(line, self.arm.expected_samples)
        if progress is None:
            return Line(arm=arm, text=line, elapsed_seconds=elapsed)
        done, total = progress
        return Progress(arm=arm, done=done, total=total, text=line, elapsed_seconds=elapsed)


@contextmanager
def _new_log(arm: ArmPlan) -> Iterator[IO[bytes]]:
    path = Path(arm.output_folder) / LOG_NAME
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o644), "wb") as log:
        yield log


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


def _outcome(
    ending: Ending, harness: _Harness, *, notes: tuple[str, ...], killed_for_memory: bool
) -> ArmOutcome:
    elapsed, last_lines = harness.elapsed_seconds, harness.listener.last_lines
    code = harness.process.returncode
    if ending == "timed out":
        return TimedOut(
            timeout_seconds=harness.arm.timeout_seconds,
            last_lines=last_lines,
            elapsed_seconds=elapsed,
            notes=notes,
        )
    if ending == "exited" and code == 0:
        return Completed(elapsed_seconds=elapsed, notes=notes)
    number = -code if code < 0 else code - 128 if code > 128 else None
    was_killed = number == signal.SIGKILL
    ran_out = (was_killed and killed_for_memory) or memory.says_so(last_lines)
    what = "stopped" if ending == "stopped" else _in_words(code)
    if ran_out:
        what += ": out of memory"
    elif was_killed and ending == "exited":
        what += ", as the kernel does where memory runs out"
    return Failed(
        what=what,
        exit_code=code if code >= 0 else None,
        signal=signal.Signals(number).name if number in _SIGNALS else None,
        out_of_memory=ran_out,
        last_lines=last_lines,
        elapsed_seconds=elapsed,
        notes=notes,
        infrastructure=ending == "exited" and not ran_out and (code == TEMPORARY or number in _FROM_OUTSIDE),
    )


TEMPORARY = 75
"""EX_TEMPFAIL of sysexits(3): how a harness itself says that trying again makes sense."""
_FROM_OUTSIDE = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGKILL, signal.SIGTERM})
"""Signals that somebody else sent; a crash of the harness's own has others."""
_SIGNALS = frozenset(signal.Signals)


def _in_words(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name if -code in _SIGNALS else f'signal {-code}'}"
    if code - 128 in _SIGNALS:
        return f"exit code {code} ({signal.Signals(code - 128).name})"
    return f"exit code {code}"
