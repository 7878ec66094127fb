"""Several reports and notices → one comment or summary: the worst first, each with its fair share of room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from remyx_action.errors import EXIT_OF_VERDICT, Exit, most_severe
from remyx_action.report.report import Report

from . import neutral, numbers
from .notices import Notice
from .view import short_commit
from .words import REASONS, VERDICTS, quick_look

Told = Report | Notice
Draw = Callable[[Told, int], str]
"""Markdown of at most so many bytes, without a marker."""

LEAST_BYTES = 6_000
"""That every report fits into; where there is less for each, the last ones get only their line."""
LEAST_BYTES_OF_A_NOTICE = 2_000
ROWS = 60
LEFT_OUT_BYTES = 200
BETWEEN = "\n\n---\n\n"
NOTICE_EXITS = {
    "not_judged": Exit.NOT_JUDGED,
    "files_wrong": Exit.FILES_WRONG,
    "internal_error": Exit.NOT_JUDGED,
    "nothing": Exit.SHIP,
    "first": Exit.SHIP,
}


def together(told: Sequence[Told], draw: Draw, *, limit: int, elsewhere: str, marker: str = "") -> str:
    """One text of at most `limit` bytes: first line the worst verdict, then a line and a section each."""
    ordered = worst_first(told)
    head, end = _head(ordered), f"\n\n{marker}\n" if marker else "\n"
    room = limit - len(f"{head}{end}".encode()) - LEFT_OUT_BYTES
    shown = _that_fit(ordered, room)
    sections = fair_shares([partial(draw, one) for one in shown], limit=room - len(BETWEEN) * len(shown))
    left = len(ordered) - len(shown)
    if left:
        sections.append(f"<sub>{numbers.plural(left, 'section')} left out to fit: all in {elsewhere}.</sub>")
    return BETWEEN.join([head, *(section.strip() for section in sections)]) + end


def _that_fit(ordered: Sequence[Told], room: int) -> Sequence[Told]:
    """The first ones, as many as surely fit into `room` bytes; one at least."""
    for place, one in enumerate(ordered):
        room -= len(BETWEEN) + (LEAST_BYTES if isinstance(one, Report) else LEAST_BYTES_OF_A_NOTICE)
        if room < 0:
            return ordered[: max(1, place)]
    return ordered


def worst_first(told: Sequence[Told]) -> list[Told]:
    """By what the exit code would be; else in order."""
    exits = [exit_of(one) for one in told]
    ranked: list[Exit] = []
    while left := [each for each in exits if each not in ranked]:
        ranked.append(most_severe(left))
    return sorted(told, key=lambda one: ranked.index(exit_of(one)))


def exit_of(told: Told) -> Exit:
    """The exit code of one of them alone."""
    return EXIT_OF_VERDICT[told.verdict] if isinstance(told, Report) else NOTICE_EXITS[told.kind]


def fair_shares(drawings: Sequence[Callable[[int], str]], *, limit: int) -> list[str]:
    """Each drawn in an equal part of `limit` bytes; what the short ones leave goes to the long ones."""
    drawn: dict[int, str] = {}
    room = limit
    waiting = list(range(len(drawings)))
    while waiting:
        share = room // len(waiting)
        tried = {place: drawings[place](room) for place in waiting}
        short = [place for place in waiting if len(tried[place].encode()) <= share]
        for place in short or waiting:
            drawn[place] = tried[place] if short else drawings[place](share)
            room -= len(drawn[place].encode())
        waiting = [place for place in waiting if place not in drawn]
    return [drawn[place] for place in range(len(drawings))]


def _head(ordered: Sequence[Told]) -> str:
    """The worst verdict with the commit, and a row for each."""
    commits = [
        one.judged_under.commits.get("head") if isinstance(one, Report) else one.commit for one in ordered
    ]
    commit = next((neutral.code(short_commit(each)) for each in commits if each), "")
    same = [one for one in ordered if _word(one) == _word(ordered[0])]
    count = f"{len(same)} of {len(ordered)} policies"
    first = " ".join(_word(ordered[0])) + f": {count}" + (f" · {commit}" if commit else "")
    rows = [f"| {_policy(one)} | {_said(one)} |" for one in ordered[:ROWS]]
    if len(ordered) > ROWS:
        rows.append(f"| | and {len(ordered) - ROWS} more |")
    return "\n".join([f"### {first}", "", "| policy | verdict |", "| :-- | :-- |", *rows])


def _commit(told: Told) -> str | None:
    return told.judged_under.commits.get("head") if isinstance(told, Report) else told.commit


def _word(told: Told) -> tuple[str, str]:
    return VERDICTS[told.verdict] if isinstance(told, Report) else told.named


def _policy(told: Told) -> str:
    name = told.policy.policy.name if isinstance(told, Report) else told.policy
    return neutral.cell_code(name, limit=80) if name else numbers.NONE


def _said(told: Told) -> str:
    if isinstance(told, Notice):
        return told.headline.replace("|", "\\|")
    symbol, word = VERDICTS[told.verdict]
    reason = REASONS.get(told.reason, told.reason) + quick_look(told.quick_look)
    return f"{symbol} **{word}**: {neutral.cell(reason, limit=160)}"
