"""Commits, numbers and branches come from the payload; anything odd in it is named, not guessed."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remyx_action.github.events import (
    PARSERS,
    Commit,
    MergeGroupEvent,
    PullRequestEvent,
    PushEvent,
    SettingProblem,
    WorkflowDispatchEvent,
    WorkflowRunEvent,
    is_ref,
    parse_event,
)
from support.github_stand_in import payloads
from support.github_stand_in.history import History
from support.github_stand_in.world import Pull, World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    history = History(tmp_path_factory.mktemp("git") / "bare.git")
    history.write("main", {"model.yaml": "name: a\n"})
    history.write("feature/x", {"model.yaml": "name: b\n"}, onto="main")
    history.write("refs/forks/stranger/patch", {"model.yaml": "name: c\n"}, onto="main")
    return World(history=history)


@pytest.fixture(scope="module")
def pull(world: World) -> Pull:
    return world.open_pull("feature/x")


@pytest.fixture(scope="module")
def fork(world: World) -> Pull:
    return world.open_pull("patch", owner="stranger")


@pytest.mark.parametrize("action", payloads.PULL_REQUEST_ACTIONS)
def test_every_pull_request_activity_carries_its_own_commits(world: World, pull: Pull, action: Any) -> None:
    expected = PullRequestEvent(
        action=action,
        number=pull.number,
        base_branch="main",
        base_commit=Commit(world.base(pull)),
        head_branch="feature/x",
        head_commit=Commit(world.head(pull)),
        from_fork=False,
        base_changed=False,
    )
    assert expected == parse_event("pull_request", payloads.pull_request(world, pull, action))


def test_an_edit_of_the_base_is_told_from_an_edit_of_the_title(world: World, pull: Pull) -> None:
    event = parse_event("pull_request", payloads.pull_request(world, pull, "edited", changed="base"))
    assert isinstance(event, PullRequestEvent)
    assert event.base_changed


def test_a_fork_is_known_by_its_repository(world: World, fork: Pull) -> None:
    event = parse_event("pull_request", payloads.pull_request(world, fork))
    assert isinstance(event, PullRequestEvent)
    assert event.from_fork


def test_a_head_without_a_repository_counts_as_a_fork(world: World, pull: Pull) -> None:
    payload = payloads.pull_request(world, pull)
    payload["pull_request"]["head"]["repo"] = None
    event = parse_event("pull_request", payload)
    assert isinstance(event, PullRequestEvent)
    assert event.from_fork


def test_a_merge_group_names_branches_and_both_commits(world: World, pull: Pull) -> None:
    payload = payloads.merge_group(world, pull)
    expected = MergeGroupEvent(
        base_branch="main",
        base_commit=Commit(world.base(pull)),
        head_branch=f"gh-readonly-queue/main/pr-{pull.number}-{world.base(pull)}",
        head_commit=payload["merge_group"]["head_sha"],
    )
    assert expected == parse_event("merge_group", payload)


@pytest.mark.parametrize(("branch", "is_default"), [("main", True), ("feature/x", False)])
def test_a_push_knows_whether_it_reached_the_default_branch(
    world: World, pull: Pull, branch: str, is_default: bool
) -> None:
    before, after = world.base(pull), world.head(pull)
    expected = PushEvent(
        ref=f"refs/heads/{branch}",
        before=Commit(before),
        after=Commit(after),
        to_default_branch=is_default,
    )
    assert expected == parse_event("push", payloads.push(world, branch, before=before, after=after))


def test_a_new_and_a_deleted_branch_have_no_commit_on_one_side(world: World, pull: Pull) -> None:
    head = world.head(pull)
    created = parse_event("push", payloads.push(world, "main", before="0" * 40, after=head))
    deleted = parse_event("push", payloads.push(world, "main", before=head, after="0" * 40))
    assert isinstance(created, PushEvent)
    assert isinstance(deleted, PushEvent)
    assert (None, head, head, None) == (created.before, created.after, deleted.before, deleted.after)


def test_a_dispatch_names_only_a_ref(world: World) -> None:
    expected = WorkflowDispatchEvent(ref="refs/heads/main")
    assert expected == parse_event("workflow_dispatch", payloads.workflow_dispatch(world, "main"))


def test_a_workflow_run_names_commit_owner_and_conclusion(world: World, fork: Pull) -> None:
    expected = WorkflowRunEvent(
        run_id=9,
        run_attempt=1,
        triggered_by="pull_request",
        conclusion="failure",
        head_branch="patch",
        head_commit=Commit(world.head(fork)),
        head_owner="stranger",
        from_fork=True,
    )
    payload = payloads.workflow_run(world, fork, run_id=9, conclusion="failure")
    assert expected == parse_event("workflow_run", payload)


HOSTILE_REFS = [
    "main\n::error::x",
    "main\r",
    "a b",
    "-upload-pack=x",
    "../../etc",
    "a..b",
    "a//b",
    ".hidden",
    "a/.b",
    "a.lock",
    "x@{1}",
    "a:b",
    "a~1",
    "a^",
    "a?",
    "a*",
    "a[b",
    "a\\b",
    "@",
    "a/",
    "a.",
    "\u202emain",
    "a\x00b",
    "",
    "x" * 2000,
]


@pytest.mark.parametrize("ref", HOSTILE_REFS)
def test_a_ref_that_git_would_refuse_is_refused(world: World, pull: Pull, ref: str) -> None:
    payload = payloads.pull_request(world, pull)
    payload["pull_request"]["head"]["ref"] = ref
    (problem,) = as_problems(parse_event("pull_request", payload))
    assert "event /pull_request/head/ref" == problem.name
    assert "\n" not in problem.message
    assert problem.message.isascii() or problem.message.endswith("…")


@pytest.mark.parametrize(
    "ref", ["main", "feature/x", "release-1.0", "ünïcode", "a@b", "dependabot/npm_and_yarn/x-1"]
)
def test_a_ref_that_git_takes_is_taken(ref: str) -> None:
    assert is_ref(ref)


@pytest.mark.parametrize("value", [None, True, 0, -1, "7", 1.0, [], {}, 2**70])
def test_a_number_that_is_none_is_refused(world: World, pull: Pull, value: object) -> None:
    payload = payloads.pull_request(world, pull)
    payload["pull_request"]["number"] = value
    (problem,) = as_problems(parse_event("pull_request", payload))
    assert "event /pull_request/number" == problem.name


@pytest.mark.parametrize("value", [None, "", "HEAD", "G" * 40, "A" * 40, "0" * 39, "a" * 41, 7, ["a" * 40]])
def test_a_commit_that_is_none_is_refused(world: World, pull: Pull, value: object) -> None:
    payload = payloads.pull_request(world, pull)
    payload["pull_request"]["head"]["sha"] = value
    (problem,) = as_problems(parse_event("pull_request", payload))
    assert "event /pull_request/head/sha" == problem.name


def test_every_problem_of_a_payload_comes_at_once(world: World, pull: Pull) -> None:
    payload = payloads.pull_request(world, pull, "opened") | {"action": "labeled"}
    del payload["pull_request"]["base"]
    expected = [
        "event /action",
        "event /pull_request/base/ref",
        "event /pull_request/base/repo/id",
        "event /pull_request/base/sha",
    ]
    found = as_problems(parse_event("pull_request", payload))
    assert expected == sorted(problem.name for problem in found)


@pytest.mark.parametrize(
    "payload", [None, [], "text", 7, {}, {"pull_request": 1}, {"pull_request": {"head": []}}]
)
@pytest.mark.parametrize("name", PARSERS)
def test_a_payload_of_another_shape_is_problems_not_a_crash(name: str, payload: object) -> None:
    assert as_problems(parse_event(name, payload))


def test_pull_request_target_is_refused_with_its_reason() -> None:
    (problem,) = as_problems(parse_event("pull_request_target", {}))
    assert "use `on: pull_request`: pull_request_target hands secrets to code under test" == problem.help


def test_an_unknown_event_is_answered_with_those_that_are_known() -> None:
    (problem,) = as_problems(parse_event("issues", {}))
    assert (
        "let the workflow start `on:` one of pull_request, merge_group, push, workflow_dispatch, workflow_run"
        == problem.help
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(name=st.sampled_from(list(PARSERS)), payload=json_values)
@settings(derandomize=True, deadline=None)
def test_no_json_crashes_the_parser(name: str, payload: object) -> None:
    assert as_problems(parse_event(name, payload))


def as_problems(result: object) -> tuple[SettingProblem, ...]:
    assert isinstance(result, tuple)
    return result


def test_the_examples_lag_behind_the_schemas_only_where_the_payloads_say_so() -> None:
    """So that a refreshed slice that no longer validates is noticed here, by name."""
    assert {"pull_request", "merge_group", "push", "workflow_dispatch", "workflow_run"} == set(
        payloads._slice()["examples"]
    )
    assert Path(payloads.SLICE).stat().st_size < 200_000
