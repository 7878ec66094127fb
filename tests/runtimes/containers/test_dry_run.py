"""`run --samples 5` of a container: it is told how many to score, and no more are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.containers.arms import harness
from support.containers.engine import RunningEngine

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("engine")]
PROGRAM = Path(sys.executable).with_name("remyx-action")
SCORE = """
    import json, os, pathlib
    rows = [{"id": f"q{n}", "score": int(os.environ["REMYX_ASSET"] == "new")} for n in range(200)]
    rows = rows[:int(os.environ.get("REMYX_SAMPLES") or len(rows))]
    out = pathlib.Path(os.environ["REMYX_OUTPUT_DIR"], "results.json")
    out.write_text(json.dumps({"schema": "remyx-results/1", "metrics": {"accuracy": {"samples": rows}}}))
"""
BAR = {
    "metrics": "version: 1\nmetrics: [{key: accuracy, unit: accuracy}]\n",
    "templates/suite": "version: 1\nname: suite\nscript: eval/\nmetrics: [accuracy]\nbaseline_asset: old\n"
    "samples: 200\n",
    "policies/default": "version: 1\nname: default\ntemplate: suite\n"
    "ship: {all: [accuracy improves_by 0.1 at 80%]}\n",
}


def test_a_container_scores_as_many_samples_as_asked_for(engine: RunningEngine, tmp_path: Path) -> None:
    harness(tmp_path, SCORE)
    for name, text in BAR.items():
        path = tmp_path / f".remyx/{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    done = subprocess.run(
        [PROGRAM, "-C", tmp_path, "run", "--variant", "new", "--samples", "5", "--format", "json"],
        capture_output=True,
        text=True,
        env={**os.environ, "DOCKER_HOST": engine.address},
        check=False,
    )
    assert 2 == done.returncode, done.stderr
    report = json.loads(done.stdout)
    assert (5, "iterate") == (report["quick_look"], report["verdict"])
    assert [5] == [metric["n"] for metric in report["metrics"]]
