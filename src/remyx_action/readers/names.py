"""Names that no metric has: listed, told apart from the metric that they look like, never matched."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from remyx_action.files.nearest import nearest

from .broken import shown

MOST_LISTED = 100

_LOOK_ALIKE = (
    str.maketrans(
        "\u0430\u0432\u0441\u0501\u0435\u04bb\u0456\u0458\u043a\u04cf\u043c\u043d\u043e\u0440\u051b\u0455\u0442\u0445\u0443\u051d",
        "abcdehijklmhopqstxyw",
    )
    | str.maketrans(
        "\u03b1\u03b2\u03b5\u03b7\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03c9", "abenikvoptuxw"
    )
    | str.maketrans("\u0131\u0251\u0261", "iag")
)
"""Letters of other alphabets that stand where a Latin one was meant, folded as `skeleton` folds."""


def skeleton(name: str) -> str:
    """What is left of a name when case, form, accents, punctuation and alphabet do not count."""
    folded = unicodedata.normalize("NFKC", name[:200]).casefold().translate(_LOOK_ALIKE)
    decomposed = unicodedata.normalize("NFKD", folded)
    return "".join(letter for letter in decomposed if letter.isalnum())


def listed_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names for a report: at most 100, each cut to 100 characters."""
    every = [name[:100] for name in names]
    more = len(every) - MOST_LISTED
    return (*every[:MOST_LISTED], *([f"… and {more:,} more"] if more > 0 else []))


def doubts(unnamed: Iterable[str], declared: Iterable[str], missing: Iterable[str]) -> tuple[str, ...]:
    """A warning for each unnamed metric that looks like a declared one, or nearly is a missing one."""
    by_skeleton = {skeleton(key): key for key in declared}
    missed = list(missing)
    warnings: list[str] = []
    for name in list(unnamed)[: 10 * MOST_LISTED]:
        meant = by_skeleton.get(skeleton(name)) or nearest(name, missed)
        if meant is not None and len(warnings) < MOST_LISTED:
            warnings.append(f"{shown(name)} is not a metric of this template; did you mean {meant}?")
    return tuple(warnings)
