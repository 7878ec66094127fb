"""Head and base are read again before anything is written, and never taken from an artifact."""

from remyx_action.github import pull_request
from remyx_action.github.events import Commit
from remyx_action.github.trouble import NotRead
from support.github_stand_in.stage import Stage


def test_head_and_base_are_those_of_this_moment(stage: Stage) -> None:
    stage.world.history.write("main", {"docs/a.md": "two\n"})
    head = stage.push("name: newer\n")
    expected = pull_request.PullRequest(
        number=1,
        base_branch="main",
        base_commit=Commit(stage.world.base(stage.pull)),
        head_commit=head,
        draft=False,
    )
    assert expected == pull_request.current(stage.client(), 1)
    assert ["GET /pulls/1"] == stage.requests()


def test_a_base_branch_with_slashes_is_found(stage: Stage) -> None:
    tip = stage.world.history.write("release/1.0", {"a": "1\n"}, onto="main")
    pull = stage.world.open_pull("feature/x", base_branch="release/1.0")
    found = pull_request.current(stage.client(), pull.number)
    assert isinstance(found, pull_request.PullRequest)
    assert ("release/1.0", tip) == (found.base_branch, found.base_commit)


def test_a_pull_request_that_is_gone_is_reported(stage: Stage) -> None:
    outcome = pull_request.current(stage.client(), 404)
    assert isinstance(outcome, NotRead)
    assert "the pull request 404 could not be read: GitHub answered 404: Not Found" == outcome.reason
    assert outcome.next_step.endswith("permissions:\n  pull-requests: read")


def test_the_pull_request_of_a_fork_is_found_by_owner_branch_and_commit(stage: Stage) -> None:
    fork = stage.world.open_pull("patch", owner="stranger")
    head = Commit(stage.world.head(fork))
    client = stage.client()

    def numbers(owner: str, branch: str, head: str) -> list[int]:
        found = pull_request.with_head(client, owner=owner, branch=branch, head=Commit(head))
        assert isinstance(found, list)
        return [each.number for each in found]

    assert [fork.number] == numbers("stranger", "patch", head)
    assert [] == numbers("stranger", "patch", stage.head)
    assert [] == numbers("mallory", "patch", head)
    other = stage.world.open_pull("patch", base_branch="feature/x", owner="stranger")
    assert [fork.number, other.number] == numbers("stranger", "patch", head)
    fork.state = "closed"
    assert [other.number] == numbers("stranger", "patch", head)


def test_the_commits_of_a_pull_request_are_listed_oldest_first(stage: Stage) -> None:
    first = stage.head
    second = stage.push("name: newer\n")
    assert [first, second] == pull_request.commits_of(stage.client(), 1)


def test_pull_requests_that_cannot_be_listed_are_not_taken_for_none(stage: Stage) -> None:
    client = stage.client("expired")
    outcome = pull_request.with_head(client, owner="a", branch="b", head=stage.head)
    assert isinstance(outcome, NotRead)
    assert isinstance(pull_request.commits_of(client, 1), NotRead)
