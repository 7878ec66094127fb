"""The posts of one job on GitHub: comment and checks, each a value that says what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from remyx_action.github import check, comment, pull_request
from remyx_action.github.client import Client, Connection
from remyx_action.github.comment import Marker
from remyx_action.github.events import MergeGroupEvent, PullRequestEvent
from remyx_action.github.settings import Inputs, Runner
from remyx_action.github.trouble import LeftAlone, NotPosted, NotRead, Posted, Superseded
from remyx_action.report.conclusion import Section, check_texts, comments, worst

GitHubEvent = PullRequestEvent | MergeGroupEvent


class Desk(Struct, frozen=True, kw_only=True):
    """From where a job posts: its event, its inputs, and the door to GitHub."""

    event: GitHubEvent
    inputs: Inputs
    runner: Runner
    client: Client | None
    """None without a token: nothing is posted."""

    @property
    def footer(self) -> str:
        return f"[The run, its summary and its files]({self.runner.run_url})"

    def check_named(self, policy: str) -> check.CheckName:
        return check.CheckName(
            name=check.check_name(policy, self.event.base_branch),
            head=self.event.head_commit,
            external_id=f"{self.runner.run_id}/{self.runner.run_attempt}",
        )


class Posts(Struct, kw_only=True):
    """What became of everything that was to be posted."""

    comment_url: str = ""
    check_urls: dict[str, str] = field(default_factory=dict)
    """By policy."""
    notes: list[str] = field(default_factory=list)
    """What was not posted, why, and what to do about it: one Markdown-free text each."""

    def say(self, outcome: NotPosted | NotRead | Superseded | LeftAlone) -> None:
        if isinstance(outcome, Superseded):
            text = f"the comment was left to {outcome.by}, which is newer"
        elif isinstance(outcome, LeftAlone):
            text = f"the comment was left as it is: {outcome.why}"
        else:
            text = f"{outcome.reason}\n{outcome.next_step}"
        if text not in self.notes:
            self.notes.append(text)


def connect(event: object, runner: Runner) -> Client | None:
    """The door to GitHub, where there is a token."""
    if runner.token is None:
        return None
    from_fork = isinstance(event, PullRequestEvent) and event.from_fork
    return Client(
        Connection(
            api_url=runner.api_url, repository=runner.repository, token=runner.token, from_fork=from_fork
        )
    )


NO_TOKEN = NotPosted(
    reason="nothing was posted: there is no token",
    next_step="pass `token: ${{ github.token }}` to the action",
)


def open_checks(desk: Desk, policies: Sequence[str], posts: Posts) -> dict[str, int]:
    """Post each policy's check `in_progress`; its id by policy, as far as GitHub took it."""
    opened: dict[str, int] = {}
    if desk.client is None:
        posts.say(NO_TOKEN)
        return opened
    for policy in policies:
        made = check.open_check(desk.client, desk.check_named(policy), details_url=desk.runner.run_url)
        if isinstance(made, NotPosted):
            posts.say(made)
        else:
            opened[policy] = made.id
            posts.check_urls[policy] = made.url
    return opened


def post_all(
    desk: Desk,
    sections: Sequence[Section],
    opened: dict[str, int],
    now: pull_request.PullRequest | NotRead | None,
    posts: Posts,
) -> None:
    """Write the comment, then close every check, so that a green check never comes before its reasons."""
    if desk.client is None:
        posts.say(NO_TOKEN)
        return
    if isinstance(desk.event, PullRequestEvent):
        _post_comment(desk, desk.client, sections, now, posts)
    for section in sections:
        if section.policy:
            close(desk, section, opened.get(section.policy), posts)


def close(desk: Desk, section: Section, opened: int | None, posts: Posts) -> None:
    """Complete one policy's check."""
    assert desk.client is not None
    done = check.close_check(
        desk.client,
        desk.check_named(section.policy),
        opened,
        check.Conclusion(
            word="success" if section.passes else "failure",
            title=section.title[:200],
            renderings=check_texts(section, footer=desk.footer),
            annotations=[
                check.Annotation(
                    path=each.path, line=each.line, level=each.level, title=each.title, message=each.message
                )
                for each in section.remarks
            ],
        ),
        details_url=desk.runner.run_url,
    )
    if isinstance(done, NotPosted):
        posts.say(done)
    else:
        posts.check_urls[section.policy] = done.url


def _post_comment(
    desk: Desk,
    client: Client,
    sections: Sequence[Section],
    now: pull_request.PullRequest | NotRead | None,
    posts: Posts,
) -> None:
    event = desk.event
    assert isinstance(event, PullRequestEvent)
    seen = now if isinstance(now, pull_request.PullRequest) else None
    if seen is not None and seen.base_branch != event.base_branch:
        posts.say(Superseded(by=f"the verdict for base branch {seen.base_branch}"))
        return
    thread = comment.look(client, event.number, desk.inputs.working_directory)
    if isinstance(thread, NotPosted):
        posts.say(thread)
        return
    draft = comment.Draft(
        marker=Marker(
            scope=desk.inputs.working_directory,
            head=event.head_commit,
            run_id=desk.runner.run_id,
            run_attempt=desk.runner.run_attempt,
            word=worst(sections).word,
        ),
        renderings=comments(sections, footer=desk.footer),
        blocks=not all(section.passes for section in sections),
    )
    head = seen.head_commit if seen else None
    outcome = comment.post(client, thread, draft, current_head=head, mode=desk.inputs.comment)
    if isinstance(outcome, Posted):
        posts.comment_url = outcome.url
    else:
        posts.say(outcome)
