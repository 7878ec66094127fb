"""What a branch's workflow files do to our check: jobs of its name, filters, and who posts it for forks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from remyx_action.project.files.yaml_text import load_yaml

FOLDER = ".github/workflows/"
MOST_CALLS = 4
"""How deep GitHub lets workflows call each other."""
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}")
_JUDGES = re.compile(rb"\bmode:\s*[\"']?publish\b|/\.github/workflows/(evaluate|shards)\.yml@|/remyx-action@")
"""A step that posts, a call of a workflow that does, or the action itself, whose default mode does."""
_PUBLISHES = re.compile(rb"\bmode:\s*[\"']?publish\b|/\.github/workflows/forks\.yml@")

WorkflowFiles = Mapping[str, bytes]


def notes_of_workflows(files: WorkflowFiles, checks: Sequence[str]) -> tuple[str, ...]:
    """Return what is wrong with the workflow files, one text each.

    `files`: path below the repository's root → bytes; `checks`: the names that our checks bear.
    """
    notes = [
        f"a job of {path} {'bears' if name == check else 'may bear'} the name of our check, `{check}`: "
        "its green counts as ours; rename it"
        for path in sorted(files)
        for name in _names_of_jobs(files, path, MOST_CALLS)
        for check in checks
        if _may_be(name, check)
    ]
    notes += [
        f"{path} is skipped where a pull request touches none of its `paths:`, and leaves a required check "
        "pending for ever; leave them out: a change that touches nothing is green without a measurement"
        for path in sorted(files)
        if _is_filtered_by_path(files[path], path)
    ]
    if files and not any(map(_posts_for_forks, files.values())):
        notes.append(
            "pull requests from forks never get the check, as their token only reads: where it is required "
            "they cannot be merged; add the second workflow (examples/workflows/remyx-forks.yml)"
        )
    return tuple(dict.fromkeys(notes))


def _names_of_jobs(files: WorkflowFiles, path: str, calls: int) -> Iterator[str]:
    """Yield the names under which GitHub lists the jobs of a workflow and of those that it calls."""
    document = load_yaml(files[path], path).value
    jobs = document.get("jobs") if isinstance(document, dict) else None
    for id_, job in (jobs if isinstance(jobs, dict) else {}).items():
        if not isinstance(job, dict):
            continue
        name, called = str(job.get("name", id_)), str(job.get("uses", "")).removeprefix("./")
        if not called:
            yield name
        elif called not in files:
            yield f"{name} / ${{{{ unknown }}}}"
        elif calls:
            yield from (f"{name} / {inner}" for inner in _names_of_jobs(files, called, calls - 1))


def _may_be(name: str, check: str) -> bool:
    """Return whether a job's name, whose expressions may come to anything, is the check's."""
    pattern = ".*".join(map(re.escape, _EXPRESSION.split(name)))
    return re.fullmatch(pattern, check, re.DOTALL) is not None


def _posts_for_forks(text: bytes) -> bool:
    """Return whether a workflow starts after another one and publishes what that one measured."""
    return b"workflow_run" in text and _PUBLISHES.search(text) is not None


def _is_filtered_by_path(text: bytes, path: str) -> bool:
    """Return whether a workflow that judges pull requests is skipped for some by the paths they touch."""
    document = load_yaml(text, path).value
    events = document.get("on") if isinstance(document, dict) else None
    filters = events.get("pull_request") if isinstance(events, dict) else None
    return (
        isinstance(filters, dict)
        and not filters.keys().isdisjoint({"paths", "paths-ignore"})
        and _JUDGES.search(text) is not None
    )
