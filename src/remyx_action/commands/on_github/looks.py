"""Looks at a pull request: what comment and checks tell of those before, and the line that names them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from remyx_action.commands.run.request import KnownLooks, World
from remyx_action.decimals import round_significant
from remyx_action.github.comment import Thread
from remyx_action.github.events import PullRequestEvent
from remyx_action.github.looks import looks_of_checks
from remyx_action.github.trouble import NotRead
from remyx_action.policy.looks import Look
from remyx_action.project.models import Policy
from remyx_action.report.conclusion import Section
from remyx_action.report.render import escape

from .target import Target

WITHOUT_MARKER = ("never", "on-block")
"""Modes of the comment under which a verdict may leave no marker: only checks tell of its look."""
NOT_ASKED = NotRead(
    reason="earlier looks at the pull request could not be read",
    next_step="let the job's token read the pull request: `pull-requests: read` and `checks: read`",
)


def knowing_looks(world: World, target: Target, thread: Thread | None) -> World:
    """Return the world that knows the looks at the pull request so far; `thread`: our comments, if read.

    Merge groups have none of their own: what was looked at is the pull request.
    """
    if not isinstance(target.event, PullRequestEvent):
        return world
    return replace(world, looks=lambda policy: _known(target, policy, thread))


def _known(target: Target, policy: Policy, thread: Thread | None) -> KnownLooks:
    """Return the looks under a policy, oldest first.

    Where each raises the floors, the checks on every commit count too: a comment can be deleted.
    """
    if target.client is None or thread is None:
        return NOT_ASKED
    in_markers = thread.looks.get(target.key(policy.name), ())
    if policy.looks == "counted" and target.inputs.comment not in WITHOUT_MARKER:
        return in_markers
    in_checks = looks_of_checks(target.client, thread.number, target.named(policy.name))
    if isinstance(in_checks, NotRead):
        return in_checks
    marked = {look.id for look in in_markers}
    return [*(look for look in in_checks if look.id not in marked), *in_markers]


def look_of(section: Section) -> Look | None:
    """Return what a later run counts of this verdict; None where nothing of the variant was scored."""
    report = section.report
    if report is None or report.looks is None or report.looks.id is None:
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
        " ".join(
            part
            for part in (
                "now" if now is not None and look.id == now.id else "",
                look.verdict or "no verdict",
                (look.delta or "").replace("-", "−"),
            )
            if part
        )
        for look in looks
    ]
    return f"Looks under {escape.code(policy)}: {', '.join(words)}."
