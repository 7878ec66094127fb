"""pytest plugin: under `script/coverage`, measure programs of ours that start with an empty environment.

The others are followed by coverage itself; parquet_child.py by nothing, since it may write no file.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import coverage

from remyx_action.runtimes import supervisor

NAME = "COVERAGE_PROCESS_CONFIG"
"""Variable by which coverage follows a program; set under `script/coverage` alone."""
START = """
import os, runpy, sys
sys.path.append({packages!r})
os.environ[{name!r}] = {settings!r}
import coverage
coverage.process_startup()
del os.environ[{name!r}], sys.path[-1]
runpy.run_path({program!r}, run_name="__main__")
"""


@cache
def followed(program: str) -> str:
    """A file that begins to measure and runs the program, in any Python of this version; else the program."""
    settings = os.environ.get(NAME)
    if settings is None:
        return program
    start = START.format(
        packages=str(Path(coverage.__file__).parents[1]), name=NAME, settings=settings, program=program
    )
    file = Path(mkdtemp(prefix="followed-"), Path(program).with_suffix(".py").name)
    file.write_text(start, "utf-8")
    return str(file)


def pytest_configure() -> None:
    assert supervisor.__file__
    supervisor.__file__ = followed(supervisor.__file__)
