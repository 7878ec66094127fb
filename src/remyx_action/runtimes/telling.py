"""What an arm prints, told on: a log of its own, and one event for each line."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from remyx_action.planning.plan import LOG_NAME, ArmPlan

from .listening import Listener, progress_in, size_of
from .outcomes import Event, Line, OnEvent, Progress


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
