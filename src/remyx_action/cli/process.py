"""One process: arguments in, exit code out, whatever way it ends."""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from copy import copy
from itertools import pairwise
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from remyx_action.errors import Exit, FilesWrong, Refusal, WrongUsage

from .screen import say_bug, say_error, say_problems
from .step import action

if TYPE_CHECKING:
    import typer


class Terminated(BaseException):
    """SIGTERM or SIGHUP: unwinds like Ctrl-C, so that nothing is left running."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The console script."""
    # A plugin of pydantic could change what is valid; looking for one reads every installed package.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    _leave(int(carry_out(sys.argv[1:] if arguments is None else list(arguments))))


def _leave(code: int) -> NoReturn:
    """End without taking every module apart first, which costs `judge` a seventh of its time.

    Nothing here waits for `atexit`: folders and processes end with the blocks that began them.
    """
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # whoever read it is gone, or carry_out closed it for that reason
        code = code or Exit.TERMINATED
    os._exit(code)


def carry_out(arguments: list[str]) -> int:
    """Run one command and turn every way of ending into its exit code."""
    debug = "--debug" in arguments
    arguments = [word for word in arguments if word != "--debug"]  # at any place
    _unwind_on_signals()
    try:
        result = action() if arguments == ["action"] else _command(arguments)
    except FilesWrong as wrong:
        return say_problems(wrong, as_json=_wants_json(arguments))
    except Refusal as refusal:
        say_error(refusal.message, refusal.help)
        return refusal.exit
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except Terminated:
        return Exit.TERMINATED
    except BrokenPipeError:
        sys.stderr.close()
        return Exit.TERMINATED
    except Exception as bug:
        if debug:
            raise
        return say_bug(bug)
    return result if isinstance(result, int) else Exit.SHIP


def _command(arguments: list[str]) -> Any:
    """Run the command that is typed: every one but `action`, which loads no options to start sooner."""
    import typer

    from .app import app

    command = typer.main.get_command(_only_named(app, arguments))
    try:
        _refuse_twice(arguments)
        return command.main(args=arguments, prog_name="remyx-action", standalone_mode=False)
    except typer.Exit as ending:
        return ending.exit_code
    except typer.TyperException as usage:
        text = usage.format_message()
        if text.startswith("Usage: "):  # no command was typed: the text is the help
            sys.stderr.write(f"{text}\n")
        else:
            say_error(text, "see `remyx-action COMMAND --help`")
        return Exit.USAGE
    except typer.Abort:
        return Exit.INTERRUPTED


def _only_named(app: typer.Typer, arguments: Sequence[str]) -> typer.Typer:
    """Return the program with only the command that the arguments begin with; as it is where they do not.

    Building the options of all other commands takes a twelfth of the start.
    """
    name = next(iter(arguments[2:] if arguments[:1] == ["-C"] else arguments), None)
    only = copy(app)
    only.registered_commands = [
        command
        for command in app.registered_commands
        if (command.name or getattr(command.callback, "__name__", None)) == name
    ]
    only.registered_groups = [group for group in app.registered_groups if group.name == name]
    return only if only.registered_commands or only.registered_groups else app


ONCE = frozenset(
    {
        "--base",
        "--baseline",
        "--head",
        "--measured",
        "--policy",
        "--samples",
        "--shard",
        "--template",
        "--variant",
    }
)
"""Options that say what is judged: of two the last would count, and nobody would hear of the first."""


def _refuse_twice(arguments: Sequence[str]) -> None:
    """WrongUsage where an option that says what is judged is given twice."""
    given = Counter(word.partition("=")[0] for word in arguments)
    twice = sorted(name for name in ONCE if given[name] > 1)
    if twice:
        raise WrongUsage(f"{twice[0]} is given twice", help=f"name one: {twice[0]} ...")


def _unwind_on_signals() -> None:
    """Arms have sessions of their own, so that neither a closed terminal nor SIGTERM would end them."""
    signal.signal(signal.SIGTERM, _terminate)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup asks to go on
        signal.signal(signal.SIGHUP, _terminate)


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated


def _wants_json(arguments: list[str]) -> bool:
    return "--format=json" in arguments or any(pair == ("--format", "json") for pair in pairwise(arguments))
