"""Reports → the comment on a pull request and the job summary: the worst first, within GitHub's limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from remyx_action.errors import EXIT_OF_VERDICT, Exit, most_severe
from remyx_action.report.report import Report

from . import neutral, numbers
from .markdown import Limits, fitted
from .no_verdict import NoVerdict
from .view import short_commit, view_of
from .words import REASONS, VERDICTS, quick_look

Result = Report | NoVerdict
"""What became of one policy."""

COMMENT_LIMIT = 65_000
"""Bytes: GitHub takes 65,536 characters, and a publisher adds links to the check and the full report."""
SUMMARY_LIMIT = 1_000_000
"""Bytes: GitHub takes 1 MiB a step."""
MARKER = "<!-- remyx-action:report -->"
"""Last line of the comment, by which it is found again."""

LEAST_BYTES = 6_000
"""That every report fits into; where there is less for each, the last ones get only their line."""
LEAST_BYTES_WITHOUT_A_VERDICT = 2_000
ROWS = 60
LEFT_OUT_BYTES = 200
BETWEEN = "\n\n---\n\n"
EXITS_WITHOUT_A_VERDICT = {
    "not_judged": Exit.NOT_JUDGED,
    "files_wrong": Exit.FILES_WRONG,
    "internal_error": Exit.NOT_JUDGED,
    "nothing": Exit.SHIP,
    "first": Exit.SHIP,
}


class Layout(Struct, frozen=True, kw_only=True):
    """Where Markdown is read: how much detail it starts with, and where the rest is."""

    limits: Limits
    elsewhere: str
    marker: str = ""


COMMENT = Layout(limits=Limits(), elsewhere="the job summary and verdict.json", marker=MARKER)
SUMMARY = Layout(
    limits=Limits(
        log_lines=200, facts=1000, advice=1000, warnings=1000, changes=1000, rule_changes=1000, files=1000
    ),
    elsewhere="verdict.json",
)


def comment(results: Sequence[Result], *, limit: int = COMMENT_LIMIT) -> str:
    """Return the comment on a pull request in at most `limit` bytes: first line the worst verdict.

    Each policy gets its fair share of the room, and what was left out is named. A comment that GitHub
    refuses can be drawn again with a smaller limit; below some 6,000 bytes not every report fits.
    """
    return _drawn(results, COMMENT, limit)


def summary(results: Sequence[Result], *, limit: int = SUMMARY_LIMIT) -> str:
    """Return the job summary in at most `limit` bytes: as the comment, with more detail."""
    return _drawn(results, SUMMARY, limit)


def _drawn(results: Sequence[Result], layout: Layout, limit: int) -> str:
    if len(results) == 1:
        return _section(results[0], layout, limit, marker=layout.marker)
    return _sections(results, layout, limit)


def _section(result: Result, layout: Layout, limit: int, *, marker: str = "") -> str:
    """Return one policy's Markdown in at most `limit` bytes."""
    if isinstance(result, NoVerdict):
        return result.as_markdown(limit=limit, marker=marker)
    view = view_of(result)
    return fitted(view, limit=limit, limits=layout.limits, elsewhere=layout.elsewhere, marker=marker)


def _sections(results: Sequence[Result], layout: Layout, limit: int) -> str:
    """Return one text of at most `limit` bytes: the worst verdict, then a line and a section for each."""
    ordered = worst_first(results)
    head, end = _head(ordered), f"\n\n{layout.marker}\n" if layout.marker else "\n"
    room = limit - len(f"{head}{end}".encode()) - LEFT_OUT_BYTES
    shown = _that_fit(ordered, room)
    draws = [lambda share, result=result: _section(result, layout, share) for result in shown]
    sections = fair_shares(draws, limit=room - len(BETWEEN) * len(shown))
    left = len(ordered) - len(shown)
    if left:
        missing = numbers.plural(left, "section")
        sections.append(f"<sub>{missing} left out to fit: all in {layout.elsewhere}.</sub>")
    return BETWEEN.join([head, *(section.strip() for section in sections)]) + end


def _that_fit(ordered: Sequence[Result], room: int) -> Sequence[Result]:
    """The first ones, as many as surely fit into `room` bytes; one at least."""
    for place, one in enumerate(ordered):
        room -= len(BETWEEN) + (LEAST_BYTES if isinstance(one, Report) else LEAST_BYTES_WITHOUT_A_VERDICT)
        if room < 0:
            return ordered[: max(1, place)]
    return ordered


def worst_first(results: Sequence[Result]) -> list[Result]:
    """By what the exit code would be; else in order."""
    exits = [exit_of(one) for one in results]
    ranked: list[Exit] = []
    while left := [each for each in exits if each not in ranked]:
        ranked.append(most_severe(left))
    return sorted(results, key=lambda one: ranked.index(exit_of(one)))


def exit_of(result: Result) -> Exit:
    """The exit code of one of them alone."""
    if isinstance(result, NoVerdict):
        return EXITS_WITHOUT_A_VERDICT[result.kind]
    return EXIT_OF_VERDICT[result.verdict]


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


def _head(ordered: Sequence[Result]) -> str:
    """The worst verdict with the commit, and a row for each."""
    commits = [_commit(one) for one in ordered]
    commit = next((neutral.code(short_commit(each)) for each in commits if each), "")
    same = [one for one in ordered if _word(one) == _word(ordered[0])]
    count = f"{len(same)} of {len(ordered)} policies"
    first = " ".join(_word(ordered[0])) + f": {count}" + (f" · {commit}" if commit else "")
    rows = [f"| {_policy(one)} | {_reason(one)} |" for one in ordered[:ROWS]]
    if len(ordered) > ROWS:
        rows.append(f"| | and {len(ordered) - ROWS} more |")
    return "\n".join([f"### {first}", "", "| policy | verdict |", "| :-- | :-- |", *rows])


def _commit(result: Result) -> str | None:
    return result.judged_under.commits.get("head") if isinstance(result, Report) else result.commit


def _word(result: Result) -> tuple[str, str]:
    return VERDICTS[result.verdict] if isinstance(result, Report) else result.named


def _policy(result: Result) -> str:
    name = result.policy.policy.name if isinstance(result, Report) else result.policy
    return neutral.cell_code(name, limit=80) if name else numbers.NONE


def _reason(result: Result) -> str:
    if isinstance(result, NoVerdict):
        return result.headline.replace("|", "\\|")
    symbol, word = VERDICTS[result.verdict]
    reason = REASONS.get(result.reason, result.reason) + quick_look(result.quick_look)
    return f"{symbol} **{word}**: {neutral.cell(reason, limit=160)}"
