"""pytest plugin: what runs of lighteval took, printed at the end of the session."""

from __future__ import annotations

from typing import Any

NAME = "lighteval"
"""Under which tests record a row, by `record_property`."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Every row that a passed test recorded."""
    reports = terminalreporter.stats.get("passed", [])
    rows = [value for each in reports for name, value in each.user_properties if name == NAME]
    for row in sorted(set(rows)):
        terminalreporter.write_line(f"lighteval: {row}")
