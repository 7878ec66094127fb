"""The commands of a job on GitHub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import PolicyName
from .step import act, action, cache_settings, event, in_an_event, world

ResultsArgument = Annotated[
    Path | None,
    typer.Argument(metavar="RESULTS", help="What `run --measure-only` left: a folder, .tar or .zip."),
]


def publish(results: ResultsArgument = None, policy: PolicyName = None) -> int:
    """Judge another job's raw results anew and post the verdict: the trusted step, on GitHub only.

    Example: remyx-action publish results.tar
    """
    return act("publish", policy=policy, results=None if results is None else str(results))


__all__ = ["act", "action", "cache_settings", "event", "in_an_event", "publish", "world"]
