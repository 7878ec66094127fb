"""What a command prints on standard output, in every format that it knows, and its exit code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from textwrap import wrap

from msgspec import Struct

from remyx_action.errors import Exit


class Screen(Struct, frozen=True, kw_only=True):
    """Where text is printed."""

    width: int = 80
    """Columns."""
    colour: bool = False
    """Whether ANSI colours are wanted."""
    verbose: bool = False
    """Whether every detail is wanted."""
    quiet: bool = False
    """Whether one line is enough."""


Say = Callable[[str], None]
"""Prints one line for a person while a command works."""

PLAIN = Screen()


def filled(text: str, screen: Screen, *, indent: str = "") -> str:
    """Return one paragraph in lines that fit the screen."""
    lines = wrap(
        text,
        width=screen.width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines)


class Output(Struct, frozen=True, kw_only=True):
    """The end of a command: each format's text is made when it is asked for."""

    formats: Mapping[str, Callable[[Screen], str]]
    """Name of the format, as `--format` has it → the text, which ends with a newline."""
    exit: Exit = Exit.SHIP

    def text(self, format: str = "text", screen: Screen = PLAIN) -> str:
        """Return the text in one format; KeyError for one that the command does not know."""
        return self.formats[format](screen)
