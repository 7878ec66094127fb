"""Progress on standard error while arms run: who is running, for how long, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct, field

from remyx_action.github.workflow import mask
from remyx_action.project.models.template import ArmName

if TYPE_CHECKING:
    from remyx_action.runtimes import Finished, Note, OutputLine, Progress, RunEvent, Started

WIDEST = 200
"""Characters of a harness's line that are shown; the log keeps all of it."""


class ProgressLines(Struct, kw_only=True):
    """Turns events into lines, each with its arm in front, so that two arms can be distinguished.

    The name in front also keeps a runner from taking a harness's line for a workflow command.
    """

    say: Callable[[str], None]
    command: Callable[[str], None]
    """Prints a line that a runner is to act on."""
    last_tenth: dict[ArmName, int] = field(default_factory=dict)

    def __call__(self, event: RunEvent) -> None:
        from remyx_action.runtimes import Secrets  # who runs no arm loads no runtime

        if isinstance(event, Secrets):
            for value in event.values:
                for command in mask(value):
                    self.command(command)
        elif (line := self._line(event)) is not None:
            self.say(f"{event.arm:<8} │ {line}")

    def _line(self, event: Started | OutputLine | Progress | Finished | Note) -> str | None:
        from remyx_action.runtimes import Finished, Note, OutputLine, Progress, Started

        match event:
            case Started():
                return f"started: {' '.join(event.command)[:WIDEST] or 'what its image says'}"
            case OutputLine() | Note():
                return event.text[:WIDEST]
            case Progress():
                return self._progress(event)
            case Finished():
                outcome = event.outcome
                if outcome.state == "completed":
                    return f"completed in {outcome.elapsed_seconds:.1f} s"
                if outcome.state == "timed_out":
                    return f"{outcome.what}, and was stopped"
                return f"failed after {outcome.elapsed_seconds:.1f} s: {outcome.what}"

    def _progress(self, event: Progress) -> str | None:
        """One line per tenth: a log that people scroll must not drown in a progress bar."""
        tenth = 10 * event.done // event.total
        if tenth == self.last_tenth.get(event.arm, 0):
            return None
        self.last_tenth[event.arm] = tenth
        return f"{event.done} of {event.total} samples after {event.elapsed_seconds:.0f} s"
