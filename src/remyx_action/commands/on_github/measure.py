"""`mode: measure`: run the arms, judge nothing, and leave one archive for the job that judges."""

from __future__ import annotations

from msgspec.structs import replace

from remyx_action.commands.run.pipeline import run
from remyx_action.errors import Exit
from remyx_action.github.events import MergeGroupEvent, PullRequestEvent
from remyx_action.runtimes import OnEvent
from remyx_action.runtimes.outcomes import Finished
from remyx_action.runtimes.outcomes import RunEvent as ArmEvent
from remyx_action.sources.disk.archive import pack

from .job import ARCHIVE, Job
from .outputs import write_outputs


def carry_out(job: Job) -> Exit:
    """Measure and pack; a job that is ended from outside leaves the logs that it has.

    An arm that the harness failed is for the judging job to tell. One that the machine failed is red here,
    so that running the failed jobs again measures again.
    """
    if job.is_draft or not isinstance(job.event, PullRequestEvent | MergeGroupEvent):
        job.say(f"nothing to measure: {'a draft' if job.is_draft else 'the event'} proposes nothing")
        return Exit.SHIP
    lost: list[str] = []
    world = replace(job.world, on_event=_noting(lost, job.world.on_event))
    try:
        ran = run(replace(job.request(job.event, job.out), measure_only=True), world)
    except BaseException:
        if job.out.is_dir():
            _hand_on(job)
        raise
    if ran.nothing is not None:
        job.say(f"nothing to evaluate: {ran.nothing}")
        return Exit.SHIP
    _hand_on(job)
    for each in lost:
        job.say(f"{each}: run the failed jobs again to measure it again")
    return Exit.NOT_JUDGED if lost else Exit.SHIP


def _noting(lost: list[str], on_event: OnEvent) -> OnEvent:
    """Return the callback that also notes every arm that the machine failed, not the harness."""

    def note(event: ArmEvent) -> None:
        if isinstance(event, Finished) and event.outcome.infrastructure:
            lost.append(f"the {event.arm} was lost: {event.outcome.what}")
        on_event(event)

    return note


def _hand_on(job: Job) -> None:
    archive = job.out / ARCHIVE
    for path in pack(job.out, archive):
        job.say(f"left out of the archive: {path!a} is too large, or too much with the others")
    write_outputs(job.runner, {"report": str(archive)}, job.say)
