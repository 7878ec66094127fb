"""git, started by tests in a folder of theirs."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    done = subprocess.run(("git", *identity, *words), cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


def write(folder: Path, files: dict[str, str | None]) -> None:
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            place.unlink()
        else:
            place.write_text(text, newline="")


def commit(folder: Path, files: dict[str, str | None] | None = None) -> None:
    write(folder, files or {})
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "change", "--allow-empty")
