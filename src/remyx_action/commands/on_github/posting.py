"""The posts of a verdict on GitHub: comment and checks, and what became of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from remyx_action.github import check_run, comment, pull_request
from remyx_action.github.check_run import Checks
from remyx_action.github.client import Client
from remyx_action.github.events import PullRequestEvent
from remyx_action.github.marks import Marker, Order
from remyx_action.github.settings import Runner
from remyx_action.github.trouble import NotPosted, NotRead, Posted, Superseded
from remyx_action.policy.looks import Look
from remyx_action.report.conclusion import Section, check_texts, comments, worst
from remyx_action.report.render import escape

from .looks import as_text, look_of, looks_after
from .target import NO_TOKEN, Posts, Target

if TYPE_CHECKING:
    from .recorded import ProjectRecord


def find_comments(target: Target, posts: Posts) -> comment.Thread | None:
    """Return our comments on the pull request; None where there is none to have or they cannot be read."""
    if target.client is None or not isinstance(target.event, PullRequestEvent):
        return None
    thread = comment.find_comments(target.client, target.event.number, target.scope)
    if isinstance(thread, NotPosted):
        posts.note(thread)
        return None
    return thread


def post_all(
    target: Target,
    sections: Sequence[Section],
    thread: comment.Thread | None,
    posts: Posts,
    found: ProjectRecord | None,
) -> None:
    """Write the comment, then close every check, so that a green check never comes before its reasons.

    Checks and head are read again directly before: what a newer run has posted is left alone.
    """
    if target.client is None:
        posts.note(NO_TOKEN)
        return
    checks = {
        section.policy: check_run.read_checks(
            target.client, target.named(section.policy), opened_id=posts.opened.get(section.policy)
        )
        for section in sections
        if section.policy
    }
    looks = {} if thread is None else _looks(target, sections, thread)
    lines = [] if found is None else _of_record(target, sections, thread, posts, found)
    footer = _footer(target, sections, looks, checks, posts, lines, found)
    if thread is not None:
        _post_comment(target, target.client, sections, thread, looks, checks, footer, posts)
    for section in sections:
        if section.policy:
            _close(target, target.client, section, checks[section.policy], footer, posts)


def _newer(checks: Checks | NotRead, order: Order) -> Order | None:
    return None if isinstance(checks, NotRead) else checks.newer_than(order)


def _footer(
    target: Target,
    sections: Sequence[Section],
    looks: Mapping[str, Sequence[Look]],
    checks: Mapping[str, Checks | NotRead],
    posts: Posts,
    of_record: Sequence[str],
    found: ProjectRecord | None,
) -> str:
    """Return looks, record, links to the run and its failed jobs, and others' checks of our name."""
    lines = [
        as_text(section.policy, several, look_of(section))
        for section in sections
        if len(several := looks.get(target.key(section.policy), ())) > 1
    ]
    lines += of_record
    lines += [f"<sub>{', '.join(_links(target.runner, sections, found))}</sub>"]
    lines += [f"[{escape.code(each.name)} {each.ending}]({each.url})" for each in posts.failed_jobs]
    for policy, known in checks.items():
        for other in () if isinstance(known, NotRead) else known.others:
            lines.append(
                f"⚠️ {escape.code(target.named(policy).name)} was also posted by "
                f"{escape.code(other.app or 'somebody')}: [that check]({other.url}) is not ours."
            )
    return "\n\n".join(lines)


def _of_record(
    target: Target,
    sections: Sequence[Section],
    thread: comment.Thread | None,
    posts: Posts,
    found: ProjectRecord,
) -> list[str]:
    """Return the record's lines for the comment; what it lacks is noted."""
    lines: list[str] = []
    for section in sections:
        lines += found.lines(section.policy)
        marked = () if thread is None else thread.looks.get(target.key(section.policy), ())
        lacks = found.lacks(section.policy, marked)
        if lacks is not None:
            lines.append(f"⚠️ {escape.prose(lacks.partition(chr(10))[0])}.")
            posts.notes.append(lacks)
    return lines


def _links(runner: Runner, sections: Sequence[Section], found: ProjectRecord | None) -> Iterator[str]:
    """Yield the full report, the run, each policy, the record, and how to read all this."""
    yield f"[full report]({runner.run_url}#artifacts)"
    yield f"[run]({runner.run_url})"
    policies = [section for section in sections if "" in section.lines]
    for section in policies:
        name = f" {escape.code(section.policy, limit=80)}" if len(policies) > 1 else ""
        yield f"[policy{name}]({section.lines['']})"
    if found is not None:
        yield f"[record of verdicts]({found.url}) (trends: `history.html` in the full report)"
    if runner.guide_url is not None:
        yield f"[how to read this]({runner.guide_url})"


def _post_comment(
    target: Target,
    client: Client,
    sections: Sequence[Section],
    thread: comment.Thread,
    looks: Mapping[str, Sequence[Look]],
    checks: Mapping[str, Checks | NotRead],
    footer: str,
    posts: Posts,
) -> None:
    newer = max((order for each in checks.values() if (order := _newer(each, target.order))), default=None)
    if newer is not None:
        posts.note(Superseded(by=str(newer)))
        return
    now = pull_request.current(client, thread.number)
    if isinstance(now, NotRead):
        posts.note(now)
    elif now.base_branch != target.event.base_branch:
        posts.note(Superseded(by=f"the verdict for base branch {now.base_branch}"))
        return
    draft = comment.CommentDraft(
        marker=Marker(
            scope=target.scope,
            head=target.event.head_commit,
            order=target.order,
            word=worst(sections).word,
            looks=looks,
        ),
        renderings=comments(sections, footer=footer),
        blocks=not all(section.passes for section in sections),
    )
    head = None if isinstance(now, NotRead) else now.head_commit
    outcome = comment.post(client, thread, draft, current_head=head, mode=target.inputs.comment)
    if isinstance(outcome, Posted):
        posts.comment_url = outcome.url
    else:
        posts.note(outcome)


def _looks(target: Target, sections: Sequence[Section], thread: comment.Thread) -> dict[str, Sequence[Look]]:
    """Return the looks at the sections' policies, with this one's."""
    keys = {target.key(section.policy): section for section in sections}
    looks = {key: looks_after(section, thread.looks.get(key, ())) for key, section in keys.items()}
    return {key: several for key, several in looks.items() if several}


def _close(
    target: Target,
    client: Client,
    section: Section,
    checks: Checks | NotRead,
    footer: str,
    posts: Posts,
) -> None:
    """Complete one policy's check, unless a newer run has it."""
    policy, opened = section.policy, posts.opened.get(section.policy)
    was_open = opened is not None if isinstance(checks, NotRead) else bool(checks.open_until(target.order))
    newer = _newer(checks, target.order)
    conclusion = _conclusion(section, footer)
    if newer is not None:
        posts.note(Superseded(by=str(newer)), "check")
        posts.red = True
        if not was_open:
            return
        conclusion = check_run.superseded(str(newer))
    done = check_run.close_check(
        client,
        target.named(policy),
        target.external_id(policy, look_of(section)),
        conclusion,
        checks=checks,
        opened_id=opened,
        details_url=target.runner.run_url,
    )
    if isinstance(done, NotPosted):
        posts.note(done)
        posts.red = posts.red or was_open
    elif newer is None:
        posts.check_urls[policy] = done.url
    if isinstance(checks, Checks) and opened is not None and opened not in {one.id for one in checks.ours}:
        posts.red = True
        posts.note(_not_ours(opened, policy))


def _not_ours(opened: int, policy: str) -> NotPosted:
    return NotPosted(
        reason=f"the check {opened} is none of policy {policy} on this commit, so it was not closed",
        next_step="pass the output `check-id` of the job that opened this policy's check",
    )


def _conclusion(section: Section, footer: str) -> check_run.Conclusion:
    return check_run.Conclusion(
        word="success" if section.passes else "failure",
        title=section.title[:200],
        renderings=check_texts(section, footer=footer),
        annotations=section.annotations,
    )
