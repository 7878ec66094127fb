"""A job on GitHub: settings and event in, one of its modes carried out, the exit code of the gate out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from remyx_action.commands.output import Say
from remyx_action.errors import Exit, WrongUsage
from remyx_action.github.settings import Settings

from .job import Job

if TYPE_CHECKING:
    from remyx_action.commands.run.request import World


def carry_out(settings: Settings, make_world: Callable[[], World], say: Say, out: Path | None = None) -> Exit:
    """Carry out the mode that the action's inputs ask for; `out`: default a new folder of its own."""
    event, runner = settings.event, settings.runner
    if event is None or runner is None:
        raise WrongUsage(
            "the action runs on GitHub, and no event is set here",
            help="on your own machine: `remyx-action run`",
        )
    job = Job(
        event=event,
        inputs=settings.inputs,
        runner=runner,
        make_world=make_world,
        out=out or Path(tempfile.mkdtemp(prefix="remyx-", dir=os.environ.get("RUNNER_TEMP"))) / "out",
        say=say,
    )
    module = import_module(f".{settings.inputs.mode}", __package__)  # one a mode, each with a `carry_out`
    ended: Exit = module.carry_out(job)
    return ended
