"""What a pull request does to the bar that it is judged by → the lines under the headline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from remyx_action.report.report import BarChange, ProposalReport

from . import numbers
from .escape import Code, Phrase, Prose, joined
from .words import PROPOSED_REASONS, UNDER_PROPOSED

NAMED = 6


class ProposalView(Struct, frozen=True, kw_only=True):
    """What a pull request does to the bar that it is judged by."""

    alerts: tuple[Phrase, ...]
    changes: Sequence[BarChange]
    files: tuple[str, ...]
    """Changed files that a verdict is judged by."""


def proposal_view(proposal: ProposalReport) -> ProposalView:
    """Return the sentences for a reader about a change of the bar."""
    return ProposalView(
        alerts=tuple(_alerts(proposal)),
        changes=proposal.changes,
        files=tuple(path for path in proposal.protected if path not in proposal.workflow),
    )


def _alerts(proposal: ProposalReport) -> Iterator[Phrase]:
    """Lines directly below the headline."""
    if proposal.workflow:
        edits = "This pull request edits the workflow that starts its own evaluation: "
        yield (edits, *_files(proposal.workflow))
    if proposal.not_measured:
        count = numbers.plural(len(proposal.not_measured), "changed file was", "changed files were")
        yield (f"{count} not measured: ", *_files(proposal.not_measured), ".")
    if proposal.moved:
        yield (
            "The base branch has moved since in ",
            *_files(proposal.moved),
            ": merging brings a combination that was not measured. Update the branch.",
        )
    files_changed = [path for path in proposal.protected if path not in proposal.workflow]
    if proposal.changes:
        yield _bar_changed(proposal)
    elif files_changed:
        yield (
            "This pull request also changes ",
            Code(files_changed[0]),
            f" and {len(files_changed) - 1} more files" if len(files_changed) > 1 else "",
            ", which the verdict is judged by: it was taken from the base branch.",
        )


def _files(paths: Sequence[str]) -> Phrase:
    """The first files, and how many more there are."""
    more = len(paths) - NAMED
    named = joined([(Code(path),) for path in paths[:NAMED]], ", ")
    return (*named, f" and {more} more" if more > 0 else "")


def _bar_changed(proposal: ProposalReport) -> Phrase:
    from .bar_diff import verb_of, worst_first

    first = worst_first(proposal.changes)[0]
    others = len(proposal.changes) - 1
    more = f", and {numbers.plural(others, 'other change')}" if others else ""
    under = ""
    if proposal.reason is not None:
        removed = PROPOSED_REASONS.get(proposal.reason)
        under = f" Under the changed bar {UNDER_PROPOSED[proposal.verdict]}" + (
            f": {removed}" if removed else ""
        )
        under += "."
    return (
        f"Judged by the bar of the base branch. This pull request {verb_of(proposal.changes)} (",
        Prose(first.sentence),
        f"{more}).{under}",
    )
