"""Code under test first, in a container of its own; then the harness, which sees what it predicted."""

from __future__ import annotations

import threading
from pathlib import Path

from msgspec.structs import replace

from remyx_action.planning.plan import ArmPlan

from .outcomes import ArmOutcome, Completed, Note, OnEvent, Runtime, TimedOut


class Predicting:
    """A runtime that carries out an arm's `predict` before the arm itself, and each where it belongs."""

    def __init__(self, *, processes: Runtime, containers: Runtime) -> None:
        self._processes = processes
        self._containers = containers

    def carry_out(self, arm: ArmPlan, *, on_event: OnEvent, stop: threading.Event) -> ArmOutcome:
        """The harness's outcome, or that of the code under test where it did not complete."""
        scorer = self._processes if arm.container is None else self._containers
        if arm.predict is None:
            return scorer.carry_out(arm, on_event=on_event, stop=stop)
        Path(arm.predict.output_folder).mkdir()
        on_event(Note(arm=arm.arm, text="the code under test predicts, in a container of its own"))
        predicted = self._containers.carry_out(arm.predict, on_event=on_event, stop=stop)
        if not isinstance(predicted, Completed):
            return _before_the_harness(predicted)
        on_event(Note(arm=arm.arm, text="the harness scores the predictions"))
        left_seconds = max(arm.timeout_seconds - predicted.elapsed_seconds, 1.0)
        scored = scorer.carry_out(replace(arm, timeout_seconds=left_seconds), on_event=on_event, stop=stop)
        if isinstance(scored, TimedOut):
            took = f"the code under test took {predicted.elapsed_seconds:.0f} s of them"
            scored = replace(scored, timeout_seconds=arm.timeout_seconds, notes=(*scored.notes, took))
        images = {f"predict: {name}": digest for name, digest in predicted.images.items()}
        return replace(
            scored,
            elapsed_seconds=predicted.elapsed_seconds + scored.elapsed_seconds,
            notes=(*predicted.notes, *scored.notes),
            images={**images, **scored.images},
        )


def _before_the_harness(predicted: ArmOutcome) -> ArmOutcome:
    """Said to be the code's failure, not the harness's."""
    if isinstance(predicted, TimedOut | Completed):
        return replace(predicted, notes=(*predicted.notes, "it was the code under test that ran so long"))
    return replace(predicted, what=f"the code under test: {predicted.what}")
