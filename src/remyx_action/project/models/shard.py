"""How much of an evaluation one run carries out: all of it, its first samples, or one of several shards."""

from __future__ import annotations

import re

from msgspec import Struct
from msgspec.structs import replace

from . import Template


class Shard(Struct, frozen=True, kw_only=True):
    """One of `count` parts of an evaluation, or all of it; a quick look where `samples` is given."""

    index: int = 0
    """From 0 to `count - 1`."""
    count: int = 1
    samples: int | None = None
    """At most so many samples; None: as many as the harness has."""

    def with_samples(self, samples: int | None) -> Shard:
        """The same as a quick look."""
        return replace(self, samples=samples)

    def of(self, template: Template) -> Shard:
        """The same for one template: no quick look where it has no more samples than were asked for."""
        counts = template.samples.values() if isinstance(template.samples, dict) else [template.samples]
        declared = [count for count in counts if count is not None]
        if self.samples is not None and declared and max(declared) <= self.samples:
            return replace(self, samples=None)
        return self

    def __str__(self) -> str:
        """As `--shard` and `REMYX_SHARD` take it, such as `3/8`."""
        return f"{self.index}/{self.count}"


WHOLE = Shard()

MOST_SHARDS = 256
"""GitHub starts at most 256 jobs of a matrix."""
SHARD_HELP = f"write INDEX/COUNT with INDEX from 0, such as 3/8 for the fourth of 8, at most {MOST_SHARDS}"


def read_shard(text: str) -> Shard | None:
    """The shard that `3/8` names; None where it names none."""
    match = re.fullmatch(r"(\d{1,3})/(\d{1,3})", text, re.ASCII)
    if match is None or not int(match[1]) < int(match[2]) <= MOST_SHARDS:
        return None
    return Shard(index=int(match[1]), count=int(match[2]))
