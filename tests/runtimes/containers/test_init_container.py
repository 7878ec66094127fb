"""The worked example's folder with a Dockerfile, from nothing to a first verdict, as recorded.

`REWRITE_GOLDEN=1 uv run pytest tests/runtimes/containers/test_init_container.py` records it again.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.containers.engine import BASE, RunningEngine
from support.pages import ROOT
from support.sessions import asked, same_as_recorded, session

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("engine")]
EXAMPLE = ROOT / "examples" / "vqasynth-container"
METRICS = """\
| key | label | unit | baseline |
| --- | --- | --- | --- |
| spatialscore | SpatialScore | accuracy | 0.73 |
| omnispatial | OmniSpatial | accuracy | 0.59 |
| space10 | SpaCE-10 | accuracy | 0.87 |
| mindcube | MindCube | accuracy | 0.67 |
"""
SHIP = """\
spatialscore.delta >= 0.02 at 80% confidence
omnispatial.delta >= 0.02 at 80% confidence
delta_confidence >= 0.80
"""
REJECT = "".join(f"{key}.delta < -0.01 at 80%\n" for key in ("space10", "mindcube"))


@pytest.fixture
def registry(engine: RunningEngine) -> Iterator[RunningEngine]:
    """An engine that has the image that a registry would hand out, and a base of the team's own name."""
    for name in ("python:3.12-slim", "vqasynth:base"):
        engine.ask("tag", BASE, name)
    yield engine
    engine.ask("rmi", "python:3.12-slim", "vqasynth:base")


def test_the_worked_example_is_set_up_by_pasting_its_bar(
    registry: RunningEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", registry.address)
    for name in ("config", "docker", "models", "vqasynth"):
        shutil.copytree(EXAMPLE / name, tmp_path / name)
    answers = ["", "", "", "", "yes", *METRICS.split("\n"), "spatialscore omnispatial"]
    answers += [*SHIP.split("\n"), *REJECT.split("\n"), "yes"]
    text, codes = session(tmp_path, [("init", answers), ("run --variant spatial-long", [])])
    assert codes == [0, 0], text
    assert asked(text) == 9
    text = re.sub(r"Successfully built \w+", "Successfully built …", text)
    assert same_as_recorded("worked-example", text), text
