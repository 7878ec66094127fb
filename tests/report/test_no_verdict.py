"""Comments without a verdict: golden, harmless, within their limit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from remyx_action.report import render
from remyx_action.report.render.no_verdict import NoVerdict
from remyx_action.report.render.sections import MARKER
from support.hostile_text import CORPUS, Page, acted_on
from support.no_verdicts import NO_VERDICTS, problem

GOLDEN = Path(__file__).parents[1] / "golden"
REWRITE = os.environ.get("REWRITE_GOLDEN") == "1"
TAGS = {"h3", "h4", "p", "ul", "li", "strong", "code", "sub", "br", f"comment {MARKER[4:-3]}"}


@pytest.mark.parametrize("name", NO_VERDICTS)
def test_an_end_without_a_verdict_is_drawn_as_the_golden_file_says(name: str) -> None:
    drawn = render.comment(NO_VERDICTS[name])
    golden = GOLDEN / f"no_verdict-{name}.comment.md"
    if REWRITE:
        golden.write_text(drawn, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == drawn


@pytest.mark.parametrize("name", NO_VERDICTS)
def test_an_end_without_a_verdict_starts_as_a_report_does_and_ends_with_the_marker(name: str) -> None:
    lines = render.comment(NO_VERDICTS[name]).rstrip().split("\n")
    green = name in {"nothing", "first"}
    assert lines[0].startswith("### ✅ Nothing to " if green else "### ⚠️ Not judged: ")
    assert "`9d1e2f3`" in lines[-3]
    assert MARKER == lines[-1]
    assert (len(lines) == 5) == green


@pytest.mark.parametrize("text", CORPUS)
@pytest.mark.parametrize("kind", ["not_judged", "files_wrong", "internal_error", "nothing", "first"])
def test_hostile_text_in_an_end_without_a_verdict_does_nothing(text: str, kind: str) -> None:
    bad = problem(message=text, path=text, pointer=f"/{text}", help=text)
    end = NoVerdict(kind=kind, message=text, help=text, problems=[bad], commit=text, policy=text)  # type: ignore[arg-type]
    for drawn in (render.comment(end), render.comment(end, end)):
        page = Page(drawn)
        assert page.tags - {"hr", "table", "thead", "tbody", "tr", "th", "td"} <= TAGS
        assert [] == acted_on(page)
        assert 1 == drawn.count(MARKER)


def test_a_reason_that_the_first_line_gives_in_words_is_not_repeated_as_a_code() -> None:
    drawn = render.comment(NO_VERDICTS["no_variant"])
    assert "no_variant" not in drawn
    assert "\n\nNothing names the variant to judge\n\n**Next:** Name it in configs/model.yaml at" in drawn


def test_as_many_problems_as_fit_are_listed_and_the_rest_is_counted() -> None:
    end = NoVerdict(kind="files_wrong", problems=[problem(place) for place in range(1, 301)])
    drawn = {limit: render.comment(end, limit=limit) for limit in (65_000, 4_000, 2_000)}
    assert all(len(text.encode()) <= limit for limit, text in drawn.items())
    assert "- and 200 more: `remyx-action check` lists them all" in drawn[65_000]
    assert "### ⚠️ Not judged: 300 errors in files under .remyx/\n" in drawn[2_000]


def test_a_long_message_is_below_the_first_line_and_is_cut_where_it_must() -> None:
    end = NoVerdict(kind="not_judged", message="a long story, " * 1_000, help="a long advice, " * 1_000)
    drawn = {limit: render.comment(end, limit=limit) for limit in (65_000, 2_000)}
    assert all(
        text.startswith("### ⚠️ Not judged: see why below\n\nA long story, ") for text in drawn.values()
    )
    assert [len(text.encode()) <= limit for limit, text in drawn.items()] == [True, True]
