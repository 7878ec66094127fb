"""What a harness prints: into its log up to a cap, and out as lines and progress."""

from __future__ import annotations

import os
import re
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from remyx_action.project.models.template import LOG_NAME
from remyx_action.runtimes.plan.run_plan import ArmPlan

from .outcomes import OnEvent, OutputLine, Progress, RunEvent
from .redaction import RedactedStream, Redactor

LOG_CAP_BYTES = 16 * 1024 * 1024
LINE_CAP_CHARACTERS = 2_000
LAST_LINES = 20
_UNFINISHED_CAP_BYTES = 64 * 1024

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_COUNT = re.compile(r"(?<![\d/.])(\d{1,9})/(\d{1,9})(?![\d/.])")


class HarnessLog:
    """Takes an arm's output as it comes, writes its log, and tells each line as an event."""

    def __init__(
        self, arm: ArmPlan, on_event: OnEvent, log: IO[bytes], *, cap_bytes: int = LOG_CAP_BYTES
    ) -> None:
        self._arm, self._on_event, self._log = arm, on_event, log
        self._redacted = RedactedStream(Redactor(arm.secrets))
        self._cap_bytes = self._left_bytes = cap_bytes
        self._began = time.monotonic()
        self._unfinished = b""
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._was_cut = False

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The last 20, also of what came after the cap."""
        return tuple(self._last)

    @property
    def notes(self) -> tuple[str, ...]:
        """That the log was cut, if it was."""
        return (f"the log was cut at {size_of(self._cap_bytes)}",) if self._was_cut else ()

    def add(self, data: bytes) -> None:
        """One event for each line that these bytes complete; a carriage return ends one too.

        Secrets are cut out first; what may be the beginning of one waits for what comes next.
        """
        self._add(self._redacted.add(data))

    def _add(self, data: bytes) -> None:
        is_shown = not self._was_cut
        self._write(data)
        *whole, self._unfinished = re.split(rb"\r\n|\n|\r(?!$)", self._unfinished + data)
        if len(self._unfinished) > _UNFINISHED_CAP_BYTES:
            whole.append(self._unfinished)
            self._unfinished = b""
        for text in filter(None, map(clean, whole)):
            self._last.append(text)
            if is_shown:
                self._emit(text)

    def finish(self) -> tuple[str, ...]:
        """Complete a last line that had no end; return the last lines."""
        self._add(self._redacted.finish())
        if self._unfinished.rstrip():
            self._add(b"\n")
        return self.last_lines

    def _write(self, data: bytes) -> None:
        if self._was_cut:
            return
        self._log.write(data[: self._left_bytes])
        self._left_bytes -= len(data)
        if self._left_bytes < 0:
            self._was_cut = True
            self._log.write(f"\n[remyx-action: the log ends here, at {size_of(self._cap_bytes)}]\n".encode())
        self._log.flush()

    def _emit(self, line: str) -> None:
        try:
            self._on_event(self._event_of(line))
        except BaseException:
            self._on_event = lambda _event: None  # its error must not keep the harness from being ended
            raise

    def _event_of(self, line: str) -> RunEvent:
        arm, elapsed = self._arm.arm, time.monotonic() - self._began
        progress = progress_in(line, self._arm.expected_samples)
        if progress is None:
            return OutputLine(arm=arm, text=line, elapsed_seconds=elapsed)
        done, total = progress
        return Progress(arm=arm, done=done, total=total, text=line, elapsed_seconds=elapsed)


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


@contextmanager
def new_log(arm: ArmPlan) -> Iterator[IO[bytes]]:
    """The arm's log, which must not be there yet."""
    path = arm.log_file or Path(arm.output_folder) / LOG_NAME
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o644), "wb") as log:
        yield log
