"""A repository with one pull request on the stand-in, and the steps of one publication in their order."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from remyx_action.github import check_run, comment, pull_request
from remyx_action.github.client import Client, Connection
from remyx_action.github.events import Commit
from remyx_action.github.marks import ExternalId, Marker, Order, Scope
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
            app="github-actions" if token == TOKEN else None,
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

    def draft(self, word: str = "ship", *, head: Commit | None = None, **values: Any) -> comment.CommentDraft:
        head = head or self.head
        order = Order(*values.pop("run", (500, 1)))
        scope = values.pop("scope", Scope("", None))
        marker = Marker(scope=scope, head=head, order=order, word=word)
        given: dict[str, Any] = {
            "renderings": [f"### {word} at {head[:7]} by run {order.run_id}"],
            "blocks": word != "ship",
        }
        return comment.CommentDraft(marker=marker, **(given | values))

    def named(self, head: Commit | None = None, policy: str = "default") -> check_run.Named:
        return check_run.Named(folder="", policy=policy, base_branch="main", head=head or self.head)

    def external_id(self, order: Order | None = None, policy: str = "default") -> ExternalId:
        base = Commit(self.world.base(self.pull))
        return ExternalId(order=order or Order(500, 1), base=base, key=self.named(policy=policy).key)

    def ours(self) -> list[Comment]:
        """Our comments on the pull request, as GitHub has them."""
        return [
            each
            for each in self.world.comments
            if each.issue == self.pull.number and "<!-- remyx-verdict/2 " in each.body and each.kind == "Bot"
        ]

    def requests(self) -> list[str]:
        """`VERB` and what was asked for, of every call so far."""
        prefix = f"/repos/{self.world.repository}"
        return [f"{each.verb} {each.target.removeprefix(prefix)}" for each in self.world.calls]


@dataclass(frozen=True, kw_only=True)
class Publication:
    """What one publication answered, step by step."""

    opened: check_run.Opened | Superseded | NotPosted
    thread: comment.Thread | NotPosted
    checks: check_run.Checks | NotRead
    now: pull_request.PullRequest | NotRead
    comment: comment.Posting
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
    stage: Stage, client: Client, draft: comment.CommentDraft, *, mode: comment.CommentMode = "always"
) -> Publication:
    """Open the check, find the comment, read checks and head again, comment, close the check."""
    named = stage.named(draft.marker.head)
    external_id = stage.external_id(draft.marker.order)
    page = "https://example.invalid/run"
    opened = check_run.open_check(client, named, external_id, details_url=page)
    opened_id = opened.id if isinstance(opened, check_run.Opened) else None
    thread = comment.find_comments(client, stage.pull.number, draft.marker.scope)
    checks = check_run.read_checks(client, named, opened_id=opened_id)
    now = pull_request.current(client, stage.pull.number)
    head = now.head_commit if isinstance(now, pull_request.PullRequest) else None
    outcome: comment.Posting = (
        thread
        if isinstance(thread, NotPosted)
        else comment.post(client, thread, draft, current_head=head, mode=mode)
    )
    conclusion = check_run.Conclusion(
        word="failure" if draft.blocks else "success", title=draft.marker.word, renderings=draft.renderings
    )
    closed = check_run.close_check(
        client, named, external_id, conclusion, checks=checks, opened_id=opened_id, details_url=page
    )
    return Publication(opened=opened, thread=thread, checks=checks, now=now, comment=outcome, closed=closed)


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
