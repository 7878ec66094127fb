"""Repositories that tests make."""

import os
import subprocess
from pathlib import Path

from remyx_action.sources.git import (
    Repository,
    find_repository,
)

AUTHOR = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ("git", *words), cwd=folder, env=os.environ | AUTHOR, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(folder: Path, files: dict[str, str]) -> str:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "change", "--allow-empty")
    return git(folder, "rev-parse", "HEAD")


def found(folder: Path) -> Repository:
    repository = find_repository(folder)
    assert repository is not None
    return repository
