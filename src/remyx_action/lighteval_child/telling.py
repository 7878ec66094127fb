"""What the program says on the way and at its end: phases, counts, and one last line where it failed."""

from __future__ import annotations

import sys
import traceback
from dataclasses import dataclass

FAILED = 1
AGAIN = 75
"""EX_TEMPFAIL of sysexits(3): another attempt makes sense."""
STEP_PERCENT = 5
"""Between two progress lines."""


class RefusedError(Exception):
    """Something that must not become a score; the message is the last line that is printed."""

    code = FAILED


class LostError(RefusedError):
    """What the evaluation depends on went away, such as a server: another attempt makes sense."""

    code = AGAIN


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def fail(error: BaseException) -> int:
    """Print how it came about and, last, what happened; returns the exit code."""
    refused = isinstance(error, RefusedError)
    if not refused:
        traceback.print_exception(error, file=sys.stderr)
        sys.stderr.flush()
    name = "" if refused else f"{type(error).__name__}: "
    what = " ".join(str(error).split()) or "no further words"
    say(f"error: {name}{what[:1500]}")
    return error.code if isinstance(error, RefusedError) else FAILED


@dataclass(kw_only=True)
class Counter:
    """Documents done, told as a progress line now and then."""

    phase: str
    total: int
    done: int = 0
    told: int = -STEP_PERCENT

    def add(self, count: int) -> None:
        """Count documents that are done."""
        self.done = min(self.done + count, self.total)
        percent = 100 * self.done // self.total if self.total else 100
        if percent >= self.told + STEP_PERCENT:
            self.told = percent
            say(f"{self.phase} {percent:3}%| {self.done}/{self.total}")
