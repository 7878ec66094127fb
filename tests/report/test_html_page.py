"""The page: self-contained, inert, and drawn from the same view as the comment."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from remyx_action.report import render
from remyx_action.report.render.cluster_words import worst_clusters
from remyx_action.report.render.drawings import histogram, interval, shares
from remyx_action.report.render.metric_words import metric_views
from remyx_action.report.render.view import view_of
from support.hostile_text import CORPUS
from support.reports import REPORTS, clustered
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


def test_long_inputs_and_outputs_are_cut_until_the_page_fits() -> None:
    report = REPORTS["ship"]()
    long = {"baseline": "字" * 300, "variant": "b" * 300}
    told = {
        key: changed.model_copy(
            update={
                "examples": [
                    example.model_copy(update={"input": "a" * 300, "outputs": long})
                    for example in changed.examples
                ]
            }
        )
        for key, changed in report.samples_changed.items()
    }
    page = render.page(report.model_copy(update={"samples_changed": told}))
    assert 40_000 < len(page.encode()) <= 80_000
    assert "What got worse, largest first (12 of 53)" in page


def test_what_got_worse_comes_with_its_input_and_both_outputs() -> None:
    page = render.page(REPORTS["two_metrics"]())
    worse = page.index("What got worse, largest first (20 of 22)")
    assert worse < page.index("What got better, largest first (19 of 19)")
    assert "Where does the contract name the deadline of q-0278?" in page[worse:]
    assert "In section 11." in page[worse:]
    assert "The contract names none." in page[worse:]


def test_clusters_come_worst_first_with_intervals_of_their_own() -> None:
    report = clustered()
    [lost, *rest] = worst_clusters(report, metric_views(report)["recall_at_5"])
    assert ("document-28", 10, "−1.000") == (lost.name, lost.n, lost.change)
    assert lost.bounds is not None
    assert lost.bounds[0] == -1
    assert lost.bounds[1] < 0
    assert [one.delta for one in rest] == sorted(one.delta for one in rest)
    assert "Clusters, worst first (20 of 30)" in render.page(report)
    assert () == worst_clusters(REPORTS["ship"](), metric_views(REPORTS["ship"]())["mindcube"])


def test_changes_are_drawn_by_their_size() -> None:
    report = clustered()
    metrics, samples = metric_views(report), {one.key: one for one in view_of(report).samples}
    bars = histogram(samples["mrr"], metrics["mrr"])
    assert (137, 163) == tuple(
        sum(bar.count for bar in bars if bar.kind == kind) for kind in ("worse", "better")
    )
    assert ["worse"] * 12 + ["better"] * 12 == [bar.kind for bar in bars]
    assert max(float(bar.height) for bar in bars) == 60
    assert () == histogram(samples["recall_at_5"], metrics["recall_at_5"]), "right or wrong is of one size"


def test_labels_of_a_scale_do_not_touch() -> None:
    """A threshold near zero stands in a line of its own."""
    report = clustered()
    row = view_of(report).rows[0]
    assert row.metric is not None
    drawn = interval(view_of(report), row, row.metric)
    assert drawn is not None
    assert {("−0.01", 0), ("0", 1)} == {(tick.label, tick.line) for tick in drawn.ticks}


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


@pytest.mark.parametrize("kind", ["ship", "iterate", "partial"])
def test_a_screen_reader_gets_a_word_for_each_mark(kind: str) -> None:
    page, lines = (
        render.page(REPORTS[kind]()),
        [one for row in view_of(REPORTS[kind]()).rows for one in row.bar],
    )
    for word, glyph in (("passes", "✓"), ("fails", "✗"), ("not known", "·")):
        said = f'<span aria-hidden="true">{glyph} </span><span class="unseen">{word}: </span>'
        assert sum(line.glyph == glyph for line in lines) == page.count(said)
    assert lines


def test_the_shares_of_samples_add_up_to_all_of_them() -> None:
    [changed, *_] = view_of(REPORTS["ship"]()).samples
    drawn = shares(changed, 5_000)
    assert [53, 4_739, 208] == [part.count for part in drawn]
    assert 372 == pytest.approx(sum(float(part.width) for part in drawn), abs=0.3)
