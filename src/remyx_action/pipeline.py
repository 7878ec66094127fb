"""The line that `run` recites: load → check → plan → run → compare → judge → report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from shlex import join

from .arms import read_outcome, read_recorded
from .bar import measured_metrics, set_bar
from .circumstances import Circumstances
from .outputs import write_report, write_run
from .plan import ARMS, Arm, Site, choose_assets, plan_run
from .project import Project, choose, load_project
from .report import JudgedUnder, Report
from .repository import Sources, sources_of
from .runtimes import OnEvent, ScriptRuntime, run_arms
from .specs import Policy, Template
from .standing import judged_under
from .verdict import MeasuredArm, reach_verdict
from .workspace import OutputFolder, describe_script, prepare_output


@dataclass(frozen=True, kw_only=True)
class Request:
    """What somebody asked `run` for; None leaves the choice to the project."""

    root: Path
    out: Path
    template: str | None = None
    policy: str | None = None
    variant: str | None = None
    baseline: str | None = None
    base: str | None = None
    """The commit to read the project's files from, and to take the merge base with."""
    head: str | None = None
    measure_only: bool = False


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The edges that a run plays out on."""

    circumstances: Circumstances
    on_event: OnEvent


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one template's arms run, and from which commits their code comes."""

    output: OutputFolder
    sources: Sources


def run(request: Request, stage: Stage) -> list[Report]:
    """Measure both arms of every template asked for and judge them by each of its policies."""
    project = load_project(request.root, base=request.base)
    reports: list[Report] = []
    choices = choose(project.bundle, template=request.template, policy=request.policy)
    alone = sum(len(policies) for _, policies in choices) == 1
    for template, policies in choices:
        first = request.out if alone else request.out / policies[0].name
        with (
            sources_of(request.root, template, base=request.base, head=request.head) as sources,
            prepare_output(first) as output,
        ):
            place = Place(output=output, sources=sources)
            arms = measure(request, template, project, place, stage)
            write_run(output, template, arms, stage.circumstances.now())
            for policy in [] if request.measure_only else policies:
                report = reach_verdict(
                    set_bar(policy, template, project.vocabulary),
                    baseline=arms["baseline"],
                    variant=arms["variant"],
                    judged_under=standing_of(request, project, template, policy, sources),
                    run=stage.circumstances.now(),
                )
                write_report(first if alone else request.out / policy.name, report)
                reports.append(report)
    return reports


def measure(
    request: Request, template: Template, project: Project, place: Place, stage: Stage
) -> dict[Arm, MeasuredArm]:
    """Run what has to be run and read what it left; an arm that is not run is the recorded baseline."""
    assets = choose_assets(template, baseline=request.baseline, variant=request.variant)
    site = Site(
        harness=str(request.root),
        script=describe_script(request.root, template.script),
        surroundings=stage.circumstances.surroundings,
        outputs={arm: str(place.output.arm(arm)) for arm in ARMS},
        sources=place.sources.folders,
        notes=place.sources.notes,
    )
    plan = plan_run(template, project.vocabulary, assets=assets, site=site)
    outcomes = run_arms(plan, ScriptRuntime(), stage.on_event)
    metrics = measured_metrics(template, project.vocabulary)
    arms: dict[Arm, MeasuredArm] = {
        arm.arm: read_outcome(
            template,
            metrics,
            place.output.arm(arm.arm),
            outcomes[arm.arm],
            asset=place.sources.name_of(arm.arm, arm.asset),
        )
        for arm in plan.arms
    }
    if "baseline" not in arms:
        arms["baseline"] = read_recorded(template, metrics, project)
    return arms


def standing_of(
    request: Request, project: Project, template: Template, policy: Policy, sources: Sources
) -> JudgedUnder:
    """What the verdict is judged under; where commits are compared, they are named."""
    under = judged_under(
        project, template, policy, isolation="L1", reproduce=command(request, policy, sources)
    )
    return under.model_copy(update={"commits": dict(sources.commits)}) if sources.commits else under


def command(request: Request, policy: Policy, sources: Sources) -> str:
    """The command line that runs the same thing on a laptop."""
    flags = {
        "--policy": policy.name,
        "--variant": request.variant,
        "--baseline": request.baseline,
        "--base": request.base,
        "--head": sources.commits.get("head", request.head),
    }
    words = [word for flag, value in flags.items() if value is not None for word in (flag, value)]
    return join(["remyx-action", "run", *words])
