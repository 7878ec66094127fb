"""Sentences in which our words and words from outside stay apart, until a dialect spells them."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct


class Said(Struct, frozen=True):
    """Prose from outside: a label, a message."""

    text: str


class Coded(Struct, frozen=True):
    """What people type or copy: a condition, an id, a digest."""

    text: str


Phrase = tuple[str | Said | Coded, ...]
"""Plain strings are ours and pass as they are."""


def spell(phrase: Phrase, *, said: Callable[[str], str], coded: Callable[[str], str]) -> str:
    """The phrase in a dialect that neutralises what came from outside."""
    spelled = {Said: said, Coded: coded}
    return "".join(part if isinstance(part, str) else spelled[type(part)](part.text) for part in phrase)
