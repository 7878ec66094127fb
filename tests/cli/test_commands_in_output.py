"""No text from outside is a workflow command, whatever a command of ours prints it for."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.small_project import HARNESS, METRICS, UNLOCKED

PROGRAM = Path(sys.executable).with_name("remyx-action")
HOSTILE = ["::error::forged", "  ::stop-commands::x", "a ##[error]forged", "##[group]", "\u2003::add-mask::a"]
LOUD = f"for line in {HOSTILE!r}: print(line, flush=True)\n"


def commands_in(text: str) -> list[str]:
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", text)]
    return [line for line in lines if line.startswith("::") or "##[" in line]


def project(folder: Path, harness: str) -> Path:
    files = {
        **UNLOCKED,
        "evaluation/evaluate.py": harness,
        ".remyx/metrics.yaml": METRICS.replace("label: Accuracy", 'label: "a ##[error]b"'),
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text or "")
    return folder


def printed(root: Path, *words: str, **environment: str) -> tuple[str, str]:
    ended = subprocess.run(
        [PROGRAM, "-C", root, *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    return ended.stdout, ended.stderr


@pytest.mark.slow
@pytest.mark.parametrize("end", ["", "import sys; sys.exit('\\n'.join(" + repr(HOSTILE) + "))\n"])
def test_a_run_prints_none(tmp_path: Path, end: str) -> None:
    root = project(tmp_path, LOUD + HARNESS + end)
    for text in printed(root, "run", "--variant", "better", "--out", str(tmp_path / "out")):
        assert [] == commands_in(text)
        assert "forged" in text or "a ## [error]b" in text


@pytest.mark.slow
def test_json_holds_none_and_means_the_same(tmp_path: Path) -> None:
    root, out = project(tmp_path, HARNESS), str(tmp_path / "out")
    stdout, _ = printed(root, "run", "--variant", "better", "--out", out, "--format", "json")
    assert [] == commands_in(stdout)
    assert "a ##[error]b" == json.loads(stdout)["metrics"][0]["label"]


@pytest.mark.slow
def test_only_masks_are_commands_on_a_runner(tmp_path: Path) -> None:
    root = project(tmp_path, LOUD + HARNESS)
    template = root / ".remyx" / "templates" / "small.yaml"
    template.write_text(template.read_text() + "secrets: [HF_TOKEN]\n")
    given = {"HF_TOKEN": "0123456789", "GITHUB_ACTIONS": "true"}
    out, err = printed(root, "run", "--variant", "better", "--out", str(tmp_path / "out"), **given)
    assert ([], ["::add-mask::0123456789"]) == (commands_in(out), commands_in(err))
