"""The commands that run arms: their arguments and help."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from msgspec.structs import replace

from remyx_action.errors import Exit, WrongUsage

from . import on_github
from .options import (
    BaseCommit,
    BaselineAsset,
    ExperimentName,
    FormatOption,
    Fresh,
    HeadCommit,
    JunitFile,
    KeptFolder,
    MeasuredFolder,
    MeasureOnly,
    OutFolder,
    PolicyName,
    Quiet,
    SampleCap,
    ShardName,
    TemplateName,
    VariantAsset,
    Verbose,
    root_of,
)
from .screen import echo, show, show_reports

if TYPE_CHECKING:
    from remyx_action.commands.run.request import Request
    from remyx_action.project.models.shard import Shard


def run(
    context: typer.Context,
    template: TemplateName = None,
    policy: PolicyName = None,
    variant: VariantAsset = None,
    experiment: ExperimentName = None,
    baseline: BaselineAsset = None,
    base: BaseCommit = None,
    head: HeadCommit = None,
    out: OutFolder = Path(".remyx-out"),
    kept: KeptFolder = None,
    fresh: Fresh = False,
    samples: SampleCap = None,
    shard: ShardName = None,
    measured: MeasuredFolder = None,
    measure_only: MeasureOnly = False,
    junit: JunitFile = None,
    format: FormatOption = "text",
    verbose: Verbose = False,
    quiet: Quiet = False,
) -> int:
    """Run the evaluation on baseline and variant, compare them, and judge: the main job.

    Example: remyx-action run --variant org/model-v2
    """
    part, asked = _shard(samples, shard), {"template": template, "policy": policy, "variant": variant}
    is_posted = on_github.in_an_event() and (base, head, baseline, measured, experiment) == (None,) * 5
    _refuse_junit(junit, is_posted=is_posted, measure_only=measure_only)
    if is_posted:
        return on_github.act("measure" if measure_only else "run", out=out.absolute(), shard=part, **asked)
    from remyx_action.commands.run import junit_file, pipeline, request

    root = root_of(context)
    wanted = request.Request(root=root, out=root / out, shard=part, measure_only=measure_only)
    cache = on_github.cache_settings(kept, root / out, fresh=fresh)
    wanted = replace(wanted, cache=cache, measured=None if measured is None else root / measured)
    wanted = replace(wanted, **asked, experiment=experiment, baseline=baseline, base=base, head=head)
    with junit_file.writing_junit(None if junit is None else root / junit) as reports:
        reports.extend(pipeline.run(wanted, on_github.world()).reports)
    return show_reports(reports, format, out=out, verbose=verbose, quiet=quiet)


def _refuse_junit(junit: Path | None, *, is_posted: bool, measure_only: bool) -> None:
    """WrongUsage for --junit where this process ends without a verdict of its own to write."""
    if junit is not None and measure_only:
        raise WrongUsage(
            "--measure-only has no verdict, so --junit has nothing to write",
            help="give --junit to the `run --measured DIR` that judges",
        )
    if junit is not None and is_posted:
        drawn = "remyx-action render .remyx-out/verdict.json --as junit"
        raise WrongUsage("--junit is for other places than GitHub", help=f"there: {drawn}")


def _shard(samples: int | None, named: str | None) -> Shard:
    """How much is measured; `auto`: what a scheduler's variables say. WrongUsage for what names no shard."""
    from remyx_action.project.models.shard import SHARD_HELP, read_shard

    if named == "auto":
        from remyx_action.runtimes.plan.schedulers import shard_of

        return shard_of(os.environ).with_samples(samples)
    shard = read_shard(named or "0/1")
    if shard is None:
        raise WrongUsage(f"--shard {named} names no shard", help=SHARD_HELP)
    return shard.with_samples(samples)


def plan(
    context: typer.Context,
    shards: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Parts of each template; default: its `shards`.")
    ] = None,
    template: TemplateName = None,
    format: Annotated[
        Literal["text", "json", "github"], typer.Option("--format", help="text, json, or GitHub's matrix.")
    ] = "text",
) -> int:
    """Say which jobs measure a change in parts, for a scheduler to start; run nothing.

    Example: remyx-action plan --shards 8 --format github
    """
    from remyx_action.commands import plan as command
    from remyx_action.commands.run.request import Request

    root = root_of(context)
    request = Request(root=root, out=root, event=on_github.event(), template=template)
    planned = command.plan(request, shards=shards)
    for warning in planned.warnings:
        echo(f"warning: {warning}", err=True)
    return show(command.output_of(planned), format)


def gitlab_note(
    out: Annotated[Path, typer.Option(metavar="DIR", help="What `run` wrote.")] = Path(".remyx-out"),
) -> int:
    """In a job of GitLab: post or update one note with the verdict on the merge request.

    Example: remyx-action gitlab-note --out .remyx-out
    """
    from remyx_action.commands import gitlab_note as command

    echo(f"note {command.gitlab_note(out, os.environ)}")
    return Exit.SHIP


baseline_commands = typer.Typer(
    help="Measure the baseline alone: to record it in the project, or to keep it for later runs.",
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
    proposed = baseline.record(request, on_github.world(), lambda line: echo(line, err=True))
    if proposed:
        echo("metrics.yaml declares other numbers; this patch has the new ones:", err=True)
        echo(proposed, nl=False)
    return Exit.SHIP


@baseline_commands.command("keep")
def keep_baseline(
    context: typer.Context,
    template: TemplateName = None,
    out: OutFolder = Path(".remyx-out"),
    kept: KeptFolder = None,
    fresh: Fresh = False,
) -> int:
    """Measure every baseline that is not kept yet, for later runs to reuse.

    Example: remyx-action baseline keep --kept ~/remyx-kept
    """
    from remyx_action.commands import baseline

    request = _of_baseline(context, template, None, out, kept=kept, fresh=fresh)
    baseline.keep(request, on_github.world(), echo)
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
    from remyx_action.commands.run.request import Request

    root = root_of(context)
    return Request(
        root=root,
        out=root / out,
        cache=on_github.cache_settings(kept, root / out, fresh=fresh),
        template=template,
        baseline=asset,
    )
