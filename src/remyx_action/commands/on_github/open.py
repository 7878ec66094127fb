"""`mode: open`: post the check `in_progress`, so that it is there while the evaluation runs."""

from __future__ import annotations

from collections.abc import Sequence

from remyx_action.errors import Exit
from remyx_action.github.events import MergeGroupEvent, PullRequestEvent
from remyx_action.github.pull_request import policy_names
from remyx_action.github.trouble import NotRead

from .job import Job
from .outputs import write_outputs, write_posts
from .target import Posts, Target, open_checks, target_of


def carry_out(job: Job) -> Exit:
    """Open every policy's check; a refusal of GitHub's does not keep the verdict back.

    The id of a named policy's check is handed on.
    """
    event, policy = job.event, job.inputs.policy
    if not isinstance(event, PullRequestEvent | MergeGroupEvent):
        job.say("nothing to open: only pull requests and merge groups have a check")
        return Exit.SHIP
    if job.is_draft:
        job.say("nothing to open: a draft is not evaluated")
        return Exit.SHIP
    posts, target = Posts(), target_of(event, job.inputs, job.runner)
    open_checks(target, _policies(job, target, posts), posts)
    write_posts(job.runner, [], posts, job.say)
    named = policy or ""  # several checks are found again by what they carry
    outputs = {"check-id": str(posts.opened.get(named, "")), "check-url": posts.check_urls.get(named, "")}
    write_outputs(job.runner, outputs, job.say)
    return Exit.SHIP


def _policies(job: Job, target: Target, posts: Posts) -> Sequence[str]:
    """Return whose checks are opened: the named policy's, else those of every policy on the base branch."""
    inputs = job.inputs
    if inputs.policy is not None:
        return [inputs.policy]
    if inputs.template is not None:
        job.say("nothing is opened: `template` without `policy` leaves open which checks there will be")
        return []
    if target.client is None:
        return [""]  # says why nothing is posted
    names = policy_names(target.client, inputs.folder, target.event.base_commit)
    if isinstance(names, NotRead):
        posts.note(names, "check")
        return []
    return names
