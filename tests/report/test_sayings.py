"""No saying that people stumbled on is left in what they read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from support.pages import ROOT, pages

SAYINGS = (
    "where that is said to help",
    "but not surely",
    "not surely enough",
    "mend what",
    "mend the",
    "a crash is never a score:",
    "then run again: a crash",
    "stands twice; first",
    "four times out of five",
    "it could have read anything",
    "heavy tails without a range",
    "the reject rule is triggered",
    "the bar is not met",
    "What would settle it",
)


def strings(path: Path) -> Iterator[str]:
    """Every string of a module that is no docstring, as it reaches a person."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes:
            yield node.value


@cache
def texts() -> dict[Path, str]:
    """Everything of the program and of its pages that people read, by its file."""
    source = ROOT / "src" / "remyx_action"
    found = {path: "\n".join(strings(path)) for path in source.rglob("*.py")}
    found |= {path: path.read_text(encoding="utf-8") for path in source.rglob("*.jinja")}
    written = (page for page in pages() if ".remyx-out" not in page.parts)
    return found | {page: page.read_text(encoding="utf-8") for page in written}


@pytest.mark.parametrize("saying", SAYINGS)
def test_a_saying_that_was_replaced_is_left_nowhere(saying: str) -> None:
    found = [path for path, text in texts().items() if saying.casefold() in text.casefold()]
    assert [] == [str(path.relative_to(ROOT)) for path in found]
