"""View → Markdown of bounded length: the one path of comment and summary."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from . import drawing, neutral, numbers
from .metric_lines import MetricLine
from .neutral import Phrase, Said, spell
from .trace import TraceLine
from .view import RuleView, View

if TYPE_CHECKING:
    from jinja2 import Environment

    from remyx_action.report.report import BarChange

TEMPLATE = "report.md.jinja"


class Markdown(str):
    """Text that is Markdown already; every other string is neutralised when a template prints it."""

    __slots__ = ()


class Limits(Struct, frozen=True, kw_only=True):
    """How much is shown; details are shed in the order of `SHEDDING`."""

    samples: int = 20
    """Changed samples per metric."""
    changes: int = 40
    """Metrics with changed samples."""
    log_lines: int = 30
    facts: int = 40
    """Provenance, digests and commits, each."""
    held: bool = True
    """Conditions that do not stand in the way."""
    conditions: int = 1000
    metrics: int = 1000
    advice: int = 40
    warnings: int = 20
    rule_changes: int = 40
    """What a pull request does to the bar, loosened first."""
    files: int = 20
    """Changed files that a verdict is judged by, and workflow files, each."""
    text: int = 300
    """Characters of each piece of text from outside."""


OPEN_ROWS = 16
"""Rows of a table that stand open; the rest is folded."""

SHEDDING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("most changed samples", {"samples": 5}),
    ("changed samples", {"samples": 0, "changes": 10}),
    ("most log lines", {"log_lines": 10}),
    ("most of provenance and digests", {"facts": 8}),
    ("conditions that do not stand in the way", {"held": False}),
    ("most advice and warnings", {"advice": 8, "warnings": 4}),
    ("most changed rules and files", {"rule_changes": 12, "files": 6}),
    ("most metrics", {"metrics": 60}),
    ("most conditions", {"conditions": 60}),
    ("long texts", {"text": 80}),
    ("all but a few metrics and conditions", {"metrics": 12, "conditions": 12, "changes": 0, "facts": 4}),
    ("more of every text", {"text": 40, "log_lines": 3, "advice": 3, "warnings": 2, "facts": 2}),
    ("all but a few changed rules and files", {"rule_changes": 3, "files": 3}),
)
"""What is left out, step by step, until the text fits; each step keeps the ones before."""


def fitted(view: View, *, limit: int, limits: Limits, elsewhere: str, marker: str = "") -> str:
    """The report with as much detail as fits into `limit` bytes of UTF-8."""
    left_out: list[str] = []
    text = _drawn(view, limits=limits, left_out=left_out, elsewhere=elsewhere, marker=marker)
    for name, change in SHEDDING:
        if len(text.encode()) <= limit:
            break
        limits = replace(limits, **_tighter(limits, change))
        left_out.append(name)
        text = _drawn(view, limits=limits, left_out=left_out, elsewhere=elsewhere, marker=marker)
    return text


def _tighter(limits: Limits, change: dict[str, Any]) -> dict[str, Any]:
    return {name: min(value, getattr(limits, name)) for name, value in change.items()}


def _drawn(view: View, *, limits: Limits, left_out: Sequence[str], elsewhere: str, marker: str) -> str:
    shown, folded = chosen_metrics(view, limits)
    text = (
        _environment()
        .get_template(TEMPLATE)
        .render(
            view=view,
            limits=limits,
            shown_metrics=shown,
            folded_metrics=folded,
            hidden_metrics=len(view.metrics) - len(shown) - len(folded),
            rules=[(rule, *chosen_lines(rule, limits), hidden_lines(rule, limits)) for rule in view.rules],
            left_out=", ".join(left_out),
            elsewhere=elsewhere,
            marker=Markdown(marker),
            kept=Markdown(numbers.KEPT),
            heading=Markdown(f"`{drawing.HEADING}`"),
        )
    )
    return text.strip() + "\n"


def chosen_metrics(view: View, limits: Limits) -> tuple[list[MetricLine], list[MetricLine]]:
    """Lines that stand open and lines that are folded: first those that a failing condition names."""
    room = min(OPEN_ROWS, limits.metrics)
    if len(view.metrics) <= room:
        return list(view.metrics), []
    first = [line for line in view.metrics if line.key in view.open_metrics][:room] or view.metrics[:room]
    keys = {line.key for line in first}
    rest = [line for line in view.metrics if line.key not in keys]
    return list(first), rest[: limits.metrics - len(first)]


def chosen_lines(rule: RuleView, limits: Limits) -> tuple[list[TraceLine], list[TraceLine]]:
    """Lines of a rule that stand open and lines that are folded."""
    room = min(OPEN_ROWS, limits.conditions)
    if len(rule.lines) <= room and limits.held:
        return list(rule.lines), []
    deciding = list(rule.deciding)
    folded = rule.lines[: limits.conditions] if limits.held else deciding[room : limits.conditions]
    return deciding[:room], list(folded)


def hidden_lines(rule: RuleView, limits: Limits) -> tuple[int, int]:
    """How many conditions are neither open nor folded, and how many of those stand in the way."""
    shown, folded = chosen_lines(rule, limits)
    seen = {id(line) for line in (*shown, *folded)}
    hidden = [line for line in rule.lines if line.text and id(line) not in seen]
    return len(hidden), sum(1 for line in hidden if line.decides(rule.role))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("remyx_action", "report/render/templates"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - Markdown, not HTML: `finalize` neutralises instead
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        prose=lambda value, limit: Markdown(_spelled(value, limit, cell=False)),
        cell=lambda value, limit: Markdown(_spelled(value, limit, cell=True)),
        code=lambda value, limit: Markdown(neutral.code(value, limit=limit)),
        cell_code=lambda value, limit: Markdown(neutral.cell_code(value, limit=limit)),
        bar_changes=_bar_changes,
        block=lambda value, lines: Markdown(neutral.block(value, lines=lines)),
        command=lambda value: Markdown(neutral.block(value, language="sh")),
        ours=Markdown,
        unbroken=lambda value: Markdown(numbers.unbroken(value)),
        drawn=lambda value: Markdown(f"`{value}`" if value else ""),
        plural=lambda amount, one, many=None: Markdown(numbers.plural(amount, one, many)),
    )
    return environment


def _bar_changes(changes: Sequence[BarChange], shown: int, text_limit: int) -> Markdown:
    # Here, as a comment on anything but a pull request has no use for the diff's weight.
    from .bar_diff import LIMIT, changes_as_markdown

    return Markdown(changes_as_markdown(changes, shown=shown, limit=min(LIMIT, 2 * text_limit)))


def _finalized(value: object) -> object:
    if isinstance(value, Markdown | int) or value is None:
        return value
    return neutral.cell(str(value))


def _spelled(value: str | Phrase, limit: int, *, cell: bool) -> str:
    phrase = (Said(value),) if isinstance(value, str) else value
    said, coded = (neutral.cell, neutral.cell_code) if cell else (neutral.text, neutral.code)
    return spell(
        phrase,
        said=lambda text: said(text, limit=limit),
        coded=lambda text: coded(text, limit=limit),
    )
