"""What keeps a ship out of reach on a pull request, whatever its numbers say."""

from __future__ import annotations

from pathlib import Path

import pytest

from remyx_action.errors import Exit
from support.jobs import jobs_on
from support.small_project import POLICY, UNLOCKED, locked, model

Files = dict[str, str | None]
LENIENT = POLICY.replace("threshold: 0.02", "threshold: 0.001")


def policy(added: str = "", text: str = POLICY) -> Files:
    return {".remyx/policies/default.yaml": text + added}


CASES: dict[str, tuple[Files, str, str]] = {
    "a lock that holds": (locked(UNLOCKED), "ship", "bar_met"),
    "no lock": (UNLOCKED, "iterate", "not_locked"),
    "no lock, and none asked for": (UNLOCKED | policy("require_lock: off\n"), "ship", "bar_met"),
    "the policy drifted": (locked(UNLOCKED) | policy(text=LENIENT), "iterate", "lock_stale"),
    "the harness drifted": (locked(UNLOCKED) | {"evaluation/x.json": "[]"}, "iterate", "lock_stale"),
    "a lock that nothing enforces": (
        locked(UNLOCKED | policy("require_lock: locked\n")),
        "iterate",
        "not_locked",
    ),
    "another isolation level": (locked(UNLOCKED | policy("trust: {min_level: 2}\n")), "iterate", "isolation"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_ship_is_capped_by_what_base_lacks(name: str, tmp_path: Path) -> None:
    files, verdict, reason = CASES[name]
    for jobs in jobs_on(tmp_path, files):
        jobs.propose({"model.yaml": model("better")})
        ended = jobs.step("run")
        assert (verdict, reason) == ended.verdict
        assert (Exit.SHIP if verdict == "ship" else Exit.ITERATE) == ended.exit
        assert (verdict, reason) == (ended.report["verdict"], ended.report["reason"])


def test_a_lock_that_the_pull_request_brings_does_not_count(tmp_path: Path) -> None:
    for jobs in jobs_on(tmp_path, UNLOCKED):
        lock = {path: text for path, text in locked(UNLOCKED).items() if path not in UNLOCKED}
        jobs.propose({"model.yaml": model("better"), **lock})
        assert ("iterate", "not_locked") == jobs.step("run").verdict


def test_a_reject_comes_before_any_cap(tmp_path: Path) -> None:
    for jobs in jobs_on(tmp_path, UNLOCKED):
        jobs.propose({"model.yaml": model("worse")})
        assert ("reject", "reject_rule") == jobs.step("run").verdict


def test_what_the_numbers_lack_is_reported_before_a_cap(tmp_path: Path) -> None:
    for jobs in jobs_on(tmp_path, UNLOCKED):
        jobs.propose({"model.yaml": model("slightly")})
        assert "below_bar" == jobs.step("run").verdict[1]
