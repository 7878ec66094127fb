"""`patch` without a container: each arm reads its own copy, and the project stays as it was."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("remyx-action")
HARNESS = """import json, os, pathlib
model = json.loads(pathlib.Path("config/settings.json").read_text())["model"]
right = {"old": 200, "new": 300}[model]
rows = [{"id": str(n), "score": int(n < right)} for n in range(400)]
results = {"schema": "remyx-results/1", "metrics": {"score": {"samples": rows}}}
pathlib.Path(os.environ["REMYX_OUTPUT_DIR"], "results.json").write_text(json.dumps(results))
"""
FILES = {
    ".remyx/metrics.yaml": "version: 1\nmetrics: [{key: score, unit: accuracy, direction: higher}]\n",
    ".remyx/templates/suite.yaml": """version: 1
name: suite
script: evaluate.py
patch: [{file: config/settings.json, set: {model: "{asset}"}}]
baseline_asset: old
metrics: [score]
""",
    ".remyx/policies/default.yaml": """version: 1
name: default
template: suite
ship: {all: [{metric: score, op: improves_by, threshold: 0.1}]}
""",
    "evaluate.py": HARNESS,
    "config/settings.json": '{"model": "none"}\n',
}


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(PROGRAM), "-C", str(folder), "run", "--variant", "new", "--format", "json"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_each_arm_reads_its_own_value(project: Path) -> None:
    done = run(project)
    assert (0, "ship") == (done.returncode, json.loads(done.stdout)["verdict"]), done.stderr
    assert FILES["config/settings.json"] == (project / "config" / "settings.json").read_text()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("set: {model:", "set: {modle:", "config/settings.json has no modle, which `patch` sets"),
        ("settings.json, set", "setings.json, set", "config/setings.json does not exist"),
    ],
)
def test_a_slip_of_the_pen_is_no_verdict(project: Path, old: str, new: str, message: str) -> None:
    path = project / ".remyx" / "templates" / "suite.yaml"
    path.write_text(path.read_text().replace(old, new))
    done = run(project)
    assert (4, True) == (done.returncode, message in done.stderr), done.stderr
    assert "Traceback" not in done.stderr
