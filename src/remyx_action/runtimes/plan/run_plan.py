"""Which arms are run and how each is started: template and assets in, a plan of processes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from posixpath import basename, normpath

from msgspec import Struct, field
from msgspec.structs import replace

from remyx_action.errors import NotJudged
from remyx_action.project.models import Metrics, Template
from remyx_action.project.models.container import Container, Predict
from remyx_action.project.models.shard import WHOLE, Shard
from remyx_action.project.models.template import (
    ARMS,
    ArmName,
    Script,
    ScriptKind,
    contained,
)
from remyx_action.project.protected import harness_globs

from .container import (
    INPUTS,
    OUTPUT,
    PREDICTIONS,
    SET_INSIDE,
    SOURCE,
    Brought,
    ContainerFiles,
    ContainerPlan,
    images_of,
    plan_container,
)
from .patching import patched
from .variables import as_variables, asked_for, filled_in, passed_through

PREDICT_LOG_NAME = "predict.log"
"""In the same folder: what the code under test printed, where that is apart from the harness."""

UNITS_OF_TIME = frozenset({"s", "sec", "seconds", "ms", "us", "ns", "minutes", "hours"})
"""Case-folded; arms that run at once would slow each other."""


_CANNOT_START = {
    ScriptKind.NOT_EXECUTABLE: (
        "is not executable",
        "run `chmod +x` on it, or say how it is started with `command:`",
    ),
    ScriptKind.FOLDER_WITHOUT_START: (
        "is a folder without a Dockerfile or an executable `run` or `entrypoint.sh`",
        "add one of them, or say how it is started with `command:`",
    ),
}


class Site(Struct, frozen=True, kw_only=True):
    """Where a run takes place: folders as absolute paths, and this program's own environment."""

    harness: str
    """The harness root: the working directory of both arms."""
    script: Script
    environment: Mapping[str, str]
    """Of which little is passed on."""
    outputs: Mapping[ArmName, str]
    sources: Mapping[ArmName, str] = field(default_factory=dict)
    """A read-only checkout of each arm's commit; the harness root where an arm has none."""
    copies: Mapping[ArmName, str] = field(default_factory=dict)
    """A copy of the harness root for each arm, where config files are patched and no container hides them."""
    temporary: Mapping[ArmName, str] = field(default_factory=dict)
    """A folder for temporary files for each arm; without one an arm has this process's."""
    configs: Mapping[str, bytes] = field(default_factory=dict)
    """The files that `patch` names, by their path below the root; what is missing does not exist."""
    notes: tuple[str, ...] = ()
    """What the person who runs it should know about the place."""


class ArmPlan(Struct, frozen=True, kw_only=True):
    """One process or container: what is started, where, with which environment, for how long at most."""

    arm: ArmName
    asset: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    """All of it; nothing is inherited."""
    working_folder: str
    output_folder: str
    timeout_seconds: float
    expected_samples: tuple[int, ...] = ()
    """Counts that progress is measured against, where the template declares them."""
    log_file: str = ""
    """Absolute; "": `harness.log` in the output folder."""
    patched: Mapping[str, bytes] = field(default_factory=dict)
    """Config files to lay over those below the working folder, which is the arm's own where there are any."""
    container: ContainerPlan | None = None
    """None: a process on this machine. In a container an empty command leaves the image's own."""
    predict: ArmPlan | None = None
    """What runs before, in a container of its own, and leaves predictions."""
    secrets: tuple[str, ...] = ()
    """Values that leave it nowhere."""


class RunPlan(Struct, frozen=True, kw_only=True):
    arms: tuple[ArmPlan, ...]
    """Baseline first."""
    together: bool
    """Both at once, or one after the other."""
    not_run: Mapping[ArmName, str] = field(default_factory=dict)
    """Why an arm is not run."""
    notes: tuple[str, ...] = ()
    """What the person who runs it should know beforehand."""


def plan_run(
    template: Template,
    vocabulary: Metrics,
    *,
    assets: Mapping[ArmName, str],
    site: Site,
    seed: int = 0,
    shard: Shard = WHOLE,
) -> RunPlan:
    """The processes to start for a template, each arm of `assets` in the environment that it may see.

    NotJudged where the script cannot be started, a placeholder has no value, or the template asks for a
    variable that no harness is given.
    """
    together = runs_together(template, vocabulary) and not runs_other_code(template, site.script.kind)
    at_once = 2 if together and len(assets) == 2 else 1
    common = _Planned(template=template, site=site, seed=seed, shard=shard, at_once=at_once)
    _, notes = passed_through(site.environment, template.env, secrets=template.secrets)
    return RunPlan(
        arms=tuple(_arm(common, arm, assets[arm]) for arm in ARMS if arm in assets),
        together=together,
        not_run=not_run(assets),
        notes=(*site.notes, *_said_of(template, site, notes)),
    )


def with_secrets(plan: RunPlan, values: tuple[str, ...]) -> RunPlan:
    """The plan whose arms keep these values to themselves."""

    def keeping(arm: ArmPlan) -> ArmPlan:
        return replace(arm, secrets=values, predict=arm.predict and keeping(arm.predict))

    return replace(plan, arms=tuple(map(keeping, plan.arms)))


def not_run(assets: Mapping[ArmName, str]) -> dict[ArmName, str]:
    """Why an arm is not run: the baseline alone can be left out."""
    return {} if "baseline" in assets else {"baseline": "the template takes the recorded baseline"}


def _said_of(template: Template, site: Site, notes: Sequence[str]) -> list[str]:
    """What was left out of an environment; a container's misses only what its template asks for."""
    if contained(template, site.script.kind) is None:
        return list(notes)
    return [
        note
        for note in notes
        if any(note.startswith(f"{name}, which") for name in [*template.env, *template.secrets])
    ]


class _Planned(Struct, frozen=True, kw_only=True):
    """What both arms are planned with."""

    template: Template
    site: Site
    seed: int
    shard: Shard
    at_once: int
    """How many arms run at once."""

    def values(self, arm: ArmName, asset: str, places: Mapping[str, str]) -> dict[str, str]:
        """Placeholder → value; `samples` only where a count is known: the largest declared, or less."""
        values = {
            "asset": asset,
            "arm": arm,
            **places,
            "seed": str(self.seed),
            "shard": str(self.shard.index),
            "shards": str(self.shard.count),
        }
        shard = self.shard
        counts = [*expected_samples(self.template)[-1:], *([shard.samples] if shard.samples else [])]
        return values | ({"samples": str(min(counts))} if counts else {})


def _arm(common: _Planned, arm: ArmName, asset: str) -> ArmPlan:
    template, site = common.template, common.site
    if site.script.kind == ScriptKind.MISSING:
        raise NotJudged(f"script {site.script.path} does not exist", help="correct `script` in the template")
    container = contained(template, site.script.kind)
    predict = None if template.predict is None else _prediction(common, template.predict, arm, asset)
    if container is not None:
        return _in_container(common, container, arm, asset, predict)
    root, output = site.copies.get(arm, site.harness), site.outputs[arm]
    places = {"source": site.sources.get(arm, root), "harness": root, "output_dir": output}
    if predict is not None:
        places |= {"source": root, "predictions": predict.output_folder}
    values = common.values(arm, asset, places)
    inherited, _ = passed_through(site.environment, template.env, secrets=template.secrets)
    return ArmPlan(
        arm=arm,
        asset=asset,
        command=tuple(filled_in(word, values, "command") for word in _command(template, site.script, root)),
        environment={**inherited, **_temporary(site, arm), **as_variables(values)},
        working_folder=root,
        output_folder=output,
        timeout_seconds=float(template.timeout),
        expected_samples=expected_samples(template),
        patched=_patched(common, values),
        predict=predict,
    )


def _temporary(site: Site, arm: ArmName) -> dict[str, str]:
    return {"TMPDIR": site.temporary[arm]} if arm in site.temporary else {}


def _in_container(
    common: _Planned, container: Container, arm: ArmName, asset: str, predict: ArmPlan | None
) -> ArmPlan:
    """The harness in its container; what it reads of this machine is brought in, never mounted."""
    template, site = common.template, common.site
    if container.dockerfile is None and site.script.kind != ScriptKind.CONTAINER:
        raise NotJudged(
            f"`container` names no dockerfile, and there is no {site.script.path}/Dockerfile",
            help="write `container: {dockerfile: PATH}` in the template",
        )
    places, brought = {"output_dir": OUTPUT}, dict[str, Brought]()
    if predict is not None:
        places["predictions"], brought["predictions"] = PREDICTIONS, Brought(path=predict.output_folder)
    elif arm in site.sources:
        places["source"], brought["source"] = SOURCE, Brought(path=site.sources[arm])
    values = common.values(arm, asset, places)
    placed = _placed(container, _patched(common, values))
    return ArmPlan(
        arm=arm,
        asset=asset,
        command=tuple(filled_in(word, values, "command") for word in template.command or ()),
        environment={
            **SET_INSIDE,
            **asked_for(site.environment, template.env, secrets=template.secrets),
            **as_variables(values),
        },
        working_folder=site.harness,
        output_folder=site.outputs[arm],
        timeout_seconds=float(template.timeout),
        expected_samples=expected_samples(template),
        container=_plan(common, container, ContainerFiles(placed=placed, brought=brought)),
        predict=predict,
    )


def _prediction(common: _Planned, predict: Predict, arm: ArmName, asset: str) -> ArmPlan:
    """The code under test in a container of its own: nothing of the environment, no harness, no labels."""
    template, site = common.template, common.site
    inputs = f"{INPUTS}/{basename(normpath(predict.inputs))}"
    path = f"{site.harness}/{normpath(predict.inputs)}"
    brought = {f"inputs/{basename(inputs)}": Brought(path=path)}
    places = {"inputs": inputs, "predictions": PREDICTIONS}
    if arm in site.sources:
        only = tuple(predict.source or template.paths or ["**"])
        but = (*harness_globs(template), ".remyx/**")  # what the commit holds of them, labels above all
        places["source"], brought["source"] = SOURCE, Brought(path=site.sources[arm], only=only, but=but)
    values = common.values(arm, asset, places)
    return ArmPlan(
        arm=arm,
        asset=asset,
        command=tuple(filled_in(word, values, "predict.command") for word in predict.command),
        environment={**SET_INSIDE, **as_variables(values)},
        working_folder=site.harness,
        output_folder=f"{site.outputs[arm]}/predictions",
        log_file=f"{site.outputs[arm]}/{PREDICT_LOG_NAME}",
        timeout_seconds=float(template.timeout),
        expected_samples=expected_samples(template),
        container=_plan(common, predict.container, ContainerFiles(brought=brought, output=PREDICTIONS)),
    )


def _plan(common: _Planned, container: Container, files: ContainerFiles) -> ContainerPlan:
    images = images_of(
        container, root=common.site.harness, dockerfile=f"{common.site.script.path}/Dockerfile"
    )
    seconds = float(common.template.timeout)
    return plan_container(container, images, files, together=common.at_once, timeout_seconds=seconds)


def _patched(common: _Planned, values: Mapping[str, str]) -> dict[str, bytes]:
    """Path below the root → what the arm finds there instead."""
    found: dict[str, bytes] = {}
    for patch in common.template.patch or ():
        if patch.file not in common.site.configs:
            raise NotJudged(f"{patch.file} does not exist", help="correct `file` in the template's `patch`")
        settings = {
            key: filled_in(value, values, "patch") if isinstance(value, str) else value
            for key, value in patch.set.items()
        }
        content = found.get(patch.file, common.site.configs[patch.file])
        found[patch.file] = patched(patch.file, content, settings)
    return found


def _placed(container: Container, patched_files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Path in the container → content."""
    unplaced = [path for path in patched_files if path not in container.mount_config]
    if unplaced:
        raise NotJudged(
            f"`container.mount_config` does not say where {unplaced[0]} belongs in the container",
            help=f"write `mount_config: {{{unplaced[0]}: /PATH/IN/THE/CONTAINER}}`",
        )
    return {container.mount_config[path]: content for path, content in patched_files.items()}


def _command(template: Template, script: Script, root: str) -> tuple[str, ...]:
    path = f"{root}/{script.path}"
    if template.command is not None:
        return tuple(template.command)
    match script.kind:
        case ScriptKind.PYTHON:
            return ("python3", path)
        case ScriptKind.PYTHON_WITH_METADATA:
            return ("uv", "run", "--no-config", "--script", path)
        case ScriptKind.EXECUTABLE:
            return (path,)
        case ScriptKind.FOLDER_RUN:
            return (f"{path}/run",)
        case ScriptKind.FOLDER_ENTRYPOINT:
            return (f"{path}/entrypoint.sh",)
    what, advice = _CANNOT_START[script.kind]
    raise NotJudged(f"script {script.path} {what}", help=advice)


def runs_other_code(template: Template, kind: ScriptKind) -> bool:
    """Whether each arm runs code of its own on this machine: what one does must not reach the other."""
    return template.compare == "commits" and template.predict is None and contained(template, kind) is None


def runs_together(template: Template, vocabulary: Metrics) -> bool:
    """Whether both arms run at once: as the template says, else where they share nothing that is scarce."""
    if template.arms is not None:
        return template.arms == "parallel"
    containers = [template.container, template.predict.container if template.predict else None]
    if any(container is not None and container.gpus for container in containers):
        return False
    units = {metric.unit.casefold() for metric in vocabulary.metrics if metric.key in template.metrics}
    return not units & UNITS_OF_TIME


def expected_samples(template: Template) -> tuple[int, ...]:
    """The counts that the template declares."""
    if template.samples is None:
        return ()
    counts = template.samples.values() if isinstance(template.samples, dict) else [template.samples]
    return tuple(sorted(set(counts)))
