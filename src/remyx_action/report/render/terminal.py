"""Report → a terminal: tables that fit the width, colours only where they are wanted, never alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from remyx_action.report.report import Report

from . import drawing, neutral, numbers
from .metric_lines import MetricLine
from .neutral import Phrase, spell
from .trace import TraceLine
from .view import ArmView, ProposalView, RuleView, View, view_of

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

NARROWEST = 60
WORDS_WIDTH = 36
"""Words wrap beside their condition where there is this much room, and else stand below it."""
NUMBERS_WIDTH = 46
"""Room for mark, observed number and confidence beside a condition."""
LABEL_WIDTH = 24
"""Longer names of metrics wrap."""
ROWS = 60
LOG_LINES = 12
FILES = 12
RULE_CHANGES = 40

VERDICT_STYLES = {"ship": "bold green", "reject": "bold red", "iterate": "bold yellow", None: "bold magenta"}
MARK_STYLES = {
    ("ship", "true"): "green",
    ("ship", "false"): "red",
    ("reject", "true"): "red",
    ("reject", "false"): "green",
}
STANDING_STYLES = {"better": "green", "worse": "red", "even": "default", "unknown": "yellow"}
UNKNOWN_STYLE = "yellow"
QUIET = "bright_black"


def text(report: Report, *, width: int, colour: bool) -> str:
    """The whole report; every line at most `width` columns (at least 60), no trailing spaces."""
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
    _print(console, view_of(report))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def _print(console: Console, view: View) -> None:
    for place, part in enumerate(_parts(view, console.width)):
        if place:
            console.print()
        console.print(part)


def _parts(view: View, width: int) -> Iterable[RenderableType]:
    yield _headline(view)
    if view.failed:
        yield from (_failure(arm) for arm in view.arms if arm.failed)
    else:
        yield _metrics(view, width)
    if view.warnings:
        yield _items([("!", UNKNOWN_STYLE, _plain(warning)) for warning in view.warnings])
    if view.proposal and view.proposal.title:
        yield _rules_changed(view.proposal, width)
    if not view.failed:
        yield from (_rule(rule, width) for rule in view.rules)
    if view.advice:
        yield _advice(view)
    yield _judged_under(view)


def _plain(phrase: Phrase) -> str:
    return spell(phrase, said=neutral.terminal, coded=neutral.terminal)


def _headline(view: View) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    glyph = {"ship": "✓", "reject": "✗", "iterate": "↻"}.get(view.verdict or "", "!")
    first = Text(f"{glyph} {view.word.upper()}", style=VERDICT_STYLES[view.verdict])
    first.append(f": {view.reason}", style="bold default")
    about = _plain(view.about) + (f" · {neutral.terminal(view.commit)}" if view.commit else "")
    lines = [_plain(phrase) for phrase in view.because]
    if view.next_step:
        lines.append(f"Next: {view.next_step}")
    if view.proposal and view.proposal.experiment:
        lines.append(f"Experiment {_plain(view.proposal.experiment)}")
    alerts = [("!", UNKNOWN_STYLE, _alert(view.proposal))] if view.proposal and view.proposal.alert else []
    said = _items([*alerts, *((" ", "", line) for line in lines)])
    return Group(first, said, _items([(" ", "", about)], style=QUIET))


def _alert(proposal: ProposalView) -> str:
    return f"{proposal.alert} {', '.join(_some(proposal.workflow))}"


def _some(paths: Sequence[str]) -> list[str]:
    """The first paths, and how many more there are."""
    more = [f"and {len(paths) - FILES} more"] if len(paths) > FILES else []
    return [*(neutral.terminal(path) for path in paths[:FILES]), *more]


def _items(items: Iterable[tuple[str, str, str]], *, style: str = "") -> RenderableType:
    """Lines with a sign each, wrapped below their own first word."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for sign, sign_style, line in items:
        grid.add_row(Text(sign, style=sign_style), Text(line, style=style))
    return grid


def _table(*columns: tuple[str, str]) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=QUIET)
    for name, justify in columns:
        table.add_column(
            name,
            justify="right" if justify == "right" else "left",
            no_wrap=justify != "left",
            overflow="fold",
        )
    return table


def _metrics(view: View, width: int) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    lines = view.metrics[:ROWS]
    notes = [("·", UNKNOWN_STYLE, _plain(note)) for note in view.notes[:ROWS]]
    more = len(view.metrics) - ROWS
    if more > 0:
        notes.append(("…", QUIET, f"{numbers.plural(more, 'more metric')} in verdict.json"))
    caption = [Text(_plain(view.caption), style=QUIET)] if view.caption else []
    return Group(_metric_table(lines, width), *([_items(notes)] if notes else []), *caption)


def _metric_table(lines: Sequence[MetricLine], width: int) -> Table:
    """Every column that fits: what is left out is said elsewhere, or drawn."""
    from rich.text import Text

    cells: dict[str, list[Text]] = {
        "": [_label(line) for line in lines],
        "baseline": [Text(line.baseline) for line in lines],
        "variant": [Text(line.variant) for line in lines],
        "delta": [Text(line.delta, style=f"bold {STANDING_STYLES[line.standing]}") for line in lines],
        "interval": [Text(line.interval) for line in lines],
        "n": [Text(line.n) for line in lines],
        drawing.HEADING: [Text(line.drawing, style=STANDING_STYLES[line.standing]) for line in lines],
    }
    widths = {name: max([len(name), *(cell.cell_len for cell in cells[name])]) + 2 for name in cells}
    widths[""] = min(widths[""], LABEL_WIDTH + 2)
    for spare in ("interval", drawing.HEADING):
        if sum(widths.values()) > width + 2 or not any(cell.plain for cell in cells[spare]):
            del widths[spare]
    justified = {"": "left", drawing.HEADING: "drawn"}
    table = _table(*((name, justified.get(name, "right")) for name in widths))
    for row in zip(*(cells[name] for name in widths), strict=True):
        table.add_row(*row)
    return table


def _label(line: MetricLine) -> Text:
    from rich.text import Text

    unit = f" ({neutral.terminal(line.unit, limit=12)})" if line.unit else ""
    return Text(f"{neutral.terminal(line.label, limit=40)}{unit}{numbers.KEPT}{line.arrow}")


def _rule(rule: RuleView, width: int) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    title = Text(f"{rule.role.capitalize()} rule: ", style="bold")
    title.append(
        f"{rule.glyph} {rule.word}", style="bold " + MARK_STYLES.get((rule.role, rule.mark), UNKNOWN_STYLE)
    )
    lines = rule.lines[:ROWS]
    words = [_words(line) for line in lines]
    beside = _fits_beside(lines, words, width)
    columns = [("", "left"), (rule.of, "left"), ("observed", "right"), ("confidence", "right")]
    table = _table(*columns, *([("", "left")] if beside else []))
    if not beside:
        table.columns[1].max_width = max(_longest(lines), width - NUMBERS_WIDTH)
    for line, said in zip(lines, words, strict=True):
        cells = [_mark(line, rule), _condition(line, "" if beside else said)]
        cells += [Text(line.observed), Text(line.confidence)]
        table.add_row(*cells, *([Text(said, style=QUIET)] if beside else []))
    more = len(rule.lines) - ROWS
    rest = [Text(f"… {numbers.plural(more, 'more line')} in verdict.json", style=QUIET)] if more > 0 else []
    return Group(title, table, *rest)


def _longest(lines: Sequence[TraceLine]) -> int:
    return max((len(line.text or line.rule) + 2 * line.depth for line in lines), default=0)


def _fits_beside(lines: Sequence[TraceLine], words: Sequence[str], width: int) -> bool:
    """Whether there is room for the words of each condition behind its numbers."""
    spare = width - NUMBERS_WIDTH - _longest(lines)
    return max(map(len, words), default=0) <= max(spare, 0) or spare >= WORDS_WIDTH


def _mark(line: TraceLine, rule: RuleView) -> Text:
    from rich.text import Text

    style = MARK_STYLES.get((rule.role, line.mark), UNKNOWN_STYLE)
    return Text(f"{line.glyph} {line.word}", style=style, no_wrap=True)


def _condition(line: TraceLine, words: str) -> Text:
    from rich.text import Text

    indent = "  " * line.depth
    condition = Text(indent + (line.rule or neutral.terminal(line.text)), style="italic" if line.rule else "")
    return condition.append(f"\n{indent}{words}", style=QUIET) if words else condition


def _words(line: TraceLine) -> str:
    why = neutral.terminal(line.why) if line.why else ""
    return " · ".join(filter(None, (_plain(line.words), why)))


def _rules_changed(proposal: ProposalView, width: int) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [Text(proposal.title, style="bold")]
    if proposal.verdicts:
        table = _table(("rules", "left"), ("verdict", "left"))
        for under in proposal.verdicts:
            said = f"{under.word.upper()}: {neutral.terminal(under.reason)}"
            table.add_row(Text(under.rules, style="bold" if under.counts else ""), Text(said))
        parts += [table, Text()]
    if proposal.kept:
        parts.append(Text(proposal.kept))
    if proposal.changes:
        parts.append(_changes(proposal, width))
    if proposal.files:
        files = [("-", "", path) for path in _some(proposal.files)]
        parts += [Text(proposal.files_title), _items(files)]
    if proposal.split:
        parts.append(Text(f"Advice: {proposal.split}"))
    return Group(*parts)


def _changes(proposal: ProposalView, width: int) -> Text:
    # Here, as a report on anything but a pull request has no use for the diff's weight.
    from rich.text import Text

    from .bar_diff import changes_as_text

    told = changes_as_text(proposal.changes, width=width, colour=True, shown=RULE_CHANGES)
    return Text.from_ansi(told, overflow="fold")


def _advice(view: View) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    lines = [
        ("-", "", f"{neutral.terminal(condition)}: {neutral.terminal(sentence)}")
        for condition, sentence in view.advice[:ROWS]
    ]
    return Group(Text("What would settle it", style="bold"), _items(lines))


def _failure(arm: ArmView) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    after = f" after {arm.seconds}" if arm.seconds else ""
    title = Text(f"{arm.name} {arm.state}{after}", style="bold")
    if arm.asset:
        title.append(f" · {neutral.terminal(arm.asset)}", style="default")
    lines = neutral.terminal_lines(arm.detail, lines=LOG_LINES) if arm.detail else []
    return Group(title, *(Text(f"  {line}", overflow="fold") for line in lines))


def _about_arm(arm: ArmView) -> Iterable[str]:
    asset = neutral.terminal(arm.asset) if arm.asset else ""
    cost = [f"{amount} {neutral.terminal(unit, limit=40)}" for unit, amount in arm.cost]
    return filter(None, (arm.state, asset, arm.seconds, *cost))


def _judged_under(view: View) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style=QUIET)
    grid.add_column(overflow="fold")
    for name, phrase in view.judged_under:
        if not _plain(name).startswith("Digest"):
            grid.add_row(Text(_plain(name)), Text(_plain(phrase)))
    for arm in view.arms:
        grid.add_row(Text(f"Arm {arm.name}"), Text(" · ".join(_about_arm(arm))))
    for change in view.changes[:ROWS]:
        grid.add_row(
            Text("Changed"), Text(f"{neutral.terminal(change.label)}: {change.up} up, {change.down} down")
        )
    grid.add_row(Text("Reproduce"), Text(neutral.terminal(view.reproduce)))
    return Group(Text("Judged under", style="bold"), grid)
