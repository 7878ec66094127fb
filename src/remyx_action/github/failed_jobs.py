"""Which jobs of a run failed, from the check that GitHub itself posts for every job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from .client import Client, said
from .events import Commit
from .trouble import NotRead, Trouble, not_read

if TYPE_CHECKING:
    from github.Repository import Repository

ENDINGS = {"failure": "failed", "cancelled": "was cancelled", "timed_out": "ran out of time"}
"""A job's conclusion → in words; others are no failure."""


class FailedJob(Struct, frozen=True, kw_only=True):
    name: str
    ending: str
    url: str


def failed_jobs(client: Client, head: Commit, run_id: int) -> list[FailedJob] | NotRead:
    """Return the jobs of that run that failed, were cancelled or ran out of time: one request a page."""

    def ask(repository: Repository) -> list[FailedJob]:
        runs = repository.get_commit(head).get_check_runs(status="completed", filter="latest")
        return [
            FailedJob(name=said(run.name), ending=ENDINGS[run.conclusion], url=said(run.html_url))
            for run in runs
            if f"/actions/runs/{run_id}/job/" in said(run.html_url) and run.conclusion in ENDINGS
        ]

    try:
        return client.read(ask)
    except Trouble as trouble:
        return not_read("jobs of the run", trouble, "checks: read")
