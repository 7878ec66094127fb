"""Looks at a pull request: those that record, comment and checks hold, and the line that names them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from remyx_action.commands.run.request import KnownLooks, World
from remyx_action.decimals import round_significant
from remyx_action.github.comment import Thread
from remyx_action.github.events import PullRequestEvent
from remyx_action.github.pull_request import looks_of_checks
from remyx_action.github.trouble import NotRead
from remyx_action.policy.looks import Look
from remyx_action.project.models import Policy
from remyx_action.report.conclusion import Section
from remyx_action.report.render import escape
from remyx_action.report.report import Report

from .target import Target

if TYPE_CHECKING:
    from .recorded import ProjectRecord

WITHOUT_MARKER = ("never", "on-block")
"""Modes of the comment under which a verdict may leave no marker: only checks tell of its look."""
NOT_ASKED = NotRead(
    reason="earlier looks at the pull request could not be read",
    next_step="let the job's token read the pull request: `pull-requests: read` and `checks: read`",
)


def knowing_looks(world: World, target: Target, thread: Thread | None, found: ProjectRecord | None) -> World:
    """Return the world that knows the looks at the pull request so far; `thread`: our comments, if read.

    Merge groups have none of their own: what was looked at is the pull request.
    """
    if not isinstance(target.event, PullRequestEvent):
        return world
    return replace(world, looks=lambda policy, asset: _known(target, policy, asset, thread, found))


def _known(
    target: Target, policy: Policy, asset: str | None, thread: Thread | None, found: ProjectRecord | None
) -> KnownLooks:
    """Return the looks under a policy, oldest first, each once: of the record, of our checks, of our comment.

    Where each raises the floors, the checks on every commit count too: a comment can be deleted, and a
    verdict can be missing in the record.
    """
    if target.client is None or thread is None:
        return NOT_ASKED
    in_record = [] if found is None else found.looks(policy.name, asset)
    in_markers = thread.looks.get(target.key(policy.name), ())
    if policy.looks == "counted" and target.inputs.comment not in WITHOUT_MARKER:
        return _each_once(in_record, in_markers)
    in_checks = looks_of_checks(target.client, thread.number, target.named(policy.name))
    if isinstance(in_checks, NotRead):
        return in_checks
    return _each_once(in_record, in_checks, in_markers)


def _each_once(*several: Sequence[Look]) -> list[Look]:
    """Return every look in the order in which it came first, with what the last one says of it."""
    looks: dict[str, Look] = {}
    for look in (look for known in several for look in known):
        if look.verdict is not None or look.id not in looks:
            looks[look.id] = look
    return list(looks.values())


def look_of(section: Section) -> Look | None:
    """Return what a later run counts of this verdict; None where nothing of the variant was scored."""
    return None if section.report is None else look_of_report(section.report)


def look_of_report(report: Report) -> Look | None:
    """The same of a verdict alone."""
    if report.looks is None or report.looks.id is None:
        return None
    delta = next((row.delta for row in report.metrics if row.variant is not None), None)
    shown = None if delta is None else f"{round_significant(delta, 3):+f}"
    return Look(id=report.looks.id, verdict=report.verdict, delta=shown)


def looks_after(section: Section, marked: Sequence[Look]) -> list[Look]:
    """Return every look at the section's policy, this verdict's in its place, oldest first."""
    report, now = section.report, look_of(section)
    known = list(marked if report is None or report.looks is None else report.looks.known)
    if now is None:
        return known
    if now.id not in {look.id for look in known}:
        return [*known, now]
    return [now if look.id == now.id else look for look in known]


def as_text(policy: str, looks: Sequence[Look], now: Look | None) -> str:
    """Return one line that names every look: `iterate −0.02, iterate +0.01, now ship +0.03`."""
    words = [
        f"now {look_in_words(look)}" if now is not None and look.id == now.id else look_in_words(look)
        for look in looks
    ]
    return f"Looks under {escape.code(policy)}: {', '.join(words)}."


def look_in_words(look: Look) -> str:
    """Return verdict and change, such as `ship +0.03`."""
    return " ".join(filter(None, (look.verdict or "no verdict", (look.delta or "").replace("-", "−"))))
