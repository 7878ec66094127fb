"""Pages of tables and line drawings: one HTML file without script that asks the network for nothing.

Every text is made inert here, whoever hands it in.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape as html_escape
from math import ceil, floor, log10

from msgspec import Struct

from . import escape

WIDTH, HEIGHT, MARGIN = 720, 280, 64
TEXT_LIMIT = 300
STYLE = """\
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --quiet: #57606a; --line: #d0d7de; }
:root { --soft: #f6f8fa; --good: #116329; --bad: #a40e26; --open: #7a4b00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --paper: #0d1117; --quiet: #9ea7b3; --line: #3d444d; }
  :root { --soft: #161b22; --good: #56d364; --bad: #ff9492; --open: #e3b341; }
}
body { margin: 0 auto; max-width: 64rem; padding: 1.5rem 1rem; overflow-wrap: anywhere; }
body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; } h2 { font-size: 1.2rem; margin-top: 2rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; margin: .5rem 0; }
th { background: var(--soft); } th, td { border: 1px solid var(--line); padding: .3rem .6rem; }
.short { white-space: nowrap; } th, td { text-align: left; vertical-align: top; overflow-wrap: break-word; }
svg { display: block; width: 100%; max-width: 45rem; height: auto; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
.axis { stroke: var(--line); } .span { stroke: var(--quiet); }
.mark { stroke: var(--open); stroke-dasharray: 4 3; }
.ship { fill: var(--good); stroke: var(--good); } .reject { fill: var(--bad); stroke: var(--bad); }
.iterate { fill: var(--paper); stroke: var(--open); stroke-width: 2; }
.none { fill: var(--quiet); stroke: var(--quiet); }
polyline { fill: none !important; stroke-width: 2; }
.same { fill: var(--soft); stroke: var(--line); } .moved { fill: var(--paper); stroke: var(--line); }
@media (max-width: 40rem) { svg text { font-size: 18px; } }
"""
KINDS = frozenset({"ship", "reject", "iterate", "none"})
"""Colours of points and lines."""


class Point(Struct, frozen=True, kw_only=True):
    """One point of a drawing."""

    x: float
    y: float
    low: float | None = None
    """Ends of its interval."""
    high: float | None = None
    kind: str = "none"
    title: str = ""


class Series(Struct, frozen=True, kw_only=True):
    """Points that a line connects."""

    name: str
    points: Sequence[Point]
    kind: str = "none"
    joined: bool = True


class Chart(Struct, frozen=True, kw_only=True):
    """A drawing of one or more series over one scale."""

    title: str
    series: Sequence[Series]
    x_label: str = ""
    x_ticks: Sequence[tuple[float, str]] = ()
    y_ticks: Sequence[tuple[float, str]] = ()
    marks: Sequence[tuple[float, str]] = ()
    """Vertical lines at an x, with what each says."""


class Moves(Struct, frozen=True, kw_only=True):
    """A drawing of how many went from each kind to each: a square of cells, with a circle for each count."""

    title: str
    kinds: Sequence[str]
    counts: Sequence[Sequence[int]]
    """One row for each kind before, one column for each kind after."""


class PageTable(Struct, frozen=True, kw_only=True):
    """Rows of text under a header."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    short: int = 0
    """So many columns, from the first, are never broken into lines."""


class Section(Struct, frozen=True, kw_only=True):
    """A heading with sentences, drawings and tables below it."""

    title: str
    parts: Sequence[str | Chart | Moves | PageTable]


def text_of(value: str, limit: int = TEXT_LIMIT) -> str:
    """Return text from anywhere as HTML that can only be read."""
    return html_escape(escape.one_line(value, limit=limit)).replace(" %", "&nbsp;%")


def _line(value: str, limit: int = TEXT_LIMIT) -> str:
    """The same with text in backticks as code."""
    parts = text_of(value, limit).split("`")
    if len(parts) % 2 == 0:
        return "`".join(parts)
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))


def document(title: str, lead: Sequence[str], sections: Sequence[Section]) -> str:
    """Return the whole file."""
    digest = b64encode(sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    body = [f"<h1>{text_of(title)}</h1>", *(f"<p>{_line(line, 1000)}</p>" for line in lead)]
    drawings = 0
    for section in sections:
        body.append(f"<h2>{text_of(section.title)}</h2>")
        for part in section.parts:
            if isinstance(part, Chart | Moves):
                drawings += 1
                name = f"drawing-{drawings}"
                body.append(_drawn(part, name) if isinstance(part, Chart) else _moves(part, name))
            else:
                body.append(f"<p>{_line(part, 1000)}</p>" if isinstance(part, str) else _table(part))
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{text_of(title)}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            "<main>",
            *body,
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _table(table: PageTable) -> str:
    head = "".join(f'<th scope="col">{text_of(cell)}</th>' for cell in table.header)
    rows = [
        "<tr>"
        + "".join(
            f'<td class="short">{_line(cell)}</td>' if place < table.short else f"<td>{_line(cell)}</td>"
            for place, cell in enumerate(row)
        )
        + "</tr>"
        for row in table.rows
    ]
    label = text_of(", ".join(table.header))
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{label}">\n<table>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody>\n</table>\n</div>"
    )


class _Scale:
    """Places of values in a drawing."""

    def __init__(self, chart: Chart) -> None:
        points = [point for series in chart.series for point in series.points]
        xs = [*(point.x for point in points), *(x for x, _ in (*chart.x_ticks, *chart.marks))] or [0.0]
        ys = [
            value
            for point in points
            for value in (point.y, point.low, point.high)
            if value is not None and abs(value) < 1e300
        ]
        ys = [*ys, *(y for y, _ in chart.y_ticks)] or [0.0]
        self._left, self._right, self._low, self._high = min(xs), max(xs), min(ys), max(ys)

    def x(self, value: float) -> str:
        part = (value - self._left) / ((self._right - self._left) or 1)
        return f"{MARGIN + part * (WIDTH - 2 * MARGIN):.1f}"

    def y(self, value: float) -> str:
        part = (min(max(value, self._low), self._high) - self._low) / ((self._high - self._low) or 1)
        return f"{HEIGHT - MARGIN - part * (HEIGHT - 2 * MARGIN):.1f}"


def _drawn(chart: Chart, name: str) -> str:
    scale = _Scale(chart)
    bottom, top = HEIGHT - MARGIN, MARGIN
    lines = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{name}">',
        f'<title id="{name}">{text_of(chart.title)}</title>',
        f'<line class="axis" x1="{MARGIN}" y1="{bottom}" x2="{WIDTH - MARGIN}" y2="{bottom}"/>',
    ]
    for value, label in chart.y_ticks:
        y = scale.y(value)
        lines.append(f'<line class="axis" x1="{MARGIN}" y1="{y}" x2="{WIDTH - MARGIN}" y2="{y}"/>')
        lines.append(f'<text x="{MARGIN - 6}" y="{y}" dy="4" text-anchor="end">{text_of(label, 20)}</text>')
    for value, label in chart.x_ticks:
        lines.append(
            f'<text x="{scale.x(value)}" y="{bottom + 16}" text-anchor="middle">{text_of(label, 40)}</text>'
        )
    if chart.x_label:
        lines.append(
            f'<text x="{WIDTH // 2}" y="{bottom + 34}" text-anchor="middle">{text_of(chart.x_label)}</text>'
        )
    for value, label in chart.marks:
        x = scale.x(value)
        lines.append(f'<line class="mark" x1="{x}" y1="{top - 14}" x2="{x}" y2="{bottom}"/>')
        lines.append(f'<text x="{x}" y="{top - 18}" text-anchor="middle">{text_of(label, 40)}</text>')
    ordered = sorted(chart.series, key=lambda one: not one.name)
    for place, series in enumerate(ordered):
        lines += _series(series, scale, place)
    return "\n".join([*lines, "</svg>"])


CELL_WIDTH, CELL_HEIGHT, HEAD, SIDE = 150, 64, 40, 120


def _moves(moves: Moves, name: str) -> str:
    most = max((count for row in moves.counts for count in row), default=0) or 1
    size = len(moves.kinds)
    width, height = SIDE + size * CELL_WIDTH + 2, HEAD + size * CELL_HEIGHT + 8
    lines = [
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-labelledby="{name}">',
        f'<title id="{name}">{text_of(moves.title)}</title>',
    ]
    for place, kind in enumerate(moves.kinds):
        x, y = SIDE + CELL_WIDTH * (place + 0.5), HEAD + CELL_HEIGHT * (place + 0.5)
        lines.append(f'<text x="{x}" y="{HEAD - 14}" text-anchor="middle">now {text_of(kind, 20)}</text>')
        lines.append(f'<text x="{SIDE - 14}" y="{y}" dy="4" text-anchor="end">was {text_of(kind, 20)}</text>')
    for row, counts in enumerate(moves.counts):
        for column, count in enumerate(counts):
            x, y = SIDE + CELL_WIDTH * column, HEAD + CELL_HEIGHT * row
            kind = moves.kinds[column] if moves.kinds[column] in KINDS else "none"
            cell = "same" if row == column else "moved"
            lines.append(
                f'<rect class="{cell}" x="{x}" y="{y}" width="{CELL_WIDTH}" height="{CELL_HEIGHT}"/>'
            )
            if count:
                radius = max(3.0, 26 * (count / most) ** 0.5)
                lines.append(f'<circle class="{kind}" cx="{x + 52}" cy="{y + 32}" r="{radius:.1f}"/>')
            lines.append(f'<text x="{x + 96}" y="{y + 32}" dy="4">{count}</text>')
    return "\n".join([*lines, "</svg>"])


def _series(series: Series, scale: _Scale, place: int) -> list[str]:
    kind = series.kind if series.kind in KINDS else "none"
    lines = []
    if series.joined and len(series.points) > 1:
        path = " ".join(f"{scale.x(point.x)},{scale.y(point.y)}" for point in series.points)
        lines.append(f'<polyline class="{kind}" points="{path}"/>')
    for point in series.points:
        x = scale.x(point.x)
        if point.low is not None and point.high is not None:
            low, high = scale.y(point.low), scale.y(point.high)
            lines.append(f'<line class="span" x1="{x}" y1="{low}" x2="{x}" y2="{high}"/>')
        if not series.joined or point.title:
            lines.append(_dot(point.kind, float(x), float(scale.y(point.y)), point.title))
    if series.name:
        left = MARGIN + 8 + 190 * place
        lines.append(_dot(kind, left, 12))
        lines.append(f'<text x="{left + 9}" y="16">{text_of(series.name, 30)}</text>')
    return lines


def _dot(kind: str, x: float, y: float, title: str = "") -> str:
    """Return a point whose shape tells its kind, too: a square for reject, a ring for iterate."""
    name = kind if kind in KINDS else "none"
    words = f"<title>{text_of(title)}</title>" if title else ""
    if name == "reject":
        place = f'x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"'
        return f'<rect class="{name}" {place}>{words}</rect>'
    return f'<circle class="{name}" cx="{x:.1f}" cy="{y:.1f}" r="4">{words}</circle>'


def round_ticks(low: float, high: float) -> list[float]:
    """Return multiples of 1, 2 or 5 times a power of ten from `low` to `high`: five at most, 0 among them."""
    width = high - low
    if not 0 < width < 1e300:
        return sorted({0.0, low})
    step = 10.0 ** floor(log10(width / 4))
    step = next(step * factor for factor in (1, 2, 5, 10, 20) if width / (step * factor) <= 4)
    return [place * step for place in range(ceil(low / step), floor(high / step) + 1)]
