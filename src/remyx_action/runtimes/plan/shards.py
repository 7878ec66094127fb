"""The jobs that measure a change, one for each shard of each template, for a scheduler to start."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from msgspec import Struct

from remyx_action.errors import WrongUsage
from remyx_action.project.models import Template
from remyx_action.project.models.shard import MOST_SHARDS, Shard


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
