"""A repository laid out like VQASynth's, run in containers as it is: three verdicts by the asset."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.containers.engine import BASE, RunningEngine
from support.pages import ROOT, table

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("engine")]
EXAMPLE = ROOT / "examples" / "vqasynth-container"
PROGRAM = Path(sys.executable).with_name("remyx-action")
VERDICTS = [(row[0], row[1]) for row in table(EXAMPLE / "README.md", "--variant")]
EXIT_CODES = {"ship": 0, "reject": 1, "iterate": 2}


@pytest.fixture
def registry(engine: RunningEngine) -> Iterator[RunningEngine]:
    """An engine that has the image that a registry would hand out, and a base of the team's own name."""
    for name in ("python:3.12-slim", "vqasynth:base"):
        engine.ask("tag", BASE, name)
    yield engine
    engine.ask("rmi", "python:3.12-slim", "vqasynth:base")


@pytest.mark.parametrize(("asset", "verdict"), VERDICTS)
def test_each_asset_ends_as_its_page_says(
    asset: str, verdict: str, registry: RunningEngine, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = subprocess.run(
        [PROGRAM, "-C", EXAMPLE, "run", "--variant", asset, "--out", out, "--format", "json"],
        capture_output=True,
        text=True,
        env={**os.environ, "DOCKER_HOST": registry.address},
        check=False,
    )
    assert EXIT_CODES[verdict] == done.returncode, done.stderr
    report = json.loads(done.stdout)
    assert (verdict, "complete") == (report["verdict"], report["run_state"])
    for arm in report["arms"].values():
        assert {"image", "FROM python:3.12-slim"} == set(arm["images"])
    replayed = subprocess.run([PROGRAM, "replay", out / "verdict.json"], capture_output=True, check=False)
    assert 0 == replayed.returncode


def test_the_page_tells_all_three_verdicts() -> None:
    assert ["ship", "reject", "iterate"] == [verdict for _, verdict in VERDICTS]


def test_the_bar_is_that_of_the_example_without_a_container() -> None:
    policy = Path(".remyx", "policies", "default.yaml")
    assert (EXAMPLE.parent / "vqasynth" / policy).read_text() == (EXAMPLE / policy).read_text()
