"""Which arms are run and how each is started: template, assets and facts in, a plan of processes out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from msgspec import Struct, field

from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.planning.extent import WHOLE, Extent
from remyx_action.planning.surroundings import passed_through
from remyx_action.specs import Metrics, Template

Arm = Literal["baseline", "variant"]
ARMS: tuple[Arm, Arm] = ("baseline", "variant")

LOG_NAME = "harness.log"
"""In the arm's output folder: what the harness printed."""

UNITS_OF_TIME = frozenset({"s", "sec", "seconds", "ms", "us", "ns", "minutes", "hours"})
"""Case-folded; arms that run at once would slow each other."""


class ScriptKind(StrEnum):
    """What stands at the template's `script`, as far as it decides how that is started."""

    PYTHON = "python"
    PYTHON_WITH_METADATA = "python with inline metadata"
    EXECUTABLE = "executable"
    NOT_EXECUTABLE = "not executable"
    CONTAINER = "folder with a Dockerfile"
    FOLDER_RUN = "folder with run"
    FOLDER_ENTRYPOINT = "folder with entrypoint.sh"
    FOLDER_WITHOUT_START = "folder without a start"
    MISSING = "missing"


_CANNOT_START = {
    ScriptKind.NOT_EXECUTABLE: (
        "is not executable",
        "run `chmod +x` on it, or say how it is started with `command:`",
    ),
    ScriptKind.CONTAINER: (
        "has a Dockerfile, and containers are not built yet",
        "say with `command:` how it is started without a container, or judge its results with `judge`",
    ),
    ScriptKind.FOLDER_WITHOUT_START: (
        "is a folder without a Dockerfile or an executable `run` or `entrypoint.sh`",
        "add one of them, or say how it is started with `command:`",
    ),
}


class Script(Struct, frozen=True, kw_only=True):
    path: str
    """Below the root, with `/`, without a trailing one."""
    kind: ScriptKind


class Site(Struct, frozen=True, kw_only=True):
    """Where a run takes place: folders as absolute paths, and this program's own environment."""

    harness: str
    """The harness root: the working directory of both arms."""
    script: Script
    surroundings: Mapping[str, str]
    """Of which little is passed on."""
    outputs: Mapping[Arm, str]
    sources: Mapping[Arm, str] = field(default_factory=dict)
    """A read-only checkout of each arm's commit; the harness root where an arm has none."""
    notes: tuple[str, ...] = ()
    """What the person who runs it should know about the place."""


class ArmPlan(Struct, frozen=True, kw_only=True):
    """One process: what is started, where, with which environment, and for how long at most."""

    arm: Arm
    asset: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    """All of it; nothing is inherited."""
    working_folder: str
    output_folder: str
    timeout_seconds: float
    expected_samples: tuple[int, ...] = ()
    """Counts that progress is measured against, where the template declares them."""


class RunPlan(Struct, frozen=True, kw_only=True):
    arms: tuple[ArmPlan, ...]
    """Baseline first."""
    together: bool
    """Both at once, or one after the other."""
    not_run: Mapping[Arm, str] = field(default_factory=dict)
    """Why an arm is not run."""
    notes: tuple[str, ...] = ()
    """What the person who runs it should know beforehand."""


def choose_variant(flag: str | None, named: Mapping[str, str]) -> str:
    """The variant's asset: the flag's, else the only one that files name (place → asset).

    NotJudged `no_variant` where nothing names one, or several places name different ones.
    """
    if flag is not None:
        return flag
    if not named:
        raise NotJudged(
            "no_variant: nothing names the variant to judge",
            help="pass --variant ASSET, or name it in the template's variant_asset file or an experiment",
        )
    if len(set(named.values())) > 1:
        listed = ", ".join(f"{asset} ({place})" for place, asset in named.items())
        raise NotJudged(
            f"no_variant: several variants are named: {listed}", help="choose one with --variant ASSET"
        )
    return next(iter(named.values()))


def choose_assets(template: Template, *, baseline: str | None, variant: str | None) -> Mapping[Arm, str]:
    """The asset of each arm; `baseline` overrides the template's.

    NotJudged `no_variant` without a variant, `same_asset` where both are one; under `compare: commits`
    both arms have the same asset, which may be empty, and a variant is WrongUsage.
    """
    standing = baseline if baseline is not None else template.baseline_asset
    if template.compare == "commits":
        if variant is not None:
            raise WrongUsage(
                f"template {template.name} compares commits, so it has no variant asset",
                help="name the commits with --base REF and --head REF",
            )
        return {"baseline": standing or "", "variant": standing or ""}
    if variant is None:
        choose_variant(None, {})
    if template.baseline == "recorded":
        return {"variant": variant or ""}
    if standing is None:
        raise NotJudged(
            f"template {template.name} names no baseline_asset",
            help="add baseline_asset to the template, or pass --baseline ASSET",
        )
    if standing == variant:
        raise NotJudged(
            f"same_asset: baseline and variant are both {standing}",
            help="name another asset with --variant ASSET",
        )
    return {"baseline": standing, "variant": variant or ""}


def plan_run(
    template: Template,
    vocabulary: Metrics,
    *,
    assets: Mapping[Arm, str],
    site: Site,
    seed: int = 0,
    extent: Extent = WHOLE,
) -> RunPlan:
    """The processes to start for a template, each arm of `assets` in the environment that it may see.

    NotJudged where the script cannot be started, a placeholder has no value, or the template asks for a
    variable that no harness is given.
    """
    command = _command(template, site)
    inherited, notes = passed_through(site.surroundings, template.env)
    arms = []
    for arm in ARMS:
        if arm not in assets:
            continue
        facts = _facts(template, arm=arm, asset=assets[arm], site=site, seed=seed, extent=extent)
        named = {f"REMYX_{name.upper()}": value for name, value in facts.items()}
        arms.append(
            ArmPlan(
                arm=arm,
                asset=assets[arm],
                command=tuple(_filled_in(word, facts) for word in command),
                environment={**inherited, **named},
                working_folder=site.harness,
                output_folder=site.outputs[arm],
                timeout_seconds=float(template.timeout),
                expected_samples=_expected(template),
            )
        )
    return RunPlan(
        arms=tuple(arms),
        together=_together(template, vocabulary),
        not_run={} if "baseline" in assets else {"baseline": "the template takes the recorded baseline"},
        notes=(*site.notes, *notes),
    )


def seeds_of(template: Template) -> tuple[int | None, ...]:
    """What each arm is run with, in turn; one None where the template has no seeds."""
    return tuple(template.seeds) if template.seeds else (None,)


def folder_of(seed: int | None) -> str:
    """Of one seed's run, below the arm's output folder; "" is that folder itself."""
    return "" if seed is None else f"seed-{seed}"


def _command(template: Template, site: Site) -> tuple[str, ...]:
    script = site.script
    path = f"{site.harness}/{script.path}"
    if script.kind == ScriptKind.MISSING:
        raise NotJudged(f"script {script.path} does not exist", help="correct `script` in the template")
    if template.command is not None:
        return tuple(template.command)
    match script.kind:
        case ScriptKind.PYTHON:
            return ("python3", path)
        case ScriptKind.PYTHON_WITH_METADATA:
            return ("uv", "run", "--script", path)
        case ScriptKind.EXECUTABLE:
            return (path,)
        case ScriptKind.FOLDER_RUN:
            return (f"{path}/run",)
        case ScriptKind.FOLDER_ENTRYPOINT:
            return (f"{path}/entrypoint.sh",)
    what, advice = _CANNOT_START[script.kind]
    raise NotJudged(f"script {script.path} {what}", help=advice)


def _together(template: Template, vocabulary: Metrics) -> bool:
    if template.arms is not None:
        return template.arms == "parallel"
    units = {metric.unit.casefold() for metric in vocabulary.metrics if metric.key in template.metrics}
    return not units & UNITS_OF_TIME


def _expected(template: Template) -> tuple[int, ...]:
    if template.samples is None:
        return ()
    counts = template.samples.values() if isinstance(template.samples, dict) else [template.samples]
    return tuple(sorted(set(counts)))


def _facts(
    template: Template, *, arm: Arm, asset: str, site: Site, seed: int, extent: Extent
) -> dict[str, str]:
    """Placeholder → value; `samples` only where a count is known: the largest declared, or less if asked."""
    facts = {
        "asset": asset,
        "arm": arm,
        "source": site.sources.get(arm, site.harness),
        "harness": site.harness,
        "output_dir": site.outputs[arm],
        "seed": str(seed),
        "shard": str(extent.shard),
        "shards": str(extent.shards),
    }
    counts = [*_expected(template)[-1:], *([extent.samples] if extent.samples else [])]
    return facts | ({"samples": str(min(counts))} if counts else {})


def _filled_in(word: str, facts: Mapping[str, str]) -> str:
    """Put values in place of placeholders, once: braces inside a value and all others stay as they are."""

    def value_of(match: re.Match[str]) -> str:
        if match[1] not in facts:
            raise NotJudged(
                "`command` uses {samples}, and the template declares no samples",
                help="add `samples: N` to the template",
            )
        return facts[match[1]]

    return re.sub("{(" + "|".join({*facts, "samples"}) + ")}", value_of, word)
