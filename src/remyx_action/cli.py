"""Arguments in, exit code out: the only module that prints and exits."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Sequence
from contextlib import chdir
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, TextIO

import typer

from . import __version__
from .errors import EXIT_OF_VERDICT, Exit, FilesWrong, Refusal, most_severe

if TYPE_CHECKING:
    from .report import Report

app = typer.Typer(
    name="remyx-action",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich costs 0.1 s of start-up that --help does not need
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ResultFormat = Literal["text", "json"]
CheckFormat = Literal["text", "json"]
Shape = Literal["comment", "summary", "text"]
Format = Annotated[ResultFormat, typer.Option("--format", help="text for people, json for scripts.")]


TemplateName = Annotated[str | None, typer.Option(metavar="NAME", help="Measure by this template only.")]
PolicyName = Annotated[str | None, typer.Option(metavar="NAME", help="Judge by this policy only.")]
VariantAsset = Annotated[str | None, typer.Option(metavar="ASSET", help="What is proposed.")]
BaselineAsset = Annotated[
    str | None, typer.Option(metavar="ASSET", help="What it is compared with; default: the template's.")
]
BaseCommit = Annotated[
    str | None,
    typer.Option(
        metavar="REF", help="Read .remyx/ from this commit; where commits are compared, branch off it."
    ),
]
HeadCommit = Annotated[
    str | None,
    typer.Option(metavar="REF", help="Commit to judge, where commits are compared; default: HEAD."),
]
OutFolder = Annotated[Path, typer.Option(metavar="DIR", help="Where everything is written.")]


class Terminated(BaseException):
    """SIGTERM or SIGHUP: unwinds like Ctrl-C, so that nothing is left running."""


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
    from .workspace import find_root

    if directory is not None:  # as in git: every other path is then meant from there
        context.with_resource(chdir(find_root(directory)))
        context.obj = Path()


@app.command()
def check(
    context: typer.Context,
    path: Annotated[Path | None, typer.Argument(help="The project's folder; default as for -C.")] = None,
    format: Annotated[CheckFormat, typer.Option("--format", help="text or json.")] = "text",
) -> int:
    """Check every file under .remyx/: all problems at once, each with its place and the next step.

    Example: remyx-action check --format json
    """
    from .commands.check import check as check_files
    from .workspace import find_root, read_project

    texts, unreadable = read_project(find_root(path or context.obj))
    checked = check_files(texts, unreadable=unreadable, format=format, colour=_colour())
    typer.echo(checked.output, nl=False)
    return checked.exit


@app.command()
def run(
    context: typer.Context,
    template: TemplateName = None,
    policy: PolicyName = None,
    variant: VariantAsset = None,
    baseline: BaselineAsset = None,
    base: BaseCommit = None,
    head: HeadCommit = None,
    out: OutFolder = Path(".remyx-out"),
    measure_only: Annotated[
        bool, typer.Option("--measure-only", help="Stop after the arms, without a verdict.")
    ] = False,
    format: Format = "text",
) -> int:
    """Run the evaluation on both arms, compare them, and judge: the main job.

    Example: remyx-action run --variant org/model-v2
    """
    from .circumstances import Circumstances
    from .pipeline import Request, Stage
    from .pipeline import run as carry_out_run
    from .progress import Teller

    root = _root(context)
    request = Request(
        root=root,
        out=out if out.is_absolute() else root / out,
        template=template,
        policy=policy,
        variant=variant,
        baseline=baseline,
        base=base,
        head=head,
        measure_only=measure_only,
    )
    stage = Stage(circumstances=Circumstances(), on_event=Teller(say=lambda line: typer.echo(line, err=True)))
    return _say_reports(carry_out_run(request, stage), format)


@app.command()
def judge(
    context: typer.Context,
    policy: Annotated[str, typer.Option(metavar="NAME", help="The policy to judge by.")],
    variant: Annotated[Path, typer.Option(metavar="PATH", help="An arm's output folder or results file.")],
    baseline: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Likewise; default: the recorded baseline.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write verdict.json and reports.")
    ] = None,
    format: Format = "text",
) -> int:
    """Judge result files that exist already, without a run.

    Example: remyx-action judge --policy default --variant out/new --baseline out/old
    """
    from .circumstances import Circumstances
    from .commands import judge as command

    request = command.Request(root=_root(context), policy=policy, variant=variant, baseline=baseline, out=out)
    return _say_reports([command.judge(request, Circumstances())], format)


@app.command()
def schema(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the schemas are written.")] = Path(
        "schemas"
    ),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 3 where one differs.")] = False,
) -> int:
    """Write the JSON Schemas of every file, for editors and other programs.

    Example: remyx-action schema --out .remyx/schemas
    """
    from .commands.schema import differing_schemas, write_schemas

    if check:
        differing = differing_schemas(out)
        for name in differing:
            typer.echo(f"{out / name} differs: write it anew with `remyx-action schema --out {out}`")
        return Exit.FILES_WRONG if differing else Exit.SHIP
    for path in write_schemas(out):
        typer.echo(path)
    return Exit.SHIP


@app.command()
def replay(verdict: Annotated[Path, typer.Argument(metavar="VERDICT", help="A verdict.json.")]) -> int:
    """Recompute a verdict from its own file: exit 0 where it follows, 1 with the differences.

    Example: remyx-action replay .remyx-out/verdict.json
    """
    from .commands import replay as command

    text, exit_code = command.replay(verdict)
    typer.echo(text)
    return exit_code


@app.command()
def render(
    verdict: Annotated[Path, typer.Argument(metavar="VERDICT", help="A verdict.json.")],
    shape: Annotated[Shape, typer.Option("--as", help="comment, summary or text.")] = "text",
) -> int:
    """Draw a verdict as a comment, a job summary or terminal text.

    Example: remyx-action render .remyx-out/verdict.json --as comment
    """
    from .commands import render as command

    typer.echo(command.render(verdict, shape, width=_width(), colour=_colour()), nl=False)
    return Exit.SHIP


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The console script."""
    sys.exit(int(carry_out(sys.argv[1:] if arguments is None else list(arguments))))


def carry_out(arguments: list[str]) -> int:
    """Run one command and turn every way of ending into its exit code."""
    debug = "--debug" in arguments
    arguments = [word for word in arguments if word != "--debug"]  # wherever it stands
    _unwind_on_signals()
    command = typer.main.get_command(app)
    try:
        result: Any = command.main(args=arguments, prog_name="remyx-action", standalone_mode=False)
    except typer.Exit as ending:
        return ending.exit_code
    except FilesWrong as wrong:
        return _say_problems(wrong, as_json=_wants_json(arguments))
    except Refusal as refusal:
        _say_error(refusal.message, refusal.help)
        return refusal.exit
    except typer.TyperException as usage:
        _say_error(usage.format_message(), "see `remyx-action COMMAND --help`")
        return Exit.USAGE
    except (KeyboardInterrupt, typer.Abort):
        return Exit.INTERRUPTED
    except Terminated:
        return Exit.TERMINATED
    except BrokenPipeError:
        sys.stderr.close()
        return Exit.TERMINATED
    except Exception as bug:
        if debug:
            raise
        return _say_bug(bug)
    return result if isinstance(result, int) else Exit.SHIP


def _unwind_on_signals() -> None:
    """Arms have sessions of their own, so that neither a closed terminal nor SIGTERM would end them."""
    signal.signal(signal.SIGTERM, _terminate)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup asks to go on
        signal.signal(signal.SIGHUP, _terminate)


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated


def _wants_json(arguments: list[str]) -> bool:
    return "--format=json" in arguments or any(pair == ("--format", "json") for pair in pairwise(arguments))


def _say_error(message: str, help: str) -> None:
    typer.echo(f"error: {message}\nhelp: {help}", err=True)


def _say_problems(wrong: FilesWrong, *, as_json: bool) -> int:
    from .render.problems import problems_as_json, problems_as_text

    if as_json:
        typer.echo(problems_as_json(wrong.problems), nl=False)
    else:
        typer.echo(problems_as_text(wrong.problems, wrong.texts, colour=_colour(sys.stderr)), err=True)
    return Exit.FILES_WRONG


def _say_bug(bug: Exception) -> int:
    """Say that it is our fault, and leave a report that can be filed."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="remyx-action-", suffix=".txt", delete=False) as report:
        report.write(f"remyx-action {__version__}, Python {sys.version}\n\n")
        report.writelines(traceback.format_exception(bug))
    _say_error(
        f"internal error: {type(bug).__name__}",
        f"this is a defect of remyx-action; please file {report.name}, or run again with --debug",
    )
    return Exit.INTERNAL


def _root(context: typer.Context) -> Path:
    from .workspace import find_root

    return find_root(context.obj)


def _say_reports(reports: list[Report], format: ResultFormat) -> int:
    """Print each report; the exit code is the most severe of theirs."""
    from . import render as draw
    from .report import to_json

    for report in reports:
        if format == "json":
            typer.echo(to_json(report), nl=False)
        else:
            typer.echo(draw.text(report, width=_width(), colour=_colour()), nl=False)
    return most_severe([EXIT_OF_VERDICT[report.verdict] for report in reports])


def _width() -> int:
    return min(shutil.get_terminal_size().columns, 120) if sys.stdout.isatty() else 100


def _colour(stream: TextIO | None = None) -> bool:
    return (stream or sys.stdout).isatty() and "NO_COLOR" not in os.environ
