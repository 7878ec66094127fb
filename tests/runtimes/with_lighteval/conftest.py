"""lighteval's environment and two tiny models, made once and shared by all workers."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from remyx_action.runtimes.lighteval.environment import lighteval_python
from support.lighteval.running import PROGRAMS, Bench, write_data


@contextmanager
def one_at_a_time(folder: Path, name: str) -> Iterator[None]:
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def python() -> str:
    """Of the environment that users get; made by the first worker that comes."""
    return lighteval_python(None, environ=dict(os.environ), say=print)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One folder of all workers."""
    folder = tmp_path_factory.getbasetemp()
    return folder if worker_id == "master" else folder.parent


@pytest.fixture(scope="session")
def models(python: str, base: Path) -> Path:
    """A folder with the models `a` and `b`, whose answers differ."""
    folder = base / "tiny-models"
    with one_at_a_time(base, "tiny-models"):
        if not folder.exists():
            new = base / "tiny-models.new"
            places = [str(new / name) for name in ("a", "b")]
            subprocess.run(
                [python, "-I", str(PROGRAMS / "make_models.py"), *places], check=True, capture_output=True
            )
            new.rename(folder)
    return folder


def bench_in(folder: Path, python: str, models: Path) -> Bench:
    root = folder / "repository"
    root.mkdir()
    (root / "models").symlink_to(models)
    write_data(root)
    return Bench(python=python, root=root, folder=folder)


@pytest.fixture
def bench(python: str, models: Path, tmp_path: Path) -> Bench:
    """A repository with the tasks, their data and the models, and a folder for what comes out."""
    return bench_in(tmp_path, python, models)


@pytest.fixture(scope="session")
def shared(python: str, models: Path, base: Path) -> Bench:
    """The same for all tests and workers; runs in it go through `once`."""
    folder = base / "shared"
    with one_at_a_time(base, "shared"):
        if not folder.exists():
            folder.mkdir()
            return bench_in(folder, python, models)
    return Bench(python=python, root=folder / "repository", folder=folder)


@pytest.fixture(scope="session")
def once(base: Path) -> Callable[[str, Callable[[], Any]], Any]:
    """Do something that takes long in one of the workers, and read what came out in all of them."""

    def once(name: str, action: Callable[[], Any]) -> Any:
        kept = base / f"{name}.json"
        with one_at_a_time(base, name):
            if not kept.exists():
                kept.write_text(json.dumps(action()))
        return json.loads(kept.read_text())

    return once
