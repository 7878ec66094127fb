"""`gitlab-note`: the verdicts of a job as one note on its merge request, written anew and never doubled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from remyx_action.errors import NotJudged, Refusal, WrongUsage
from remyx_action.report import render
from remyx_action.report.render.no_verdict import NoVerdict

from .replay import read_verdict

if TYPE_CHECKING:
    from gitlab import Gitlab
    from gitlab.v4.objects import ProjectMergeRequestNote

    from remyx_action.report.report import Report

TOKEN = "REMYX_GITLAB_TOKEN"  # noqa: S105 - its name
VARIABLES = {
    "CI_SERVER_URL": "GitLab's address",
    "CI_MERGE_REQUEST_PROJECT_ID": "the project of the merge request",
    "CI_MERGE_REQUEST_IID": "its number",
    "CI_PIPELINE_ID": "which of two runs is newer",
    TOKEN: "an access token of the project with the scope `api`",
}
"""Variable → what it holds."""
MARKER = re.compile(r"<!-- remyx-action:note of pipeline ([1-9][0-9]{0,18}) -->\s*\Z")
SECONDS = 30
"""Without an answer."""
LOST = "the job that judges left no verdict"
BROKEN = "its verdict.json cannot be read"
HELP = "install it with its extra `gitlab`: python3 -m pip install python-gitlab"


class MergeRequest(Struct, frozen=True, kw_only=True):
    """Where the note goes, for which pipeline, and by whose token."""

    server: str
    project: int
    number: int
    pipeline: int
    token: str


def gitlab_note(out: Path, environment: Mapping[str, str]) -> str:
    """Post or update the note about the verdicts below `out`, and return in words what was done.

    Without a verdict the note says so. One of a newer pipeline is left alone. NotJudged where GitLab
    refuses.
    """
    merge_request = _merge_request(environment)
    body = f"{text_of(out)}\n<!-- remyx-action:note of pipeline {merge_request.pipeline} -->\n"
    try:
        import gitlab
        import requests
    except ImportError as error:
        raise NotJudged("the note needs python-gitlab", help=HELP) from error
    try:
        with gitlab.Gitlab(
            merge_request.server, private_token=merge_request.token, timeout=SECONDS, keep_base_url=True
        ) as client:
            return _write(client, merge_request, body)
    except (gitlab.GitlabError, requests.RequestException) as error:
        what = str(error).partition("\n")[0][:200].replace(merge_request.token, "…")
        raise NotJudged(
            f"the note was not written: {what}",
            help=f"look at scope and expiry of {TOKEN}; the verdict is not lost: it is in the artifacts",
        ) from error


def text_of(out: Path) -> str:
    """Return the comment on every verdict in the output folder of a run, or that there is none."""
    found = [out / "verdict.json"] if (out / "verdict.json").exists() else sorted(out.glob("*/verdict.json"))
    results = [_read(path) for path in found]
    return render.comment(*(results or [NoVerdict(kind="not_judged", message=LOST, help="Read its log")]))


def _read(path: Path) -> Report | NoVerdict:
    try:
        report = read_verdict(path)
        report.ship_rule(), report.reject_rule()
    except (Refusal, ValueError):
        return NoVerdict(kind="not_judged", message=BROKEN, policy=path.parent.name, help="Judge it again")
    return report


def _merge_request(environment: Mapping[str, str]) -> MergeRequest:
    missing = [f"{name} ({what})" for name, what in VARIABLES.items() if not environment.get(name)]
    if missing:
        raise WrongUsage(
            f"the environment lacks {', '.join(missing)}",
            help="run it in a pipeline of a merge request, and give its job the token",
        )
    project, number, pipeline = (_number(environment, name) for name in list(VARIABLES)[1:4])
    return MergeRequest(
        server=environment["CI_SERVER_URL"],
        project=project,
        number=number,
        pipeline=pipeline,
        token=environment[TOKEN],
    )


def _number(environment: Mapping[str, str], name: str) -> int:
    text = environment[name]
    if not re.fullmatch(r"[1-9][0-9]{0,18}", text):
        raise WrongUsage(f"{name} is {text[:40]!a}, which is no number", help="leave it as GitLab sets it")
    return int(text)


def _write(client: Gitlab, merge_request: MergeRequest, body: str) -> str:
    project = client.projects.get(merge_request.project, lazy=True)
    notes = project.mergerequests.get(merge_request.number, lazy=True).notes
    ours = sorted(_ours(client, notes.list(iterator=True, per_page=100)), key=lambda found: found[1].id)
    newest = max((pipeline for pipeline, _ in ours), default=0)
    if newest > merge_request.pipeline:
        return f"left alone: the note is of pipeline {newest}, which is newer"
    if not ours:
        notes.create({"body": body})
        return "posted"
    (_, first), *others = ours
    for _, other in others:
        other.delete()
    if first.body.split() == body.split():
        return "unchanged"
    first.body = body
    first.save()
    return "updated"


def _ours(
    client: Gitlab, notes: Iterator[ProjectMergeRequestNote]
) -> Iterator[tuple[int, ProjectMergeRequestNote]]:
    """Yield each note that the token's user wrote for a pipeline, with the pipeline's number."""
    client.auth()
    assert client.user is not None
    for note in notes:
        marked = MARKER.search(note.body)
        if marked and note.author["id"] == client.user.id:
            yield int(marked[1]), note
