"""The line that `run` recites: load → check → plan → run → compare → judge → report."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from shlex import join

from msgspec import Struct, field
from msgspec.structs import replace

from remyx_action.errors import WrongUsage
from remyx_action.github.events import Event, Laptop, MergeGroupEvent, PullRequestEvent
from remyx_action.policy.isolation import HANDED_IN
from remyx_action.project.load import Bundle
from remyx_action.project.models import Policy, Template
from remyx_action.project.models.extent import WHOLE, Extent
from remyx_action.report import render, run_record
from remyx_action.report.report import Report, to_json
from remyx_action.report.run_record import Measured, record_as_json
from remyx_action.report.verdict import Measurement
from remyx_action.runtimes import OnEvent
from remyx_action.sources.disk import OutputFolder, prepare_output, write_whole
from remyx_action.sources.git import Sources, sources_of

from .artifacts import read_handover
from .cache import NOTHING_KEPT, Keeping
from .clock import Circumstances
from .context import Scene, github_scene, laptop_scene
from .judge import judge_arms
from .measure import Errand, measure
from .provenance import Standing, harness_digest, isolation_here, standing_of


def write_report(folder: Path, report: Report) -> None:
    """The verdict for machines, and drawn for people."""
    write_whole(folder / "verdict.json", to_json(report))
    write_whole(folder / "comment.md", render.comment(report))
    write_whole(folder / "summary.md", render.summary(report))


def write_run(folder: Path, record: str) -> None:
    """run.json: what was measured, for whoever judges these arms later."""
    write_whole(folder / run_record.NAME, record)


class Request(Struct, frozen=True, kw_only=True):
    """What somebody asked `run` for; None leaves the choice to the project."""

    root: Path
    out: Path
    event: Event = field(default_factory=Laptop)
    template: str | None = None
    policy: str | None = None
    variant: str | None = None
    baseline: str | None = None
    base: str | None = None
    """The commit to read the project's files from, and to take the merge base with."""
    head: str | None = None
    measure_only: bool = False
    results: Path | None = None
    """A folder of raw results that another job left: judged, and nothing is run."""
    keeping: Keeping = NOTHING_KEPT
    extent: Extent = WHOLE
    """How much of the evaluation this run measures."""


class Stage(Struct, frozen=True, kw_only=True):
    """The edges that a run plays out on."""

    circumstances: Circumstances
    on_event: OnEvent
    is_enforced: Callable[[Template, str], bool] = lambda _template, _base: False
    """Whether branch rules demand an owner's review of all that a template's lock protects, with the owners
    that a base commit names; asked only where a policy wants to know."""


class Place(Struct, frozen=True, kw_only=True):
    """Where one template's arms run, and from which commits their code comes."""

    output: OutputFolder
    sources: Sources


class Ran(Struct, frozen=True, kw_only=True):
    reports: list[Report]
    """One per policy; empty after `--measure-only`, and where there was nothing to evaluate."""
    nothing: str | None
    """Why there was nothing to evaluate."""
    first: bool
    """Whether that is because the base branch holds no bar yet."""
    bundle: Bundle
    """The rules, with the place of each."""


def run(request: Request, stage: Stage) -> Ran:
    """Measure both arms of every template asked for and judge them by each of its policies."""
    reports: list[Report] = []
    _refuse_a_part(request)
    with ExitStack() as whole:
        scene = whole.enter_context(scene_of(request))
        alone = sum(len(policies) for _, policies in scene.choices) == 1
        if scene.choices and not alone:
            whole.enter_context(prepare_output(request.out, arms=()))
        for template, policies in scene.choices:
            first = request.out if alone else request.out / policies[0].name
            with sources_for(request, scene, template) as sources, prepare_output(first) as output:
                place = Place(output=output, sources=sources)
                measured = measurement_of(request, scene, template, place, stage)
                for policy in [] if request.measure_only else policies:
                    standing = standing_here(request, scene, template, policy, sources, stage)
                    report = judge_arms(
                        scene,
                        template,
                        policy,
                        measured,
                        standing=standing,
                        circumstances=stage.circumstances,
                    )
                    write_report(first if alone else request.out / policy.name, report)
                    reports.append(report)
    return Ran(reports=reports, nothing=scene.nothing, first=scene.first, bundle=scene.project.bundle)


def _refuse_a_part(request: Request) -> None:
    extent = request.extent
    if extent.shards > 1 and not request.measure_only:
        raise WrongUsage(
            f"shard {extent.shard} of {extent.shards} is judged by nobody alone",
            help="measure every shard with --measure-only and an --out of its own, then `run --measured DIR`",
        )


def scene_of(request: Request) -> AbstractContextManager[Scene]:
    """Where rules, harness and variant come from: the event's commits, else the working tree."""
    asked = {"template": request.template, "policy": request.policy, "variant": request.variant}
    if isinstance(request.event, PullRequestEvent | MergeGroupEvent):
        return github_scene(request.root, request.event, **asked)
    return laptop_scene(request.root, base=request.base, **asked)


def sources_for(request: Request, scene: Scene, template: Template) -> AbstractContextManager[Sources]:
    """The code under test of both arms, where the template compares commits."""
    if scene.proposal is None or template.compare == "assets":
        return sources_of(request.root, template, base=request.base, head=request.head)
    return sources_of(request.root, template, base=scene.proposal.base, head=scene.proposal.head)


def measurement_of(
    request: Request, scene: Scene, template: Template, place: Place, stage: Stage
) -> Measurement:
    """Both arms: handed over by another job, else measured here and recorded for whoever judges them."""
    if request.results is not None:
        now = stage.circumstances.now().clock
        return read_handover(scene, template, request.results, place.sources, now=now)
    extent = request.extent.of(template)
    arms = measure(
        Errand(
            scene=scene,
            template=template,
            output=place.output,
            sources=place.sources,
            circumstances=stage.circumstances,
            on_event=stage.on_event,
            baseline=request.baseline,
            keeping=request.keeping,
            extent=extent,
        )
    )
    commits = scene.proposal.commits() if scene.proposal else place.sources.commits
    record = record_as_json(
        Measured(template=template.name, commits=commits, extent=extent),
        harness=harness_digest(template, scene.harness),
        arms={arm: measured.report for arm, measured in arms.items()},
        run=stage.circumstances.now(),
    )
    write_run(place.output.path, record)
    return Measurement(arms=arms, samples=extent.samples)


def standing_here(
    request: Request, scene: Scene, template: Template, policy: Policy, sources: Sources, stage: Stage
) -> Standing:
    """What the verdict is judged under; commits are named where there are any to compare."""
    standing = standing_of(
        scene.project,
        template,
        policy,
        harness=scene.harness,
        isolation=HANDED_IN
        if request.results is not None and scene.proposal is None
        else isolation_here(template, scene.harness, scene.variant_of(template)),
        reproduce=command(request, scene, template, policy, sources),
        is_enforced=policy.require_lock == "locked"
        and scene.proposal is not None
        and stage.is_enforced(template, scene.proposal.base),
    )
    commits = scene.proposal.commits() if scene.proposal else sources.commits
    if not commits:
        return standing
    return replace(standing, record=standing.record.model_copy(update={"commits": dict(commits)}))


def command(request: Request, scene: Scene, template: Template, policy: Policy, sources: Sources) -> str:
    """The command line that runs the same thing on a laptop."""
    proposal = scene.proposal
    flags = {
        "--policy": policy.name,
        "--variant": scene.variant_of(template) if proposal else request.variant,
        "--baseline": request.baseline,
        "--base": proposal.base if proposal else request.base,
        "--head": sources.commits.get("head", request.head),
        "--samples": None if request.extent.samples is None else str(request.extent.samples),
    }
    words = [word for flag, value in flags.items() if value is not None for word in (flag, value)]
    return join(["remyx-action", "run", *words])
