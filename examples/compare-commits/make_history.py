"""Make a git repository with a real history from the files beside this program: `make_history.py DIR`.

`main` holds the project; each folder of changes/ becomes a branch of that name, started from main's first
commit; then main moves on, so that a branch's merge base is not main's tip. Authors and dates are fixed:
the commits have the same ids on every machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
MESSAGES = {
    "learn-more-words": "Know more of the words that people use",
    "one-more-word": "Know that noise is a defect",
    "shorter-code": "Look for parts of words, in fewer lines",
}
"""Branch → the message of its commit."""


def git(repository: Path, *words: str) -> None:
    person = {"NAME": "Ada Example", "EMAIL": "ada@example.org", "DATE": "2026-01-01T12:00:00Z"}
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        **{f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in person.items()},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    subprocess.run(["git", *words], cwd=repository, env=environment, check=True)


def commit(repository: Path, message: str) -> None:
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", message)


def make_history(repository: Path, change: Callable[[Path], None] = lambda _repository: None) -> None:
    """Make the repository in a folder that does not exist yet; `change` alters it before the first commit."""
    shutil.copytree(HERE / "project", repository, ignore=shutil.ignore_patterns("__pycache__", ".remyx-out"))
    change(repository)
    git(repository, "init", "--quiet", "--initial-branch=main")
    commit(repository, "Send messages to queues, and set the bar for changes")
    for branch, message in MESSAGES.items():
        git(repository, "switch", "--quiet", "--create", branch, "main")
        shutil.copytree(HERE / "changes" / branch, repository, dirs_exist_ok=True)
        commit(repository, message)
    git(repository, "switch", "--quiet", "main")
    (repository / "NEWS.md").write_text("The triage is in use since January.\n", encoding="utf-8")
    commit(repository, "Say since when it is in use")


if __name__ == "__main__":
    if len(sys.argv) != 2 or Path(sys.argv[1]).exists():
        sys.exit(f"usage: {sys.argv[0]} DIR, where DIR does not exist yet")
    make_history(Path(sys.argv[1]))
