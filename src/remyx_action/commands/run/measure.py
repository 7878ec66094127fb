"""plan → run → read: one template's arms, carried out and read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.structs import replace

from remyx_action.errors import NotJudged
from remyx_action.project.files.layout import matcher
from remyx_action.project.lock import plain_variables
from remyx_action.project.models import Template
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.template import ArmName, contained, folder_of, seeds_of
from remyx_action.project.protected import harness_globs
from remyx_action.readers.scores import Samples
from remyx_action.report.verdict import Arm, Arms, failed_arm
from remyx_action.runtimes import (
    ContainerRuntime,
    Note,
    Outcome,
    Predicting,
    Redacting,
    Retrying,
    Runtime,
    ScriptRuntime,
    Secrets,
    run_arms,
)
from remyx_action.runtimes.plan.lighteval import plan_lighteval
from remyx_action.runtimes.plan.patching import MOST_BYTES
from remyx_action.runtimes.plan.run_plan import RunPlan, Site, plan_run, runs_other_code, with_secrets
from remyx_action.runtimes.redaction import LEAST_CHARACTERS, REDACTED, secrets_of
from remyx_action.sources.disk import (
    ResultsFolder,
    copies_of,
    describe_script,
    put_in_place,
    read_below,
)
from remyx_action.sources.disk.cache_key import CacheEntry, CacheKey
from remyx_action.sources.disk.large_files import fill, lacks_bytes
from remyx_action.sources.disk.output_folder import empty_folder
from remyx_action.sources.git import find_repository

from .arms import (
    arm_report,
    arm_unless_changed,
    read_run,
    report_of_cached_run,
    report_of_outcome,
    with_variables,
)
from .baseline_cache import ArmCache, baseline_key
from .evaluation import Evaluation, both
from .ignored_shard import refusing_ignored_shards, shard_warnings
from .joined_arms import join_seeds
from .judged_under import unchanged_assets, unchanged_harness
from .lighteval import at_one_commit, lighteval_site
from .variants import choose_assets, judge_files

TOKENS_OF_A_JOB = (
    "REMYX_TOKEN", "GITHUB_TOKEN", "GH_TOKEN", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "REMYX_GITLAB_TOKEN", "CI_JOB_TOKEN",
)  # fmt: skip


def measure(evaluation: Evaluation) -> Arms:
    """Run and read both arms; a baseline that is not run is a cached or a recorded one."""
    context, template = evaluation.context, evaluation.template
    refuse_to_run_nothing(template)
    assets = choose_assets(
        template, baseline=evaluation.request.baseline, variant=context.variant_of(template)
    )
    _fill_assets(evaluation, assets)
    with (
        unchanged_harness(template, [context.harness]),
        unchanged_assets(context.harness, assets.values(), out=evaluation.request.out),
    ):
        measured = measure_arms(evaluation, assets)
    moved = context.head_moved()
    if moved is not None:
        measured["variant"] = measured["variant"].with_warnings([moved])
    arms = both(evaluation, measured, samples=evaluation.shard.samples)
    return with_variables(arms, plain_variables(template, evaluation.world.environment))


def refuse_to_run_nothing(template: Template) -> None:
    """NotJudged for a template whose results another job makes."""
    if template.runtime == "results":
        raise NotJudged(f"the template {template.name} runs nothing", help=judge_files(template))


def is_apart(evaluation: Evaluation) -> bool:
    """Return whether the arms run code of their own, so that one must not reach the other."""
    template = evaluation.template
    if template.script is None:
        return False
    return runs_other_code(template, describe_script(evaluation.context.harness, template.script).kind)


def secrets_in(evaluation: Evaluation) -> tuple[str, ...]:
    """Return the values that no arm may leave anywhere: the template's secrets, and the job's tokens.

    NotJudged where a secret is too short to be found.
    """
    environment = evaluation.world.environment
    tokens = [name for name in TOKENS_OF_A_JOB if len(environment.get(name, "")) >= LEAST_CHARACTERS]
    return secrets_of(environment, [*evaluation.template.secret_names, *tokens])


def _fill_assets(evaluation: Evaluation, assets: Mapping[ArmName, str]) -> None:
    """Lay the bytes of Git LFS files into our own checkout, where an asset is one and the clone has them.

    Files of the harness stay what git stores: their digest is that of the lock.
    """
    context = evaluation.context
    repository = find_repository(context.project.root) if context.proposal else None
    if repository is None:
        return
    measures = matcher(harness_globs(evaluation.template))
    for asset in assets.values():
        if not measures(asset) and not Path(asset).is_absolute():
            fill(context.harness, asset, repository.large_files())


def measure_arms(evaluation: Evaluation, assets: Mapping[ArmName, str]) -> dict[ArmName, Arm]:
    """Run the arms of these assets once per seed, but a baseline that is cached, and read what they left.

    After a seed that failed none is run: the arm has failed. Arms that run code of their own are run one
    after the other, and the baseline is read before the variant begins.
    """
    world, template = evaluation.world, evaluation.template
    refuse_to_run_nothing(template)
    if world.environment.get("GITHUB_ACTIONS") == "true" and secrets_in(evaluation):
        world.on_event(Secrets(values=secrets_in(evaluation)))
    if evaluation.shard.count > 1:
        for warning in shard_warnings(template, evaluation.context.harness):
            world.on_event(Note(arm="variant", text=warning))
    cache = ArmCache(settings=evaluation.request.cache, world=world)
    written = assets
    assets, warnings = at_one_commit(template, evaluation.context.harness, written, world)
    runs: dict[ArmName, list[tuple[int | None, Arm]]] = {name: [] for name in assets}
    with ContainerRuntime(world.environment) as containers:
        either = Predicting(processes=ScriptRuntime(), containers=containers)
        runtime = Redacting(Retrying(either, retries=template.retries))
        groups = [{name: asset} for name, asset in assets.items()] if is_apart(evaluation) else [assets]
        for group, seed in product(groups, seeds_of(template)):
            if any(arm.report.state != "completed" for name in group for _, arm in runs[name]):
                continue
            for name, arm in _measure_seed(evaluation, group, seed, cache, runtime).items():
                runs[name].append((seed, arm))
    arms = {
        name: _named(join_seeds(found, evaluation.metrics), evaluation.sources.name_of(name, written[name]))
        for name, found in runs.items()
    }
    arms = {
        name: arm.with_warnings([warnings[name]] if name in warnings else []) for name, arm in arms.items()
    }
    if "baseline" in arms:
        arms["baseline"] = arms["baseline"].with_warnings(cache.notes)
    return arms


def _named(arm: Arm, asset: str) -> Arm:
    """Return the arm under the name that its asset was proposed by."""
    return replace(arm, report=arm.report.model_copy(update={"asset": asset}))


def _measure_seed(
    evaluation: Evaluation,
    assets: Mapping[ArmName, str],
    seed: int | None,
    cache: ArmCache,
    runtime: Runtime,
) -> dict[ArmName, Arm]:
    template, metrics, world = evaluation.template, evaluation.metrics, evaluation.world
    folders = {name: evaluation.output.part(name, folder_of(seed)) for name in assets}
    if seed is not None:
        for name in assets:
            world.on_event(Note(arm=name, text=f"seed {seed}"))
    key = _key(evaluation, assets, seed, cache)
    entry = cache.get(key, folders["baseline"]) if key else None
    if entry is not None:
        world.on_event(Note(arm="baseline", text=f"reused: measured {entry.clock} in {entry.seconds} s"))
    lost = {name: lacks_bytes(evaluation.context.harness, asset) for name, asset in assets.items()}
    wanted = {name: asset for name, asset in assets.items() if name == "variant" or entry is None}
    to_run = {name: asset for name, asset in wanted.items() if lost[name] is None}
    outcomes = dict(_run(evaluation, to_run, folders, seed, runtime))
    moved = _moved_images(entry, outcomes.get("variant"))
    if moved is not None:
        cache.note(f"the kept baseline was measured anew: {moved}")
        entry = None
        empty_folder(folders["baseline"])
        outcomes |= _run(evaluation, {"baseline": assets["baseline"]}, folders, seed, runtime)
    arms: dict[ArmName, Arm] = {}
    for name, asset in assets.items():
        folder, shown = ResultsFolder(folders[name]), evaluation.sources.name_of(name, asset)
        if lost[name] is not None:
            arms[name] = failed_arm(metrics, arm_report("failed", asset=shown, detail=lost[name]))
        elif name in outcomes:
            arm = read_run(template, metrics, report_of_outcome(outcomes[name], asset=shown), folder)
            arms[name] = _without_secret_names(metrics, arm) if outcomes[name].is_redacted else arm
        elif entry is not None:
            report = report_of_cached_run(entry, asset=shown, now=world.now().clock)
            arms[name] = arm_unless_changed(metrics, read_run(template, metrics, report, folder), entry)
    if "baseline" in arms:
        cache.put(key, arms["baseline"], folders["baseline"])
    return arms


def _key(
    evaluation: Evaluation, assets: Mapping[ArmName, str], seed: int | None, cache: ArmCache
) -> CacheKey | None:
    """Return what the baseline is cached under, or None where it is not run or not cached."""
    if "baseline" not in assets or cache.settings.folder is None:
        return None
    found = baseline_key(
        evaluation.context,
        evaluation.template,
        assets["baseline"],
        sources=evaluation.sources,
        world=evaluation.world,
        seed=seed or 0,
        shard=evaluation.shard,
    )
    if isinstance(found, CacheKey):
        return found
    cache.note(f"the baseline is neither reused nor kept: {found}")
    return None


def _run(
    evaluation: Evaluation,
    assets: Mapping[ArmName, str],
    folders: Mapping[ArmName, Path],
    seed: int | None,
    runtime: Runtime,
) -> Mapping[ArmName, Outcome]:
    if not assets:
        return {}
    template, harness, world = evaluation.template, evaluation.context.harness, evaluation.world
    vocabulary, shard = evaluation.context.project.vocabulary, evaluation.shard
    on_event = refusing_ignored_shards(evaluation, folders)
    if template.script is None:
        where = lighteval_site(template, harness, folders, world)
        plan = plan_lighteval(template, vocabulary, assets=assets, site=where, seed=seed or 0, shard=shard)
        return run_arms(with_secrets(plan, secrets_in(evaluation)), runtime, on_event)
    script = describe_script(harness, template.script)
    is_patched = template.patch is not None and contained(template, script.kind) is None
    anew = is_apart(evaluation) and evaluation.context.proposal is not None
    copied = list(assets) if is_patched or anew else []
    with (
        copies_of(harness, copied, but=evaluation.output.path, linked=not anew) as copies,
        # apart only: uv's lock on a script's environment lies in TMPDIR, and arms at once must share it
        _temporary_folders(assets if is_apart(evaluation) else {}) as temporary,
    ):
        site = Site(
            harness=str(harness),
            script=script,
            environment=world.environment,
            outputs={name: str(folder) for name, folder in folders.items()},
            sources=evaluation.sources.folders,
            notes=(*evaluation.context.notes, *evaluation.sources.notes),
            copies={name: str(copy) for name, copy in copies.items()},
            temporary=temporary,
            configs=_configs(harness, template),
        )
        plan = plan_run(template, vocabulary, assets=assets, site=site, seed=seed or 0, shard=shard)
        _patch(plan)
        with unchanged_harness(template, list(copies.values()) if anew else []):
            return run_arms(with_secrets(plan, secrets_in(evaluation)), runtime, on_event)


def _without_secret_names(metrics: Mapping[str, BarMetric], arm: Arm) -> Arm:
    """Return the arm, failed where a secret was cut out of an id, a cluster or a key."""
    samples = [one for one in arm.scores.scores.values() if isinstance(one, Samples)]
    named = [name for one in samples for name in (*one.ids, *(one.clusters or ()), *one.missing)]
    if not any(REDACTED in name for name in (*named, *arm.scores.unnamed, *arm.scores.provenance)):
        return arm
    what = "a secret is in an id, a cluster or a key of its results"
    return failed_arm(metrics, arm.report.model_copy(update={"state": "failed", "detail": what}))


@contextmanager
def _temporary_folders(assets: Mapping[ArmName, str]) -> Iterator[Mapping[ArmName, str]]:
    """A folder for each arm's temporary files, removed with the block."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(TemporaryDirectory(prefix="remyx-tmp-", ignore_cleanup_errors=True))
            for name in assets
        }


def _patch(plan: RunPlan) -> None:
    """Lay the patched config files into each arm's own copy of the harness."""
    for arm in plan.arms:
        put_in_place(Path(arm.working_folder), arm.patched)


def _configs(root: Path, template: Template) -> dict[str, bytes]:
    """Return the files that the template patches, as far as they are there."""
    found = {patch.file: read_below(root, patch.file, cap_bytes=MOST_BYTES) for patch in template.patch or ()}
    return {path: content for path, content in found.items() if content is not None}


def _moved_images(entry: CacheEntry | None, variant: Outcome | None) -> str | None:
    """Return in words which image is not what it was when a cached baseline was measured, or None."""
    if entry is None or variant is None or not variant.images:
        return None
    before, now = entry.images, variant.images
    for name in sorted(before.keys() | now.keys()):
        if name.removeprefix("predict: ").startswith("FROM "):
            then, is_ = before.get(name, "unknown"), now.get(name, "unknown")
            if then != is_ or "unknown" in {then, is_}:
                return f"{name} was {then} then, and is {is_}"
    return None
