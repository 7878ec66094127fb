"""One step of a job: what it was started for, and where it reads, writes and prints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.commands.output import Say
from remyx_action.github.events import Event, PullRequestEvent
from remyx_action.github.settings import ActionInputs, Runner

if TYPE_CHECKING:
    from remyx_action.commands.run.request import Request, World
    from remyx_action.sources.git import Remote

ARCHIVE = "results.tar"
"""What `measure` leaves for `publish`, in its output folder."""


class Job(Struct, frozen=True, kw_only=True):
    """Handed to the module of the mode."""

    event: Event
    inputs: ActionInputs
    runner: Runner
    make_world: Callable[[], World]
    """Called only by the modes that run or judge, since it loads what they need."""
    out: Path
    say: Say

    @property
    def world(self) -> World:
        world = replace(self.make_world(), attempt=self.runner.run_attempt)
        if not self.runner.secrets:
            return world
        own = {name: value for name, value in world.environment.items() if name != "REMYX_SECRETS"}
        return replace(world, environment={**own, **self.runner.secrets})

    @property
    def root(self) -> Path:
        """The project's."""
        return Path(self.inputs.working_directory).absolute()

    @property
    def is_draft(self) -> bool:
        return isinstance(self.event, PullRequestEvent) and self.event.draft

    @property
    def remote(self) -> Remote:
        from remyx_action.sources.git import Remote

        return Remote(server_url=self.runner.server_url, name=self.runner.repository, token=self.runner.token)

    def request(self, event: Event | None, out: Path) -> Request:
        """Return what a run is asked for; nothing that it measures is cached for others."""
        from remyx_action.commands.run.request import CacheSettings, Request
        from remyx_action.project.models.shard import WHOLE

        return Request(
            root=self.root,
            out=out,
            event=event,
            template=self.inputs.template,
            policy=self.inputs.policy,
            variant=self.inputs.variant,
            cache=CacheSettings(folder=self.runner.cache, may_put=False),
            shard=self.runner.shard or WHOLE,
        )
