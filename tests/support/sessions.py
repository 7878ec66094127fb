"""Terminal sessions from nothing to a first verdict, recorded as people would see them."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from support.pages import ROOT
from support.person import at_a_terminal

RECORDED = ROOT / "tests" / "golden" / "sessions"
REPOSITORIES = ROOT / "tests" / "examples" / "repositories"
_SECONDS = re.compile(r"\b\d+\.\d s\b")
_TIMES = re.compile(r" │ .*")


def session(
    folder: Path, steps: Sequence[tuple[str, Sequence[str]]], *, width: int = 80
) -> tuple[str, list[int]]:
    """What stands on the screen after each command with its typed answers, and the exit codes.

    Seconds are left out, and so is what two arms print at once.
    """
    parts, codes = [], []
    for line, answers in steps:
        words = [sys.executable, "-m", "remyx_action", *shlex.split(line)]
        code, screen = at_a_terminal(words, answers, folder=folder, width=width)
        codes.append(code)
        lines = screen.splitlines()
        if "variant  │" in screen:
            lines = [one for one in lines if " │ " not in one]
        shown = "\n".join(lines).rstrip()
        parts.append(f"$ remyx-action {line}\n{_SECONDS.sub('… s', shown)}\n")
    return "\n".join(parts), codes


def asked(text: str) -> int:
    """How many questions a recorded session has, the confirmation left out."""
    questions = [line for line in text.splitlines() if re.search(r"(\[[^\]]*\]|one a line): ", f"{line} ")]
    return len([line for line in questions if not line.startswith("Write these files")])


def same_as_recorded(name: str, text: str) -> bool:
    """Whether a session goes as it was recorded; `REWRITE_GOLDEN=1` records it again."""
    file = RECORDED / f"{name}.txt"
    if os.environ.get("REWRITE_GOLDEN") == "1":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return file.read_text() == text
