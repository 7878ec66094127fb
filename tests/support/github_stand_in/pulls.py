"""Pull requests, workflow runs and protection of the stand-in."""

from __future__ import annotations

from typing import Any

from .code import shown_change, shown_commit, shown_repository
from .serving import NOT_FOUND, REPOSITORY, Answer, Page, Request, refusal, serves
from .world import Pull

JSON = Any
PULL = f"{REPOSITORY}/pulls/{{pull_number}}"
RUN = f"{REPOSITORY}/actions/runs/{{run_id}}"


def shown_pull(request: Request, pull: Pull, schema: str = "pull-request") -> JSON:
    world, named = request.world, request.world.contract.named
    base_repository = shown_repository(request)
    head_repository = base_repository
    if pull.owner != world.owner:
        owner = named("simple-user", login=pull.owner)
        head_repository = base_repository | {
            "id": 77,
            "full_name": f"{pull.owner}/{world.name}",
            "owner": owner,
        }
    shown = world.contract.specimen({"$ref": f"#/$defs/{schema}"})
    base, head = world.base(pull), world.head(pull)
    return shown | {
        "number": pull.number,
        "state": pull.state,
        "title": pull.title,
        "draft": pull.draft,
        "url": f"{request.url}/pulls/{pull.number}",
        "html_url": f"{request.page}/pull/{pull.number}",
        "user": named("simple-user", login=pull.owner),
        "base": shown["base"]
        | {
            "ref": pull.base_branch,
            "sha": base,
            "label": f"{world.owner}:{pull.base_branch}",
            "repo": base_repository,
        },
        "head": shown["head"]
        | {
            "ref": pull.head_branch,
            "sha": head,
            "label": f"{pull.owner}:{pull.head_branch}",
            "repo": head_repository,
        },
    }


@serves(f"get {REPOSITORY}/pulls", "pull_requests")
def list_pulls(request: Request) -> Answer | Page:
    query = request.query
    found = [
        each
        for each in request.world.pulls.values()
        if query.get("state", "open") in {each.state, "all"}
        and query.get("head", f"{each.owner}:{each.head_branch}") == f"{each.owner}:{each.head_branch}"
        and query.get("base", each.base_branch) == each.base_branch
    ]
    return Page(items=[shown_pull(request, each, "pull-request-simple") for each in found])


def _pull(request: Request) -> Pull | None:
    return request.world.pulls.get(int(request.path["pull_number"]))


@serves(f"get {PULL}", "pull_requests")
def read_pull(request: Request) -> Answer:
    pull = _pull(request)
    return NOT_FOUND if pull is None else Answer(body=shown_pull(request, pull))


@serves(f"get {PULL}/files", "pull_requests")
def list_files(request: Request) -> Answer | Page:
    pull = _pull(request)
    if pull is None:
        return NOT_FOUND
    world = request.world
    common = world.history.merge_base(world.base(pull), world.head(pull))
    changes = world.history.changed_files(common, world.head(pull))
    return Page(items=[shown_change(request, each) for each in changes])


@serves(f"get {PULL}/commits", "pull_requests")
def list_commits(request: Request) -> Answer | Page:
    pull = _pull(request)
    if pull is None:
        return NOT_FOUND
    world = request.world
    commits = world.history.commits_between(world.base(pull), world.head(pull))
    return Page(items=[shown_commit(request, each) for each in commits])


@serves(f"get {REPOSITORY}/commits/{{commit_sha}}/pulls", "pull_requests")
def list_pulls_of_commit(request: Request) -> Answer | Page:
    world = request.world
    found = [each for each in world.pulls.values() if world.head(each) == request.path["commit_sha"]]
    return Page(items=[shown_pull(request, each, "pull-request-simple") for each in found])


@serves(f"get {RUN}", "actions")
def read_run(request: Request) -> Answer:
    wanted = int(request.path["run_id"])
    run = next((each for each in request.world.runs if each["id"] == wanted), None)
    return NOT_FOUND if run is None else Answer(body=request.world.contract.named("workflow-run", **run))


@serves(f"get {REPOSITORY}/rules/branches/{{branch}}", "metadata")
def list_rules(request: Request) -> Answer | Page:
    return Page(items=request.world.rules.get(request.path["branch"], []))


@serves(f"get {REPOSITORY}/rulesets", "metadata")
def list_rulesets(request: Request) -> Answer | Page:
    return Page(items=request.world.rulesets)


@serves(f"get {REPOSITORY}/rulesets/{{ruleset_id}}", "metadata")
def read_ruleset(request: Request) -> Answer:
    wanted = int(request.path["ruleset_id"])
    found = next((each for each in request.world.rulesets if each["id"] == wanted), None)
    if found is None:
        return NOT_FOUND
    hidden = request.identity.permissions.get("administration") != "write"
    return Answer(body={key: value for key, value in found.items() if key != "bypass_actors" or not hidden})


@serves("get /apps/{app_slug}")
def read_app(request: Request) -> Answer:
    """A public page: any token may read it."""
    number = request.world.apps.get(request.path["app_slug"])
    named = request.world.contract.named
    return NOT_FOUND if number is None else Answer(body=named("integration", id=number))


@serves(f"get {REPOSITORY}/codeowners/errors", "contents")
def list_codeowners_errors(request: Request) -> Answer:
    return Answer(body={"errors": request.world.codeowners_errors})


@serves(f"get {REPOSITORY}/branches/{{branch}}/protection", "administration")
def read_protection(request: Request) -> Answer:
    """Classic protection, which the workflow's token may never read."""
    protection = request.world.protections.get(request.path["branch"])
    return refusal(404, "Branch not protected") if protection is None else Answer(body=protection)
