"""Golden files of everything that people read, and what holds for each of them.

Rewrite them with `REWRITE_GOLDEN=1 uv run pytest tests/report/test_render.py`, then read the diff.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from remyx_action.report import render
from remyx_action.report.render.sections import COMMENT_LIMIT, MARKER
from remyx_action.report.report import Report
from support.hostile_text import Page
from support.reports import REPORTS
from support.tags import OUR_TAGS

GOLDEN = Path(__file__).parents[1] / "golden"
REWRITE = os.environ.get("REWRITE_GOLDEN") == "1"
DRAWN: dict[str, Callable[[Report], str]] = {
    "comment.md": render.comment,
    "80.txt": lambda report: render.text(report, width=80, colour=False),
    "120.txt": lambda report: render.text(report, width=120, colour=False),
}


@pytest.mark.parametrize("ending", DRAWN)
@pytest.mark.parametrize("kind", REPORTS)
def test_a_report_is_drawn_as_the_golden_file_says(kind: str, ending: str) -> None:
    drawn = DRAWN[ending](REPORTS[kind]())
    golden = GOLDEN / f"{kind}.{ending}"
    if REWRITE:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(drawn, encoding="utf-8")
    assert drawn == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", REPORTS)
def test_a_comment_is_markdown_of_our_tags_and_ends_with_its_marker(kind: str) -> None:
    comment = render.comment(REPORTS[kind]())
    page = Page(comment)
    assert page.tags - {f"comment {MARKER[4:-3]}"} <= OUR_TAGS
    assert comment.count(MARKER) == 1
    assert comment.endswith(MARKER + "\n")
    assert len(comment.encode()) <= COMMENT_LIMIT


@pytest.mark.parametrize("kind", REPORTS)
def test_the_first_line_is_the_verdict_and_its_reason(kind: str) -> None:
    report = REPORTS[kind]()
    word = {"ship": "Ship", "reject": "Reject", "iterate": "Iterate", None: "Not judged"}[report.verdict]
    first = [render.comment(report).split("\n")[0], render.text(report, width=80).split("\n")[0]]
    assert [word in first[0], word.upper() in first[1]] == [True, True]


@pytest.mark.parametrize("kind", REPORTS)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_terminal_report_fits_its_width(kind: str, width: int) -> None:
    from rich.cells import cell_len

    lines = render.text(REPORTS[kind](), width=width).splitlines()
    assert [line for line in lines if cell_len(line) > width] == []
