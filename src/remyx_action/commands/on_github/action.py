"""A job on GitHub: settings and event in, one of its modes carried out, the exit code of the gate out."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from msgspec.structs import replace

from remyx_action.commands.check import check as check_files
from remyx_action.commands.doctor import doctor_mode, knowing_enforcement, place_of
from remyx_action.commands.run.pipeline import run
from remyx_action.commands.run.request import World
from remyx_action.errors import Exit, NotJudged, Refusal, WrongUsage
from remyx_action.github import check
from remyx_action.github.events import (
    Laptop,
    MergeGroupEvent,
    PullRequestEvent,
    PushEvent,
    WorkflowDispatchEvent,
    WorkflowRunEvent,
)
from remyx_action.github.settings import Runner, Settings
from remyx_action.github.trouble import NotRead
from remyx_action.github.workflow import without_commands
from remyx_action.report import render
from remyx_action.report.conclusion import Section, of_nothing, of_refusal, summaries, whole_exit
from remyx_action.sources.disk import read_project

from . import measuring
from .outputs import Say, outputs_of, tell_outputs, tell_posts, tell_verdict
from .posting import Desk, Posts, close, connect, open_checks, post_all
from .publish import (
    Task,
    at_the_tip,
    event_of_run,
    fetch_commits,
    judged,
    look_again,
    policies_of,
    request_of,
    sections_of,
)


def carry_out(settings: Settings, world: World, say: Say, out: Path | None = None) -> Exit:
    """Carry out the mode that the action's inputs ask for; `out`: default a new folder of its own."""
    runner = settings.runner
    if runner is None:
        raise WrongUsage(
            "the action runs on GitHub, and no event is set here",
            help="on your own machine: `remyx-action run`",
        )
    world = replace(world, attempt=runner.run_attempt)
    mode = settings.inputs.mode
    if mode == "check":
        return check_mode(settings, say)
    if mode == "open":
        return open_mode(settings, runner, say)
    if mode == "doctor":
        return doctor_mode(settings, runner, say)
    task = Task(
        root=Path(settings.inputs.working_directory).absolute(),
        out=out or Path(tempfile.mkdtemp(prefix="remyx-", dir=os.environ.get("RUNNER_TEMP"))) / "out",
        world=world,
        results=Path(settings.inputs.results) if settings.inputs.results else None,
        kept=runner.kept,
        shard=runner.shard,
    )
    if mode in measuring.MODES:
        return measuring.MODES[mode](settings, runner, task, say)
    return judge_mode(settings, runner, task, say)


def check_mode(settings: Settings, say: Say) -> Exit:
    """Every problem of the files as an annotation."""
    root, folder = Path(settings.inputs.working_directory), settings.inputs.working_directory
    texts, unreadable = read_project(root)
    project_folder = "" if folder == "." else folder
    checked = check_files(texts, unreadable=unreadable, project_folder=project_folder)
    say(checked.text("github").rstrip("\n"))
    return checked.exit


def open_mode(settings: Settings, runner: Runner, say: Say) -> Exit:
    """Post the check `in_progress` and hand its id on; nothing is lost where that is refused."""
    if not isinstance(settings.event, PullRequestEvent | MergeGroupEvent):
        say("nothing to open: only pull requests and merge groups have a check")
        return Exit.SHIP
    if settings.inputs.policy is None:
        raise WrongUsage(
            "`mode: open` runs without a checkout, so it cannot know the policy",
            help="add `policy: NAME` to the action's inputs",
        )
    event, posts = settings.event, Posts()
    desk = Desk(event=event, inputs=settings.inputs, runner=runner, client=connect(event, runner))
    opened = open_checks(desk, [settings.inputs.policy], posts)
    found = opened.get(settings.inputs.policy)
    tell_posts(runner, [], posts, say)
    url = posts.check_urls.get(settings.inputs.policy, "")
    tell_outputs(runner, {"check-id": str(found or ""), "check-url": url}, say)
    return Exit.SHIP


def judge_mode(settings: Settings, runner: Runner, task: Task, say: Say) -> Exit:
    """`publish`, and `run` where one job does everything: the same end for both."""
    event = settings.event
    posts = Posts()
    client = connect(event, runner)
    try:
        if isinstance(event, WorkflowRunEvent):
            event = event_of_run(client, event)
    except Refusal as refusal:
        return finish(runner, [of_refusal("", refusal, report_only=False)], posts, task, say)
    if not isinstance(event, PullRequestEvent | MergeGroupEvent):
        return elsewhere(settings, runner, task, say)
    desk = Desk(event=event, inputs=settings.inputs, runner=runner, client=client)
    task = prepared(task, desk)
    policies = policies_of(task.root, event, settings.inputs)
    opened = opened_before(settings, policies)
    if measuring.is_mere_edit(event):
        return repeat(desk, policies, opened, task, say)
    measured = settings.inputs.mode == "run" and task.results is None
    if measured:
        opened = open_checks(desk, policies, posts)
        request = request_of(task, event, settings.inputs)
        sections, bug = sections_of(
            lambda: run(request, task.world), settings.inputs, policies, commit=event.head_commit
        )
    now = look_again(desk, posts)
    newest = at_the_tip(event, now)
    if not measured or (newest != event and all(each.report for each in sections)):
        fetch_commits(task.root, replace(desk, event=newest))
        again = replace(task, results=task.out, measured=task.out) if measured else task
        again = replace(again, out=task.out / "judged" if measured else task.out)
        sections, bug = judged(again, newest, settings.inputs, policies)
        task = again
    tell_verdict(runner, sections, say)
    post_all(replace(desk, event=newest), sections, opened, now, posts)
    exit_code = finish(runner, sections, posts, task, say, told=True)
    if bug is not None:
        raise bug
    return exit_code


def prepared(task: Task, desk: Desk) -> Task:
    """The event's commits at hand, and the world able to ask whether a lock is enforced."""
    fetch_commits(task.root, desk)
    place = place_of(task.root, desk.event, desk.runner.repository)
    return replace(task, world=knowing_enforcement(task.world, desk.client, place))


def finish(
    runner: Runner, sections: list[Section], posts: Posts, task: Task, say: Say, *, told: bool = False
) -> Exit:
    """Say what is left to say, and turn the sections into the job's exit code."""
    if not told:
        tell_verdict(runner, sections, say)
    for section in sections:
        if section.report is not None:
            say(without_commands(render.text(section.report, width=100)))
        else:
            say(without_commands(summaries([section], footer="")[-1]))
    tell_posts(runner, sections, posts, say)
    exit_code = whole_exit(sections)
    tell_outputs(runner, outputs_of(sections, posts, task.out, exit_code), say)
    return exit_code


def repeat(desk: Desk, policies: list[str], opened: dict[str, int], task: Task, say: Say) -> Exit:
    """A changed title proposes nothing new: what the head's checks concluded last stands, red as green."""
    posts = Posts()
    sections = [repeated(desk, policy) for policy in policies] or [
        of_refusal("", NO_CHECK, report_only=False)
    ]
    for section in sections:
        if desk.client is not None and section.policy in opened:
            close(desk, section, opened[section.policy], posts)
    return finish(desk.runner, sections, posts, task, say)


NO_CHECK = NotJudged(
    "this commit has no completed check of that name to repeat",
    help="run the job of the last push again, or push a commit",
)


def repeated(desk: Desk, policy: str) -> Section:
    """The conclusion of the head's latest completed check of our name; none is no verdict."""
    report_only = desk.inputs.fail_on == "never"
    if desk.client is None:
        return of_refusal(policy, NO_CHECK, report_only=report_only)
    named = desk.check_named(policy)
    last = check.latest_completed(desk.client, name=named.name, head=named.head)
    if last is None:
        return of_refusal(policy, NO_CHECK, report_only=report_only)
    if isinstance(last, NotRead):
        return of_refusal(policy, NotJudged(last.reason, help=last.next_step), report_only=report_only)
    passes = last.conclusion == "success"
    exits = {"Reject": Exit.REJECT, "Iterate": Exit.ITERATE, "Ship": Exit.SHIP}
    exit_code = exits.get((last.title or "").partition(":")[0], Exit.NOT_JUDGED)
    return Section(
        policy=policy,
        word="repeated",
        reason=last.conclusion,
        passes=passes,
        exit=exit_code if passes or exit_code is not Exit.SHIP else Exit.NOT_JUDGED,
        title=(last.title or last.conclusion)[:200],
        text="### Unchanged\n\nThe title or text was edited, no commit was added: the "
        f"[check of this commit]({last.url}) stands, and it was a {'success' if passes else 'failure'}.\n",
    )


def elsewhere(settings: Settings, runner: Runner, task: Task, say: Say) -> Exit:
    """Events that no pull request belongs to: a push proposes nothing, a person's dispatch is judged."""
    if isinstance(settings.event, PushEvent | Laptop) or settings.inputs.mode == "publish":
        why = "this event belongs to no pull request"
        return finish(
            runner, [of_nothing(settings.inputs.policy or "", why, commit=None)], Posts(), task, say
        )
    assert isinstance(settings.event, WorkflowDispatchEvent)
    request = request_of(task, settings.event, settings.inputs)
    sections, bug = sections_of(lambda: run(request, task.world), settings.inputs, [])
    exit_code = finish(runner, sections, Posts(), task, say)
    if bug is not None:
        raise bug
    return exit_code


def opened_before(settings: Settings, policies: list[str]) -> dict[str, int]:
    """The check that an earlier job opened, by the policy that it was opened for."""
    if settings.inputs.check_id is None or len(policies) != 1:
        return {}
    return {policies[0]: settings.inputs.check_id}
