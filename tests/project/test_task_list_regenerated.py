"""The committed list of tasks is what the pinned lighteval's registry gives, byte for byte."""

import os
import subprocess
from pathlib import Path

import pytest

from remyx_action.errors import NotJudged
from remyx_action.runtimes.lighteval.environment import lighteval_python

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "src" / "remyx_action" / "project" / "tasks" / "list.json"


@pytest.mark.slow
def test_regenerating_gives_the_same_bytes(tmp_path: Path) -> None:
    """REMYX_LIGHTEVAL_PYTHON names a Python that has the pinned lighteval; else its environment is made."""
    try:
        python = lighteval_python(
            os.environ.get("REMYX_LIGHTEVAL_PYTHON"), environ=dict(os.environ), say=print
        )
    except NotJudged as unmade:
        pytest.skip(f"lighteval's environment cannot be made here: {unmade}")
    again = tmp_path / "list.json"
    finished = subprocess.run(
        [ROOT / "script" / "generate-tasks", "--python", python, "--out", again],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert 0 == finished.returncode, finished.stderr
    assert COMMITTED.read_bytes() == again.read_bytes()
