"""`mode: cache`: have every baseline arm in the cache, on the default branch alone."""

from __future__ import annotations

from remyx_action.commands import baseline
from remyx_action.commands.run.request import CacheSettings, Request
from remyx_action.errors import Exit
from remyx_action.github.events import BranchEvent
from remyx_action.project.models.shard import WHOLE

from .job import Job


def carry_out(job: Job) -> Exit:
    """Measure the arms that are not cached yet; NotJudged on another branch, whose code nobody reviewed."""
    trusted = isinstance(job.event, BranchEvent) and job.event.on_default_branch
    request = Request(
        root=job.root,
        out=job.out,
        cache=CacheSettings(folder=job.runner.cache, may_put=trusted),
        template=job.inputs.template,
        shard=job.runner.shard or WHOLE,
    )
    baseline.keep(request, job.world, job.say)
    return Exit.SHIP
