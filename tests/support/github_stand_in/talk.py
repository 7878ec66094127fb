"""Comments, checks and identities of the stand-in."""

from __future__ import annotations

from typing import Any

from .serving import NOT_FOUND, REPOSITORY, Answer, Page, Request, invalid, refusal, serves
from .world import COMMENT_CHARACTERS, WHEN, Check, Comment, Identity

JSON = Any
COMMENTS = f"{REPOSITORY}/issues/{{issue_number}}/comments"
COMMENT = f"{REPOSITORY}/issues/comments/{{comment_id}}"
CHECK = f"{REPOSITORY}/check-runs/{{check_run_id}}"


@serves("get /user")
def user(request: Request) -> Answer:
    if request.identity.app is not None:
        return refusal(403, "Resource not accessible by integration")
    person = request.world.contract.named("public-user", login=request.identity.login, type="User")
    return Answer(body=person)


@serves("get /rate_limit")
def rate_limit(request: Request) -> Answer:
    rate = {"limit": 5000, "remaining": request.world.remaining, "reset": request.world.resets_at, "used": 0}
    return Answer(body={"resources": {"core": rate, "search": rate}, "rate": rate})


def person(request: Request, login: str, kind: str = "User") -> JSON:
    return request.world.contract.named("simple-user", login=login, type=kind)


def shown_comment(request: Request, comment: Comment) -> JSON:
    return request.world.contract.named(
        "issue-comment",
        id=comment.id,
        body=comment.body,
        user=person(request, comment.author, comment.kind),
        created_at=WHEN,
        updated_at=WHEN,
        url=f"{request.url}/issues/comments/{comment.id}",
        html_url=f"{request.page}/pull/{comment.issue}#issuecomment-{comment.id}",
        issue_url=f"{request.url}/issues/{comment.issue}",
        author_association="NONE",
    )


@serves(f"get {COMMENTS}", "issues", "pull_requests")
def list_comments(request: Request) -> Answer | Page:
    number = int(request.path["issue_number"])
    if number not in request.world.pulls:
        return NOT_FOUND
    found = [each for each in request.world.comments if each.issue == number]
    return Page(items=[shown_comment(request, each) for each in found])


@serves(f"post {COMMENTS}", "issues", "pull_requests", level="write")
def create_comment(request: Request) -> Answer:
    number = int(request.path["issue_number"])
    if number not in request.world.pulls:
        return NOT_FOUND
    if request.world.pulls[number].locked:
        return refusal(403, "Unable to create comment because issue is locked.")
    if len(request.body["body"]) > COMMENT_CHARACTERS:
        return too_long()
    made = request.world.add_comment(
        number, request.identity.login, request.body["body"], kind=request.identity.kind
    )
    return Answer(status=201, body=shown_comment(request, made))


def too_long() -> Answer:
    return invalid("IssueComment", "body", "unprocessable", "body is too long (maximum is 65536 characters)")


def _comment(request: Request) -> Comment | None:
    wanted = int(request.path["comment_id"])
    return next((each for each in request.world.comments if each.id == wanted), None)


@serves(f"get {COMMENT}", "issues", "pull_requests")
def read_comment(request: Request) -> Answer:
    comment = _comment(request)
    return NOT_FOUND if comment is None else Answer(body=shown_comment(request, comment))


@serves(f"patch {COMMENT}", "issues", "pull_requests", level="write")
def edit_comment(request: Request) -> Answer:
    comment = _comment(request)
    if comment is None:
        return NOT_FOUND
    if len(request.body["body"]) > COMMENT_CHARACTERS:
        return too_long()
    comment.body = request.body["body"]
    return Answer(body=shown_comment(request, comment))


@serves(f"delete {COMMENT}", "issues", "pull_requests", level="write")
def delete_comment(request: Request) -> Answer:
    comment = _comment(request)
    if comment is None:
        return NOT_FOUND
    request.world.comments.remove(comment)
    return Answer(status=204)


def shown_check(request: Request, check: Check) -> JSON:
    fields, output = check.fields, check.output
    return request.world.contract.named(
        "check-run",
        id=check.id,
        name=check.name,
        head_sha=check.head,
        external_id=fields.get("external_id"),
        url=f"{request.url}/check-runs/{check.id}",
        html_url=fields.get("html_url", f"{request.page}/runs/{check.id}"),
        details_url=fields.get("details_url"),
        status=fields.get("status", "queued"),
        conclusion=fields.get("conclusion"),
        started_at=fields.get("started_at", WHEN),
        completed_at=fields.get("completed_at"),
        output={
            **{name: output.get(name) for name in ("title", "summary", "text")},
            "annotations_count": len(check.annotations),
            "annotations_url": f"{request.url}/check-runs/{check.id}/annotations",
        },
        check_suite={"id": 5},
        app=request.world.contract.named("integration", slug=check.app, name=check.app),
    )


@serves(f"post {REPOSITORY}/check-runs", "checks", level="write")
def create_check(request: Request) -> Answer:
    body = request.body
    if request.identity.app is None:
        return refusal(403, "You must authenticate via a GitHub App.")
    if request.world.history.commit(body["head_sha"]) is None:
        return refusal(422, f"No commit found for SHA: {body['head_sha']}")
    check = Check(
        id=request.world.next_id(),
        head=body["head_sha"],
        name=body["name"],
        app=request.identity.app or "",
        fields={},
    )
    request.world.checks.append(check)
    _fill(check, body)
    return Answer(status=201, body=shown_check(request, check))


def _fill(check: Check, body: JSON) -> None:
    """A later output replaces the earlier one; its annotations are added to those before."""
    check.fields |= {
        name: value for name, value in body.items() if name not in {"name", "head_sha", "output"}
    }
    if "conclusion" in body:
        check.fields |= {"status": "completed", "completed_at": body.get("completed_at", WHEN)}
    check.name = body.get("name", check.name)
    if "output" in body:
        check.annotations += body["output"].get("annotations", [])
        check.output = {name: value for name, value in body["output"].items() if name != "annotations"}


def _check(request: Request) -> Check | None:
    wanted = int(request.path["check_run_id"])
    return next((each for each in request.world.checks if each.id == wanted), None)


@serves(f"get {CHECK}", "checks")
def read_check(request: Request) -> Answer:
    check = _check(request)
    return NOT_FOUND if check is None else Answer(body=shown_check(request, check))


@serves(f"patch {CHECK}", "checks", level="write")
def edit_check(request: Request) -> Answer:
    check = _check(request)
    if check is None:
        return NOT_FOUND
    if check.app != request.identity.app:
        return refusal(
            403, "Invalid app_id `1` - check run can only be modified by the GitHub App that created it."
        )
    _fill(check, request.body)
    return Answer(body=shown_check(request, check))


@serves(f"get {CHECK}/annotations", "checks")
def list_annotations(request: Request) -> Answer | Page:
    check = _check(request)
    if check is None:
        return NOT_FOUND
    named = request.world.contract.named
    return Page(items=[named("check-annotation", **each) for each in check.annotations])


@serves(f"get {REPOSITORY}/commits/{{ref}}/check-runs", "checks")
def list_checks(request: Request) -> Answer | Page:
    commit = request.world.history.commit(request.path["ref"])
    if commit is None:
        return NOT_FOUND
    query = request.query
    found = [
        each
        for each in request.world.checks
        if each.head == commit
        and query.get("check_name", each.name) == each.name
        and query.get("status", each.fields.get("status", "queued")) == each.fields.get("status", "queued")
    ]
    if query.get("filter", "latest") == "latest":
        found = list({(each.app, each.name): each for each in found}.values())
    return Page(items=[shown_check(request, each) for each in reversed(found)], key="check_runs")


def bot(app: str) -> Identity:
    """An app's installation token with the right to comment and to check."""
    permissions: Any = {"pull_requests": "write", "checks": "write", "contents": "read"}
    return Identity(login=f"{app}[bot]", kind="Bot", permissions=permissions, app=app)
