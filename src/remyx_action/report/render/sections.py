"""Reports → the comment on a pull request and the job summary: the worst first, within GitHub's limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from msgspec import Struct

from remyx_action.errors import EXIT_OF_VERDICT, Exit, most_severe
from remyx_action.report.report import Report

from . import escape, numbers
from .markdown import Limits, as_markdown, fitted
from .next_step import without_lead
from .no_verdict import NoVerdict
from .view import view_of
from .words import NEXT, VERDICTS

Result = Report | NoVerdict
"""What became of one policy."""
Lines = Mapping[str, Mapping[str, str]]
"""By policy: pointer of a condition → the address of its line."""

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
LINE_BYTES = 400
"""Of a policy that gets only its line."""
LEFT_OUT_BYTES = 200
STEPS = 6
"""Policies that the one Next of all names."""
STEP_LIMIT = 300
"""Characters of what a policy without a verdict asks for, in the one Next."""
STEP_NAMES = 80
"""Characters of a name in the one Next."""
LEADS = {Exit.REJECT: "Do not merge.", Exit.ITERATE: "Do not merge yet. Keep working:"}
"""By the most severe exit: what the one Next of several policies begins with."""
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
    limits=Limits(log_lines=200, facts=1000, warnings=1000, changes=1000, rule_changes=1000, files=1000),
    elsewhere="verdict.json",
)


def comment(results: Sequence[Result], *, limit: int = COMMENT_LIMIT, lines: Lines) -> str:
    """Return the comment on a pull request in at most `limit` bytes: first line the worst verdict.

    Each policy gets its fair share of the room, and what was left out is named. A comment that GitHub
    refuses can be drawn again with a smaller limit; below some 6,000 bytes not every report fits.
    """
    return _drawn(results, COMMENT, limit, lines)


def summary(results: Sequence[Result], *, limit: int = SUMMARY_LIMIT, lines: Lines) -> str:
    """Return the job summary in at most `limit` bytes: as the comment, with more detail."""
    return _drawn(results, SUMMARY, limit, lines)


def _drawn(results: Sequence[Result], layout: Layout, limit: int, lines: Lines) -> str:
    if len(results) == 1:
        return _section(results[0], layout, limit, lines, marker=layout.marker)
    return _sections(results, layout, limit, lines)


def _section(
    result: Result,
    layout: Layout,
    limit: int,
    lines: Lines,
    *,
    marker: str = "",
    among: bool = False,
    lock: bool = True,
) -> str:
    """Return one result's Markdown in at most `limit` bytes; `among`: one of several, under one Next."""
    heading = _heading(policy_of(result)) if among else "###"
    if isinstance(result, NoVerdict):
        shows_next = not among or len(result.help) > STEP_LIMIT
        return result.as_markdown(limit=limit, marker=marker, heading=heading, shows_next=shows_next)
    return fitted(
        view_of(result),
        limit=limit,
        limits=layout.limits,
        elsewhere=layout.elsewhere,
        marker=marker,
        heading=heading,
        among=among,
        lock=lock,
        lines=lines.get(policy_of(result), {}),
    )


def _heading(policy: str) -> str:
    return f"#### {escape.code(policy, limit=80)}" if policy else "###"


def _sections(results: Sequence[Result], layout: Layout, limit: int, lines: Lines) -> str:
    """Return one text of at most `limit` bytes: the worst headline and one Next, then a section for each.

    The conditions of judging are written once, where they are the same for all verdicts.
    """
    ordered = worst_first(results)
    lock = _shared_lock(ordered)
    head, end = _head(ordered, lock), f"\n\n{layout.marker}\n" if layout.marker else "\n"
    room = limit - len(f"{head}{end}".encode()) - LEFT_OUT_BYTES
    shown = _that_fit(ordered, room)

    def draw(result: Result, share: int) -> str:
        return _section(result, layout, share, lines, among=True, lock=not lock)

    draws = [partial(draw, result) for result in shown]
    sections = fair_shares(draws, limit=room - len(BETWEEN) * len(shown))
    rest = ordered[len(shown) :]
    if rest:
        headlines = [
            f"- {escape.code(policy_of(one) or numbers.NONE, limit=80)}: {_headline(one)}"
            for one in rest[:ROWS]
        ]
        more = [f"- and {len(rest) - ROWS} more"] if len(rest) > ROWS else []
        left_out = f"<sub>Details left out here to fit: all of it is in {layout.elsewhere}.</sub>"
        sections.append("\n".join([*headlines, *more, "", left_out]))
    return BETWEEN.join([head, *(section.strip() for section in sections)]) + end


def _that_fit(ordered: Sequence[Result], room: int) -> Sequence[Result]:
    """Return the first ones, as many as surely fit into `room` bytes with a line for each other."""
    room -= LINE_BYTES * min(len(ordered), ROWS)
    for place, one in enumerate(ordered):
        room -= len(BETWEEN) + (LEAST_BYTES if isinstance(one, Report) else LEAST_BYTES_WITHOUT_A_VERDICT)
        if room < 0:
            return ordered[: max(1, place)]
    return ordered


def worst_first(results: Sequence[Result]) -> list[Result]:
    """Return them by what the exit code would be; else in order."""
    exits = [exit_of(one) for one in results]
    ranked: list[Exit] = []
    while left := [each for each in exits if each not in ranked]:
        ranked.append(most_severe(left))
    return sorted(results, key=lambda one: ranked.index(exit_of(one)))


def exit_of(result: Result) -> Exit:
    """Return the exit code of one of them alone."""
    if isinstance(result, NoVerdict):
        return EXITS_WITHOUT_A_VERDICT[result.kind]
    return EXIT_OF_VERDICT[result.verdict]


def fair_shares(drawings: Sequence[Callable[[int], str]], *, limit: int) -> list[str]:
    """Return each drawn in an equal part of `limit` bytes; what short ones leave goes to the long ones."""
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


def policy_of(result: Result) -> str:
    """Return the policy's name; "" where a job ended before one was known."""
    return result.policy.policy.name if isinstance(result, Report) else result.policy or ""


def _head(ordered: Sequence[Result], lock: str) -> str:
    """The worst headline, how many policies there are, and what all of them were judged under."""
    others = [policy_of(one) for one in ordered[1:]]
    words = [numbers.plural(len(ordered), "policy", "policies")]
    for symbol, word in dict.fromkeys(map(_word, ordered)):
        words.append(f"{symbol} {word.lower()} {sum(_word(one) == (symbol, word) for one in ordered)}")
    named = escape.code(policy_of(ordered[0]), limit=80) if policy_of(ordered[0]) else ""
    which = f" ({named})" if named and any(others) else ""
    return "\n\n".join(
        [
            f"### {_headline(ordered[0])}{which}",
            ", ".join(words),
            *_next_of_all(ordered),
            *([lock] if lock else []),
        ]
    )


def _next_of_all(ordered: Sequence[Result]) -> list[str]:
    """The one Next of several policies, worst first: "Merge it." only where none is against it."""
    against = [one for one in ordered if exit_of(one) is not Exit.SHIP]
    if not against:
        judged = any(isinstance(one, Report) for one in ordered)
        return [f"**Next:** {NEXT['bar_met']}"] if judged else []
    lead = LEADS.get(exit_of(against[0]), "Do not merge yet:")
    steps = [f"- {_step(one)}" for one in against[:STEPS]]
    more = len(against) - STEPS
    if more > 0:
        steps.append(f"- and what stands below for {numbers.plural(more, 'more policy', 'more policies')}")
    return ["\n".join([f"**Next:** {lead}", "", *steps])]


def _step(result: Result) -> str:
    """What one policy asks for, behind its name."""
    name = escape.code(policy_of(result), limit=80) if policy_of(result) else ""
    if isinstance(result, NoVerdict):
        step = result.step(limit=STEP_LIMIT) or "see below why there is no verdict"
    else:
        step = as_markdown(without_lead(view_of(result).next_step), STEP_NAMES)
    return f"{name}: {step}" if name else step


def _shared_lock(ordered: Sequence[Result]) -> str:
    locks = {as_line for one in ordered if isinstance(one, Report) for as_line in [_lock(one)]}
    return locks.pop() if len(locks) == 1 else ""


def _lock(report: Report) -> str:
    symbol, words = view_of(report).lock
    return f"{symbol} {as_markdown(words)}"


def _word(result: Result) -> tuple[str, str]:
    return VERDICTS[result.verdict] if isinstance(result, Report) else result.named


def _headline(result: Result) -> str:
    if isinstance(result, NoVerdict):
        return result.headline
    view = view_of(result)
    return f"{view.symbol} {view.word}: {as_markdown(view.cause)}"
