"""Ordinary repositories, from nothing to a first verdict: `init` and one more command, as recorded.

`REWRITE_GOLDEN=1 uv run pytest tests/commands/test_init_sessions.py` records them again.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.pages import ROOT
from support.sessions import REPOSITORIES, asked, same_as_recorded, session


@pytest.mark.slow
def test_a_script_that_prints_a_line_of_json(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORIES / "retrieval", tmp_path, dirs_exist_ok=True)
    steps = [("init", [""] * 10), ("run --variant stemmed", [])]
    text, codes = session(tmp_path, steps)
    assert codes == [0, 0], text
    assert asked(text) == 9
    assert same_as_recorded("retrieval", text), text


@pytest.mark.slow
def test_results_of_lm_eval_in_a_folder(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tests/examples/presets/lm-eval", tmp_path / "results")
    steps = [
        ("init", [""] * 6),
        ("judge --policy default --variant results/variant --baseline results/baseline", []),
    ]
    text, codes = session(tmp_path, steps)
    assert codes == [0, 2], text
    assert asked(text) == 5
    assert f"next: remyx-action {steps[1][0]}\n" in text
    verdict = text.partition("$ remyx-action judge")[2].splitlines()[1:]
    assert len(verdict) <= 20, "two metrics, at 80 columns"
    assert same_as_recorded("lm-eval", text), text
