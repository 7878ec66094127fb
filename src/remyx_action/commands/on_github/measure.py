"""`mode: measure`: run the arms, judge nothing, and leave one archive for the job that judges."""

from __future__ import annotations

from msgspec.structs import replace

from remyx_action.commands.run.pipeline import run
from remyx_action.errors import Exit
from remyx_action.github.events import MergeGroupEvent, PullRequestEvent
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
    try:
        ran = run(replace(job.request(job.event, job.out), measure_only=True), job.world)
    except BaseException:
        if job.out.is_dir():
            _hand_on(job)
        raise
    if ran.nothing is not None:
        job.say(f"nothing to evaluate: {ran.nothing}")
        return Exit.SHIP
    _hand_on(job)
    return Exit.SHIP


def _hand_on(job: Job) -> None:
    archive = job.out / ARCHIVE
    for path in pack(job.out, archive):
        job.say(f"left out of the archive: {path!a} is too large, or too much with the others")
    write_outputs(job.runner, {"report": str(archive)}, job.say)
