"""`mode: plan`: the matrix of jobs that measure a change in parts; nothing is run."""

from __future__ import annotations

from remyx_action.commands.plan import Planned, matrix_of, output_of, plan
from remyx_action.errors import Exit
from remyx_action.github.events import MergeGroupEvent, PullRequestEvent

from .job import Job
from .outputs import write_outputs


def carry_out(job: Job) -> Exit:
    """Hand the matrix on; an empty one where there is nothing to measure."""
    if job.is_draft:
        planned = Planned(legs=(), nothing="a draft is not measured")
    elif isinstance(job.event, PullRequestEvent | MergeGroupEvent):
        planned = plan(job.request(job.event, job.out), shards=None)
    else:
        planned = Planned(legs=(), nothing="the event proposes nothing")
    for warning in planned.warnings:
        job.say(f"warning: {warning}")
    job.say(output_of(planned).text().removesuffix("\n"))
    write_outputs(job.runner, {"matrix": matrix_of(planned.legs)}, job.say)
    return Exit.SHIP
