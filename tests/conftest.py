"""What several test modules share."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support.repositories import git

pytest_plugins = [
    "support.followed",
    "support.github_stand_in.counting",
    "support.github_stand_in.stage",
    "support.lighteval.figures",
]


# Another process on the machine is no fault of the code.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


OF_A_RUNNER = ("GITHUB_", "ACTIONS_", "RUNNER_", "INPUT_", "REMYX_")


def pytest_configure() -> None:
    """On a runner, too, commands that tests start are a person's own: no event is inherited."""
    for name in [name for name in os.environ if name.startswith(OF_A_RUNNER)]:
        del os.environ[name]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty repository."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    return folder
