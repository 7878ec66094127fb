"""The commands that ask a bar about itself: `power`, `noise`, `backtest`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from remyx_action.errors import WrongUsage

from . import on_github
from .options import BaselineAsset, OutFolder, PageFormat, PolicyName, TemplateName, root_of
from .screen import show

Draws = Annotated[
    int | None, typer.Option(min=100, max=1_000_000, metavar="N", help="Draws of the simulation.")
]


def _refuse_arms(*arms: Path | None) -> None:
    """WrongUsage for recorded arms together with --run, which measures new ones."""
    if any(arms):
        raise WrongUsage(
            "--run measures anew, and recorded results are named", help="name one: --asset ASSET"
        )


RecordedArm = Annotated[
    Path | None, typer.Option(metavar="PATH", help="Recorded results; default: those of the last run.")
]

NoiseAt = Annotated[
    Literal["unchanged", "boundary"],
    typer.Option("--at", help="An unchanged variant, or one on each threshold."),
]

VerdictInPlace = Annotated[
    Path | None,
    typer.Option(metavar="PATH", help="A verdict in their place; without a last run: the newest recorded."),
]

MeasuredTimes = Annotated[
    int | None, typer.Option(min=2, max=1000, metavar="K", help="Measure the baseline K times instead.")
]

OwnArm = Annotated[
    Path | None, typer.Option(metavar="PATH", help="Recorded results: how changes spread, and hang together.")
]


def power(
    context: typer.Context,
    policy: PolicyName = None,
    samples: Annotated[
        str | None, typer.Option(metavar="N[,N]", help="Samples; several: each. Default: as declared.")
    ] = None,
    changed: Annotated[
        float | None, typer.Option(min=0.0001, max=1, metavar="SHARE", help="0/1 scores that differ.")
    ] = None,
    sd: Annotated[
        float | None, typer.Option(min=1e-12, metavar="NUMBER", help="Standard deviation of one change.")
    ] = None,
    gain: Annotated[
        float | None, typer.Option(metavar="NUMBER", help="True gain that is hoped for; default: `expect:`.")
    ] = None,
    verdict: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Tells how changes spread; default: the newest recorded."),
    ] = None,
    baseline: OwnArm = None,
    variant: OwnArm = None,
    format: PageFormat = "text",
) -> int:
    """Say what a number of samples lets the bar see, before anything is run.

    Example: remyx-action power --samples 300,1000 --gain 0.05
    """
    from remyx_action.commands import power as command
    from remyx_action.commands.assumptions import Assumptions, sizes_of
    from remyx_action.commands.replay import read_verdict

    root = root_of(context)
    assumptions = Assumptions(samples=sizes_of(samples), changed=changed, deviation=sd, gain=gain)
    if (baseline is None) != (variant is None):
        raise WrongUsage("two results say how changes spread", help="pass --baseline PATH and --variant PATH")
    arms = None if baseline is None or variant is None else (baseline, variant)
    recorded = None if verdict is None else read_verdict(verdict)
    return show(command.power(root, assumptions, policy=policy, verdict=recorded, arms=arms), format)


def noise(
    context: typer.Context,
    policy: Annotated[str, typer.Option(metavar="NAME", help="The policy to ask about.")] = "default",
    baseline: RecordedArm = None,
    variant: RecordedArm = None,
    at: NoiseAt = "unchanged",
    verdict: VerdictInPlace = None,
    draws: Draws = None,
    run: MeasuredTimes = None,
    template: TemplateName = None,
    asset: BaselineAsset = None,
    out: OutFolder = Path(".remyx-out"),
    format: PageFormat = "text",
) -> int:
    """Say how often the bar ships or rejects a variant that is exactly as good, by recorded arms.

    Example: remyx-action noise --policy default --baseline out/old --variant out/new
    """
    from remyx_action.commands import noise as command
    from remyx_action.commands.repeats import of_repeats
    from remyx_action.commands.replay import read_verdict
    from remyx_action.commands.run.request import Request

    root = root_of(context)
    if run is not None:
        _refuse_arms(baseline, variant, verdict)
        request = Request(root=root, out=root / out, template=template, policy=policy, baseline=asset)
        return show(of_repeats(request, on_github.world(), times=run), format)
    found = command.of_recorded(
        root,
        policy=policy,
        last_run=root / out / "arms",
        baseline=baseline,
        variant=variant,
        verdict=None if verdict is None else read_verdict(verdict),
        boundary=at == "boundary",
        draws=draws,
    )
    return show(found, format)
