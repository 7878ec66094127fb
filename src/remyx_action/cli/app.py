"""Every command: its arguments and its help; what it does is in `commands/`."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path
from typing import Annotated

import typer

from remyx_action import __version__

from . import asking, measuring, on_github, recording, setting_up
from .options import CheckFormat, FormatOption, JunitFile, Quiet, Shape, Verbose, root_of
from .screen import echo, show, show_reports

app = typer.Typer(
    name="remyx-action",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich costs 0.1 s of start-up that --help does not need
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"remyx-action {__version__}")
        raise typer.Exit


@app.callback()
def remyx_action(
    context: typer.Context,
    directory: Annotated[
        Path | None,
        typer.Option("-C", metavar="DIR", help="Work in DIR, default: the nearest with .remyx/."),
    ] = None,
    debug: Annotated[  # noqa: ARG001 - taken out of the arguments before
        bool, typer.Option("--debug", help="Show the traceback of an internal error.")
    ] = False,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool, typer.Option("--version", callback=lambda value: _version(wanted=value), is_eager=True)
    ] = False,
) -> None:
    """Judge a change to a model, a prompt or a pipeline by a bar that was committed before.

    Metrics, templates and policies are YAML files under .remyx/. The verdict is ship (exit 0),
    reject (1) or iterate (2); 3: the files are wrong; 4: it could not be judged; 64: wrong usage.
    """
    from remyx_action.sources.disk import find_root

    if directory is not None:  # as in git: every other path is then meant from there
        context.with_resource(chdir(find_root(directory)))
        context.obj = Path()


@app.command()
def check(
    context: typer.Context,
    path: Annotated[Path | None, typer.Argument(help="The project's folder; default as for -C.")] = None,
    format: Annotated[
        CheckFormat, typer.Option("--format", help="text, json, github annotations or sarif.")
    ] = "text",
    fix: Annotated[
        bool,
        typer.Option(
            "--fix", help="First move secrets from `env` to `secrets`, and renew the schemas for editors."
        ),
    ] = False,
) -> int:
    """Check every file under .remyx/: all problems at once, each with its place and the next step.

    Example: remyx-action check --format json
    """
    from remyx_action.commands.check import check_project, fix_project
    from remyx_action.sources.disk import find_root

    root = find_root(path or context.obj)
    for line in fix_project(root) if fix else ():
        echo(line, err=True)
    return show(check_project(root), format)


app.command()(measuring.run)
app.command()(measuring.plan)
app.add_typer(measuring.baseline_commands, name="baseline")


@app.command()
def judge(
    context: typer.Context,
    policy: Annotated[str, typer.Option(metavar="NAME", help="The policy to judge by.")],
    variant: Annotated[
        Path, typer.Option(metavar="PATH", help="The output folder or results file of the variant's run.")
    ],
    baseline: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Likewise; default: the recorded baseline.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write verdict.json and reports.")
    ] = None,
    junit: JunitFile = None,
    format: FormatOption = "text",
    verbose: Verbose = False,
    quiet: Quiet = False,
) -> int:
    """Judge result files that exist already, without a run.

    Example: remyx-action judge --policy default --variant out/new --baseline out/old
    """
    from remyx_action.commands.judge import judge_files
    from remyx_action.commands.run.junit_file import writing_junit
    from remyx_action.commands.run.request import World

    with writing_junit(junit) as reports:
        report = judge_files(
            root_of(context), World(), policy=policy, variant=variant, baseline=baseline, out=out
        )
        reports.append(report)
    return show_reports([report], format, out=out, verbose=verbose, quiet=quiet)


@app.command()
def read(
    context: typer.Context,
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A result file, or the output folder of a run.")
    ],
    template: Annotated[
        str | None, typer.Option(metavar="NAME", help="Read it as this template says.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(metavar="NAME", help="Read it as a file of this engine.")
    ] = None,
    format: FormatOption = "text",
) -> int:
    """Show what is read of a result file or folder, and the `results:` block that reads it.

    Example: remyx-action read out/results_2025-09-09.json
    """
    from remyx_action.commands import read as command

    root = root_of(context) if template is not None else Path()
    return show(command.read(root, path, template=template, preset=preset), format)


@app.command()
def schema(
    context: typer.Context,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the schemas are written.")] = Path(
        "schemas"
    ),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 3 where one differs.")] = False,
    project: Annotated[
        bool, typer.Option("--project", help="Also schemas that know this project's metrics.")
    ] = False,
) -> int:
    """Write the JSON Schemas of every file, for editors and other programs.

    Example: remyx-action schema --project --out .remyx-schemas
    """
    from remyx_action.commands import schema as command
    from remyx_action.commands.run.project import load_project

    bundle = load_project(root_of(context)).bundle if project else None
    return show(command.schema(out, check=check, project=bundle))


@app.command()
def diff(
    context: typer.Context,
    span: Annotated[str, typer.Argument(metavar="[BASE..HEAD]", help="Two commits.")] = "HEAD~1..HEAD",
    format: FormatOption = "text",
) -> int:
    """Say what a change of the bar tightens, loosens or leaves, condition by condition.

    Example: remyx-action diff main..HEAD
    """
    from remyx_action.commands import diff as command

    return show(command.between(root_of(context), span), format)


@app.command()
def replay(verdict: Annotated[Path, typer.Argument(metavar="VERDICT", help="A verdict.json.")]) -> int:
    """Recompute a verdict from its own file: exit 0 where it follows, 1 with the differences.

    Example: remyx-action replay .remyx-out/verdict.json
    """
    from remyx_action.commands import replay as command

    return show(command.replay(verdict))


@app.command()
def render(
    verdict: Annotated[Path, typer.Argument(metavar="VERDICT", help="A verdict.json.")],
    shape: Annotated[Shape, typer.Option("--as", help="comment, summary, text, page or junit.")] = "text",
    verbose: Verbose = False,
    quiet: Quiet = False,
) -> int:
    """Draw a verdict as a comment, a job summary, terminal text, an HTML page or JUnit XML.

    Example: remyx-action render .remyx-out/verdict.json --as comment
    """
    from remyx_action.commands import render as command

    return show(command.render(verdict), shape, verbose=verbose, quiet=quiet)


app.command()(setting_up.init)
app.add_typer(setting_up.experiment_commands, name="experiment")
app.command()(setting_up.tasks)
app.command()(setting_up.lock)
app.command()(setting_up.doctor)
app.command()(asking.power)
app.command()(asking.noise)
app.command()(recording.backtest)
app.add_typer(recording.history_commands, name="history")
app.command()(recording.decide)
app.command()(measuring.gitlab_note)
app.command()(on_github.publish)
app.command()(on_github.action)
