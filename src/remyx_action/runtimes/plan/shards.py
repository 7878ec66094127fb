"""plan: the jobs that measure a change, one for each shard of each template, for somebody else to start."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from msgspec import Struct

from remyx_action.errors import WrongUsage
from remyx_action.project.models import Template
from remyx_action.project.models.extent import MOST_SHARDS


class Leg(Struct, frozen=True, kw_only=True):
    """One job: both arms of one shard."""

    template: str
    shard: int
    shards: int

    @property
    def extent(self) -> str:
        """As `--shard` and `REMYX_SHARD` take it."""
        return f"{self.shard}/{self.shards}"

    @property
    def name(self) -> str:
        """Its own among all legs; fit for an artifact."""
        return f"{self.template}-{self.shard}-of-{self.shards}"


def legs_of(templates: Iterable[Template], shards: int | None) -> Sequence[Leg]:
    """Every leg; `shards` in place of what the templates say. WrongUsage for more than GitHub starts."""
    legs = [
        Leg(template=template.name, shard=shard, shards=count)
        for template in templates
        for count in [shards or template.shards or 1]
        for shard in range(count)
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
    include = [{"name": leg.name, "template": leg.template, "shard": leg.extent} for leg in legs]
    return json.dumps({"include": include})
