"""lighteval's environment, a process that has loaded it, and two tiny models, shared by all tests.

The tests are one group, so that they have one worker.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from remyx_action.runtimes.lighteval.environment import lighteval_python
from support.lighteval.running import OFFLINE, PROGRAMS, Bench, Forks, forking, write_data


@pytest.fixture(scope="session")
def python() -> str:
    """Of the environment that users get; made where there is none yet."""
    return lighteval_python(None, environ=dict(os.environ), say=print)


@pytest.fixture(scope="session")
def forks(python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    with forking(python, tmp_path_factory.mktemp("home")) as forks:
        yield forks


@pytest.fixture(scope="session")
def models(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the models `a` and `b`, whose answers differ."""
    folder = tmp_path_factory.mktemp("tiny-models")
    program = [str(PROGRAMS / "make_models.py"), *(str(folder / name) for name in ("a", "b"))]
    code, said = forks.run(*program, folder=folder, environment=OFFLINE)
    assert 0 == code, said
    return folder


def bench_in(folder: Path, python: str, forks: Forks, models: Path) -> Bench:
    root = folder / "repository"
    root.mkdir()
    (root / "models").symlink_to(models)
    write_data(root)
    return Bench(python=python, forks=forks, root=root, folder=folder)


@pytest.fixture
def bench(python: str, forks: Forks, models: Path, tmp_path: Path) -> Bench:
    """A repository with the tasks, their data and the models, and a folder for what comes out."""
    return bench_in(tmp_path, python, forks, models)


@pytest.fixture(scope="session")
def shared(python: str, forks: Forks, models: Path, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The same for several tests."""
    return bench_in(tmp_path_factory.mktemp("shared"), python, forks, models)
