"""Arguments in, exit code out: the only module that prints and exits."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, Literal, NoReturn

import typer

from . import __version__
from .errors import Exit, FilesWrong, Refusal

app = typer.Typer(
    name="remyx-action",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich costs 0.1 s of start-up that --help does not need
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ResultFormat = Literal["text", "json"]
Format = Annotated[ResultFormat, typer.Option("--format", help="text for people, json for scripts.")]


class Terminated(BaseException):
    """SIGTERM: unwinds like Ctrl-C, so that nothing is left running."""


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
    debug: Annotated[  # noqa: ARG001, FBT002 - read from the arguments, where a bug may strike
        bool, typer.Option("--debug", help="Show the traceback of an internal error.")
    ] = False,
    version: Annotated[  # noqa: ARG001, FBT002 - its callback does the work
        bool, typer.Option("--version", callback=lambda value: _version(wanted=value), is_eager=True)
    ] = False,
) -> None:
    """Judge a change to a model, a prompt or a pipeline by a bar that was committed before.

    Metrics, templates and policies are YAML files under .remyx/. The verdict is ship (exit 0),
    reject (1) or iterate (2); 3: the files are wrong; 4: it could not be judged; 64: wrong usage.
    """
    context.obj = directory


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The console script."""
    sys.exit(int(carry_out(sys.argv[1:] if arguments is None else list(arguments))))


def carry_out(arguments: list[str]) -> int:
    """Run one command and turn every way of ending into its exit code."""
    signal.signal(signal.SIGTERM, _terminate)
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
        if "--debug" in arguments:
            raise
        return _say_bug(bug)
    return result if isinstance(result, int) else Exit.SHIP


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated


def _wants_json(arguments: list[str]) -> bool:
    return "--format=json" in arguments or any(pair == ("--format", "json") for pair in pairwise(arguments))


def _say_error(message: str, help: str) -> None:
    typer.echo(f"error: {message}\nhelp: {help}", err=True)


def _say_problems(wrong: FilesWrong, *, as_json: bool) -> int:
    from .render import problems

    if as_json:
        typer.echo(problems.as_json(wrong.problems))
    else:
        typer.echo(problems.as_text(wrong.problems), err=True)
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
