"""View → Markdown of bounded length: the one layout of comment, summary and check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.policy.rules import Mark

from . import escape, numbers
from .escape import Phrase, Prose, joined, spell
from .rule_lines import ConditionText, RuleLine
from .sample_words import ChangedSamples
from .view import NOTES_LIMIT, RuleView, View, ViewRow
from .words import MARK_WORDS

if TYPE_CHECKING:
    from jinja2 import Environment

    from remyx_action.report.report import BarChange

TEMPLATE = "report.md.jinja"


class Markdown(str):
    """Text that is Markdown already; every other string is made inert when a template prints it."""

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
    """Of each rule."""
    metrics: int = 1000
    warnings: int = 20
    """Facts and warnings, each."""
    rule_changes: int = 40
    """What a pull request does to the bar, loosened first."""
    files: int = 20
    """Changed files that a verdict is judged by."""
    notes: int = NOTES_LIMIT
    """Characters of the policy's notes above the folds."""
    text: int = 300
    """Characters of each piece of text from outside."""


SHEDDING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("most changed samples", {"samples": 5}),
    ("changed samples", {"samples": 0, "changes": 10}),
    ("most log lines", {"log_lines": 10}),
    ("most of provenance and digests", {"facts": 8}),
    ("conditions that do not stand in the way", {"held": False}),
    ("most facts and warnings", {"warnings": 4}),
    ("most changed rules and files", {"rule_changes": 12, "files": 6}),
    ("most metrics", {"metrics": 60}),
    ("most conditions", {"conditions": 60}),
    ("long texts", {"text": 80}),
    ("all but a few metrics and conditions", {"metrics": 12, "conditions": 12, "changes": 0, "facts": 4}),
    ("more of every text", {"text": 40, "notes": 40, "log_lines": 3, "warnings": 2, "facts": 2}),
    ("all but a few changed rules and files", {"rule_changes": 3, "files": 3}),
    ("all but a few conditions", {"metrics": 4, "conditions": 3, "warnings": 1}),
)
"""What is left out, step by step, until the text fits; each step keeps the ones before."""


def fitted(
    view: View,
    *,
    limit: int,
    limits: Limits,
    elsewhere: str,
    marker: str = "",
    heading: str = "###",
    among: bool = False,
    lock: bool = True,
    lines: Mapping[str, str] | None = None,
) -> str:
    """Return the report with as much detail as fits into `limit` bytes of UTF-8.

    `among`: one of several policies, whose Next is written once above all of them; a ship's table is folded.
    `lock`: whether the line about lock and commits is shown, which several policies share. `lines`: pointer
    of a condition → the address of its line.
    """
    left_out: list[str] = []
    around = {
        "elsewhere": elsewhere,
        "marker": Markdown(marker),
        "heading": heading,
        "among": among,
        "lock": lock,
        "addresses": lines or {},
    }
    text = _drawn(view, limits, left_out, around)
    for name, change in SHEDDING:
        if len(text.encode()) <= limit:
            break
        limits = replace(limits, **_tighter(limits, change))
        left_out.append(name)
        text = _drawn(view, limits, left_out, around)
    return text


def _tighter(limits: Limits, change: dict[str, Any]) -> dict[str, Any]:
    return {name: min(value, getattr(limits, name)) for name, value in change.items()}


def _drawn(view: View, limits: Limits, left_out: Sequence[str], around: dict[str, object]) -> str:
    shown, folded = chosen_rows(view, limits)
    if around["among"] and view.verdict == "ship":
        shown, folded = [], [*shown, *folded]
    worse = [changed for changed in view.samples if changed.worse]
    text = (
        _environment(limits.text)
        .get_template(TEMPLATE)
        .render(
            view=view,
            limits=limits,
            tables=[(shown, False), (folded, True)],
            hidden_rows=len(view.rows) - len(shown) - len(folded),
            rules=[(rule, *chosen_lines(rule, limits)) for rule in view.rules],
            rules_title="; ".join(dict.fromkeys(map(_counted, view.rules))),
            samples=worse or view.samples,
            samples_title=samples_title(view.samples),
            left_out=", ".join(left_out),
            **around,
        )
    )
    return text.strip() + "\n"


def _counted(rule: RuleView) -> str:
    """`ship conditions met: 2 of 5`."""
    return (
        rule.counts if rule.held is None else f"{rule.title.lower()} conditions met: {rule.held} of {rule.of}"
    )


def samples_title(samples: Sequence[ChangedSamples]) -> str:
    """Return `22 samples that got worse`; of several metrics or none worse `Samples that changed`."""
    worse = [changed.worse for changed in samples if changed.worse]
    if len(worse) == 1:
        return f"{numbers.plural(worse[0], 'sample')} that got worse"
    return "Samples that got worse" if worse else "Samples that changed"


def chosen_rows(view: View, limits: Limits) -> tuple[list[ViewRow], list[ViewRow]]:
    """Return rows that stand open and rows that are folded: first those with a failing condition."""
    first, rest = view.split_rows(limits.metrics)
    return first, rest[: limits.metrics - len(first)]


def chosen_lines(rule: RuleView, limits: Limits) -> tuple[list[RuleLine | ConditionText], int]:
    """Return the lines of a rule that are shown, and how many conditions are not."""
    lines = [line for line in rule.lines if limits.held or _is_open(line)][: limits.conditions]
    return lines, rule.of - sum(isinstance(line, ConditionText) for line in lines)


def _is_open(line: RuleLine | ConditionText) -> bool:
    return isinstance(line, ConditionText) and line.view.mark is not Mark.TRUE


@cache
def _environment(text_limit: int) -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("remyx_action", "report/render/templates"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - Markdown, not HTML: `finalize` escapes instead
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        md=lambda value: Markdown(as_markdown(value, text_limit)),
        prose=lambda value, limit: Markdown(escape.prose(value, limit=limit)),
        cell=lambda value: Markdown(_in_cell(value, text_limit)),
        code=lambda value: Markdown(escape.code(value, limit=text_limit)),
        cell_code=lambda value: Markdown(escape.cell_code(value, limit=text_limit)),
        shown=lambda value: Markdown(numbers.NONE if value is None else escape.cell(value, limit=text_limit)),
        bar_changes=_bar_changes,
        block=lambda value, lines: Markdown(escape.block(value, lines=lines)),
        command=lambda value: Markdown(escape.block(value, language="sh")),
        condition=lambda line, lines: Markdown(_condition(line, text_limit, lines)),
        ours=Markdown,
        breakable=lambda value: Markdown(value.replace(numbers.KEPT, " ")),
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
    return escape.cell(str(value))


def as_markdown(phrase: Phrase, limit: int = escape.TEXT_LIMIT) -> str:
    """Return the phrase as a line of Markdown."""
    return spell(
        phrase,
        prose=lambda text: escape.prose(text, limit=limit),
        code=lambda text: escape.code(text, limit=limit),
    )


def _in_cell(value: str | Phrase, limit: int) -> str:
    return spell(
        (Prose(value),) if isinstance(value, str) else value,
        prose=lambda text: escape.cell(text, limit=limit),
        code=lambda text: escape.cell_code(text, limit=limit),
    )


def _condition(line: RuleLine | ConditionText, limit: int, lines: Mapping[str, str]) -> str:
    """One condition of a rule: mark, words, numbers, and the policy's own line."""
    indent = "  " * line.depth
    if isinstance(line, RuleLine):
        return f"{indent}- {line.words}:"
    view = line.view
    word = MARK_WORDS[view.condition.role, view.condition.mark]
    label: Phrase = (*view.label, ": ") if view.label else ()
    parts = [f"{indent}- {view.glyph} **{word}** {as_markdown((*label, *view.asks), limit)}"]
    found = joined([phrase for phrase in (view.came_out, view.certainty) if phrase], "; ")
    if found:
        parts.append(f" ({as_markdown(found, limit)})")
    written, address = escape.code(view.condition.text, limit=limit), lines.get(view.condition.pointer)
    parts.append(f" [{written}]({address})" if address else f" {written}")
    if view.raised:
        parts.append(f" {view.raised}")
    if view.condition.why:
        parts.append(f" ({escape.prose(view.condition.why, limit=limit)})")
    if view.note and view.unknown is not None:
        parts.append(f" ({escape.prose(view.note, limit=limit)})")
    return "".join(parts)
