"""The record over GitHub's API, without a checkout: several writers, lost answers, no permission."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from remyx_action.errors import NotJudged
from remyx_action.github.growing_branch import BranchOnGitHub
from support.github_stand_in.stage import Stage
from support.github_stand_in.world import Fault

BRANCH = "remyx-verdicts"
TOKEN = "may-write"


@pytest.fixture
def branch(stage: Stage) -> Callable[[], BranchOnGitHub]:
    stage.world.allow(TOKEN, contents="write")
    return lambda: BranchOnGitHub(client=stage.client(TOKEN), name=BRANCH)


def paths(stage: Stage) -> list[str]:
    return stage.world.history.git("ls-tree", "-r", "--name-only", BRANCH).splitlines()


def commits(stage: Stage) -> int:
    return int(stage.world.history.git("rev-list", "--count", BRANCH))


def test_files_are_added_and_read_again(stage: Stage, branch: Callable[[], BranchOnGitHub]) -> None:
    writer = branch()
    assert [] == list(writer.files())
    writer.write({"v/a-1.json": "é\n"}, "One")
    writer.write({"v/b-2.json": "{}"}, "Two")
    assert {"v/a-1.json": "é\n".encode(), "v/b-2.json": b"{}"} == dict(branch().files())
    stage.world.calls.clear()
    assert ["v/b-2.json"] == [path for path, _ in branch().files(lambda path: "-2" in path)]
    assert 4 == len(stage.world.calls)
    stage.world.tree_entries = 1
    assert 2 == len(list(branch().files()))  # folder by folder, where GitHub leaves entries out
    assert 2 == commits(stage)


def test_writers_at_the_same_time_keep_every_file(stage: Stage, branch: Callable[[], BranchOnGitHub]) -> None:
    def write(writer: int) -> None:
        for number in range(3):
            branch().write({f"v/{writer}-{number}.json": f"{writer} {number}"}, "Record")

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write, range(3)))
    assert 9 == len(paths(stage)) == commits(stage)


@pytest.mark.parametrize("kind", ["502 before", "502 after", "502 and late", "dropped after"])
@pytest.mark.parametrize("exists", [False, True])
def test_an_answer_that_is_lost_writes_nothing_twice(
    stage: Stage, branch: Callable[[], BranchOnGitHub], kind: str, *, exists: bool
) -> None:
    if exists:
        branch().write({"v/a.json": "1"}, "One")
    stage.world.faults.append(Fault(kind=kind, matching=r"(POST|PATCH) .*/git/refs"))  # type: ignore[arg-type]
    branch().write({"v/b.json": "2"}, "Two")
    stage.stand_in.end_of_day()
    assert (["v/a.json"] if exists else []) + ["v/b.json"] == paths(stage)
    assert 1 + exists == commits(stage)


def test_a_branch_that_moved_is_written_on_its_new_tip(
    stage: Stage, branch: Callable[[], BranchOnGitHub]
) -> None:
    branch().write({"v/a.json": "1"}, "One")
    other = branch()
    moves = Fault(
        kind="moves", matching="PATCH .*/git/refs", act=lambda: other.write({"v/c.json": "3"}, "Three")
    )
    stage.world.faults.append(moves)
    branch().write({"v/b.json": "2"}, "Two")
    assert ["v/a.json", "v/b.json", "v/c.json"] == paths(stage)
    assert 3 == commits(stage)


def test_a_token_that_may_not_write_gets_the_line_to_add(stage: Stage) -> None:
    stage.world.allow("reads", contents="read")
    with pytest.raises(NotJudged, match="the record could not be written: GitHub answered 403") as refused:
        BranchOnGitHub(client=stage.client("reads"), name=BRANCH).write({"v/a.json": "1"}, "One")
    assert "permissions:\n  contents: write" in refused.value.help
    stage.world.allow(TOKEN, contents="write")
    refusal = Fault(
        kind="refused", matching="git/refs", status=422, message="Repository rule violations found"
    )
    stage.world.faults.append(refusal)
    with pytest.raises(NotJudged, match="Repository rule violations found"):
        BranchOnGitHub(client=stage.client(TOKEN), name=BRANCH).write({"v/a.json": "1"}, "One")
