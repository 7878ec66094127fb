"""plan: how much of an evaluation one run carries out."""

from __future__ import annotations

from msgspec import Struct


class Extent(Struct, frozen=True, kw_only=True):
    """The whole of it, a quick look at its first samples, or one of several shards."""

    samples: int | None = None
    """At most so many samples; None: as many as the harness has."""
    shard: int = 0
    """From 0 to `shards - 1`."""
    shards: int = 1


WHOLE = Extent()
