"""`mode: doctor`: whether the lock is enforced on the event's base branch, else on the default one."""

from __future__ import annotations

from remyx_action.commands.doctor import branch_of_clone, branch_of_event, doctor
from remyx_action.errors import Exit, WrongUsage
from remyx_action.github.events import MergeGroupEvent, PullRequestEvent
from remyx_action.github.workflow import without_commands

from .job import Job
from .target import connect


def carry_out(job: Job) -> Exit:
    """Ask GitHub and print each item; WrongUsage without a token."""
    client = connect(job.event, job.runner)
    if client is None:
        raise WrongUsage(
            "doctor asks GitHub, and there is no token", help="pass `token: ${{ github.token }}`"
        )
    if isinstance(job.event, PullRequestEvent | MergeGroupEvent):
        branch = branch_of_event(job.root, job.event, job.runner.repository)
    else:
        branch = branch_of_clone(job.root, repository=job.runner.repository, branch=None)
    answer = doctor(client, branch, width=100)
    job.say(without_commands(answer.output.rstrip("\n")))
    return answer.exit
