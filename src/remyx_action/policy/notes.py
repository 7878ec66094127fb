"""A policy's notes against its rules: people read the notes, the judge reads the rules."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .rules import Gate

NUMBER_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
K_OF_N = re.compile(
    rf"\b(\d{{1,3}}|{'|'.join(NUMBER_WORDS)})[\s-]+(?:out[\s-]+)?of[\s-]+(?:the[\s-]+)?"
    rf"(\d{{1,3}}|{'|'.join(NUMBER_WORDS)})\b",
    re.IGNORECASE,
)


def no_such_rule(notes: str | None, gates: Iterable[Gate]) -> tuple[str, int, int] | None:
    """Return the first `k of n` of the notes that no rule asks for: its words, k and n; else None."""
    written = {(gate.k, len(gate.children)) for gate in gates if gate.combinator == "at_least"}
    for match in K_OF_N.finditer(notes or ""):
        k, n = (_number(word) for word in match.groups())
        if 0 < k < n and (k, n) not in written:
            return " ".join(match[0].split()), k, n
    return None


def _number(word: str) -> int:
    return int(word) if word.isdigit() else NUMBER_WORDS.index(word.lower())
