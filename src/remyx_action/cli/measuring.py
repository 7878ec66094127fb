"""The commands that run arms: their arguments and help."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from remyx_action.errors import Exit

from . import on_github
from .options import (
    BaseCommit,
    BaselineAsset,
    Format,
    Fresh,
    HeadCommit,
    KeptFolder,
    OutFolder,
    PolicyName,
    TemplateName,
    VariantAsset,
    root_of,
)
from .screen import say_reports

if TYPE_CHECKING:
    from remyx_action.commands.baseline import Request


def run(
    context: typer.Context,
    template: TemplateName = None,
    policy: PolicyName = None,
    variant: VariantAsset = None,
    baseline: BaselineAsset = None,
    base: BaseCommit = None,
    head: HeadCommit = None,
    out: OutFolder = Path(".remyx-out"),
    kept: KeptFolder = None,
    fresh: Fresh = False,
    measure_only: Annotated[
        bool, typer.Option("--measure-only", help="Stop after the arms, without a verdict.")
    ] = False,
    format: Format = "text",
) -> int:
    """Run the evaluation on both arms, compare them, and judge: the main job.

    Example: remyx-action run --variant org/model-v2
    """
    if on_github.in_an_event() and (base, head, baseline) == (None, None, None):
        mode: Literal["measure", "run"] = "measure" if measure_only else "run"
        return on_github.act(mode, out=out.absolute(), template=template, policy=policy, variant=variant)
    from remyx_action.pipeline import Request
    from remyx_action.pipeline import run as carry_out_run

    root = root_of(context)
    request = Request(
        root=root,
        out=root / out,
        keeping=on_github.keeping(kept, root / out, fresh=fresh),
        template=template,
        policy=policy,
        variant=variant,
        baseline=baseline,
        base=base,
        head=head,
        measure_only=measure_only,
    )
    return say_reports(carry_out_run(request, on_github.stage()).reports, format)


baseline_commands = typer.Typer(
    help="Measure the baseline arm alone: to record it in the project, or to keep it for later runs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@baseline_commands.command("record")
def record_baseline(
    context: typer.Context,
    template: TemplateName = None,
    asset: BaselineAsset = None,
    out: OutFolder = Path(".remyx-out"),
) -> int:
    """Write .remyx/baselines/TEMPLATE.json, and print a patch of metrics.yaml with the new numbers.

    Example: remyx-action baseline record --template spatial-suite > numbers.patch
    """
    from remyx_action.commands import baseline

    request = _of_baseline(context, template, asset, out, fresh=True)
    proposed = baseline.record(request, on_github.stage(), lambda line: typer.echo(line, err=True))
    if proposed:
        typer.echo("metrics.yaml declares other numbers; this patch has the new ones:", err=True)
        typer.echo(proposed, nl=False)
    return Exit.SHIP


@baseline_commands.command("keep")
def keep_baseline(
    context: typer.Context,
    template: TemplateName = None,
    out: OutFolder = Path(".remyx-out"),
    kept: KeptFolder = None,
    fresh: Fresh = False,
) -> int:
    """Measure every baseline arm that is not kept yet, for later runs to reuse.

    Example: remyx-action baseline keep --kept ~/remyx-kept
    """
    from remyx_action.commands import baseline

    request = _of_baseline(context, template, None, out, kept=kept, fresh=fresh)
    baseline.keep(request, on_github.stage(), typer.echo)
    return Exit.SHIP


def _of_baseline(
    context: typer.Context,
    template: str | None,
    asset: str | None,
    out: Path,
    *,
    kept: Path | None = None,
    fresh: bool,
) -> Request:
    from remyx_action.commands.baseline import Request

    root = root_of(context)
    return Request(
        root=root,
        out=root / out,
        keeping=on_github.keeping(kept, root / out, fresh=fresh),
        template=template,
        asset=asset,
    )
