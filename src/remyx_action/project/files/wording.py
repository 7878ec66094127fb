"""Names as people mistype them: the nearest right one, for the `help:` of a problem."""

from __future__ import annotations

from collections.abc import Iterable

LISTED = 12
"""How many allowed names are listed before the rest is counted."""


def nearest(name: str, allowed: Iterable[str]) -> str | None:
    """The allowed name most like `name`, else None."""
    from difflib import get_close_matches  # only where something is misspelt

    by_folded = {word.casefold(): word for word in allowed}
    matches = get_close_matches(name.casefold()[:200], by_folded, n=1, cutoff=0.6)
    return by_folded[matches[0]] if matches else None


def did_you_mean(name: str, allowed: Iterable[str], *, none: str) -> str:
    """`did you mean X?`, else what is allowed, else `none`."""
    words = list(dict.fromkeys(allowed))
    match = nearest(name, words)
    if match is not None:
        return f"did you mean {shown_as(match)}?"
    return f"use one of {listed(words)}" if words else none


def listed(words: Iterable[str]) -> str:
    """`a, b, c`, cut after LISTED words."""
    every = list(words)
    rest = len(every) - LISTED
    return ", ".join(shown_as(word) for word in every[:LISTED]) + (f" and {rest} more" if rest > 0 else "")


def quoted(value: object, *, longest: int = 60) -> str:
    """A value from a file as it may be shown: quoted if text, one line, nothing unprintable, cut."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = str(value)
    shown = shown_as(text[:longest]) + ("…" if len(text) > longest else "")
    return f'"{shown}"' if isinstance(value, str) else shown


def shown_as(text: str) -> str:
    """Text with every unprintable character (controls, bidi overrides, lone surrogates) escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
