"""Both arms of a plan, at once or in turn, so that an interruption leaves nothing running."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from remyx_action.project.models.template import LOG_NAME, ArmName
from remyx_action.runtimes.plan.run_plan import PREDICT_LOG_NAME, ArmPlan, RunPlan

from .outcomes import Finished, Note, OnEvent, Outcome, RunEvent, Runtime, Started
from .redaction import Redactor, redact_files


class Predicting:
    """A runtime that carries out an arm's `predict` before the arm itself, and each where it belongs."""

    def __init__(self, *, processes: Runtime, containers: Runtime) -> None:
        self._processes = processes
        self._containers = containers

    def carry_out(self, arm: ArmPlan, *, on_event: OnEvent, stop: threading.Event) -> Outcome:
        """The harness's outcome, or that of the code under test where it did not complete."""
        scorer = self._processes if arm.container is None else self._containers
        if arm.predict is None:
            return scorer.carry_out(arm, on_event=on_event, stop=stop)
        Path(arm.predict.output_folder).mkdir()
        on_event(Note(arm=arm.arm, text="the code under test predicts, in a container of its own"))
        predicted = self._containers.carry_out(arm.predict, on_event=on_event, stop=stop)
        if predicted.state != "completed":
            return replace(predicted, what=f"the code under test: {predicted.what}")
        on_event(Note(arm=arm.arm, text="the harness scores the predictions"))
        left_seconds = max(arm.timeout_seconds - predicted.elapsed_seconds, 1.0)
        scored = scorer.carry_out(replace(arm, timeout_seconds=left_seconds), on_event=on_event, stop=stop)
        if scored.state == "timed_out":
            took = f"the code under test took {predicted.elapsed_seconds:.0f} s of them"
            what = f"timed out after {arm.timeout_seconds:g} s"
            scored = replace(scored, what=what, notes=(*scored.notes, took))
        images = {f"predict: {name}": digest for name, digest in predicted.images.items()}
        return replace(
            scored,
            elapsed_seconds=predicted.elapsed_seconds + scored.elapsed_seconds,
            notes=(*predicted.notes, *scored.notes),
            images={**images, **scored.images},
        )


class Retrying:
    """A runtime that tries again, at most so often, and says so with the arm."""

    def __init__(self, runtime: Runtime, *, retries: int) -> None:
        self._runtime = runtime
        self._retries = retries

    def carry_out(self, arm: ArmPlan, *, on_event: OnEvent, stop: threading.Event) -> Outcome:
        """The outcome of the last attempt, with what ended those before it."""
        before: list[str] = []
        while True:
            outcome = self._runtime.carry_out(arm, on_event=on_event, stop=stop)
            is_last = len(before) == self._retries or stop.is_set()
            if is_last or not outcome.infrastructure or not _set_aside(arm, len(before) + 1):
                return replace(outcome, notes=(*before, *outcome.notes))
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


class Redacting:
    """A runtime whose arms leave no secret: neither in what they report nor in their files."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def carry_out(self, arm: ArmPlan, *, on_event: OnEvent, stop: threading.Event) -> Outcome:
        """The outcome; the arm has failed where a secret is in a file's name, or cannot be taken out."""
        redactor = Redactor(arm.secrets)
        if not redactor:
            return self._runtime.carry_out(arm, on_event=on_event, stop=stop)
        try:
            outcome = self._runtime.carry_out(arm, on_event=on_event, stop=stop)
        finally:
            files = redact_files(Path(arm.output_folder), redactor)
        outcome = replace(
            outcome,
            what=redactor.text(outcome.what),
            notes=tuple(map(redactor.text, outcome.notes)),
            is_redacted=files.changed > 0,
        )
        if files.refused and outcome.state == "completed":
            return replace(outcome, state="failed", what=files.refused)
        return outcome


_POLL_SECONDS = 0.1


def run_arms(plan: RunPlan, runtime: Runtime, on_event: OnEvent) -> Mapping[ArmName, Outcome]:
    """Outcome of each arm of the plan, baseline first, with the plan's notes before its own.

    `on_event` is called from one thread at a time.

    NotJudged where an arm cannot be started. Whatever is raised here meanwhile (Ctrl-C, a signal's
    exception, an error of `on_event`) ends every process of both arms before it goes on.
    """
    crew = _Crew(runtime, on_event)
    names = [arm.arm for arm in plan.arms]
    turns: Sequence[Sequence[ArmPlan]] = [[arm] for arm in plan.arms] if plan.together else [plan.arms]
    threads = [threading.Thread(target=crew.carry_out, args=(turn,), daemon=True) for turn in turns]
    try:
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            for thread in threads:
                thread.join(_POLL_SECONDS)
    finally:
        crew.stop.set()
        _wait_for(threads)
    if crew.errors:
        raise crew.errors[0]
    return {arm: replace(crew.outcomes[arm], notes=plan.notes + crew.outcomes[arm].notes) for arm in names}


class _Crew:
    """What the threads of one run share."""

    def __init__(self, runtime: Runtime, on_event: OnEvent) -> None:
        self._runtime = runtime
        self._on_event = on_event
        self._one_at_a_time = threading.Lock()
        self.stop = threading.Event()
        self.outcomes: dict[ArmName, Outcome] = {}
        self.errors: list[BaseException] = []

    def carry_out(self, arms: Sequence[ArmPlan]) -> None:
        try:
            for arm in arms:
                self._tell(Started(arm=arm.arm, command=arm.command, timeout_seconds=arm.timeout_seconds))
                outcome = self._runtime.carry_out(arm, on_event=self._tell, stop=self.stop)
                self.outcomes[arm.arm] = outcome
                self._tell(Finished(arm=arm.arm, outcome=outcome))
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            self.errors.append(error)
            self.stop.set()

    def _tell(self, event: RunEvent) -> None:
        with self._one_at_a_time:
            self._on_event(event)


def _wait_for(threads: Sequence[threading.Thread]) -> None:
    """Join the threads, through a second Ctrl-C if need be: each ends within the grace of its runtime."""
    for thread in threads:
        while thread.ident is not None and thread.is_alive():
            try:
                thread.join()
            except BaseException:  # noqa: BLE001, S112 - the first interruption is the one that goes on
                continue
