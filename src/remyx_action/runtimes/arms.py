"""Both arms of a plan, at once or in turn, so that an interruption leaves nothing running."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from remyx_action.planning.plan import Arm, ArmPlan, RunPlan

from . import processes
from .outcomes import ArmOutcome, Event, Finished, OnEvent, Runtime, Started

_POLL_SECONDS = 0.1


def run_arms(plan: RunPlan, runtime: Runtime, on_event: OnEvent) -> Mapping[Arm, ArmOutcome]:
    """Outcome of each arm of the plan, baseline first, with the plan's notes before its own.

    `on_event` is called from one thread at a time.

    NotJudged where an arm cannot be started. Whatever is raised here meanwhile (Ctrl-C, a signal's
    exception, an error of `on_event`) ends every process of both arms before it goes on.
    """
    crew = _Crew(runtime, on_event)
    names = [arm.arm for arm in plan.arms]
    turns: Sequence[Sequence[ArmPlan]] = [[arm] for arm in plan.arms] if plan.together else [plan.arms]
    threads = [threading.Thread(target=crew.carry_out, args=(turn,), daemon=True) for turn in turns]
    with processes.nothing_left_behind():
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
        self.outcomes: dict[Arm, ArmOutcome] = {}
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

    def _tell(self, event: Event) -> None:
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
