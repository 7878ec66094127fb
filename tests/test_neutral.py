from __future__ import annotations

import re
from html.parser import HTMLParser

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import example, given, settings
from hypothesis import strategies as st

from remyx_action.report.render import neutral

EXTENSIONS = ["table", "autolink", "strikethrough", "tagfilter", "tasklist"]
GITHUB_FILTERS = {
    "mention": re.compile(r"@\w"),
    "issue": re.compile(r"#\d|\bgh-\d", re.IGNORECASE),
    "link": re.compile(r"://|www\.", re.IGNORECASE),
    "commit": re.compile(r"(?<![^\W_])[0-9a-f]{7,40}(?![^\W_])", re.IGNORECASE),
    "emoji": re.compile(r":[\w+-]+:"),
    "math": re.compile(r"\$"),
    "footnote": re.compile(r"\[\^"),
}
"""What GitHub does to text that is not code, after Markdown."""

CORPUS = [
    "@octocat and @github/security",
    "see #1, GH-1, user/repo#1 and user/repo@a5c3785ed8d6a35868bc169f07e40e889087fd2e",
    "commit a5c3785ed8d6a35868bc169f07e40e889087fd2e or a5c3785",
    "[click](https://evil.example) ![x](https://evil.example/x.png)",
    "https://evil.example http://evil.example ftp://evil.example www.evil.example WWW.evil.example",
    "(www.evil.example) _www.evil.example_ ~www.evil.example",
    "someone@evil.example mailto:someone@evil.example xmpp:someone@evil.example/x",
    "<https://evil.example> <someone@evil.example>",
    "[ref]: https://evil.example 'title'",
    "[ref][1] [ref] [^1]\n\n[^1]: note\n[ref]: https://evil.example",
    "<img src=x onerror=alert(1)> <script>alert(1)</script> <b>bold</b> </details></table>",
    "<!-- remyx-action:report --> <!-- remyx-action:report",
    "&lt;img&gt; &#64;octocat &commat;octocat &#x40;octocat &amp;lt;",
    "a | b || c \\| d \\\\| e `|` |",
    "first\nsecond\r\nthird\rfourth\u2028fifth\u2029sixth\x85seventh",
    "| a | b |\n| - | - |\n| c | d |",
    "```\ncode\n``` ~~~ `` ` ``` ````",
    "`` ` ``",
    "`",
    "\\`@octocat\\`",
    "$x^2$ $$y$$ $`z`$ `$` w `$`",
    ":tada: :+1: a:b:c",
    "# heading",
    "- [ ] task",
    "- item",
    "+ item",
    "* item",
    "1. item",
    "1) item",
    "> quote",
    "> [!CAUTION]\n> alert",
    "===",
    "---",
    "***",
    "    indented code",
    "\ttabbed",
    "*emphasis* _emphasis_ **strong** __strong__ ~~struck~~",
    "abc\u202egnp.exe \u2066isolate\u2069 \u200eleft",
    "zero\u200bwidth\u200djoiner\ufeffbom\u00adshy\u2060word\u180esep",
    "tags \U000e0041\U000e0042 selectors \ufe00\U000e0100 filler \u3164\u115f\uffa0\u2800",
    "e" + "\u0301" * 40,
    "\x1b[31mred\x1b[0m \x1b]8;;https://evil.example\x07link\x1b]8;;\x07 \x9b31m",
    "\x00\x01\x07\x08\x7f\x9f",
    "lone \ud800 surrogate",
    "::error file=x::message ##[error]message",
    "[red]markup[/red] [link=https://evil.example]x[/link]",
    "{{ view }} {% include 'x' %} {# x #}",
    "",
    " ",
    "\n",
    "a" * 10_000,
    "`" * 400,
    "#ff0000",
    "trailing backslash\\",
    "SpaCE-10 keeps its name, 42% of it (really)!",
]

hostile = st.text(
    st.sampled_from("@#|`\\<>&[]()!*_~$:;^{}=-+.'\"/ \n\r\t\x1b\x9b\u202e\u200b0123456789abcdefghw")
    | st.characters(),
    max_size=60,
)


class Page(HTMLParser):
    """Tags, text outside code, and all text of a rendered page."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.prose: list[str] = []
        self.everything: list[str] = []
        self.depth = 0
        self.feed(
            cmarkgfm.markdown_to_html_with_extensions(
                markdown,
                options=Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES,
                extensions=EXTENSIONS,
            )
        )
        self.close()

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.depth += tag in {"code", "pre"}

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag in {"code", "pre"}

    def handle_data(self, data: str) -> None:
        self.everything.append(data)
        if not self.depth:
            self.prose.append(data)

    def handle_comment(self, data: str) -> None:
        self.tags.add(f"comment {data}")

    def handle_decl(self, decl: str) -> None:
        self.tags.add(f"declaration {decl}")


def squeezed(text: str) -> str:
    return "".join(text.split())


def acted_on(page: Page) -> list[str]:
    prose = "\n".join(page.prose)
    return [name for name, pattern in GITHUB_FILTERS.items() if pattern.search(prose)]


def assert_only_read(markdown: str, *, tags: set[str], shown: str) -> None:
    page = Page(markdown)
    assert page.tags <= tags
    assert acted_on(page) == []
    assert squeezed("".join(page.everything)) == squeezed(shown)


def check(value: str) -> None:
    shown = neutral.one_line(value) or neutral.EMPTY
    for piece in (neutral.text(value), neutral.code(value)):
        assert_only_read(piece, tags={"p", "code"}, shown=shown)
        assert_only_read(f"- {piece}", tags={"ul", "li", "code"}, shown=shown)
        assert_only_read(f"before {piece} after", tags={"p", "code"}, shown=f"before {shown} after")
    for piece in (neutral.cell(value), neutral.cell_code(value)):
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
    page = Page(neutral.block(value))
    assert page.tags == {"pre", "code"}


@settings(max_examples=300, deadline=None, derandomize=True)
@given(hostile)
def test_nothing_reaches_a_terminal_that_it_would_obey(value: str) -> None:
    assert neutral.terminal(value).isprintable()
    assert all(line.isprintable() for line in neutral.terminal_lines(value))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(hostile)
def test_whatever_is_shown_can_be_written_as_utf_8(value: str) -> None:
    pieces = [neutral.text(value), neutral.cell(value), neutral.block(value), neutral.terminal(value)]
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
    assert neutral.text(value) == expected


def test_a_pipe_in_a_cell_stays_in_its_cell() -> None:
    assert neutral.cell("mmlu|0") == "`mmlu\\|0`"


def test_long_text_is_cut_with_a_sign() -> None:
    assert neutral.text("word " * 100, limit=14) == "word word wor…"


def test_the_marker_cannot_be_forged() -> None:
    marker = "<!-- remyx-action:report -->"
    pieces = [neutral.text(marker), neutral.cell(marker), neutral.code(marker), neutral.block(marker)]
    assert [marker in piece for piece in pieces] == [False] * 4


def test_a_block_keeps_the_last_lines() -> None:
    assert neutral.block("a\nb\nc\nd", lines=2) == "```text\nc\nd\n```"


def test_a_block_outruns_the_backticks_in_it() -> None:
    assert neutral.block("````\nx") == "`````text\n````\nx\n`````"
