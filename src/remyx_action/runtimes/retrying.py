"""Running an arm again where the machine failed it, and never where its harness did."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from msgspec.structs import replace

from remyx_action.planning.plan import LOG_NAME, PREDICT_LOG_NAME, ArmPlan

from .outcomes import ArmOutcome, Failed, Note, OnEvent, Runtime


class Retrying:
    """A runtime that tries again, at most so often, and says so with the arm."""

    def __init__(self, runtime: Runtime, *, retries: int) -> None:
        self._runtime = runtime
        self._retries = retries

    def carry_out(self, arm: ArmPlan, *, on_event: OnEvent, stop: threading.Event) -> ArmOutcome:
        """The outcome of the last attempt, with what ended those before it."""
        before: list[str] = []
        while True:
            outcome = self._runtime.carry_out(arm, on_event=on_event, stop=stop)
            mended = isinstance(outcome, Failed) and outcome.infrastructure and not stop.is_set()
            if not mended or len(before) == self._retries or not _set_aside(arm, len(before) + 1):
                return replace(outcome, notes=(*before, *outcome.notes))
            assert isinstance(outcome, Failed)
            before.append(f"attempt {len(before) + 1} of {self._retries + 1} was lost: {outcome.what}")
            on_event(Note(arm=arm.arm, text=f"{before[-1]}; trying again"))


def _set_aside(arm: ArmPlan, attempt: int) -> bool:
    """Keep the attempt's logs under other names and empty the rest; False where that is not possible."""
    folder = Path(arm.output_folder)
    logs = [Path(LOG_NAME).stem, Path(PREDICT_LOG_NAME).stem]
    kept = {f"{log}-{number}.log" for log in logs for number in range(1, attempt + 1)}
    try:
        for log in logs:
            if (folder / f"{log}.log").exists():
                (folder / f"{log}.log").replace(folder / f"{log}-{attempt}.log")
        for path in folder.iterdir():
            if path.name in kept:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    except OSError:
        return False
    return True
