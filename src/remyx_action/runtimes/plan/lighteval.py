"""plan: what an arm of a lighteval template is asked to do: template and asset in, a command out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from remyx_action.errors import NotJudged
from remyx_action.project.models import Metrics, Template
from remyx_action.project.models.shard import WHOLE, Shard
from remyx_action.project.models.template import ARMS, ArmName

from .run_plan import ArmPlan, RunPlan, expected_samples, not_run, runs_together
from .variables import passed_through

LIGHTEVAL_VERSION = "0.13.0"
"""The one that is locked, whose tasks are listed, and whose traps are guarded against."""

SCHEMA = "remyx-lighteval/1"
SEPARATOR = "@"
"""Between a hub's name and a revision."""

CACHES = (
    "HF_DATASETS_CACHE", "HF_DATASETS_OFFLINE", "HF_ENDPOINT", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE",
    "HF_HUB_DOWNLOAD_TIMEOUT", "HF_HUB_ETAG_TIMEOUT", "TRANSFORMERS_OFFLINE",
)  # fmt: skip
"""Variables that an arm is given besides those of every harness: where models lie, and no secret."""

_PINNED = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*@[0-9a-f]{40}")


class ChildSite(Struct, frozen=True, kw_only=True):
    """Where lighteval runs: absolute paths, and this program's own environment."""

    python: str
    """Of lighteval's environment."""
    child: str
    """The folder of the program that runs an arm."""
    harness: str
    """The harness root: models and custom tasks lie below it."""
    outputs: Mapping[ArmName, str]
    environment: Mapping[str, str]
    """Of which little is passed on."""
    notes: tuple[str, ...] = ()
    """What the person who runs it should know about the place."""


class LightevalRequest(Struct, frozen=True, kw_only=True):
    """What a template asks of lighteval, its task and metrics resolved."""

    tasks: Sequence[str]
    """Concrete names; a group's are all of its tasks."""
    metrics: Mapping[str, Mapping[str, str]]
    """Our key → task → the metric's canonical name."""
    model: Mapping[str, Any]
    """As the template says it; keys that are None were not given."""
    custom_tasks: str | None = None
    """Path below the harness root."""
    few_shot: int = 0
    max_samples: int | None = None


def is_pinned(asset: str) -> bool:
    """Whether an asset, where it is no folder, is a hub's model at one commit: it can change no more."""
    return _PINNED.fullmatch(asset) is not None


def name_and_revision(asset: str, *, backend: str) -> tuple[str, str | None]:
    """`org/model@revision` in two; a server's model names are its own, whatever they hold."""
    name, at, revision = asset.rpartition(SEPARATOR)
    return (name, revision) if at and name and revision and backend != "openai" else (asset, None)


def request_of(template: Template) -> LightevalRequest:
    """What the template asks for. NotJudged where the task or a metric of it is not known."""
    from remyx_action.project.tasks import resolve, task_list  # brings the list along

    assert template.model is not None
    resolved, faults = resolve(template, task_list())
    if resolved is None:
        raise NotJudged(f"template {template.name}: {faults[0].message}", help=faults[0].help)
    return LightevalRequest(
        tasks=resolved.tasks,
        metrics=resolved.metrics,
        model=template.model.model_dump(exclude_none=True),
        custom_tasks=template.custom_tasks,
        few_shot=template.few_shot,
        max_samples=template.max_samples,
    )


def plan_lighteval(
    template: Template,
    vocabulary: Metrics,
    *,
    assets: Mapping[ArmName, str],
    site: ChildSite,
    seed: int = 0,
    shard: Shard = WHOLE,
) -> RunPlan:
    """The processes to start for a template whose runtime is lighteval.

    NotJudged where its task is not known, or it asks for a variable that no harness is given.
    """
    request = request_of(template)
    key = request.model.get("api_key")
    asked = [*template.secrets, *([key] if key else [])]
    environment, notes = passed_through(site.environment, template.env, secrets=asked, besides=CACHES)
    arms = tuple(
        ArmPlan(
            arm=arm,
            asset=assets[arm],
            command=_command(request, site, arm, assets[arm], seed=seed, shard=shard),
            environment=environment,
            working_folder=site.harness,
            output_folder=site.outputs[arm],
            timeout_seconds=float(template.timeout),
            expected_samples=expected_samples(template),
        )
        for arm in ARMS
        if arm in assets
    )
    shares_nothing = template.arms is not None or request.model["backend"] == "openai"
    return RunPlan(
        arms=arms,
        # models that are loaded here would share the memory and every core
        together=shares_nothing and runs_together(template, vocabulary),
        not_run=not_run(assets),
        notes=(*site.notes, *notes),
    )


def _command(
    request: LightevalRequest, site: ChildSite, arm: ArmName, asset: str, *, seed: int, shard: Shard
) -> tuple[str, ...]:
    """The words that start an arm; the specification is one of them, so no file has to be written first."""
    document = specification(
        request, asset=asset, harness=site.harness, output_folder=site.outputs[arm], seed=seed, shard=shard
    )
    text = json.dumps(document, sort_keys=True, default=_number)
    return (site.python, "-I", "-B", "-u", "-X", "utf8", site.child, text)


def _number(value: Any) -> float | int:
    """Templates hold numbers as they were written."""
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} is not a number")
    return int(value) if value == value.to_integral_value() else float(value)


def specification(
    request: LightevalRequest,
    *,
    asset: str,
    harness: str,
    output_folder: str,
    seed: int,
    shard: Shard = WHOLE,
) -> dict[str, Any]:
    """The document that the program of an arm reads; `harness` and `output_folder` are absolute paths."""
    name, revision = name_and_revision(asset, backend=request.model["backend"])
    counts = [count for count in (request.max_samples, shard.samples) if count is not None]
    custom = None if request.custom_tasks is None else f"{harness}/{request.custom_tasks}"
    written = {key: value for key, value in request.model.items() if key != "python" and value is not None}
    return {
        "schema": SCHEMA,
        "tasks": list(request.tasks),
        "custom_tasks": custom,
        "few_shot": request.few_shot,
        "samples": min(counts, default=None),
        "seed": seed,
        "shard": shard.index,
        "shards": shard.count,
        "model": {**written, "name": name, "revision": revision, "root": harness},
        "metrics": {key: dict(named) for key, named in request.metrics.items()},
        "output_folder": output_folder,
        "data_folder": None,
    }
