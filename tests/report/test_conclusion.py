"""Whether a check passes: what `gate: {iterate: allow}` lets through, and what it never does."""

from __future__ import annotations

from typing import Any

import pytest

from remyx_action.report.conclusion import of_report
from remyx_action.report.report import Report
from support.reports import REPORTS


def opened(kind: str, **changes: Any) -> Report:
    """A report of that kind under a policy that allows an iterate."""
    report = REPORTS[kind]()
    policy = report.policy.policy
    gate = policy.gate.model_copy(update={"iterate": "allow"})
    bar = report.policy.model_copy(update={"policy": policy.model_copy(update={"gate": gate})})
    inputs = report.inputs.model_copy(update=changes)
    return report.model_copy(update={"policy": bar, "inputs": inputs})


def passes(report: Report) -> bool:
    return of_report(report, places={}, path="policy.yaml", report_only=False).passes


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("iterate", True),  # below the bar, and no reject condition fires
        ("partial", False),  # mindcube is missing, so that the reject rule is unknown
        ("reject", False),
        ("failed", False),
        ("not_comparable", False),
        ("workflow", False),
    ],
)
def test_an_open_gate_lets_through_what_only_misses_the_bar(kind: str, *, expected: bool) -> None:
    assert expected == passes(opened(kind))
    assert not passes(REPORTS[kind]())


def test_an_open_gate_lets_nothing_through_under_a_cap() -> None:
    assert not passes(opened("iterate", caps=["lock_stale"]))
