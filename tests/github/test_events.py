"""Commits, numbers and branches come from the payload; one that lacks a part is one error, not a guess."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remyx_action.errors import WrongUsage
from remyx_action.github.events import (
    PARSERS,
    BranchEvent,
    Commit,
    MergeGroupEvent,
    PullRequestEvent,
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
        number=pull.number,
        base_branch="main",
        base_commit=Commit(world.base(pull)),
        head_commit=Commit(world.head(pull)),
        from_fork=False,
        previous_head=Commit(world.base(pull)) if action == "synchronize" else None,
    )
    payload = payloads.pull_request(world, pull, action)
    assert expected == parse_event("pull_request", payload)
    payload["action"] = "labeled"
    assert expected == parse_event("pull_request", payload)


def test_a_draft_is_known(world: World, pull: Pull) -> None:
    payload = payloads.pull_request(world, pull)
    payload["pull_request"]["draft"] = True
    event = parse_event("pull_request", payload)
    assert isinstance(event, PullRequestEvent)
    assert event.draft


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
        head_commit=payload["merge_group"]["head_sha"],
    )
    assert expected == parse_event("merge_group", payload)


@pytest.mark.parametrize(("branch", "is_default"), [("main", True), ("feature/x", False)])
def test_a_push_and_a_dispatch_know_whether_they_are_of_the_default_branch(
    world: World, pull: Pull, branch: str, is_default: bool
) -> None:
    push = payloads.push(world, branch, before=world.base(pull), after=world.head(pull))
    dispatch = payloads.workflow_dispatch(world, branch)
    expected = BranchEvent(on_default_branch=is_default)
    for name, payload in {"push": push, "workflow_dispatch": dispatch}.items():
        assert expected == parse_event(name, payload, f"refs/heads/{branch}")
        assert not parse_event(name, payload, "refs/tags/main").on_default_branch  # type: ignore[union-attr]


def test_a_schedule_is_of_the_default_branch() -> None:
    assert BranchEvent(on_default_branch=True) == parse_event("schedule", {"schedule": "0 3 * * *"})


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
@pytest.mark.parametrize("end", ["base", "head"])
def test_a_ref_that_git_would_refuse_is_refused(world: World, pull: Pull, ref: str, end: str) -> None:
    payload = payloads.pull_request(world, pull)
    payload["pull_request"][end]["ref"] = ref
    message = refusal(payload)
    assert f"$.pull_request.{end}" in message
    assert message.replace("…", "").isascii()
    assert message.isprintable()


@pytest.mark.parametrize(
    "ref", ["main", "feature/x", "release-1.0", "ünïcode", "a@b", "dependabot/npm_and_yarn/x-1"]
)
def test_a_ref_that_git_takes_is_taken(ref: str) -> None:
    assert is_ref(ref)


@pytest.mark.parametrize("value", [None, True, 0, -1, "7", 1.5, [], {}, 2**70])
def test_a_number_that_is_none_is_refused(world: World, pull: Pull, value: object) -> None:
    payload = payloads.pull_request(world, pull)
    payload["pull_request"]["number"] = value
    assert "$.pull_request.number" in refusal(payload)


@pytest.mark.parametrize("value", [None, "", "HEAD", "G" * 40, "A" * 40, "0" * 39, "a" * 41, 7, ["a" * 40]])
def test_a_commit_that_is_none_is_refused(world: World, pull: Pull, value: object) -> None:
    payload = payloads.pull_request(world, pull)
    payload["pull_request"]["head"]["sha"] = value
    assert "$.pull_request.head.sha" in refusal(payload)


def refusal(payload: object, name: str = "pull_request") -> str:
    with pytest.raises(WrongUsage) as wrong:
        parse_event(name, payload)
    assert wrong.value.help
    return wrong.value.message


@pytest.mark.parametrize(
    "payload", [None, [], "text", 7, {}, {"pull_request": 1}, {"pull_request": {"head": []}}]
)
@pytest.mark.parametrize("name", sorted({*PARSERS} - {"schedule"}))
def test_a_payload_of_another_shape_is_one_error(name: str, payload: object) -> None:
    assert f"the payload of `{name}` is not GitHub's" in refusal(payload, name)


def test_pull_request_target_is_refused_with_its_reason() -> None:
    with pytest.raises(WrongUsage) as wrong:
        parse_event("pull_request_target", {})
    assert "use `on: pull_request`: pull_request_target hands secrets to code under test" == wrong.value.help


def test_an_unknown_event_is_answered_with_those_that_are_known() -> None:
    with pytest.raises(WrongUsage) as wrong:
        parse_event("issues", {})
    assert (
        "let the workflow start `on:` one of pull_request, merge_group, push, schedule, workflow_dispatch, "
        "workflow_run" == wrong.value.help
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(name=st.sampled_from(sorted({*PARSERS} - {"schedule"})), payload=json_values)
@settings(derandomize=True, deadline=None)
def test_no_json_crashes_the_parser(name: str, payload: object) -> None:
    assert refusal(payload, name)


def test_the_examples_lag_behind_the_schemas_only_where_the_payloads_say_so() -> None:
    """So that a refreshed slice that no longer validates is noticed here, by name."""
    assert {"pull_request", "merge_group", "push", "workflow_dispatch", "workflow_run"} == set(
        payloads._slice()["examples"]
    )
    assert Path(payloads.SLICE).stat().st_size < 200_000
