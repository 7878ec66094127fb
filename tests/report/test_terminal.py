from __future__ import annotations

from decimal import Decimal

import pytest
from rich.cells import cell_len

from remyx_action.report import render
from support.reports import REPORTS, arm, many, two_metrics
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


@pytest.mark.parametrize(("kind", "most"), [("ship", 26), ("reject", 26), ("iterate", 26), ("partial", 26)])
def test_four_metrics_take_at_most_26_lines_at_80_columns(kind: str, most: int) -> None:
    assert len(render.text(REPORTS[kind](), width=80, details=".remyx-out/report.html").splitlines()) <= most


def test_two_metrics_take_at_most_20_lines_at_80_columns() -> None:
    text = render.text(two_metrics(), width=80, details=".remyx-out/report.html")
    assert text.startswith("↻ ITERATE, too close to tell: Recall@5 may have lost more than 0.01\n")
    assert text.endswith("\n  Details: .remyx-out/report.html\n")
    assert len(text.splitlines()) <= 20


def test_quiet_is_the_headline_and_verbose_adds_conditions_and_provenance() -> None:
    report = REPORTS["ship"]()
    quiet, plain, verbose = (
        render.text(report, width=100, quiet=quiet, verbose=verbose)
        for quiet, verbose in ((True, False), (False, False), (False, True))
    )
    assert "✓ SHIP: SpatialScore +0.031, OmniSpatial +0.036, no limit broken\n" == quiet
    assert plain.startswith(quiet)
    assert ["Provenance" in text for text in (plain, verbose)] == [False, True]
    assert ["spatialscore.delta >= 0.02" in text for text in (plain, verbose)] == [False, True]


def test_a_long_report_names_what_it_leaves_to_the_file() -> None:
    drawn = render.text(many(100), width=80)
    assert "… 97 more metrics in verdict.json" in drawn
    assert all(f"MMLU task_{place:03d}" in drawn for place in (5, 42, 79))
    warned = {"variant": arm("asset", warnings=[f"odd {number}" for number in range(9)])}
    drawn = render.text(REPORTS["ship"]().model_copy(update={"arms": warned}), width=80)
    assert ("odd 5" in drawn, "odd 6" in drawn, "! … 3 more in verdict.json" in drawn) == (True, False, True)


def test_a_long_log_is_cut_to_its_last_lines() -> None:
    failed = arm(
        "asset", state="failed", detail="\n".join(f"line {i}" for i in range(50)), seconds=Decimal(3)
    )
    report = REPORTS["failed"]().model_copy(update={"arms": {"variant": failed}})
    drawn = render.text(report, width=80)
    shown = [line.strip() for line in drawn.split("\n") if line.startswith("  line")]
    assert shown == [f"line {i}" for i in range(38, 50)]
    assert "\n  … (38 earlier lines)\n  line 38\n" in drawn


def test_wide_characters_keep_the_columns() -> None:
    report = REPORTS["ship"]()
    rows = [row.model_copy(update={"label": "精度スコア"}) for row in report.metrics]
    lines = render.text(report.model_copy(update={"metrics": rows}), width=80).split("\n")
    starts = {cell_len(line[: line.index("✓")]) for line in lines if line.startswith("精度")}
    assert 1 == len(starts)
