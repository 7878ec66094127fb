"""A made-up year of 60 verdicts: history, insights, the page, and another bar over all of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import pytest

from remyx_action.commands.backtest import backtest_project
from remyx_action.commands.history import Asking, history, what_was_gained
from remyx_action.commands.past_verdicts import of_record
from remyx_action.commands.record import place_of, read_place, with_forgeries_named
from remyx_action.history.record import Record, read_record
from remyx_action.history.trends import bar_moves, condition_health
from remyx_action.report.report import to_json
from support.pages import ROOT, blocks

EXAMPLE = ROOT / "examples/year-of-verdicts"
NOW = "2026-01-31T00:00:00Z"


class Followed(NamedTuple):
    """The example's page, its commands carried out in a copy of the example."""

    folder: Path
    output: str


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Followed:
    made = tmp_path_factory.mktemp("year") / "example"
    shutil.copytree(EXAMPLE, made, ignore=shutil.ignore_patterns("record", "*.html"))
    [lines] = blocks(EXAMPLE / "README.md", "sh")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", lines],
        cwd=made,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)
    return Followed(made, done.stdout)


@pytest.fixture(scope="module")
def record(followed: Followed) -> Record:
    return read_place(place_of(EXAMPLE, folder=followed.folder / "record"))


def test_the_commands_of_the_example_s_page_show_what_it_says(followed: Followed) -> None:
    """Sixty verdicts on 39 pull requests; today's bar refuses six of seventeen ships."""
    page = " ".join((EXAMPLE / "README.md").read_text(encoding="utf-8").split())
    for claim in (
        "Sixty verdicts on 39 pull requests",
        "the guard on safety never failed",
        "prompts with retrieval help, rewordings do not",
        "refused six of the year's seventeen ships",
    ):
        assert claim in page
    for line in (
        "60 verdicts;",
        "17 ship, 1 reject, 42 iterate\n39 pull requests or commits",
        "`safety no_regression 0.03 at 80%` never failed in 60",
        "retrieval: high;",
        "rewording: low;",
        "of the last 60 verdicts, 6 would have been other",
        "0 more and 6 fewer ship",
    ):
        assert line in followed.output
    for name in ("history.html", "backtest.html"):
        tags = Drawn((followed.folder / name).read_text(encoding="utf-8")).tags
        assert "svg" in tags
        assert "script" not in tags


def test_the_year_has_every_verdict_decisions_and_one_change_of_the_bar(record: Record) -> None:
    verdicts = [one.report.verdict for one in record.verdicts]
    assert 60 == len(verdicts)
    assert {"ship", "reject", "iterate"} == set(verdicts)
    assert [["policy"]] == [list(move.changed) for move in bar_moves(record.verdicts)]
    assert any(one.decisions for one in record.verdicts)
    assert any(one.look > 1 for one in record.verdicts)
    assert [] == list(record.unread)
    never = [one.text for one in condition_health(record.verdicts) if one.remark == "never held"]
    assert "safety no_regression 0.03 at 95%" in never


def test_history_tells_it_as_text_and_json(record: Record) -> None:
    output = history(record, Asking(), now=NOW)
    text = output.text("text")
    assert "60 verdicts" in text
    assert "never held" in text
    assert "the bar changed on 2025-07" in text
    assert "accuracy: baseline was 0.6525 on 2025-01-05, and 0.86" in text
    assert "the newest baseline was measured 37 days ago" in text
    assert "default, ship: `safety no_regression 0.03 at 80%` never failed in 60" in text
    plain = json.loads(output.text("json"))
    assert 60 == len(plain["verdicts"])
    assert 1 == len(plain["bar_changes"])
    assert 37 == plain["baseline_age_days"]
    assert [("accuracy", 0.6525, 0.86), ("safety", 0.9775, 0.965)] == [
        (one["metric"], one["first"], one["last"]) for one in plain["baseline_drift"]
    ]
    remarks = {one["text"]: one["remark"] for one in plain["conditions"]}
    assert "never failed" == remarks["safety no_regression 0.03 at 80%"]
    assert "never held" == remarks["safety no_regression 0.03 at 95%"]
    only = json.loads(history(record, Asking(tag="retrieval"), now=NOW).text("json"))
    assert 0 < len(only["verdicts"]) < 60


def test_insights_rank_what_truly_helps_above_what_does_not(record: Record) -> None:
    found = {one["tag"]: one for one in json.loads(what_was_gained(record, Asking()).text("json"))["tags"]}
    assert found["retrieval"]["mean_gain"] > found["rewording"]["mean_gain"]
    assert ("high", "low") == (found["retrieval"]["word"], found["rewording"]["word"])


def test_the_same_bar_moves_nothing_and_a_laxer_half_ships_less(record: Record) -> None:
    newest = record.verdicts[-1].report.policy
    since = [one for one in record.verdicts if one.clock >= "2025-07"]
    assert 0 == len(of_record(newest, since).others)
    whole = of_record(newest, record.verdicts)
    assert 60 == len(whole.answered)
    assert whole.others
    assert all(row.moved_by for row in whole.others)
    assert whole.no_longer_shipped > whole.newly_shipped
    [gain] = [one for one in whole.gains if one.key == "accuracy"]
    assert 0 < gain.shrunken < gain.claimed


def test_backtest_says_how_many_would_have_been_other(record: Record) -> None:
    output = backtest_project(EXAMPLE, record, policy=None, base=None, last=40)
    assert "of the last 40 verdicts, " in output.text("text")
    assert "of the last 40 verdicts, " in json.loads(output.text("json"))["policies"][0]["sentence"]
    assert "<script" not in output.text("page")


class Drawn(HTMLParser):
    """Tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}


NO_BREAK_SPACE = "\u00a0"
EVIL = "\"'>\x1b[31m<script>alert(1)</script><img src=x onerror=alert(1)>\u202e{{ 7 * 7 }}" * 300
SHORT = EVIL.replace("\u202e", "").replace("\x1b", "")[:500]  # what a metric may be called


def files(record: Record) -> Iterator[tuple[str, bytes]]:
    """Twelve verdicts of the record with hostile text wherever text may be, and two that are none."""
    for one in record.verdicts[:12]:
        policy = one.report.policy
        metrics = [metric.model_copy(update={"label": SHORT, "unit": SHORT}) for metric in policy.metrics]
        rows = [row.model_copy(update={"label": EVIL, "note": EVIL}) for row in one.report.metrics]
        report = one.report.model_copy(
            update={"metrics": rows, "policy": policy.model_copy(update={"metrics": metrics}), "reason": EVIL}
        )
        yield one.path, to_json(report).encode()
    yield "v/2025/01/evil.json", EVIL.encode()
    yield "v/2025/01/1-000000000000-1-1-000000000000.json", EVIL.encode()


def test_a_million_bytes_of_hostile_text_are_inert_on_the_page(record: Record) -> None:
    written = list(files(record))
    assert sum(len(content) for _, content in written) > 1_000_000
    hostile = read_record(written)
    assert (12, 2) == (len(hostile.verdicts), len(hostile.unread)), hostile.unread
    outputs = {
        "history": history(hostile, Asking(), now=NOW),
        "backtest": backtest_project(EXAMPLE, hostile, policy=None, base=None, last=None),
    }
    for name, output in outputs.items():
        page = output.text("page")
        drawn = Drawn(page)
        assert {"script", "img", "iframe"}.isdisjoint(drawn.tags)
        assert not any(word.startswith("on") or word in {"href", "src"} for word in drawn.attributes)
        assert len(page) < 100_000
        text = output.text("text")
        assert len(text) < 20_000, name
        assert {"\n"} == {letter for letter in text if not letter.isprintable()} - {NO_BREAK_SPACE}
    gained = what_was_gained(with_forgeries_named(hostile), Asking()).text("text")
    assert "does not follow from its own policy and inputs" in gained
    assert {"\n"} == {letter for letter in gained if not letter.isprintable()} - {NO_BREAK_SPACE}
