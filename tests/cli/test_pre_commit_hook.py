"""The hook that other repositories name in their .pre-commit-config.yaml."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())


@pytest.mark.parametrize("path", [".remyx/metrics.yaml", "models/.remyx/policies/default.yaml"])
def test_the_hook_runs_where_a_file_of_a_bar_changes(path: str) -> None:
    assert re.search(HOOK["files"], path)


@pytest.mark.parametrize("path", ["remyx/metrics.yaml", "docs/a.remyx.md", "src/model.py"])
def test_the_hook_does_not_run_for_other_files(path: str) -> None:
    assert not re.search(HOOK["files"], path)


@pytest.mark.parametrize(
    ("project", "exit_code"), [("examples/vqasynth", 0), ("tests/examples/files/everything-at-once", 3)]
)
def test_the_hook_fails_exactly_where_check_does(project: str, exit_code: int) -> None:
    program, *arguments = HOOK["entry"].split()
    ran = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *arguments],
        cwd=ROOT / project,
        capture_output=True,
        check=False,
    )
    assert (exit_code, b"") == (ran.returncode, ran.stderr)
