"""`plan`: the jobs that measure a change, one for each shard of each template; nothing is run here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import chain
from shlex import join

from msgspec import Struct

from remyx_action.errors import WrongUsage
from remyx_action.project.models import Template
from remyx_action.project.models.shard import MOST_SHARDS, Shard

from .output import Output
from .planned_samples import planned_samples
from .run.context import open_context
from .run.ignored_shard import shard_warnings
from .run.request import Request
from .run.variants import judge_files


class Leg(Struct, frozen=True, kw_only=True):
    """One job: both arms of one shard."""

    template: str
    shard: Shard

    @property
    def name(self) -> str:
        """Its own among all legs; fit for an artifact."""
        return f"{self.template}-{self.shard.index}-of-{self.shard.count}"


def legs_of(templates: Iterable[Template], shards: int | None) -> Sequence[Leg]:
    """Every leg; `shards` in place of what the templates say. WrongUsage for more than GitHub starts."""
    legs = [
        Leg(template=template.name, shard=Shard(index=index, count=count))
        for template in templates
        for count in [shards or template.shards or 1]
        for index in range(count)
    ]
    if len(legs) > MOST_SHARDS:
        raise WrongUsage(
            f"{len(legs):,} legs are more than the {MOST_SHARDS} jobs of a matrix",
            help="ask for fewer --shards, or plan one --template at a time",
        )
    return legs


def matrix_of(legs: Sequence[Leg]) -> str:
    """The matrix for GitHub's `fromJSON`, on one line; "" without a leg, as an empty matrix is an error."""
    if not legs:
        return ""
    include = [{"name": leg.name, "template": leg.template, "shard": str(leg.shard)} for leg in legs]
    return json.dumps({"include": include})


class Planned(Struct, frozen=True, kw_only=True):
    legs: Sequence[Leg]
    nothing: str | None
    """Why there is nothing to measure."""
    power: Sequence[str] = ()
    """A sentence about each policy: how often it ships what is hoped for."""
    warnings: Sequence[str] = ()
    """Of templates that run nothing, or whose harness seems to ignore its shard."""


def plan(request: Request, *, shards: int | None) -> Planned:
    """The legs of every template that the change concerns and that runs something."""
    with open_context(request) as context:
        every = [template for template, _ in context.choices]
        templates = [template for template in every if template.runtime != "results"]
        idle = [
            f"template {one.name} runs nothing: {judge_files(one)}" for one in every if one not in templates
        ]
        nothing = "; ".join(idle) if idle and not templates else context.nothing
        legs = legs_of(templates, shards)
        cut = {leg.template for leg in legs if leg.shard.count > 1}
        found = [shard_warnings(one, context.harness) for one in templates if one.name in cut]
        return Planned(
            legs=legs,
            nothing=nothing,
            power=[] if nothing else planned_samples(request.root, context.project.bundle),
            warnings=[*(idle if nothing is None else ()), *chain.from_iterable(found)],
        )


def output_of(planned: Planned) -> Output:
    """Return the jobs as people, scripts or GitHub's scheduler read them."""
    return Output(
        formats={
            "text": lambda _: f"{_as_text(planned)}\n",
            "json": lambda _: f"{_as_json(planned)}\n",
            "github": lambda _: f"{matrix_of(planned.legs)}\n",
        }
    )


def _as_json(planned: Planned) -> str:
    legs = [{"name": leg.name, "template": leg.template, "shard": str(leg.shard)} for leg in planned.legs]
    power = {"power": list(planned.power)} if planned.power else {}
    return json.dumps({"legs": legs, **power}, indent=2)


def _as_text(planned: Planned) -> str:
    if planned.nothing is not None:
        return f"nothing to measure: {planned.nothing}"
    commands = (
        join(["remyx-action", "run", "--template", leg.template, "--shard", str(leg.shard)])
        + f" --measure-only --out legs/{leg.name}"
        for leg in planned.legs
    )
    # As comments of a shell, which may be given all of it.
    return "\n".join([*(f"# {line}" for line in planned.power), *commands])
