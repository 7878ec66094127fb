"""plan → run → compare: one template's arms, carried out and read."""

from __future__ import annotations

from dataclasses import dataclass

from remyx_action.circumstances import Circumstances
from remyx_action.planning.plan import ARMS, Arm, Site, choose_assets, plan_run
from remyx_action.policy.bar import measured_metrics
from remyx_action.reports.verdict import MeasuredArm
from remyx_action.repository import Sources
from remyx_action.runtimes import OnEvent, ScriptRuntime, run_arms
from remyx_action.specs import Template
from remyx_action.stages.arms import read_outcome, read_recorded
from remyx_action.stages.scene import Scene
from remyx_action.workspace import OutputFolder, describe_script


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What is to be measured, where, and with which edges."""

    scene: Scene
    template: Template
    output: OutputFolder
    sources: Sources
    circumstances: Circumstances
    on_event: OnEvent
    baseline: str | None = None
    """The baseline's asset, where somebody asked for another than the template's."""


def measure(errand: Errand) -> dict[Arm, MeasuredArm]:
    """Run what has to be run and read what it left; an arm that is not run is the recorded baseline."""
    scene, template = errand.scene, errand.template
    project = scene.project
    assets = choose_assets(template, baseline=errand.baseline, variant=scene.variant_of(template))
    site = Site(
        harness=str(scene.harness),
        script=describe_script(scene.harness, template.script),
        surroundings=errand.circumstances.surroundings,
        outputs={arm: str(errand.output.arm(arm)) for arm in ARMS},
        sources=errand.sources.folders,
        notes=errand.sources.notes,
    )
    plan = plan_run(template, project.vocabulary, assets=assets, site=site)
    outcomes = run_arms(plan, ScriptRuntime(), errand.on_event)
    metrics = measured_metrics(template, project.vocabulary)
    arms: dict[Arm, MeasuredArm] = {
        arm.arm: read_outcome(
            template,
            metrics,
            errand.output.arm(arm.arm),
            outcomes[arm.arm],
            asset=errand.sources.name_of(arm.arm, arm.asset),
        )
        for arm in plan.arms
    }
    if "baseline" not in arms:
        arms["baseline"] = read_recorded(template, metrics, project)
    return arms
