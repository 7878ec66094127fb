"""A repository with one pull request on the stand-in, and the steps of one publication in their order."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from remyx_action.github import check, comment, pull_request
from remyx_action.github.client import Client, Connection
from remyx_action.github.comment import Marker
from remyx_action.github.events import Commit
from remyx_action.github.trouble import NotPosted, NotRead, Superseded

from .history import History
from .server import StandIn, serve
from .world import Comment, Pull, World

TOKEN = "workflow-token"
CHECK = "remyx / default (main)"


@dataclass(kw_only=True)
class Stage:
    stand_in: StandIn
    world: World
    pull: Pull
    slept: list[float] = field(default_factory=list)

    def client(self, token: str = TOKEN, *, from_fork: bool = False, timeout_seconds: int = 10) -> Client:
        connection = Connection(
            api_url=self.stand_in.address,
            repository=self.world.repository,
            token=token,
            from_fork=from_fork,
            timeout_seconds=timeout_seconds,
        )
        return Client(connection, clock=lambda: 1_999_999_990.0, sleep=self.slept.append)

    @property
    def head(self) -> Commit:
        return Commit(self.world.head(self.pull))

    def push(self, text: str) -> Commit:
        """A new commit on the pull request's head."""
        self.world.history.write(self.pull.head_ref(self.world.owner), {"model.yaml": text})
        self.world.refresh(self.pull)
        return self.head

    def draft(self, word: str = "ship", *, head: Commit | None = None, **values: Any) -> comment.Draft:
        head = head or self.head
        run, attempt = values.pop("run", (500, 1))
        marker = Marker(scope=".", head=head, run_id=run, run_attempt=attempt, word=word)
        given: dict[str, Any] = {
            "renderings": [f"### {word} at {head[:7]} by run {run}"],
            "blocks": word != "ship",
        }
        return comment.Draft(marker=marker, **(given | values))

    def ours(self) -> list[Comment]:
        """Our comments on the pull request, as GitHub has them."""
        return [
            each
            for each in self.world.comments
            if each.issue == self.pull.number and "<!-- remyx-verdict/1 " in each.body and each.kind == "Bot"
        ]

    def requests(self) -> list[str]:
        """`VERB` and what was asked for, of every call so far."""
        prefix = f"/repos/{self.world.repository}"
        return [f"{each.verb} {each.target.removeprefix(prefix)}" for each in self.world.calls]


@dataclass(frozen=True, kw_only=True)
class Publication:
    """What one publication answered, step by step."""

    opened: check.Opened | NotPosted
    thread: comment.Thread | NotPosted
    now: pull_request.PullRequest | NotRead
    comment: comment.Outcome
    closed: Any

    @property
    def told(self) -> list[str]:
        """The reasons that a person is shown beside the verdict."""
        steps = [self.opened, self.thread, self.now, self.comment, self.closed]
        reasons = [each.reason for each in steps if isinstance(each, NotPosted | NotRead)]
        if isinstance(self.comment, Superseded):
            reasons.append(f"superseded by {self.comment.by}")
        return list(dict.fromkeys(reasons))


def publish(
    stage: Stage, client: Client, draft: comment.Draft, *, mode: comment.CommentMode = "always"
) -> Publication:
    """Open the check, look, read head and base again, comment, close the check."""
    name = check.CheckName(
        name=CHECK, head=draft.marker.head, external_id=f"{draft.marker.run_id}/{draft.marker.run_attempt}"
    )
    opened = check.open_check(client, name, details_url="https://example.invalid/run")
    thread = comment.look(client, stage.pull.number, ".")
    now = pull_request.current(client, stage.pull.number)
    head = now.head_commit if isinstance(now, pull_request.PullRequest) else None
    outcome: comment.Outcome
    if isinstance(thread, NotPosted):
        outcome = thread
    else:
        outcome = comment.post(client, thread, draft, current_head=head, mode=mode)
    closed = check.close_check(
        client,
        name,
        opened.id if isinstance(opened, check.Opened) else None,
        check.Conclusion(
            word="failure" if draft.blocks else "success",
            title=draft.marker.word,
            renderings=draft.renderings,
        ),
        details_url="https://example.invalid/run",
    )
    return Publication(opened=opened, thread=thread, now=now, comment=outcome, closed=closed)


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with `main`, a branch of the same owner and one of a fork."""
    folder = tmp_path_factory.mktemp("seed") / "spatial.git"
    history = History(folder)
    history.write("main", {"model.yaml": "name: a\n", "docs/a.md": "one\n"})
    history.write("feature/x", {"model.yaml": "name: b\n"}, onto="main")
    history.write("refs/forks/stranger/patch", {"model.yaml": "name: c\n"}, onto="main")
    return folder


@pytest.fixture
def stage(seed: Path, tmp_path: Path) -> Iterator[Stage]:
    """One open pull request, and a workflow's token that may comment and check."""
    world = World(history=History(shutil.copytree(seed, tmp_path / "spatial.git")))
    world.allow(TOKEN, pull_requests="write", checks="write", contents="read")
    pull = world.open_pull("feature/x")
    with serve(world) as stand_in:
        yield Stage(stand_in=stand_in, world=world, pull=pull)
    assert [] == world.violations
