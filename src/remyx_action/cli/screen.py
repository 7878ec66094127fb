"""Printing: errors, problems and reports, on the right stream."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from remyx_action import __version__
from remyx_action.errors import Exit, FilesWrong, most_severe
from remyx_action.github.workflow import inert, without_old_commands

if TYPE_CHECKING:
    from remyx_action.commands.output import Output
    from remyx_action.report.report import Report

    from .options import ResultFormat


FOR_PROGRAMS = frozenset({"json", "sarif"})


def echo(text: str, format: str = "text", *, err: bool = False, nl: bool = True) -> None:
    """Print text in which a runner finds no command; a format of GitHub's own holds the commands it means."""
    if format == "text":
        text = inert(text)
    text = without_old_commands(text, is_json=format in FOR_PROGRAMS) + ("\n" if nl else "")
    stream = sys.stderr if err else sys.stdout
    try:
        stream.write(text)
    except UnicodeEncodeError:  # a terminal of another character set
        stream.write(text.encode(stream.encoding, "replace").decode(stream.encoding))
    stream.flush()


def say_error(message: str, help: str) -> None:
    echo(f"error: {message}\nhelp: {help}", err=True)


def say_problems(wrong: FilesWrong, *, as_json: bool) -> int:
    from remyx_action.report.render.problems import problems_as_json, problems_as_text

    if as_json:
        echo(problems_as_json(wrong.problems), "json", nl=False)
    else:
        echo(problems_as_text(wrong.problems, wrong.texts, colour=screen_colour(sys.stderr)), err=True)
    return Exit.FILES_WRONG


def say_bug(bug: Exception) -> int:
    """Say that it is our fault, and leave a report that can be filed."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="remyx-action-", suffix=".txt", delete=False) as report:
        report.write(f"remyx-action {__version__}, Python {sys.version}\n\n")
        report.writelines(traceback.format_exception(bug))
    say_error(
        f"internal error: {type(bug).__name__}",
        f"this is a defect of remyx-action; please file {report.name}, or run again with --debug",
    )
    return Exit.INTERNAL


def show(output: Output, format: str = "text", *, verbose: bool = False, quiet: bool = False) -> int:
    """Print a command's end in the format asked for; its exit code."""
    from remyx_action.commands.output import Screen

    screen = Screen(width=screen_width(), colour=screen_colour(), verbose=verbose, quiet=quiet)
    echo(output.text(format, screen), format, nl=False)
    return output.exit


def show_reports(
    reports: list[Report],
    format: ResultFormat,
    *,
    out: Path | None,
    verbose: bool = False,
    quiet: bool = False,
) -> int:
    """Print each report, with the page below `out`; the exit code is the most severe of theirs."""
    from remyx_action.commands.render import drawings

    exits = []
    for report in reports:
        folder = out if out is None or len(reports) == 1 else out / report.policy.policy.name
        page = "" if folder is None else str(folder / "report.html")
        exits.append(Exit(show(drawings(report, page=page), format, verbose=verbose, quiet=quiet)))
    return most_severe(exits)


def screen_width() -> int:
    return min(shutil.get_terminal_size().columns, 120) if sys.stdout.isatty() else 100


def screen_colour(stream: TextIO | None = None) -> bool:
    return (stream or sys.stdout).isatty() and "NO_COLOR" not in os.environ
