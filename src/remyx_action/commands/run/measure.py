"""plan → run → compare: one template's arms, carried out and read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from remyx_action.project.models import Template
from remyx_action.project.models.extent import WHOLE, Extent
from remyx_action.project.models.metrics import BarMetric, measured_metrics
from remyx_action.project.models.template import ARMS, ArmName
from remyx_action.readers.scores import Samples
from remyx_action.report.verdict import MeasuredArm, with_warnings
from remyx_action.runtimes import (
    ArmOutcome,
    ContainerRuntime,
    Note,
    OnEvent,
    Predicting,
    Retrying,
    Runtime,
    ScriptRuntime,
    run_arms,
)
from remyx_action.runtimes.plan.lighteval import plan_lighteval
from remyx_action.runtimes.plan.patching import MOST_BYTES
from remyx_action.runtimes.plan.plan import Site, contained, folder_of, plan_run, seeds_of
from remyx_action.runtimes.plan.proposal import choose_assets
from remyx_action.sources.disk import OutputFolder, copies_of, describe_script, put_in_place, read_below
from remyx_action.sources.disk.cache_key import Identity
from remyx_action.sources.git import Sources

from .arms import beside_recorded, read_kept, read_outcome, read_recorded
from .cache import NOTHING_KEPT, Keeping, Shelf, Subject, identity_for
from .clock import Circumstances
from .context import Scene
from .lighteval import lighteval_site
from .parts import join_seeds
from .provenance import harness_digest


class Errand(Struct, frozen=True, kw_only=True):
    """What is to be measured, where, and with which edges."""

    scene: Scene
    template: Template
    output: OutputFolder
    sources: Sources
    circumstances: Circumstances
    on_event: OnEvent
    baseline: str | None = None
    """The baseline's asset, where somebody asked for another than the template's."""
    keeping: Keeping = NOTHING_KEPT
    extent: Extent = WHOLE


class _Bench(Struct, frozen=True, kw_only=True):
    """What all runs of an errand share."""

    shelf: Shelf
    runtime: Runtime


def measure(errand: Errand) -> dict[ArmName, MeasuredArm]:
    """Run what has to be run and read what it left; a baseline that is not run is a kept or recorded one."""
    scene, template = errand.scene, errand.template
    assets = choose_assets(template, baseline=errand.baseline, variant=scene.variant_of(template))
    metrics = measured_metrics(template, scene.project.vocabulary)
    arms = carry_out(errand, assets, metrics)
    if "baseline" not in arms:
        digest = harness_digest(template, scene.harness)
        now = errand.circumstances.now().clock
        arms["baseline"] = read_recorded(template, metrics, scene.project, now=now, harness=digest)
        arms["variant"] = beside_recorded(arms, digest)
    return arms


def carry_out(
    errand: Errand, assets: Mapping[ArmName, str], metrics: Mapping[str, BarMetric]
) -> dict[ArmName, MeasuredArm]:
    """Run the arms of these assets once per seed, but a baseline that is kept, and read what they left.

    After a seed that failed none is run: the arm has failed.
    """
    shelf = Shelf(keeping=errand.keeping, circumstances=errand.circumstances)
    runs: dict[ArmName, list[tuple[int | None, MeasuredArm]]] = {arm: [] for arm in assets}
    with ContainerRuntime(errand.circumstances.surroundings) as containers:
        both = Predicting(processes=ScriptRuntime(), containers=containers)
        bench = _Bench(shelf=shelf, runtime=Retrying(both, retries=errand.template.retries))
        for seed in seeds_of(errand.template):
            found = _with_seed(errand, assets, metrics, bench, seed)
            for arm, measured in found.items():
                runs[arm].append((seed, measured))
            if any(measured.report.state != "completed" for measured in found.values()):
                break
    arms = {arm: join_seeds(measured, metrics) for arm, measured in runs.items()}
    arms = {arm: with_warnings(measured, _beyond(errand.extent, measured)) for arm, measured in arms.items()}
    if "baseline" in arms:
        arms["baseline"] = with_warnings(arms["baseline"], [*shelf.notes, *_moved(arms)])
    return arms


def _moved(arms: Mapping[ArmName, MeasuredArm]) -> list[str]:
    """Base images that are not what they were when a kept baseline was measured."""
    if "variant" not in arms:
        return []
    before, now = (arms[arm].report.images for arm in ARMS)
    return [
        f"{name} was {before[name]} then, and is {now[name]}: pin its digest, or measure with --fresh"
        for name in before.keys() & now.keys()
        if name.startswith("FROM ") and before[name] != now[name]
    ]


def _beyond(extent: Extent, arm: MeasuredArm) -> list[str]:
    """Where a harness did not look at how much it was asked for."""
    if extent.samples is None:
        return []
    counts = [len(set(one.ids)) for one in arm.scores.scores.values() if isinstance(one, Samples)]
    if max(counts, default=0) <= extent.samples:
        return []
    asked = f"{max(counts):,} samples were scored, and {extent.samples:,} were asked for"
    return [f"{asked}: the harness looks at neither REMYX_SAMPLES nor {{samples}}"]


def _with_seed(
    errand: Errand,
    assets: Mapping[ArmName, str],
    metrics: Mapping[str, BarMetric],
    bench: _Bench,
    seed: int | None,
) -> dict[ArmName, MeasuredArm]:
    shelf = bench.shelf
    folders = {arm: errand.output.part(arm, folder_of(seed)) for arm in assets}
    if seed is not None:
        for arm in assets:
            errand.on_event(Note(arm=arm, text=f"seed {seed}"))
    identity = _identity(errand, assets, shelf, seed)
    entry = shelf.take(identity, folders["baseline"]) if identity else None
    if entry is not None:
        errand.on_event(Note(arm="baseline", text=f"reused: measured {entry.clock} in {entry.seconds} s"))
    to_run = {arm: asset for arm, asset in assets.items() if arm == "variant" or entry is None}
    outcomes = _run(errand, to_run, folders, seed, bench.runtime)
    arms: dict[ArmName, MeasuredArm] = {}
    for arm, asset in assets.items():
        folder, named = folders[arm], errand.sources.name_of(arm, asset)
        if arm in outcomes:
            arms[arm] = read_outcome(errand.template, metrics, folder, outcomes[arm], asset=named)
        elif entry is not None:
            now = errand.circumstances.now().clock
            arms[arm] = read_kept(errand.template, metrics, folder, entry, asset=named, now=now)
    if "baseline" in arms:
        shelf.keep(identity, arms["baseline"], folders["baseline"])
    return arms


def _run(
    errand: Errand,
    assets: Mapping[ArmName, str],
    folders: Mapping[ArmName, Path],
    seed: int | None,
    runtime: Runtime,
) -> Mapping[ArmName, ArmOutcome]:
    if not assets:
        return {}
    scene, template = errand.scene, errand.template
    if template.script is None:
        surroundings, vocabulary = errand.circumstances.surroundings, scene.project.vocabulary
        where = lighteval_site(
            template, scene.harness, folders, surroundings=surroundings, on_event=errand.on_event
        )
        plan = plan_lighteval(
            template, vocabulary, assets=assets, site=where, seed=seed or 0, extent=errand.extent
        )
        return run_arms(plan, runtime, errand.on_event)
    script = describe_script(scene.harness, template.script)
    in_place = not template.patch or contained(template, script.kind) is not None
    with copies_of(scene.harness, [] if in_place else list(assets), but=errand.output.path) as copies:
        site = Site(
            harness=str(scene.harness),
            script=script,
            surroundings=errand.circumstances.surroundings,
            outputs={arm: str(folder) for arm, folder in folders.items()},
            sources=errand.sources.folders,
            notes=errand.sources.notes,
            copies={arm: str(copy) for arm, copy in copies.items()},
            configs=_configs(scene.harness, template),
        )
        plan = plan_run(
            template, scene.project.vocabulary, assets=assets, site=site, seed=seed or 0, extent=errand.extent
        )
        for arm in plan.arms:
            put_in_place(Path(arm.working_folder), arm.patched)
        return run_arms(plan, runtime, errand.on_event)


def _configs(root: Path, template: Template) -> dict[str, bytes]:
    """The files that the template patches, as far as they are there."""
    found = {patch.file: read_below(root, patch.file, cap_bytes=MOST_BYTES) for patch in template.patch or ()}
    return {path: content for path, content in found.items() if content is not None}


def _identity(
    errand: Errand, assets: Mapping[ArmName, str], shelf: Shelf, seed: int | None
) -> Identity | None:
    """What the baseline is kept under; None where it is not run, not kept, or cannot be told from another."""
    if "baseline" not in assets or errand.keeping.folder is None:
        return None
    subject = Subject(
        scene=errand.scene,
        template=errand.template,
        sources=errand.sources,
        asset=assets["baseline"],
        circumstances=errand.circumstances,
    )
    found = identity_for(subject, seed=seed or 0, extent=errand.extent)
    if isinstance(found, Identity):
        return found
    shelf.note(f"the arm is neither reused nor kept: {found}")
    return None
