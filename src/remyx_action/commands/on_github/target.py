"""The pull request or merge group that a job posts about, and its checks while they are open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from remyx_action.github import check_run
from remyx_action.github.check_run import Named
from remyx_action.github.client import Client, Connection
from remyx_action.github.events import Commit, Event, MergeGroupEvent, PullRequestEvent
from remyx_action.github.marks import ExternalId, Order, Scope
from remyx_action.github.pull_request import FailedJob
from remyx_action.github.settings import ActionInputs, Runner
from remyx_action.github.trouble import LeftAlone, NotPosted, NotRead, Superseded
from remyx_action.project.models.policy import policy_key

if TYPE_CHECKING:
    from remyx_action.policy.looks import Look

GitHubEvent = PullRequestEvent | MergeGroupEvent


class Target(Struct, frozen=True, kw_only=True):
    """The pull request or merge group that a job posts about, and the way to GitHub."""

    event: GitHubEvent
    inputs: ActionInputs
    runner: Runner
    client: Client | None
    """None without a token: nothing is posted."""
    order: Order
    """Of the run that measured: what an older run wrote is replaced, what a newer one wrote is not."""
    is_at_tip: bool = True
    """False where the event's base commit may be older than the base branch: nothing ships by it."""

    @property
    def scope(self) -> Scope:
        return Scope(self.inputs.folder, self.inputs.policy)

    @property
    def replaced_head(self) -> Commit | None:
        """The head before, where this run is the first on a head that a push has just made."""
        if isinstance(self.event, PullRequestEvent) and self.order.attempt == 1:
            return self.event.previous_head
        return None

    def key(self, policy: str) -> str:
        return policy_key(self.inputs.folder, policy)

    def named(self, policy: str) -> Named:
        return Named(
            folder=self.inputs.folder,
            policy=policy,
            base_branch=self.event.base_branch,
            head=self.event.head_commit,
        )

    def external_id(self, policy: str, look: Look | None = None) -> ExternalId:
        return ExternalId(
            order=self.order,
            base=self.event.base_commit,
            key=self.key(policy),
            look=look.id if look else None,
        )


def target_of(
    event: GitHubEvent,
    inputs: ActionInputs,
    runner: Runner,
    *,
    client: Client | None = None,
    order: Order | None = None,
) -> Target:
    """Return where the job posts; `order` is another run's where that one measured."""
    return Target(
        event=event,
        inputs=inputs,
        runner=runner,
        client=client or connect(event, runner),
        order=order or Order(runner.run_id, runner.run_attempt),
    )


class Posts(Struct, kw_only=True):
    """What became of everything that was to be posted."""

    opened: dict[str, int] = field(default_factory=dict)
    """By policy, the check that was opened for it."""
    comment_url: str = ""
    check_urls: dict[str, str] = field(default_factory=dict)
    """By policy."""
    notes: list[str] = field(default_factory=list)
    """What was not posted, why, and what to do about it: one text without Markdown each."""
    failed_jobs: Sequence[FailedJob] = ()
    """Of the run that should have measured, where something is missing in what it left."""
    red: bool = False
    """The job must not be green: a check stayed open, or a newer run has its place."""

    def note(self, outcome: NotPosted | NotRead | Superseded | LeftAlone, what: str = "comment") -> None:
        """Remember once what was not written."""
        if isinstance(outcome, Superseded):
            text = f"the {what} was left to {outcome.by}, which is newer than this run"
        elif isinstance(outcome, LeftAlone):
            text = f"the {what} was left as it is: {outcome.why}"
        else:
            text = f"{outcome.reason}\n{outcome.next_step}"
        if text not in self.notes:
            self.notes.append(text)


def connect(event: Event, runner: Runner) -> Client | None:
    """Return the client for the job's token, or None without one."""
    if runner.token is None:
        return None
    return Client(
        Connection(
            api_url=runner.api_url,
            repository=runner.repository,
            token=runner.token,
            from_fork=isinstance(event, PullRequestEvent) and event.from_fork,
            app="github-actions" if runner.token_of_job else None,
        ),
        sleep=runner.sleep,
    )


NO_TOKEN = NotPosted(
    reason="nothing was posted: there is no token",
    next_step="pass `token: ${{ github.token }}` to the action",
)


def open_checks(target: Target, policies: Sequence[str], posts: Posts) -> None:
    """Post each policy's check `in_progress`, or take up the one that an older run left open."""
    if target.client is None:
        posts.note(NO_TOKEN)
        return
    for policy in policies:
        made = check_run.open_check(
            target.client,
            target.named(policy),
            target.external_id(policy),
            details_url=target.runner.run_url,
            replaces=target.replaced_head,
        )
        if isinstance(made, check_run.Opened):
            target.client.app = made.app
            posts.opened[policy] = made.id
            posts.check_urls[policy] = made.url
        else:
            posts.note(made, "check")
