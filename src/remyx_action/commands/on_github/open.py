"""`mode: open`: post the check `in_progress`, so that it is there while the evaluation runs."""

from __future__ import annotations

from remyx_action.errors import Exit, WrongUsage
from remyx_action.github.events import MergeGroupEvent, PullRequestEvent

from .job import Job
from .outputs import write_outputs, write_posts
from .target import Posts, open_checks, target_of


def carry_out(job: Job) -> Exit:
    """Open the policy's check and hand its id on; a refusal of GitHub's does not keep the verdict back."""
    event, policy = job.event, job.inputs.policy
    if not isinstance(event, PullRequestEvent | MergeGroupEvent):
        job.say("nothing to open: only pull requests and merge groups have a check")
        return Exit.SHIP
    if job.is_draft:
        job.say("nothing to open: a draft is not evaluated")
        return Exit.SHIP
    if policy is None:
        raise WrongUsage(
            "`mode: open` runs without a checkout, so it cannot know the policy",
            help="add `policy: NAME` to the action's inputs",
        )
    posts = Posts()
    open_checks(target_of(event, job.inputs, job.runner), [policy], posts)
    write_posts(job.runner, [], posts, job.say)
    outputs = {"check-id": str(posts.opened.get(policy, "")), "check-url": posts.check_urls.get(policy, "")}
    write_outputs(job.runner, outputs, job.say)
    return Exit.SHIP
