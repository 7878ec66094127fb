"""The stand-in refuses what GitHub's own description does not allow, and answers from real git."""

import base64
import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.github_stand_in.contract import github_contract
from support.github_stand_in.history import History
from support.github_stand_in.server import StandIn, serve
from support.github_stand_in.serving import ROUTES
from support.github_stand_in.world import Fault, World

HEADERS = {
    "Authorization": "Bearer t",
    "X-GitHub-Api-Version": "2022-11-28",
    "User-Agent": "test",
    "Content-Type": "application/json",
}


@pytest.fixture
def stand_in(seed: Path, tmp_path: Path) -> Iterator[StandIn]:
    world = World(history=History(shutil.copytree(seed, tmp_path / "x.git")))
    world.allow("t", pull_requests="write", checks="write", contents="read")
    world.open_pull("feature/x")
    with serve(world, counted=False) as listening:
        yield listening


def ask(
    stand_in: StandIn, verb: str, path: str, body: Any = None, **headers: str | None
) -> tuple[int, Any, dict[str, str]]:
    """Status, JSON and headers of one plain request below the repository."""
    given = HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(
        f"{stand_in.address}/repos/{stand_in.world.repository}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={name: value for name, value in given.items() if value is not None},
        method=verb,
    )
    try:
        with urllib.request.urlopen(request) as answer:
            raw, status, said = answer.read(), answer.status, dict(answer.headers)
    except urllib.error.HTTPError as refusal:
        with refusal:
            raw, status, said = refusal.read(), refusal.code, dict(refusal.headers)
    return status, json.loads(raw) if raw else None, said


@pytest.mark.parametrize(
    ("verb", "path", "body", "violation"),
    [
        ("POST", "/issues/1/comments", {"body": "x", "bogus": 1}, "'bogus' was unexpected"),
        ("POST", "/issues/1/comments", {}, "'body' is a required property"),
        ("POST", "/issues/1/comments", {"body": 1}, "1 is not of type"),
        ("POST", "/issues/1/comments", None, "None is not of type 'object'"),
        ("POST", "/issues/one/comments", {"body": "x"}, "issue_number: 'one' is not of type 'integer'"),
        ("GET", "/issues/1/comments?per_page=100&sort=up", None, "unknown query parameter sort"),
        ("GET", "/issues/1/comments?per_page=many", None, "per_page: 'many' is not of type 'integer'"),
        ("GET", "/issues/1/comments?page=1&page=2", None, "query parameter page twice"),
        ("GET", "/pulls/1", {}, "a body where none belongs"),
        ("POST", "/check-runs", {"name": "x"}, "'head_sha' is a required property"),
        (
            "POST",
            "/check-runs",
            {"name": "x", "head_sha": "a", "conclusion": "fine"},
            "'fine' is not one of",
        ),
        (
            "POST",
            "/check-runs",
            {"name": "x", "head_sha": "a", "started_at": "yesterday"},
            "'yesterday' is not a 'date-time'",
        ),
        (
            "POST",
            "/check-runs",
            {
                "name": "x",
                "head_sha": "a",
                "output": {
                    "title": "t",
                    "summary": "s",
                    "annotations": [
                        {
                            "path": "a",
                            "start_line": 1,
                            "end_line": 1,
                            "annotation_level": "failure",
                            "message": "m",
                        }
                    ]
                    * 51,
                },
            },
            "is too long",
        ),
        (
            "POST",
            "/check-runs",
            {"name": "x", "head_sha": "a", "output": {"title": "t", "summary": "s" * 65_536}},
            "is too long",
        ),
        ("GET", "/statuses/abc", None, "no operation that is served"),
        ("PUT", "/issues/1/comments", {"body": "x"}, "no operation that is served"),
    ],
)
def test_a_request_that_github_would_not_understand_is_a_violation(
    stand_in: StandIn, verb: str, path: str, body: Any, violation: str
) -> None:
    status, _, _ = ask(stand_in, verb, path, body)
    assert 422 == status or "no operation" in violation
    (found,) = stand_in.world.violations
    assert violation in found
    assert [] == [*stand_in.world.comments, *stand_in.world.checks]


def test_an_api_version_that_is_not_pinned_is_a_violation(stand_in: StandIn) -> None:
    ask(stand_in, "GET", "/pulls/1", X_GitHub_Api_Version=None)
    assert ["X-GitHub-Api-Version is not pinned"] == [
        each.rsplit(": ", 1)[1] for each in stand_in.world.violations
    ]


def test_an_answer_that_github_would_not_give_is_a_violation(
    stand_in: StandIn,
) -> None:
    stand_in.world.rulesets.append({"id": 1, "bogus": True})
    ask(stand_in, "GET", "/rulesets")
    assert "'bogus' was unexpected" in " ".join(stand_in.world.violations)


def test_every_specimen_satisfies_the_schema_that_it_was_made_from() -> None:
    contract = github_contract()
    for operation in contract.operations:
        for status, schema in operation.answers.items():
            value = None if schema is None else contract.specimen(schema)
            assert [] == contract.answer_violations(operation, int(status), value)


READS = [
    "",
    "/branches",
    "/branches/feature/x",
    "/commits/main",
    "/git/commits/main",
    "/git/ref/heads/feature/x",
    "/git/matching-refs/heads/",
    "/git/trees/main?recursive=1",
    "/contents/model.yaml?ref=main",
    "/contents/docs",
    "/compare/main...feature%2Fx",
    "/pulls",
    "/pulls/1",
    "/pulls/1/files",
    "/pulls/1/commits",
    "/commits/main/pulls",
    "/commits/main/check-runs",
    "/rules/branches/main",
    "/rulesets",
    "/codeowners/errors",
    "/issues/1/comments",
]


@pytest.mark.parametrize("path", READS)
def test_every_read_is_answered_within_github_s_description(stand_in: StandIn, path: str) -> None:
    status, _, _ = ask(stand_in, "GET", path)
    assert (200, []) == (status, stand_in.world.violations)


def test_every_route_is_an_operation_of_github() -> None:
    assert set(ROUTES) <= {each.name for each in github_contract().operations}


def test_files_and_comparisons_come_from_git(stand_in: StandIn) -> None:
    _, file, _ = ask(stand_in, "GET", "/contents/model.yaml?ref=feature/x")
    assert "name: b\n" == base64.b64decode(file["content"]).decode()
    _, comparison, _ = ask(stand_in, "GET", "/compare/main...feature/x")
    expected = ["ahead", 1, 0, "model.yaml", "modified"]
    changed = comparison["files"][0]
    found = [comparison["status"], comparison["ahead_by"], comparison["behind_by"]]
    assert expected == [*found, changed["filename"], changed["status"]]


def test_a_pull_request_has_its_merge_commit_in_git(stand_in: StandIn) -> None:
    history = stand_in.world.history
    assert "name: b" == history.git("show", "refs/pull/1/merge:model.yaml")
    parents = history.git("show", "-s", "--format=%P", "refs/pull/1/merge").split()
    assert [history.commit("main"), history.commit("feature/x")] == parents


def test_pages_are_linked_as_github_links_them(stand_in: StandIn) -> None:
    for number in range(5):
        stand_in.world.add_comment(1, "ada", str(number))
    _, first, headers = ask(stand_in, "GET", "/issues/1/comments?per_page=2")
    assert ["0", "1"] == [each["body"] for each in first]
    assert 'page=2>; rel="next"' in headers["Link"]
    assert 'page=3>; rel="last"' in headers["Link"]
    _, last, headers = ask(stand_in, "GET", "/issues/1/comments?per_page=2&page=3")
    assert ["4"] == [each["body"] for each in last]
    assert 'rel="next"' not in headers["Link"]


def test_a_comment_above_the_limit_is_refused_as_github_refuses_it(stand_in: StandIn) -> None:
    status, answer, _ = ask(stand_in, "POST", "/issues/1/comments", {"body": "x" * 65_537})
    assert (422, "body is too long (maximum is 65536 characters)") == (status, answer["errors"][0]["message"])


def test_a_token_writes_only_what_it_was_allowed(stand_in: StandIn) -> None:
    stand_in.world.allow("t", contents="read")
    status, answer, headers = ask(stand_in, "POST", "/issues/1/comments", {"body": "x"})
    assert (403, "Resource not accessible by integration") == (status, answer["message"])
    assert "issues=write; pull_requests=write" == headers["X-Accepted-GitHub-Permissions"]
    assert 401 == ask(stand_in, "GET", "/pulls/1", Authorization="Bearer unknown")[0]
    assert 403 == ask(stand_in, "GET", "/branches/main/protection")[0]


def test_every_answer_tells_the_limit(stand_in: StandIn) -> None:
    _, _, headers = ask(stand_in, "GET", "/pulls/1")
    names = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Used", "X-RateLimit-Reset"]
    assert ["5000", "4999", "1", "2000000000"] == [headers[name] for name in names]


def test_a_fault_strikes_as_often_as_it_was_asked_to(stand_in: StandIn) -> None:
    stand_in.world.faults.append(Fault(kind="502 before", matching="GET .*/pulls/1$", times=2, after=1))
    assert [200, 502, 502, 200] == [ask(stand_in, "GET", "/pulls/1")[0] for _ in range(4)]


def test_bypass_actors_are_left_out_for_those_who_may_not_write_rulesets(stand_in: StandIn) -> None:
    ruleset = github_contract().named("repository-ruleset", id=7, bypass_actors=[])
    stand_in.world.rulesets.append(ruleset)
    assert "bypass_actors" not in ask(stand_in, "GET", "/rulesets/7")[1]
    stand_in.world.allow("t", administration="write")
    assert "bypass_actors" in ask(stand_in, "GET", "/rulesets/7")[1]
