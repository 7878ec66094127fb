"""What several test modules share."""

import pytest

pytest_plugins = ["github_stand_in.counting", "github_stand_in.stage"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Count no coverage in slow tests: counting makes them four times slower, and others cover the same."""
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker("no_cover")
