"""Progress on standard error while arms run: who is running, for how long, and what they say."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field

from remyx_action.project.models.template import ArmName
from remyx_action.runtimes import Completed, Event, Failed, Finished, Line, Note, Progress, Started, TimedOut

WIDEST = 200
"""Characters of a harness's line that are shown; the log keeps all of it."""


class Teller(Struct, kw_only=True):
    """Turns events into lines, each with its arm in front, so that two arms can be told apart.

    The name in front also keeps a runner from taking a harness's line for a workflow command.
    """

    say: Callable[[str], None]
    last_tenth: dict[ArmName, int] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        line = self._line(event)
        if line is not None:
            self.say(f"{event.arm:<8} │ {line}")

    def _line(self, event: Event) -> str | None:
        match event:
            case Started():
                return f"started: {' '.join(event.command)[:WIDEST] or 'what its image says'}"
            case Line() | Note():
                return event.text[:WIDEST]
            case Progress():
                return self._progress(event)
            case Finished(outcome=Completed() as outcome):
                return f"completed in {outcome.elapsed_seconds:.1f} s"
            case Finished(outcome=TimedOut() as outcome):
                return f"timed out after {outcome.timeout_seconds:g} s, and was stopped"
            case Finished(outcome=Failed() as outcome):
                return f"failed after {outcome.elapsed_seconds:.1f} s: {outcome.what}"
        return None

    def _progress(self, event: Progress) -> str | None:
        """One line per tenth: a log that people scroll must not drown in a progress bar."""
        tenth = 10 * event.done // event.total
        if tenth == self.last_tenth.get(event.arm, 0):
            return None
        self.last_tenth[event.arm] = tenth
        return f"{event.done} of {event.total} samples after {event.elapsed_seconds:.0f} s"
