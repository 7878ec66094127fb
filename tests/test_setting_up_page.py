"""The session of docs/guide/setting-up.md, carried out as it stands there, at a terminal."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from support.pages import blocks
from support.person import at_a_terminal

PAGE = Path(__file__).parents[1] / "docs/guide/setting-up.md"
LEFT_OUT = "…"


def session() -> list[tuple[str, list[str]]]:
    """Each command with the lines that the page shows below it."""
    (text,) = (block for block in blocks(PAGE, "console"))
    steps: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        elif line != LEFT_OUT:
            steps[-1][1].append(line)
    return steps


def answers_in(shown: list[str]) -> list[str]:
    """What the page's person types: what stands behind the default of each question."""
    return [line.rpartition("]:")[2].strip() for line in shown if "]:" in line]


@pytest.mark.slow
def test_the_session_goes_as_the_page_says(tmp_path: Path) -> None:
    for line, shown in session():
        words = shlex.split(line)
        if words[0] == "git":
            identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
            subprocess.run(["git", *identity, *words[1:]], cwd=tmp_path, check=True, capture_output=True)
            continue
        program = [sys.executable, "-m", "remyx_action", *words[1:]]
        code, screen = at_a_terminal(program, answers_in(shown), folder=tmp_path, width=100)
        assert code == 0, screen
        place = 0
        for expected in shown:
            place = screen.find(expected.strip(), place)
            assert place >= 0, f"{line}: {expected!r} is not said, or not in this place\n{screen}"
    assert answers_in(session()[1][1]) == ["", ""]
