from __future__ import annotations

import pytest
from hypothesis import example, given, settings

from remyx_action.report.render import escape
from support.hostile_text import CORPUS, Page, acted_on, hostile


def squeezed(text: str) -> str:
    return "".join(text.split())


def assert_only_read(markdown: str, *, tags: set[str], shown: str) -> None:
    page = Page(markdown)
    assert page.tags <= tags
    assert acted_on(page) == []
    assert squeezed("".join(page.everything)) == squeezed(shown)


def check(value: str) -> None:
    shown = escape.one_line(value) or escape.EMPTY
    for piece in (escape.prose(value), escape.code(value)):
        assert_only_read(piece, tags={"p", "code"}, shown=shown)
        assert_only_read(f"- {piece}", tags={"ul", "li", "code"}, shown=shown)
        assert_only_read(f"before {piece} after", tags={"p", "code"}, shown=f"before {shown} after")
    for piece in (escape.cell(value), escape.cell_code(value)):
        table = f"| a | b |\n| - | - |\n| {piece} | end |\n"
        page = Page(table)
        assert page.tags <= {"table", "thead", "tbody", "tr", "th", "td", "code"}
        assert acted_on(page) == []
        assert squeezed("".join(page.everything)) == squeezed(f"ab{shown}end")


@pytest.mark.parametrize("value", CORPUS)
def test_hostile_text_is_shown_and_does_nothing(value: str) -> None:
    check(value)


@settings(max_examples=600, deadline=None, derandomize=True)
@given(hostile)
@example("\\")
@example("0`\\|")
def test_any_text_is_shown_and_does_nothing(value: str) -> None:
    check(value)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(hostile)
def test_a_block_is_one_block_of_code(value: str) -> None:
    page = Page(escape.block(value))
    assert page.tags == {"pre", "code"}


@settings(max_examples=300, deadline=None, derandomize=True)
@given(hostile)
def test_nothing_reaches_a_terminal_that_it_would_obey(value: str) -> None:
    assert escape.terminal(value).isprintable()
    assert all(line.isprintable() for line in escape.terminal_lines(value))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(hostile)
def test_whatever_is_shown_can_be_written_as_utf_8(value: str) -> None:
    pieces = [escape.prose(value), escape.cell(value), escape.block(value), escape.terminal(value)]
    assert [piece.encode().decode() for piece in pieces] == pieces


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("SpaCE-10", "SpaCE-10"),
        ("Exact match (5-shot), 42% of it", "Exact match (5-shot), 42% of it"),
        ("précis d'œuvre 精度", "précis d'œuvre 精度"),
        ("ask @octocat about it", "ask `@octocat` about it"),
        ("a long_context score", "a `long_context` score"),
        ("two\nlines", "two lines"),
        ("left\u202eright", "`left\\u202eright`"),
        ("bell\x07", "`bell\\x07`"),
        ("- item", "`-` item"),
        ("a - b", "a - b"),
        ("leaderboard|mmlu|0", "`leaderboard|mmlu|0`"),
        ("", "(empty)"),
    ],
)
def test_harmless_words_stay_prose_and_risky_ones_become_code(value: str, expected: str) -> None:
    assert escape.prose(value) == expected


def test_a_pipe_in_a_cell_stays_in_its_cell() -> None:
    assert escape.cell("mmlu|0") == "`mmlu\\|0`"


def test_long_text_is_cut_with_a_sign() -> None:
    assert escape.prose("word " * 100, limit=14) == "word word wor…"


def test_the_marker_cannot_be_forged() -> None:
    marker = "<!-- remyx-action:report -->"
    pieces = [escape.prose(marker), escape.cell(marker), escape.code(marker), escape.block(marker)]
    assert [marker in piece for piece in pieces] == [False] * 4


def test_a_block_keeps_the_last_lines() -> None:
    assert escape.block("a\nb\nc\nd", lines=2) == "```text\n… (2 earlier lines)\nc\nd\n```"


def test_a_block_outruns_the_backticks_in_it() -> None:
    assert escape.block("````\nx") == "`````text\n````\nx\n`````"


def test_a_name_between_backticks_in_our_own_message_is_code_without_them() -> None:
    assert "unknown key `treshold`, see `a b`" == escape.message("unknown key `treshold`, see `a b`")
    assert "`` `a `` x `` b` ``" == escape.message("`a x b`")
    assert "unknown; did you mean `threshold`?" == escape.message("unknown; did you mean threshold?")
    spelled = escape.with_names("more than `max_missing: 0.02` of `a`")
    assert "more than 'max_missing: 0.02' of 'a'" == escape.spell(
        spelled, prose=str, code=lambda it: f"'{it}'"
    )
