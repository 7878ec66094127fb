"""pytest plugin: requests and contract violations over the whole session, printed at its end."""

from __future__ import annotations

from typing import Any

import pytest

from .server import SERVED


def _counts() -> dict[str, int]:
    return {
        "requests": sum(len(world.calls) for world in SERVED),
        "violations": sum(len(world.violations) for world in SERVED),
    }


COLLECTED: list[dict[str, int]] = []
"""From the workers, where the tests run in several processes."""


def pytest_sessionfinish(session: pytest.Session) -> None:
    output: Any = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["github"] = _counts()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    COLLECTED.append(getattr(node, "workeroutput", {}).get("github", {}))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Also what tests recorded under `github`: figures and rows of the table of faults."""
    every = [*COLLECTED, _counts()]
    requests = sum(each.get("requests", 0) for each in every)
    violations = sum(each.get("violations", 0) for each in every)
    if requests:
        reports = terminalreporter.stats.get("passed", [])
        rows = [value for each in reports for name, value in each.user_properties if name == "github"]
        for row in sorted(set(rows)):
            terminalreporter.write_line(row)
        terminalreporter.write_line(
            f"stand-in for GitHub: {requests} requests, {violations} violations of GitHub's own description"
        )
