"""Parquet files as JSON Lines, read by a program with limits of its own: what they hold is hostile."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from remyx_action.errors import NotJudged

from . import parquet_child
from .parquet_child import LENGTH

MEMORY_BYTES = 2 * 1024 * 1024 * 1024
SECONDS = 600
"""Of computing, for all files of an arm."""

MISSING = "is a parquet file, and what reads those is not installed"
INSTALL = (
    "install remyx-action with its extra `lighteval`, which brings pyarrow: `uv tool install '.[lighteval]'` "
    "where it was `uv tool install .`"
)
AS_WRITTEN = "leave the file as it was written, or take it away"


class ParquetRows:
    """The program that reads parquet files; it is started with the first and ends with the context."""

    def __init__(self, columns: Sequence[str], *, memory_bytes: int = MEMORY_BYTES) -> None:
        self._columns = tuple(columns)
        self._memory_bytes = memory_bytes
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def lines(self, name: str, content: bytes) -> Iterator[bytes]:
        """JSON Lines of the chosen columns, in pieces. NotJudged with `name` where the file is refused."""
        if not _is_installed():
            raise NotJudged(f"{name} {MISSING}", help=INSTALL)
        process = self._process or self._start()
        source, sink = process.stdin, process.stdout
        assert source is not None
        assert sink is not None
        try:
            source.write(LENGTH.pack(len(content)))
            source.write(content)
            source.flush()
        except OSError as error:
            raise self._ended(name) from error
        refused: str | None = None
        while frame := self._frame(name, sink):
            if frame[:1] == b"!":
                refused = json.loads(frame[1:])
            else:
                yield frame
        if refused is not None:
            raise NotJudged(f"{name} {refused}", help=AS_WRITTEN)

    def _frame(self, name: str, sink: IO[bytes]) -> bytes:
        header = sink.read(LENGTH.size)
        size = LENGTH.unpack(header)[0] if len(header) == LENGTH.size else -1
        frame = sink.read(size) if size > 0 else b""
        if size < 0 or len(frame) < size:
            raise self._ended(name)
        return frame

    def _ended(self, name: str) -> NotJudged:
        """What to say when the program is gone: the file brought it down."""
        return NotJudged(f"{name} cannot be read: the program that reads it came down", help=AS_WRITTEN)

    def _start(self) -> subprocess.Popen[bytes]:
        program = str(Path(parquet_child.__file__))
        self._process = subprocess.Popen(  # noqa: S603 - no shell
            [sys.executable, "-I", program, str(self._memory_bytes), str(SECONDS), *self._columns],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"},
        )
        return self._process


ACTION_FOLDER = "REMYX_ACTION_FOLDER"
"""Variable by which the action names its folder, whose lock file says what may be installed."""
_OF_THE_RUNNER = ("ACTIONS_", "GITHUB_", "INPUT_", "REMYX_", "RUNNER_")


def reads_parquet() -> bool:
    """Whether parquet files can be read without installing anything."""
    return find_spec("pyarrow") is not None


def _is_installed() -> bool:
    """Whether pyarrow is there; on GitHub it is installed, from the lock, for the first parquet file."""
    folder = os.environ.get(ACTION_FOLDER)
    if folder and not reads_parquet():
        options = (
            "--frozen",
            "--no-dev",
            "--no-install-project",
            "--no-build",
            "--quiet",
            "--extra=lighteval",
        )
        given = {name: value for name, value in os.environ.items() if not name.startswith(_OF_THE_RUNNER)}
        subprocess.run(  # noqa: S603 - no shell
            ("uv", "sync", *options),  # noqa: S607 - the one that the action's own step has set up
            cwd=folder,
            env={**given, "UV_PROJECT_ENVIRONMENT": sys.prefix},
            check=False,
            capture_output=True,
        )
        importlib.invalidate_caches()
    return reads_parquet()
