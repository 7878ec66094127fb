"""One engine for all tests of this folder; nothing may be left on it by any of them."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator

import pytest

from support.containers.engine import BASE, HELP, RunningEngine, running_engine, what_is_missing


@pytest.fixture(scope="session")
def an_engine() -> Iterator[RunningEngine]:
    missing = what_is_missing()
    if missing:
        pytest.skip(f"no container engine can be started here, for want of {missing}; {HELP}")
    with running_engine() as engine:
        yield engine


@pytest.fixture(autouse=True)
def _no_forgotten_sockets() -> Iterator[None]:
    """The client leaves sockets that met no engine to the collector: no other test is blamed for them."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def engine(an_engine: RunningEngine) -> Iterator[RunningEngine]:
    """The engine, and the proof that a test left no container, image, volume or process on it."""
    yield an_engine
    assert_clean(an_engine)


def assert_clean(engine: RunningEngine) -> None:
    """No container, image, volume or build step's container beside the base image."""
    assert "" == engine.ask("ps", "--all", "--quiet", "--no-trunc")
    assert "" == engine.ask("volume", "ls", "--quiet")
    images = engine.ask("images", "--all", "--format", "{{.Repository}}").splitlines()
    assert [BASE] == images
