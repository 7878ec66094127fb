"""plan: what an arm of a lighteval template is asked to do: template, asset and facts in, a command out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from remyx_action.planning.extent import WHOLE, Extent

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
    """Where lighteval runs: absolute paths."""

    python: str
    """Of lighteval's environment."""
    child: str
    """The folder of the program that runs an arm."""


class Request(Struct, frozen=True, kw_only=True):
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
    """Whether an asset is a hub's model at one commit: what it holds can change no more."""
    return _PINNED.fullmatch(asset) is not None


def name_and_revision(asset: str, *, backend: str) -> tuple[str, str | None]:
    """`org/model@revision` in two; a server's model names are its own, whatever they hold."""
    name, at, revision = asset.rpartition(SEPARATOR)
    return (name, revision) if at and name and revision and backend != "openai" else (asset, None)


def specification(
    request: Request, *, asset: str, harness: str, output_folder: str, seed: int, extent: Extent = WHOLE
) -> dict[str, Any]:
    """The document that the program of an arm reads; `harness` and `output_folder` are absolute paths."""
    name, revision = name_and_revision(asset, backend=request.model["backend"])
    counts = [count for count in (request.max_samples, extent.samples) if count is not None]
    custom = None if request.custom_tasks is None else f"{harness}/{request.custom_tasks}"
    told = {key: value for key, value in request.model.items() if key != "python" and value is not None}
    return {
        "schema": SCHEMA,
        "tasks": list(request.tasks),
        "custom_tasks": custom,
        "few_shot": request.few_shot,
        "samples": min(counts, default=None),
        "seed": seed,
        "shard": extent.shard,
        "shards": extent.shards,
        "model": {**told, "name": name, "revision": revision, "root": harness},
        "metrics": {key: dict(named) for key, named in request.metrics.items()},
        "output_folder": output_folder,
        "data_folder": None,
    }


def command_of(site: ChildSite, document: Mapping[str, Any]) -> tuple[str, ...]:
    """The words that start an arm; the specification is one of them, so no file has to be written first."""
    return (site.python, "-I", "-B", "-u", "-X", "utf8", site.child, json.dumps(document, sort_keys=True))
