"""One step of a job: settings from the environment, and options that win over them. Loads no options."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .screen import echo

if TYPE_CHECKING:
    from remyx_action.commands.run.request import CacheSettings, World
    from remyx_action.github.events import Event
    from remyx_action.github.settings import Mode
    from remyx_action.project.models.shard import Shard


def action() -> int:
    """Carry out what the action's inputs ask for: REMYX_MODE and its siblings, on GitHub only.

    Example: REMYX_MODE=open REMYX_POLICY=default remyx-action action
    """
    return act(None)


def in_an_event() -> bool:
    """Whether this process is a step of a job on GitHub."""
    return bool(os.environ.get("GITHUB_EVENT_NAME"))


def event() -> Event | None:
    """What this process was started for."""
    from remyx_action.github.settings import read_settings

    return read_settings(os.environ).event


def cache_settings(folder: Path | None, out: Path, *, fresh: bool = False) -> CacheSettings:
    """Return where baseline arms are cached; only a trusted process may add to them."""
    from remyx_action.commands.run.request import CacheSettings
    from remyx_action.github.settings import cache_folder, is_trusted

    on_runner = cache_folder(os.environ) if in_an_event() else None
    folder = folder or on_runner or out / "kept"
    return CacheSettings(folder=folder, may_get=not fresh, may_put=is_trusted(os.environ))


def act(
    mode: Mode | None, *, out: Path | None = None, shard: Shard | None = None, **given: str | None
) -> int:
    """Carry out one mode of the action."""
    from remyx_action.commands.on_github.action import carry_out
    from remyx_action.github.settings import read_settings

    settings = read_settings(os.environ)
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if mode is not None:
        changes["mode"] = mode
    settings = replace(settings, inputs=replace(settings.inputs, **changes))
    if shard is not None and settings.runner is not None:
        from remyx_action.project.models.shard import WHOLE

        asked = settings.runner.shard if shard == WHOLE else shard
        settings = replace(settings, runner=replace(settings.runner, shard=asked))
    return carry_out(settings, world, lambda text: echo(text, "github"), out)


def world() -> World:
    """Return this process's environment and clock, with progress on standard error."""
    from remyx_action.commands.run.request import World

    from .progress import ProgressLines

    say, command = partial(echo, err=True), partial(echo, format="github", err=True)
    return World(on_event=ProgressLines(say=say, command=command))
