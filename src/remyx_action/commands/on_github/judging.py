"""Raw results that a job left → a section for each policy, judged anew by what the base branch holds now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from msgspec.structs import replace

from remyx_action.commands.doctor import branch_of_event, knowing_enforcement
from remyx_action.commands.run.artifacts import Incomplete
from remyx_action.commands.run.pipeline import Ran, run
from remyx_action.commands.run.project import load_project
from remyx_action.errors import FilesWrong, NotJudged, Refusal
from remyx_action.github.client import Client
from remyx_action.github.comment import Thread
from remyx_action.github.events import Commit, PullRequestEvent
from remyx_action.github.marks import Order
from remyx_action.project.models.template import LOG_NAME
from remyx_action.report.conclusion import Section, of_bug, of_nothing, of_problems, of_refusal, of_report
from remyx_action.sources.disk import read_below
from remyx_action.sources.disk.archive import unpack_all
from remyx_action.sources.git import find_repository

from .job import Job
from .looks import knowing_looks
from .target import GitHubEvent, Target, target_of

if TYPE_CHECKING:
    from .recorded import ProjectRecord

JudgedSections = tuple[list[Section], Exception | None]
"""A section for each policy, and the defect of this program where there was one: raised after posting."""

GONE = "the base branch has no policy of this name any more"

Cause = Callable[[Path, Incomplete], Exception]
"""Of a folder in which an arm or a shard is missing: why."""


def at_the_tip(
    job: Job, event: GitHubEvent, *, client: Client | None = None, order: Order | None = None
) -> Target:
    """Return where the job posts, by the base branch's newest commit, fetched: the newest bar judges."""
    target = target_of(event, job.inputs, job.runner, client=client, order=order)
    repository = find_repository(job.root)
    if repository is None:
        return target
    tip = job.remote.tip(repository, event.base_branch)
    if tip is None:
        target = replace(target, is_at_tip=False)
    else:
        target = replace(target, event=replace(event, base_commit=Commit(tip)))
    wanted = {target.event.base_commit: f"refs/heads/{event.base_branch}"}
    if isinstance(event, PullRequestEvent):
        wanted[event.head_commit] = f"refs/pull/{event.number}/head"
    for commit, ref in wanted.items():
        job.remote.obtain(repository, commit, ref)
    return target


def policies_of(job: Job, event: GitHubEvent, *, opened_at: Commit | None = None) -> list[str]:
    """Return whose checks this job answers for: the one that is asked for, else every one on the base branch.

    Before there are any on base, the ones that the head introduces. `opened_at`: the base commit whose
    policies' checks an earlier job opened; one that is gone since is answered for too.
    """
    if job.inputs.policy is not None:
        return [job.inputs.policy]
    opened = [] if opened_at in {None, event.base_commit} else _policies_at(job, opened_at)
    for commit in (event.base_commit, event.head_commit):
        names = _policies_at(job, commit)
        if names:
            return [*names, *(name for name in opened if name not in names)]
    return opened


def _policies_at(job: Job, commit: Commit | None) -> list[str]:
    """Return the policies of a commit, of files that are wrong too: their checks say so."""
    try:
        policies = load_project(job.root, base=commit).bundle.policies
    except FilesWrong as wrong:
        paths = [PurePosixPath(path) for path in wrong.texts]
        return sorted(path.stem for path in paths if path.parts[:-1] == (".remyx", "policies"))
    except Refusal:
        return []
    return [name for name, one in policies.items() if job.inputs.template in {None, one.template}]


def judge_measured(
    job: Job,
    target: Target,
    policies: Sequence[str],
    thread: Thread | None,
    found: ProjectRecord | None,
    *,
    results: Path | None,
    cause: Cause,
    measured_here: bool = False,
) -> JudgedSections:
    """Judge what was left in `results`, a folder or an archive; a verdict in there is not looked at.

    `publish` calls this; it calls `commands.run.pipeline.run`, which judges by every policy asked for.
    """
    event = target.event
    branch = branch_of_event(job.root, event, job.runner.repository)
    asking = knowing_enforcement(job.world, target.client, branch, job.runner)
    world = replace(knowing_looks(asking, target, thread, found), recorded=found and found.record.verdicts)

    def carry_out() -> Ran:
        if not target.is_at_tip:
            raise NotJudged(
                f"the tip of {event.base_branch} could not be read: the event names {event.base_commit} "
                "and the bar there may be an older one",
                help="run the job again; in a private repository it needs `contents: read` and `token:`",
            )
        with TemporaryDirectory(prefix="remyx-") as scratch:
            folder = Path(scratch)
            if results is not None and results.exists():
                if not measured_here:
                    refuse_inside_checkout(job, results)
                folder = unpack_all(results, folder)
            request = replace(job.request(event, job.out), measured=folder)
            try:
                return run(request, world)
            except Incomplete as missing:
                raise cause(folder, missing) from None

    return sections_of(carry_out, job, policies, commit=event.head_commit)


def refuse_inside_checkout(job: Job, results: Path) -> None:
    """NotJudged where the results may be files of the pull request: ours are made outside."""
    repository = find_repository(job.root)
    if repository is None:
        return
    if results.resolve().is_relative_to(repository.top()):
        raise NotJudged(
            "the results lie inside the checkout, where a pull request could have put them",
            help="download them elsewhere: `path: ${{ runner.temp }}/remyx-results`",
        )


def sections_of(
    carry_out: Callable[[], Ran], job: Job, policies: Sequence[str], *, commit: str | None = None
) -> JudgedSections:
    """Return every way of ending as sections, one a policy: nothing ends without a word."""
    report_only = job.inputs.fail_on == "never"
    named = list(policies) or [job.inputs.policy or ""]
    try:
        ran = carry_out()
    except FilesWrong as wrong:
        folder = _prefix(job)
        return [
            of_problems(one, wrong.problems, folder=folder, report_only=report_only, commit=commit)
            for one in named
        ], None
    except Refusal as refusal:
        return [of_refusal(one, refusal, report_only=report_only, commit=commit) for one in named], None
    except Exception as bug:  # noqa: BLE001 - reported in the check, then raised again by the caller
        return [of_bug(one, type(bug).__name__, commit=commit) for one in named], bug
    return _of_run(ran, job, named, report_only=report_only, commit=commit), None


def _prefix(job: Job) -> str:
    return f"{job.inputs.folder}/" if job.inputs.folder else ""


def _of_run(
    ran: Ran, job: Job, named: Sequence[str], *, report_only: bool, commit: str | None
) -> list[Section]:
    sections, folder = [], _prefix(job)
    for report in ran.reports:
        path = f".remyx/policies/{report.policy.policy.name}.yaml"
        places = ran.bundle.places.get(path, {})
        base = report.judged_under.commits.get("base")
        tree = f"{job.runner.server_url}/{job.runner.repository}/blob/{base}" if base else ""
        section = of_report(report, places=places, path=f"{folder}{path}", report_only=report_only, tree=tree)
        sections.append(section)
    judged_policies = {section.policy for section in sections}
    untouched = ran.nothing or "the change touches nothing that this policy's template evaluates"
    return [
        *sections,
        *(
            of_nothing(
                one,
                untouched if ran.first or one in ran.bundle.policies else GONE,
                commit=commit,
                first=ran.first,
                changes=ran.changes_of(one),
                harness=ran.harness_paths_of(one),
            )
            for one in named
            if one not in judged_policies
        ),
    ]


LAST_LINES = 10
LOG_CAP_BYTES = 4 * 1024 * 1024


def last_lines(folder: Path) -> str:
    """Return the last lines of each arm's log that a job left before it died; "" where it left none."""
    quoted = []
    for path in sorted(folder.glob(f"**/arms/*/{LOG_NAME}")):
        log = read_below(folder, path.relative_to(folder).as_posix(), cap_bytes=LOG_CAP_BYTES)
        lines = (log or b"").decode(errors="replace").splitlines()[-LAST_LINES:]
        if lines:
            quoted += [f"the {path.parent.name}'s last lines:", *lines]
    return "".join(f"\n{line}" for line in quoted)
