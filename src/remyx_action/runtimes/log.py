"""Hearing what a harness prints: into its log up to a cap, out as lines and progress."""

from __future__ import annotations

import os
import re
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from remyx_action.project.models.template import LOG_NAME

from .outcomes import Event, Line, OnEvent, Progress
from .plan.plan import ArmPlan

LOG_CAP_BYTES = 16 * 1024 * 1024
LINE_CAP_CHARACTERS = 2_000
LAST_LINES = 20
_UNFINISHED_CAP_BYTES = 64 * 1024

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_COUNT = re.compile(r"(?<![\d/.])(\d{1,9})/(\d{1,9})(?![\d/.])")


class Listener:
    """Takes bytes as they come; writes the log, and gives whole lines back as text."""

    def __init__(self, log: IO[bytes], *, cap_bytes: int = LOG_CAP_BYTES) -> None:
        self._log = log
        self._left_bytes = cap_bytes
        self._cap_bytes = cap_bytes
        self._unfinished = b""
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self.was_cut = False
        """The cap was met: what came later is neither logged nor shown, but the last lines."""

    @property
    def last_lines(self) -> tuple[str, ...]:
        return tuple(self._last)

    def hear(self, data: bytes) -> Iterator[str]:
        """The lines that these bytes complete; carriage returns end lines too, as progress bars use them."""
        shown = not self.was_cut
        self._write(data)
        *whole, self._unfinished = re.split(rb"\r\n|\n|\r(?!$)", self._unfinished + data)
        if len(self._unfinished) > _UNFINISHED_CAP_BYTES:
            whole.append(self._unfinished)
            self._unfinished = b""
        for line in whole:
            text = clean(line)
            if text:
                self._last.append(text)
                if shown:
                    yield text

    def finish(self) -> Iterator[str]:
        """The last line, where it had no end."""
        yield from self.hear(b"\n") if self._unfinished.rstrip() else ()

    def _write(self, data: bytes) -> None:
        if self.was_cut:
            return
        self._log.write(data[: self._left_bytes])
        self._left_bytes -= len(data)
        if self._left_bytes < 0:
            self.was_cut = True
            self._log.write(f"\n[remyx-action: the log ends here, at {size_of(self._cap_bytes)}]\n".encode())
        self._log.flush()


def clean(line: bytes) -> str:
    """A line as text: UTF-8 where it is, no escapes or controls, at most 2,000 characters."""
    text = _ESCAPES.sub("", line[: LINE_CAP_CHARACTERS * 8].decode("utf-8", "replace"))
    text = _CONTROLS.sub("", text.expandtabs(4)).rstrip()
    return text if len(text) <= LINE_CAP_CHARACTERS else text[: LINE_CAP_CHARACTERS - 1] + "…"


def progress_in(line: str, expected: tuple[int, ...]) -> tuple[int, int] | None:
    """Samples done and in total, where the line is a progress bar or counts towards an expected number."""
    found = None
    for match in _COUNT.finditer(line):
        done, total = int(match[1]), int(match[2])
        if 0 < total >= done and (total in expected or "%|" in line):
            found = done, total
    return found


def size_of(count_bytes: int) -> str:
    """16777216 as `16 MiB`."""
    for unit, size in (("MiB", 1024 * 1024), ("KiB", 1024)):
        if count_bytes >= size:
            return f"{count_bytes / size:.3g} {unit}"
    return f"{count_bytes} bytes"


class Hearing:
    """An arm's output on its way: into the log, out as events, and what was heard last."""

    def __init__(self, arm: ArmPlan, on_event: OnEvent, log: IO[bytes], *, cap_bytes: int) -> None:
        self._arm = arm
        self._on_event = on_event
        self._began = time.monotonic()
        self._listener = Listener(log, cap_bytes=cap_bytes)
        self._cap_bytes = cap_bytes

    @property
    def last_lines(self) -> tuple[str, ...]:
        return self._listener.last_lines

    @property
    def notes(self) -> tuple[str, ...]:
        return (f"the log was cut at {size_of(self._cap_bytes)}",) if self._listener.was_cut else ()

    def hear(self, data: bytes) -> None:
        """One event for each line that these bytes complete."""
        self._tell(self._listener.hear(data))

    def finish(self) -> tuple[str, ...]:
        """Hear out a last line that had no end; the last lines."""
        self._tell(self._listener.finish())
        return self.last_lines

    def _tell(self, lines: Iterable[str]) -> None:
        try:
            for line in lines:
                self._on_event(self._event_of(line))
        except BaseException:
            self._on_event = lambda _event: None  # whoever cannot hear must not keep the harness from ending
            raise

    def _event_of(self, line: str) -> Event:
        arm, elapsed = self._arm.arm, time.monotonic() - self._began
        progress = progress_in(line, self._arm.expected_samples)
        if progress is None:
            return Line(arm=arm, text=line, elapsed_seconds=elapsed)
        done, total = progress
        return Progress(arm=arm, done=done, total=total, text=line, elapsed_seconds=elapsed)


@contextmanager
def new_log(arm: ArmPlan) -> Iterator[IO[bytes]]:
    """The arm's log, which must not be there yet."""
    path = arm.log_file or Path(arm.output_folder) / LOG_NAME
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o644), "wb") as log:
        yield log
