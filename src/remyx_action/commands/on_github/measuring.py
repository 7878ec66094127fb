"""The modes of a job that measure and judge nothing: which jobs to start, one of them, and the baseline's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from remyx_action.commands import baseline
from remyx_action.commands.plan import Planned, plan, told
from remyx_action.commands.run.pipeline import run
from remyx_action.commands.run.request import CacheSettings, Request
from remyx_action.errors import Exit
from remyx_action.github.events import MergeGroupEvent, PullRequestEvent, PushEvent
from remyx_action.github.settings import Runner, Settings
from remyx_action.sources.disk.archive import pack

from .outputs import Say, tell_outputs
from .publish import Task, request_of

ARCHIVE = "results.tar"
"""What `measure` leaves for `publish`, in its output folder."""


def plan_mode(settings: Settings, runner: Runner, task: Task, say: Say) -> Exit:
    """The matrix of jobs that measure the change; none where there is nothing to measure."""
    event = settings.event
    if is_mere_edit(event) or not isinstance(event, PullRequestEvent | MergeGroupEvent):
        planned = Planned(legs=(), nothing="the event proposes nothing")
    else:
        planned = plan(request_of(task, event, settings.inputs), shards=None)
    say(told(planned, "text"))
    tell_outputs(runner, {"matrix": told(planned, "github")}, say)
    return Exit.SHIP


def measure_mode(settings: Settings, runner: Runner, task: Task, say: Say) -> Exit:
    """Run the arms, judge nothing, and leave one archive; a failed arm is for the judging job to tell."""
    event = settings.event
    if is_mere_edit(event) or not isinstance(event, PullRequestEvent | MergeGroupEvent):
        say("nothing to measure: the event proposes nothing")
        return Exit.SHIP
    request = replace(request_of(task, event, settings.inputs), measure_only=True)
    ran = run(request, task.world)
    if ran.nothing is not None:
        say(f"nothing to evaluate: {ran.nothing}")
        return Exit.SHIP
    archive = task.out / ARCHIVE
    for path in pack(task.out, archive):
        say(f"left out of the archive: {path!a} is too large, or too much with the others")
    tell_outputs(runner, {"report": str(archive)}, say)
    return Exit.SHIP


def keep_mode(settings: Settings, runner: Runner, task: Task, say: Say) -> Exit:
    """Every baseline arm among the kept ones, on the default branch alone."""
    trusted = isinstance(settings.event, PushEvent) and settings.event.to_default_branch
    request = Request(
        root=task.root,
        out=task.out,
        cache=CacheSettings(folder=runner.kept, may_put=trusted),
        template=settings.inputs.template,
        shard=task.shard,
    )
    baseline.keep(request, task.world, say)
    return Exit.SHIP


def is_mere_edit(event: object) -> bool:
    """Whether only the title or text of a pull request changed."""
    return isinstance(event, PullRequestEvent) and event.action == "edited" and not event.base_changed


MODES: Mapping[str, Callable[[Settings, Runner, Task, Say], Exit]] = {
    "plan": plan_mode,
    "measure": measure_mode,
    "keep": keep_mode,
}
