"""Names that no metric has: listed, told apart from the metric that they look like, never matched."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from remyx_action.nearest import nearest

from .broken import shown

MOST_LISTED = 100

_LOOK_ALIKE = str.maketrans(
    "абвгеікмнорсѕтухԁһјӏԛԝαβγεικνορτυχωℓıɑɡοꓳ０１",
    "a6vreikmhopcstyxdhjlqwaByeikvoptuxwlliagoo01".casefold(),
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
