"""What several test modules share."""

import os

import pytest

pytest_plugins = ["github_stand_in.counting", "github_stand_in.stage", "with_lighteval.figures"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Count no coverage in slow tests: counting makes them four times slower, and others cover the same."""
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker("no_cover")


OF_A_RUNNER = ("GITHUB_", "ACTIONS_", "RUNNER_", "INPUT_", "REMYX_")


def pytest_configure() -> None:
    """On a runner, too, commands that tests start are a person's own: no event is inherited."""
    for name in [name for name in os.environ if name.startswith(OF_A_RUNNER)]:
        del os.environ[name]
