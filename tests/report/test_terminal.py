from __future__ import annotations

from decimal import Decimal

import pytest
from rich.cells import cell_len

from remyx_action.report import render
from support.reports import REPORTS, arm, many
from support.spoken import spoken_by

ESCAPE = "\x1b"


@pytest.mark.parametrize("kind", REPORTS)
def test_without_colour_a_report_is_plain_text(kind: str) -> None:
    assert ESCAPE not in render.text(REPORTS[kind](), width=80, colour=False)


@pytest.mark.parametrize("kind", REPORTS)
def test_colour_says_nothing_that_the_words_do_not(kind: str) -> None:
    import re

    coloured = render.text(REPORTS[kind](), width=80, colour=True)
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert ESCAPE in coloured
    assert "\n".join(line.rstrip() for line in bare.split("\n")) == render.text(REPORTS[kind](), width=80)


def test_markup_in_a_label_is_shown_as_it_is() -> None:
    drawn = render.text(spoken_by("[red]x[/red] :boom:", "partial"), width=120)
    assert "[red]x[/red] :boom:" in drawn


def test_the_interval_is_written_where_it_fits_and_drawn_where_it_does_not() -> None:
    drawn = {width: render.text(REPORTS["ship"](), width=width) for width in (60, 80, 100)}
    assert {width: "[+0.025, +0.037]" in text.replace("\xa0", " ") for width, text in drawn.items()} == {
        60: False,
        80: False,
        100: True,
    }
    assert {width: "●" in text for width, text in drawn.items()} == {60: False, 80: True, 100: True}


def test_a_long_report_names_what_it_leaves_to_the_file() -> None:
    assert "… 40 more metrics in verdict.json" in render.text(many(100), width=80)


def test_a_long_log_is_cut_to_its_last_lines() -> None:
    failed = arm(
        "asset", state="failed", detail="\n".join(f"line {i}" for i in range(50)), seconds=Decimal(3)
    )
    report = REPORTS["failed"]().model_copy(update={"arms": {"variant": failed}})
    shown = [line.strip() for line in render.text(report, width=80).split("\n") if line.startswith("  line")]
    assert shown == [f"line {i}" for i in range(38, 50)]


def test_wide_characters_keep_the_columns() -> None:
    report = REPORTS["ship"]()
    rows = [row.model_copy(update={"label": "精度スコア"}) for row in report.metrics]
    lines = render.text(report.model_copy(update={"metrics": rows}), width=80).split("\n")
    ends = {cell_len(line[: line.index("↑")]) for line in lines if line.startswith("精度")}
    assert ends == {11}
