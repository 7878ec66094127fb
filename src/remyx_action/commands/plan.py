"""`plan`: which jobs measure a change, for a scheduler to start; nothing is run here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from shlex import join

from msgspec import Struct

from remyx_action.runtimes.plan.shards import Leg, legs_of, matrix_of

from .run.pipeline import Request, scene_of


class Planned(Struct, frozen=True, kw_only=True):
    legs: Sequence[Leg]
    nothing: str | None
    """Why there is nothing to measure."""


def plan(request: Request, *, shards: int | None) -> Planned:
    """The legs of every template that the change concerns."""
    with scene_of(request) as scene:
        templates = [template for template, _ in scene.choices]
        return Planned(legs=legs_of(templates, shards), nothing=scene.nothing)


def told(planned: Planned, format: str) -> str:
    """As people, scripts or GitHub's scheduler read it."""
    if format == "github":
        return matrix_of(planned.legs)
    if format == "json":
        legs = [{"name": leg.name, "template": leg.template, "shard": leg.extent} for leg in planned.legs]
        return json.dumps({"legs": legs}, indent=2)
    if planned.nothing is not None:
        return f"nothing to measure: {planned.nothing}"
    return "\n".join(
        join(["remyx-action", "run", "--template", leg.template, "--shard", leg.extent])
        + f" --measure-only --out legs/{leg.name}"
        for leg in planned.legs
    )
