"""The page: self-contained, inert, and drawn from the same view as the comment."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from remyx_action.report import render
from remyx_action.report.render.html_page import shares
from remyx_action.report.render.view import view_of
from support.hostile_text import CORPUS
from support.reports import REPORTS
from support.spoken import spoken_by

ACTIVE = {
    "script",
    "iframe",
    "object",
    "embed",
    "link",
    "img",
    "form",
    "input",
    "base",
    "a",
    "video",
    "audio",
}


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


@pytest.mark.parametrize("kind", REPORTS)
def test_the_page_asks_for_nothing_and_runs_nothing(kind: str) -> None:
    page = render.page(REPORTS[kind]())
    found = Tags(page)
    assert not ACTIVE & set(found.tags)
    assert not [
        name for name, _ in found.attributes if name in {"href", "src", "style"} or name.startswith("on")
    ]
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = b64encode(sha256(style.group(1).encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert ("content", policy) in found.attributes
    assert "url(" not in style.group(1)


def test_four_metrics_of_thousands_of_samples_take_at_most_80_kb() -> None:
    assert len(render.page(REPORTS["ship"]()).encode()) <= 80_000


@pytest.mark.parametrize("text", CORPUS)
def test_hostile_text_adds_no_tag_to_the_page(text: str) -> None:
    plain, hostile = (Tags(render.page(spoken_by(words))).tags for words in ("word", text))
    assert sorted(set(hostile) - {"br"}) == sorted(set(plain) - {"br"})
    assert len(plain) == len(hostile)


@pytest.mark.parametrize("kind", ["ship", "iterate", "two_metrics"])
def test_each_drawing_has_a_title_and_a_table(kind: str) -> None:
    page = render.page(REPORTS[kind]())
    assert page.count('<svg viewBox="0 0 420') == page.count("<title id=")
    assert page.count("<table>") >= page.count('<svg viewBox="0 0 420 30"')
    assert len(view_of(REPORTS[kind]()).cause) > 0


def test_the_shares_of_samples_add_up_to_all_of_them() -> None:
    [changed, *_] = view_of(REPORTS["ship"]()).samples
    drawn = shares(changed, 5_000)
    assert [53, 4_739, 208] == [part.count for part in drawn]
    assert 372 == pytest.approx(sum(float(part.width) for part in drawn), abs=0.3)
