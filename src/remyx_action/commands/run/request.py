"""What a run is asked for, and what it takes from outside: both are handed in by the shell."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, field

from remyx_action import __version__
from remyx_action.project.models import Template
from remyx_action.project.models.shard import WHOLE, Shard
from remyx_action.report.report import RunReport

if TYPE_CHECKING:
    from remyx_action.github.events import Event
    from remyx_action.github.trouble import NotRead
    from remyx_action.history.record import RecordedVerdict
    from remyx_action.policy.lock_state import Item
    from remyx_action.policy.looks import Look
    from remyx_action.project.models import Policy
    from remyx_action.runtimes import OnEvent


KnownLooks: TypeAlias = "Sequence[Look] | NotRead | None"
"""Oldest first; NotRead: there may be some that could not be read; None: they are not counted here."""


class CacheSettings(Struct, frozen=True, kw_only=True):
    """Where baseline arms are cached, and what this run may do there."""

    folder: Path | None
    """None: nothing is cached."""
    may_get: bool = True
    may_put: bool = True
    """Only of a run that is trusted: what it caches is believed later."""


NO_CACHE = CacheSettings(folder=None)


class Request(Struct, frozen=True, kw_only=True):
    """What somebody asked `run` for; None leaves the choice to the project."""

    root: Path
    out: Path
    event: Event | None = None
    """What a job on GitHub was started for; None on a laptop."""
    template: str | None = None
    policy: str | None = None
    variant: str | None = None
    experiment: str | None = None
    """Off GitHub: the experiment to measure; None: those that differ from `base`."""
    baseline: str | None = None
    base: str | None = None
    """The commit to read the project's files from, and to take the merge base with."""
    head: str | None = None
    measure_only: bool = False
    measured: Path | None = None
    """A folder of raw results that another job left: judged, and nothing is run."""
    cache: CacheSettings = NO_CACHE
    shard: Shard = WHOLE


class World(Struct, frozen=True, kw_only=True):
    """Environment, clock and callbacks of the process that a run is a part of."""

    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    began: float = field(default_factory=time.monotonic)
    attempt: int = 1
    on_event: OnEvent = lambda _event: None
    """Called with the progress of the arms."""
    enforcement: Callable[[Template, str], Sequence[Item]] = lambda _template, _base: ()
    """Asks GitHub whether branch rules enforce a template's lock, given the base commit; called only where a
    policy wants to know."""
    out_of_reach: Callable[[Template, str], Sequence[str]] = lambda _template, _base: ()
    """Asks GitHub what keeps this verdict out of a pull request's reach, under the same terms."""
    looks: Callable[[Policy, str | None], KnownLooks] = lambda _policy, _asset: None
    """Gives the looks at the pull request under a policy so far, and those at the same asset elsewhere; None:
    the variant has no name that means the same elsewhere."""

    recorded: Sequence[RecordedVerdict] | None = None
    """The newest verdicts as the server has them now; None: those that the repository knows."""

    def now(self) -> RunReport:
        """The record of this moment; `seconds` counts since this process began its work."""
        return RunReport(
            clock=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            host=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
            seconds=Decimal(f"{time.monotonic() - self.began:.3f}"),
            attempt=self.attempt,
            version=__version__,
        )
