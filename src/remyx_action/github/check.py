"""The check run on the head commit: opened before the run, closed in every case, success or failure only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from .client import Client, numbered, said
from .events import Commit
from .trouble import Kind, NotPosted, NotRead, Posted, Trouble, not_posted, not_read

if TYPE_CHECKING:
    from github.CheckRun import CheckRun
    from github.Repository import Repository

ANNOTATIONS_A_CALL = 50
LONGEST_CHARACTERS = 65_535
ATTEMPTS = 3


class CheckName(Struct, frozen=True, kw_only=True):
    """Which check on which commit."""

    name: str
    head: Commit
    """The pull request's head, or the merge group's; never the merge commit."""
    external_id: str
    """Of this run and attempt, so that an opening without an answer can be recognised."""


class Opened(Struct, frozen=True, kw_only=True):
    id: int
    url: str


class Annotation(Struct, frozen=True, kw_only=True):
    path: str
    """Below the repository's root, with `/`."""
    line: int
    """1-based."""
    level: Literal["failure", "warning", "notice"]
    title: str
    message: str


class Conclusion(Struct, frozen=True, kw_only=True):
    """`neutral` and `skipped` satisfy a required check, so there are only these two."""

    word: Literal["success", "failure"]
    title: str
    renderings: Sequence[str]
    """Markdown, longest first; each later one leaves more out and says so."""
    annotations: Sequence[Annotation] = ()


class Concluded(Struct, frozen=True, kw_only=True):
    """A completed check of our name."""

    conclusion: str
    """Any of GitHub's words; only `success` may be repeated as success."""
    title: str | None
    url: str


class _Run(Struct, frozen=True, kw_only=True):
    """A check run as GitHub just told it."""

    id: int
    url: str
    name: str
    head: str
    status: str
    conclusion: str | None
    title: str | None
    external_id: str | None
    app: str
    completed_at: float
    """Seconds since 1970; 0 where it is not completed."""


def check_name(policy: str, base_branch: str) -> str:
    """The literal name that branch protection requires; a retargeted pull request gets another."""
    return f"remyx / {policy} ({base_branch})"


def open_check(client: Client, check: CheckName, *, details_url: str) -> Opened | NotPosted:
    """Post the check `in_progress`: one request, more only after trouble."""
    given = {"status": "in_progress", "details_url": details_url, "external_id": check.external_id}
    try:
        made = _create(client, check, given)
        return Opened(id=made.id, url=made.url)
    except Trouble as trouble:
        return _not_posted(client, trouble)


def close_check(
    client: Client, check: CheckName, opened_id: int | None, conclusion: Conclusion, *, details_url: str
) -> Posted | NotPosted:
    """Complete the check, or post it complete where it was never opened: one request, and one more
    per further 50 annotations."""
    batches = _batches(conclusion.annotations)
    try:
        done, rendering = _conclude(client, check, opened_id, conclusion, details_url)
    except Trouble as trouble:
        return _not_posted(client, trouble)
    for batch in batches[1:]:
        try:
            _edit(client, done.id, {"output": _output(conclusion, rendering, batch)})
        except Trouble:
            break  # the conclusion stands; annotations only point at what the report says too
    return Posted(url=done.url)


def latest_completed(
    client: Client, *, name: str, head: Commit, app: str = "github-actions"
) -> Concluded | NotRead | None:
    """The check of our name that was completed last on this commit, None where there is none."""
    try:
        runs = _listed(client, head, name, status="completed")
    except Trouble as trouble:
        return not_read("earlier checks", trouble, "checks: read")
    ours = [each for each in runs if (each.name, each.app, each.head) == (name, app, head)]
    last = max(ours, key=lambda each: (each.completed_at, each.id), default=None)
    if last is None or last.conclusion is None:
        return None
    return Concluded(conclusion=last.conclusion, title=last.title, url=last.url)


def _told(run: CheckRun) -> _Run:
    """Everything at once, inside the request: what cannot be read counts as no answer."""
    return _Run(
        id=numbered(run.id),
        url=said(run.html_url),
        name=said(run.name),
        head=said(run.head_sha),
        status=said(run.status),
        conclusion=run.conclusion,
        title=run.output.title,
        external_id=run.external_id,
        app=run.app.slug if run.app else "",
        completed_at=run.completed_at.timestamp() if run.completed_at else 0.0,
    )


def _listed(client: Client, head: Commit, name: str, **filters: str) -> list[_Run]:
    """Every check of this name on this commit, in one request a page."""
    return client.read(
        lambda repository: [
            _told(run)
            for run in repository.get_commit(head).get_check_runs(check_name=name, filter="all", **filters)
        ]
    )


def _conclude(
    client: Client, check: CheckName, opened_id: int | None, conclusion: Conclusion, details_url: str
) -> tuple[_Run, str]:
    """The completed check and the rendering that it took."""
    fitting = [each for each in conclusion.renderings if len(each) <= LONGEST_CHARACTERS]
    trouble = Trouble(Kind.UNPROCESSABLE, "every rendering is longer than GitHub's 65,535 characters")
    for rendering in fitting:
        output = _output(conclusion, rendering, _batches(conclusion.annotations)[0])
        given = {"status": "completed", "conclusion": conclusion.word, "output": output}
        try:
            if opened_id is not None:
                return _edit_surely(client, opened_id, given), rendering
        except Trouble as failure:
            trouble = failure
            if trouble.kind is Kind.UNPROCESSABLE:
                continue
            if trouble.kind is not Kind.GONE:
                raise
        try:
            made = _create(
                client, check, given | {"details_url": details_url, "external_id": check.external_id}
            )
        except Trouble as failure:
            trouble = failure
            if trouble.kind is not Kind.UNPROCESSABLE:
                raise
        else:
            return made, rendering
    raise trouble


def _create(client: Client, check: CheckName, given: dict[str, Any]) -> _Run:
    """Create once; after an answer that said nothing, look for what it may have left."""
    for attempt in range(ATTEMPTS):
        try:
            return client.write(
                lambda repository: _told(
                    repository.create_check_run(name=check.name, head_sha=check.head, **given)
                )
            )
        except Trouble as trouble:
            if trouble.kind is not Kind.UNREACHABLE:
                raise
            client.pause()
            found = _find(client, check, given["status"])
            if found is not None:
                return found
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


def _find(client: Client, check: CheckName, status: str) -> _Run | None:
    runs = _listed(client, check.head, check.name)
    ours = [each for each in runs if each.external_id == check.external_id and each.status == status]
    return min(ours, key=lambda each: each.id, default=None)


def _edit_surely(client: Client, identity: int, given: dict[str, Any]) -> _Run:
    """Edit, and after an answer that said nothing read the check back: annotations add up when sent twice."""
    for attempt in range(ATTEMPTS):
        try:
            return _edit(client, identity, given)
        except Trouble as trouble:
            if trouble.kind is not Kind.UNREACHABLE:
                raise
            client.pause()
            seen = client.read(lambda repository: _told(repository.get_check_run(identity)))
            if seen.status == "completed" and seen.conclusion == given["conclusion"]:
                return seen
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


def _edit(client: Client, identity: int, given: dict[str, Any]) -> _Run:
    def edit(repository: Repository) -> _Run:
        run = repository.get_check_run(identity)
        run.edit(**given)
        return _told(run)

    return client.write(edit)


def _batches(annotations: Sequence[Annotation]) -> list[Sequence[Annotation]]:
    starts = range(0, max(1, len(annotations)), ANNOTATIONS_A_CALL)
    return [annotations[start : start + ANNOTATIONS_A_CALL] for start in starts]


def _output(conclusion: Conclusion, rendering: str, annotations: Sequence[Annotation]) -> dict[str, Any]:
    shown = [
        {
            "path": each.path,
            "start_line": each.line,
            "end_line": each.line,
            "annotation_level": each.level,
            "title": _shortened(each.title, 255),
            "message": _shortened(each.message, 4096),
        }
        for each in annotations
    ]
    return {"title": conclusion.title, "summary": rendering} | ({"annotations": shown} if shown else {})


def _shortened(text: str, most: int) -> str:
    """An annotation only points at what the report says in full."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _not_posted(client: Client, trouble: Trouble) -> NotPosted:
    return not_posted("check", trouble, "checks: write", from_fork=client.from_fork)
