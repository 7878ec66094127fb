"""Placeholders of commands and patches, and the variables of the same names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from remyx_action.errors import NotJudged
from remyx_action.specs.paths import PLACEHOLDERS

_WITHOUT_VALUE = {
    "samples": ("the template declares no samples", "add `samples: N` to the template"),
    "harness": ("in a container the harness is what its image holds", "name the path in the image"),
    "source": ("this arm has no commit of its own", "write `compare: commits`, or leave it out"),
    "inputs": ("only `predict.command` knows it", "leave it out"),
    "predictions": ("the template has no `predict`", "leave it out, or add `predict`"),
    "output_dir": ("code under test writes predictions alone", "write {predictions}"),
}
"""Placeholder → why it may have no value, and what to do."""


def filled_in(word: str, facts: Mapping[str, str], where: str) -> str:
    """Put values in place of placeholders, once: braces inside a value and all others stay as they are.

    NotJudged where one has no value; `where` is the key of the template that uses it.
    """

    def value_of(match: re.Match[str]) -> str:
        if match[1] not in facts:
            why, advice = _WITHOUT_VALUE[match[1]]
            raise NotJudged(f"`{where}` uses {{{match[1]}}}, and {why}", help=advice)
        return facts[match[1]]

    return re.sub("{(" + "|".join(PLACEHOLDERS) + ")}", value_of, word)


def as_variables(facts: Mapping[str, str]) -> dict[str, str]:
    """`REMYX_ASSET` and so on."""
    return {f"REMYX_{name.upper()}": value for name, value in facts.items()}
