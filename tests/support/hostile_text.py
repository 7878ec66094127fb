"""Text from outside that tries to act on a page, and a page that tells whether it did."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options
from hypothesis import strategies as st

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


def as_html(markdown: str) -> str:
    """Markdown as GitHub's own parser renders it."""
    options = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
    html: str = cmarkgfm.markdown_to_html_with_extensions(markdown, options=options, extensions=EXTENSIONS)
    return html


class Page(HTMLParser):
    """Tags, text outside code, and all text of a rendered page."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.prose: list[str] = []
        self.everything: list[str] = []
        self.depth = 0
        self.feed(as_html(markdown))
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


def acted_on(page: Page) -> list[str]:
    prose = "\n".join(page.prose)
    return [name for name, pattern in GITHUB_FILTERS.items() if pattern.search(prose)]
