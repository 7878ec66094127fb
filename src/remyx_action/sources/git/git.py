"""Starting git so that neither the environment nor the repository's own settings can mislead it."""

from __future__ import annotations

import os
import re
import subprocess
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from remyx_action.errors import NotJudged

_SAFETY = (
    "--no-replace-objects",
    "--no-optional-locks",
    "-c", "safe.bareRepository=explicit",
    "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.quotePath=false",
    "-c", "protocol.allow=never",
    "-c", "submodule.recurse=false",
)  # fmt: skip
"""A repository's own settings start no program of its choosing, nothing is fetched, and no folder that only
looks like a repository is one."""

SERVER_SECONDS = 120
"""How long a server may take to answer."""

_OF_THE_PERSON = re.compile(r"GIT_CONFIG_(COUNT|KEY_\d+|VALUE_\d+|GLOBAL|SYSTEM|NOSYSTEM)")
"""Settings that come with the environment, as those of HOME do: `safe.directory` above all."""


def ask(folder: Path, *words: str) -> str:
    """git's answer; NotJudged where it fails."""
    return os.fsdecode(run(folder, *words)).strip()


def look_for(folder: Path, *words: str) -> str | None:
    """git's answer; None where it finds nothing, which is an answer too."""
    done = attempt(folder, *words)
    if done.returncode == 0:
        return os.fsdecode(done.stdout).strip()
    if done.returncode in {1, 128} and b"dubious ownership" not in done.stderr:
        return None
    raise failure(words[0], done.stderr)


def run(folder: Path, *words: str) -> bytes:
    """What git prints; NotJudged where it fails."""
    done = attempt(folder, *words)
    if done.returncode != 0:
        raise failure(words[0], done.stderr)
    return done.stdout


def attempt(
    folder: Path, *words: str, given: Mapping[str, str] | None = None, timeout_seconds: float | None = None
) -> subprocess.CompletedProcess[bytes]:
    """git's exit code and what it printed; NotJudged where there is no git.

    `given` goes into its environment. Raises TimeoutExpired.
    """
    try:
        return subprocess.run(  # noqa: S603 - no shell
            ("git", *_SAFETY, *words),  # noqa: S607 - the person's own git, from PATH
            cwd=folder,
            env={**_environment(), **(given or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=timeout_seconds,
        )
    except FileNotFoundError as error:
        raise NotJudged("git is missing", help="install git") from error


def attempt_at_server(
    folder: Path, *words: str, protocols: Sequence[str], given: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Like `attempt`, and git may speak to a server by these protocols. Raises TimeoutExpired."""
    allowed = [word for name in protocols for word in ("-c", f"protocol.{name}.allow=always")]
    return attempt(folder, *allowed, *words, given=given, timeout_seconds=SERVER_SECONDS)


def with_setting(key: str, value: str) -> dict[str, str]:
    """Variables by which git has one more setting, besides those of its environment; no list shows it."""
    count = os.environ.get("GIT_CONFIG_COUNT", "")
    number = int(count) if count.isdecimal() else 0
    return {
        "GIT_CONFIG_COUNT": str(number + 1),
        f"GIT_CONFIG_KEY_{number}": key,
        f"GIT_CONFIG_VALUE_{number}": value,
    }


def text_of(path: str) -> str:
    """A path to show or to match: bytes of it that are no UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _environment() -> dict[str, str]:
    """This program's environment without what points git elsewhere: GIT_DIR of a hook, another index."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or _OF_THE_PERSON.fullmatch(name)
    }
    return kept | {
        "GIT_GRAFT_FILE": os.devnull,
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


def failure(command: str, output: bytes) -> NotJudged:
    """The error that quotes what git printed."""
    lines = output.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
    lines = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines
    if "dubious ownership" in lines[0]:
        return NotJudged(
            "git does not trust this repository: it belongs to another user",
            help="trust it: `git config --global --add safe.directory` with the repository's folder",
        )
    return NotJudged(f"git {command} failed: {lines[0]}", help="run it by hand in this folder to see why")


@contextmanager
def talk(folder: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A git that answers line by line, ended with the block."""
    with subprocess.Popen(  # noqa: S603 - no shell
        ("git", *_SAFETY, *words),  # noqa: S607 - the person's own git, from PATH
        cwd=folder,
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as git:
        try:
            yield git
        finally:
            git.kill()


_FULL_ID = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")

GitAnswer = TypeVar("GitAnswer")


class Known(Generic[GitAnswer]):
    """Answers about objects, as many as there is room for; what was not asked for longest leaves first."""

    def __init__(self, *, room: int, size: Callable[[GitAnswer], int] = lambda _: 1) -> None:
        self._answers: OrderedDict[tuple[str, ...], GitAnswer] = OrderedDict()
        self._left, self._size = room, size

    def get(self, top: Path, *words: str) -> GitAnswer | None:
        """Return the answer that was kept; None without one."""
        key = (str(top), *words)
        if key not in self._answers:
            return None
        self._answers.move_to_end(key)
        return self._answers[key]

    def keep(self, answer: GitAnswer, top: Path, *words: str) -> None:
        """Keep an answer about what the words name: never a ref, which may move."""
        key = (str(top), *words)
        if key in self._answers:
            return
        self._answers[key] = answer
        self._left -= self._size(answer)
        while self._left < 0:
            _, oldest = self._answers.popitem(last=False)
            self._left += self._size(oldest)


def is_full_id(name: str) -> bool:
    """Whether a name is an object's own, and no ref's."""
    return _FULL_ID.fullmatch(name) is not None


_COMMITS: Known[str] = Known(room=1024)
_DIFFERENCES: Known[bytes] = Known(room=1 << 24, size=len)


def commit_named(top: Path, ref: str) -> str | None:
    """Full id of the commit that a name denotes; None where there is none, which may change."""
    found = _COMMITS.get(top, ref)
    if found is None:
        found = look_for(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        if found == ref and is_full_id(ref):
            _COMMITS.keep(found, top, ref)
    return found


def difference(top: Path, one: str, other: str) -> bytes:
    """`git diff-tree` of two commits: what differs and the path of it, in turns, each ended by a NUL byte."""
    found = _DIFFERENCES.get(top, one, other)
    if found is None:
        options = ("-r", "-z", "--no-renames", "--ignore-submodules=none")
        found = run(top, "diff-tree", *options, "--end-of-options", one, other)
        if is_full_id(one) and is_full_id(other):
            _DIFFERENCES.keep(found, top, one, other)
    return found
