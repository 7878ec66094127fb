"""`remyx-action run` with lighteval: two models of one server, and a server that dies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.lighteval.running import OFFLINE, QUESTIONS, Bench
from support.lighteval.server import RIGHT, serving

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("lighteval")]

PROGRAM = Path(sys.executable).with_name("remyx-action")
METRICS = """version: 1
metrics:
  - {key: exact, label: Exactly right, unit: accuracy, scores: binary}
"""
TEMPLATE = """version: 1
name: sums
runtime: lighteval
task: written
custom_tasks: tasks.py
harness: [data/**]
model: {MODEL}
metrics: [exact]
names: {exact: em}
baseline_asset: BASELINE
timeout: 300
"""
POLICY = """version: 1
name: default
template: sums
ship:
  all: [{metric: exact, op: improves_by, threshold: 0.1, confidence: 0.9}]
reject:
  any: [{metric: exact, op: no_regression, threshold: 0.01, confidence: 0.8}]
"""


def write_bar(root: Path, model: str, baseline: str) -> None:
    template = TEMPLATE.replace("{MODEL}", model).replace("BASELINE", baseline)
    texts = {"metrics.yaml": METRICS, "templates/sums.yaml": template, "policies/default.yaml": POLICY}
    for name, text in texts.items():
        path = root / ".remyx" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def judge(
    bench: Bench, variant: str, *more: str, kept: Path | None = None
) -> tuple[int, dict[str, Any], str]:
    """Exit code, verdict and what was said on the way."""
    keep = ["--kept", str(kept)] if kept else ["--fresh"]
    finished = subprocess.run(
        [PROGRAM, "-C", bench.root, "run", "--variant", variant, *more, *keep, "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=os.environ | OFFLINE | {"XDG_CONFIG_HOME": str(bench.folder)},
    )
    assert finished.stdout, finished.stderr
    return finished.returncode, json.loads(finished.stdout), finished.stderr


def test_two_models_of_a_server_get_a_verdict_and_none_where_it_dies(bench: Bench) -> None:
    with serving() as talk:
        write_bar(bench.root, f"{{backend: openai, base_url: '{talk.base_url}', concurrency: 4}}", "weak")
        kept = bench.folder / "kept"
        code, report, said = judge(bench, "good", kept=kept)
        assert (0, "ship") == (code, report["verdict"]), said
        (metric,) = report["metrics"]
        assert f"{RIGHT['weak'] / QUESTIONS:.6f}" == f"{metric['baseline']:.6f}"
        assert f"{RIGHT['good'] / QUESTIONS:.6f}" == f"{metric['variant']:.6f}"
        assert QUESTIONS == metric["n"]
        assert 2 * QUESTIONS == len(talk.asked)

        # the same baseline is not measured twice; and the server dies half way through the variant
        talk.dies_after = talk.answers + QUESTIONS // 2
        code, report, said = judge(bench, "good", kept=kept)
        assert "reused" in said
    assert 4 == code
    assert report["verdict"] is None
    assert ["completed", "failed"] == [report["arms"][arm]["state"] for arm in ("baseline", "variant")]
    assert "so nothing is scored" in report["arms"]["variant"]["detail"]
    assert [None] == [metric["variant"] for metric in report["metrics"]]


def test_a_dry_run_asks_each_arm_a_few_questions_and_never_ships(bench: Bench) -> None:
    with serving() as talk:
        write_bar(bench.root, f"{{backend: openai, base_url: '{talk.base_url}', concurrency: 4}}", "weak")
        code, report, said = judge(bench, "good", "--samples", "5")
    assert (2, "iterate", 5) == (code, report["verdict"], report["quick_look"]), said
    assert [5] == [metric["n"] for metric in report["metrics"]]
    assert 2 * 5 == len(talk.asked)
