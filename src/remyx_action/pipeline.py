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
from .report import Report
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
    measure_only: bool = False


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The edges that a run plays out on."""

    circumstances: Circumstances
    on_event: OnEvent


def run(request: Request, stage: Stage) -> list[Report]:
    """Measure both arms of every template asked for and judge them by each of its policies."""
    project = load_project(request.root)
    reports: list[Report] = []
    choices = choose(project.bundle, template=request.template, policy=request.policy)
    alone = sum(len(policies) for _, policies in choices) == 1
    for template, policies in choices:
        first = request.out if alone else request.out / policies[0].name
        with prepare_output(first) as output:
            arms = measure(request, template, project, output, stage)
            write_run(output, template, arms, stage.circumstances.now())
            for policy in [] if request.measure_only else policies:
                report = reach_verdict(
                    set_bar(policy, template, project.vocabulary),
                    baseline=arms["baseline"],
                    variant=arms["variant"],
                    judged_under=judged_under(
                        project, template, policy, isolation="L1", reproduce=command(request, policy)
                    ),
                    run=stage.circumstances.now(),
                )
                write_report(first if alone else request.out / policy.name, report)
                reports.append(report)
    return reports


def measure(
    request: Request, template: Template, project: Project, output: OutputFolder, stage: Stage
) -> dict[Arm, MeasuredArm]:
    """Run what has to be run and read what it left; an arm that is not run is the recorded baseline."""
    assets = choose_assets(template, baseline=request.baseline, variant=request.variant)
    site = Site(
        harness=str(request.root),
        script=describe_script(request.root, template.script),
        surroundings=stage.circumstances.surroundings,
        outputs={arm: str(output.arm(arm)) for arm in ARMS},
    )
    plan = plan_run(template, project.vocabulary, assets=assets, site=site)
    outcomes = run_arms(plan, ScriptRuntime(), stage.on_event)
    metrics = measured_metrics(template, project.vocabulary)
    arms: dict[Arm, MeasuredArm] = {
        arm.arm: read_outcome(template, metrics, output.arm(arm.arm), outcomes[arm.arm], asset=arm.asset)
        for arm in plan.arms
    }
    if "baseline" not in arms:
        arms["baseline"] = read_recorded(template, metrics, project)
    return arms


def command(request: Request, policy: Policy) -> str:
    """The command line that runs the same thing on a laptop."""
    flags = {"--policy": policy.name, "--variant": request.variant, "--baseline": request.baseline}
    words = [word for flag, value in flags.items() if value is not None for word in (flag, value)]
    return join(["remyx-action", "run", *words])
