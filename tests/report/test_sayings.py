"""No saying that people stumbled on is left in what they read."""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from remyx_action.cli.app import app
from remyx_action.report import render
from support.pages import ROOT, pages
from support.reports import REPORTS

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
    "improve the variant, or measure",
    "holds, but not",
    "past it, but",
    "judged by the number alone",
    "in all (usually enough",
    "both arms",
    "the arms",
    "L1: ",
    "L2: ",
)
OF_STATISTICS = ("both arms", "the arms")
UNEXPLAINED = re.compile(r"\b(floors?|captured|L[0-3])\b")
"""Words of ours that nobody knows who has not read the code."""
EFFECTS = r"\b(?:tightened|loosened|incomparable)\b"


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


@cache
def drawn() -> dict[str, str]:
    """Every report in every shape, and the help of every command."""
    found = {}
    for kind, build in REPORTS.items():
        report = build()
        found[f"{kind} as a comment"] = render.comment(report)
        found[f"{kind} as a summary"] = render.summary(report)
        found[f"{kind} in a terminal"] = render.text(report, width=400, verbose=True)
        found[f"{kind} as a page"] = html.unescape(render.page(report).partition("<body>")[2])
    return found | {
        f"{name} --help": CliRunner().invoke(app, [name, "--help"], terminal_width=400).output
        for name in get_command(app).commands  # type: ignore[attr-defined]
    }


@pytest.mark.slow
@pytest.mark.parametrize("saying", SAYINGS)
def test_a_saying_that_was_replaced_is_not_put_together_from_parts(saying: str) -> None:
    assert [] == [name for name, text in drawn().items() if saying.casefold() in text.casefold()]


@pytest.mark.slow
def test_no_report_uses_a_word_that_needs_explaining() -> None:
    """What stands in code is the policy's own line; a change of the bar is told in the policy's keys."""
    found = {
        name: UNEXPLAINED.findall(re.sub(rf"(?m)`[^`]*`|<code>.*?</code>|^.*{EFFECTS}.*$", "", text))
        for name, text in drawn().items()
        if not name.endswith("--help")
    }
    assert {} == {name: words for name, words in found.items() if words}


@pytest.mark.parametrize("saying", SAYINGS)
def test_a_saying_that_was_replaced_is_left_nowhere(saying: str) -> None:
    """ "Arm" is a word of statistics and of the code; pages about those may use it."""
    pages = {
        path: text for path, text in texts().items() if saying not in OF_STATISTICS or path.suffix == ".py"
    }
    found = [path for path, text in pages.items() if saying.casefold() in text.casefold()]
    assert [] == [str(path.relative_to(ROOT)) for path in found]
