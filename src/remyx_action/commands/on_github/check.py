"""`mode: check`: every problem of the files under `.remyx/` as an annotation."""

from __future__ import annotations

from remyx_action.commands.check import check
from remyx_action.errors import Exit
from remyx_action.sources.disk import files_below, read_project

from .job import Job


def carry_out(job: Job) -> Exit:
    """Check the files of the checkout; FILES_WRONG (3) where one is wrong."""
    texts, unreadable = read_project(job.root)
    checked = check(
        texts, unreadable=unreadable, project_folder=job.inputs.folder, files=files_below(job.root)
    )
    job.say(checked.text("github").rstrip("\n"))
    return checked.exit
