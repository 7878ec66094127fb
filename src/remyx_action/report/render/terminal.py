"""View → a terminal: the same headline, table and facts as the comment, colours only in addition to words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from textwrap import wrap
from typing import TYPE_CHECKING

from remyx_action.policy.rules import Mark
from remyx_action.report.report import Report

from . import escape, numbers
from .escape import Phrase
from .provenance_words import ArmView
from .rule_lines import ConditionText, RuleLine
from .view import NOTES_LIMIT, BarLine, RuleView, View, ViewRow, view_of
from .words import MARK_WORDS

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

NARROWEST = 60
LABEL_WIDTH = 28
"""Longer names of metrics wrap."""
LOG_LINES = 12
WARNINGS = 6

GLYPHS = {"ship": "✓", "reject": "✗", "iterate": "↻", None: "!"}
VERDICT_STYLES = {"ship": "bold green", "reject": "bold red", "iterate": "bold yellow", None: "bold magenta"}
MARK_STYLES = {Mark.TRUE: "green", Mark.FALSE: "red", Mark.UNKNOWN: "yellow"}
WARNING_STYLE = "yellow"
QUIET = "bright_black"


def text(
    report: Report,
    *,
    width: int,
    colour: bool,
    verbose: bool = False,
    quiet: bool = False,
    details: str = "",
) -> str:
    """Return the report; every line at most `width` columns (at least 60), no trailing spaces.

    `verbose` adds every condition and the provenance, `quiet` leaves the headline alone; `details` is where
    the page lies.
    """
    from rich.console import Console

    stream = StringIO()
    console = Console(
        file=stream,
        width=max(width, NARROWEST),
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )
    view = view_of(report)
    parts = [_headline(view)] if quiet else list(_parts(view, console.width, details, verbose=verbose))
    _print(console, parts)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def _print(console: Console, parts: Iterable[RenderableType | None]) -> None:
    """Print the parts; None is an empty line."""
    for part in parts:
        console.print("" if part is None else part)


def _parts(view: View, width: int, details: str, *, verbose: bool) -> Iterator[RenderableType | None]:
    yield from _above(view)
    for arm in view.arms:
        if arm.failed:
            yield None
            yield _failure(arm)
    if view.rows:
        yield None
        yield _table(view, width, verbose=verbose)
        yield None
    facts = (*view.facts, *view.asides) if verbose else view.facts
    yield from (_item(" ", "", fact) for fact in facts[:WARNINGS])
    yield from (_item("!", WARNING_STYLE, warning) for warning in view.warnings[:WARNINGS])
    if len(view.warnings) > WARNINGS:
        yield _item("!", WARNING_STYLE, (f"… {len(view.warnings) - WARNINGS} more in verdict.json",))
    if view.shows_notes and view.notes:
        notes = f"Why this bar: {escape.terminal(view.notes, limit=NOTES_LIMIT)}{view.notes_remark}"
        yield _item(" ", "", (notes,))
    yield _item(" ", QUIET, view.lock[1])
    if verbose:
        for rule in view.rules:
            yield None
            yield from _conditions(rule)
        yield None
        yield _provenance(view)
    if details:
        yield _item(" ", "", (f"Details: {details}",))


def _above(view: View) -> Iterator[RenderableType]:
    """Everything above the table."""
    yield _headline(view)
    alerts = view.proposal.alerts if view.proposal else ()
    yield from (_item("!", WARNING_STYLE, alert) for alert in alerts)
    about = escape.joined([phrase for phrase in (view.about, view.certainty) if phrase], " · ")
    if about:
        yield _item(" ", "", about)
    if view.next_step:
        yield _item(" ", "", ("Next: ", *view.next_step))
    if view.experiment:
        yield _item(" ", "", ("Experiment ", *view.experiment))


def _headline(view: View) -> RenderableType:
    from rich.text import Text

    word, comma, kind = view.word.partition(",")
    shown = f"{GLYPHS.get(view.verdict, '!')} {word.upper()}{comma}{kind}"
    line = Text(shown, style=VERDICT_STYLES[view.verdict])
    line.append(f": {escape.plain(view.cause)}", style="bold default")
    return line


def _item(sign: str, style: str, phrase: Phrase) -> RenderableType:
    """A line with a sign, wrapped below its own first word."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(sign, style=style), Text(escape.plain(phrase), style=style if sign == " " else ""))
    return grid


def _table(view: View, width: int, *, verbose: bool) -> RenderableType:
    """One block of lines per metric: label and values, change and interval, the bar."""
    from rich.cells import cell_len
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=QUIET)
    table.add_column("", max_width=LABEL_WIDTH if width < 100 else 2 * LABEL_WIDTH, overflow="fold")
    table.add_column(f"change ({view.level})" if view.level else "change", no_wrap=True)
    table.add_column("bar", overflow="fold")
    rows, rest = view.split_rows()
    names = min(
        table.columns[0].max_width or 0,
        max(cell_len(escape.plain(part)) for row in rows for part in (row.name, row.values)),
    )
    changes = max(cell_len(part) for row in rows for part in (escape.plain(row.change), row.interval))
    room = width - names - changes - 4
    for row in rows:
        lines = [line for line in row.bar if verbose or not line.is_aside]
        table.add_row(_name(row), _change(row), _bar(lines, room))
    more = (
        [Text(f"… {numbers.plural(len(rest), 'more metric')} in verdict.json", style=QUIET)] if rest else []
    )
    return Group(table, *more)


def _name(row: ViewRow) -> Text:
    from rich.text import Text

    name = Text(escape.plain(row.name), style="bold")
    values = escape.plain(row.values)
    return name.append(f"\n{values}", style="not bold") if values else name


def _change(row: ViewRow) -> Text:
    from rich.text import Text

    return Text("\n".join(filter(None, (escape.plain(row.change), row.interval))))


def _bar(lines: Sequence[BarLine], room: int) -> Text:
    """Each condition with its mark; how sure it is follows in the same line where that fits."""
    from rich.cells import cell_len
    from rich.text import Text

    if not lines:
        return Text("not in the bar", style=QUIET)
    cell = Text()
    for place, line in enumerate(lines):
        cell.append("\n" if place else "")
        cell.append(line.glyph, style=MARK_STYLES[line.mark])
        cell.append(f" {escape.plain(line.words)}")
        below = escape.plain(line.below)
        if not below:
            continue
        if cell_len(f"{line.glyph} {escape.plain(line.words)}: {below}") <= room:
            cell.append(f": {below}")
        else:
            lines_below = wrap(below, max(room, 20) - 2, break_on_hyphens=False)
            cell.append("".join(f"\n  {part}" for part in lines_below))
    return cell


def _failure(arm: ArmView) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    after = f" after {arm.seconds}" if arm.seconds else ""
    title = Text(f"{arm.name} {arm.state}{after}", style="bold")
    if arm.asset:
        title.append(f": {escape.terminal(arm.asset)}", style="default")
    lines = escape.terminal_lines(arm.detail, lines=LOG_LINES) if arm.detail else []
    return Group(title, *(Text(f"  {line}", overflow="fold") for line in lines))


def _conditions(rule: RuleView) -> Iterator[RenderableType]:
    from rich.text import Text

    yield Text(f"{rule.title}, {rule.words}: {rule.counts}", style="bold")
    for line in rule.lines:
        yield _condition(line)


def _condition(line: RuleLine | ConditionText) -> RenderableType:
    """Mark, words and numbers; the policy's own line below them."""
    from rich.padding import Padding

    if isinstance(line, RuleLine):
        return Padding(_item(" ", "", (f"{line.words}:",)), (0, 0, 0, 2 * line.depth))
    view = line.view
    word = MARK_WORDS[view.condition.role, view.condition.mark]
    label: Phrase = (*view.label, ": ") if view.label else ()
    parts = [part for part in (view.came_out, view.certainty) if part]
    found: Phrase = (" (", *escape.joined(parts, "; "), ")") if parts else ()
    start: Phrase = (f"{word}  ", *label, *view.asks, *found)
    why = (f" ({escape.terminal(view.condition.why)})",) if view.condition.why else ()
    raised = (f" {view.raised}",) if view.raised else ()
    shown: Phrase = (*start, "  ", escape.Code(view.condition.text), *raised, *why)
    return Padding(_item(view.glyph, MARK_STYLES[view.mark], shown), (0, 0, 0, 2 * line.depth))


def _provenance(view: View) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style=QUIET)
    grid.add_column(overflow="fold")
    for name, phrase in view.provenance:
        grid.add_row(Text(escape.plain(name)), Text(escape.plain(phrase)))
    for arm in view.arms:
        grid.add_row(Text(arm.name.capitalize()), Text(", ".join(_about_arm(arm))))
    grid.add_row(Text("Reproduce"), Text(escape.terminal(view.reproduce)))
    return Group(Text("Provenance", style="bold"), grid)


def _about_arm(arm: ArmView) -> Iterable[str]:
    asset = escape.terminal(arm.asset) if arm.asset else ""
    cost = [f"{amount} {escape.terminal(unit, limit=40)}" for unit, amount in arm.cost]
    return filter(None, (arm.state, asset, arm.seconds, *cost))
