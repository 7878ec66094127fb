"""Rules of a report → one line a condition, in the file's order, with its numbers in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from remyx_action.project.models.policy import (
    AllOf,
    AnyOf,
    AtLeast,
    Directional,
    Guard,
    Leaf,
    Node,
    children_of,
)
from remyx_action.report.report import FieldConditionRow, Mark, MetricConditionRow, RuleRow

from . import numbers
from .neutral import Coded, Phrase, Said
from .words import CONDITION_REASONS, CONDITION_STEPS, MARKS, REJECT_MARKS, SHIP_MARKS, combined

Role = Literal["ship", "reject"]


class TraceLine(Struct, frozen=True, kw_only=True):
    """One condition, or one rule inside a rule."""

    depth: int
    """0 stands directly below ship or reject."""
    mark: Mark
    glyph: str
    word: str
    """met · not met · unknown; in reject: triggered · clear · unknown."""
    rule: str
    """`at least 2 of 3` where the line is a rule; "" where it is a condition."""
    text: str
    metric: str | None
    """The metric's key; None of a rule and of a field."""
    observed: str
    confidence: str
    words: Phrase
    why: str | None
    """The author's own words."""
    sentence: Phrase
    """The whole of it for a reader who sees nothing else."""

    def decides(self, role: Role) -> bool:
        """Whether it stands between the variant and a ship."""
        return self.mark != ("true" if role == "ship" else "false")


class MetricView(Struct, frozen=True, kw_only=True):
    """What the lines need to know about a metric."""

    label: str
    decimals: int
    """Of values and deltas in the metric's unit."""
    unknown: tuple[str | None, str | None] = (None, None)
    """Why it has no confidence: reason and note."""


def trace_lines(
    row: RuleRow, rule: Node, *, role: Role, metrics: Mapping[str, MetricView], depth: int = 0
) -> Iterator[TraceLine]:
    """Every line below the rule; `rule` is the same rule as the policy has it."""
    words = SHIP_MARKS if role == "ship" else REJECT_MARKS
    for child, condition in zip(row.conditions, children_of(rule), strict=True):
        if isinstance(child, RuleRow) and isinstance(condition, AllOf | AnyOf | AtLeast):
            yield _rule_line(child, condition, words=words, depth=depth)
            yield from trace_lines(child, condition, role=role, metrics=metrics, depth=depth + 1)
            continue
        assert not isinstance(child, RuleRow)
        assert not isinstance(condition, AllOf | AnyOf | AtLeast)
        key = child.metric if isinstance(child, MetricConditionRow) else None
        view = metrics[key] if key else None
        figures = _figures(child, condition, view)
        yield TraceLine(
            depth=depth,
            mark=child.mark,
            glyph=MARKS[child.mark],
            word=words[child.mark],
            rule="",
            text=child.text,
            metric=key,
            observed=numbers.unbroken(" ".join(filter(None, (figures.name, figures.observed)))),
            confidence=_confidence(child),
            words=_words(child, condition, figures, role=role, note=_note(child, view)),
            why=child.why,
            sentence=_sentence(child, figures, role=role, label=view.label if view else None),
        )


def _note(row: MetricConditionRow | FieldConditionRow, view: MetricView | None) -> str | None:
    """The metric's own words about the very reason why the condition is unknown."""
    reason, note = view.unknown if view else (None, None)
    return note if reason == row.reason else None


def rule_name(row: RuleRow, rule: Node) -> str:
    """`any of 4, floors shared`."""
    shared = ", floors shared" if getattr(rule, "floors", "each") == "shared" else ""
    return combined(row.combinator, row.k, len(row.conditions)) + shared


def _rule_line(row: RuleRow, rule: Node, *, words: Mapping[Mark, str], depth: int) -> TraceLine:
    return TraceLine(
        depth=depth,
        mark=row.mark,
        glyph=MARKS[row.mark],
        word=words[row.mark],
        rule=rule_name(row, rule),
        text="",
        metric=None,
        observed="",
        confidence="",
        words=(),
        why=None,
        sentence=(),
    )


class Figures(Struct, frozen=True, kw_only=True):
    """Observed against threshold, as shown."""

    name: str
    observed: str
    gap: str
    """How far they are apart; "" where the observed stands exactly on the threshold or is unknown."""


def _figures(
    row: MetricConditionRow | FieldConditionRow, condition: Leaf, view: MetricView | None
) -> Figures:
    name, relative = _name(row, condition)
    if row.observed is None:
        return Figures(name="", observed=numbers.NONE, gap="")
    at_least = max(numbers.decimals_of(row.threshold), _decimals(row, view, relative=relative))
    decimals = numbers.decimals_that_tell_apart([row.observed], [row.threshold], at_least=at_least)
    distance = abs(row.observed - row.threshold)
    apart = numbers.decimals_that_tell_apart([distance], [Decimal(0)], at_least=decimals)
    shown = numbers.signed if name.endswith(("delta", "gain")) else numbers.number
    observed = shown(row.observed, decimals)
    if isinstance(row, FieldConditionRow) and row.field == "delta_confidence" and decimals == 3:
        observed = numbers.confidence(row.observed)
    return Figures(
        name=name,
        observed=observed,
        gap=numbers.number(distance, apart) if distance else "",
    )


def _decimals(row: MetricConditionRow | FieldConditionRow, view: MetricView | None, *, relative: bool) -> int:
    if isinstance(row, FieldConditionRow):
        return {"sample_size": 0, "coverage": 2}.get(row.field, 3)
    return 3 if relative or view is None else view.decimals


def _name(row: MetricConditionRow | FieldConditionRow, condition: Leaf) -> tuple[str, bool]:
    """What the observed number is called, and whether it is a fraction of the baseline."""
    if isinstance(row, FieldConditionRow):
        return "", False
    if isinstance(condition, Directional | Guard):
        relative = condition.mode == "relative"
        name = "gain" if condition.op == "improves_by" else "loss"
        return ("relative " if relative else "") + name, relative
    quantity = str(getattr(condition, "metric", "")).partition(".")[2].replace("_", " ")
    return quantity, quantity.startswith("relative")


def _confidence(row: MetricConditionRow | FieldConditionRow) -> str:
    return "" if isinstance(row, FieldConditionRow) else numbers.against_floor(row.confidence, row.floor)


def _words(
    row: MetricConditionRow | FieldConditionRow,
    condition: Leaf,
    figures: Figures,
    *,
    role: Role,
    note: str | None,
) -> Phrase:
    parts = [_verdict_words(row, figures, role=role, note=note), _reading(row, condition, role=role)]
    return joined([part for part in parts if part], "; ")


def joined(phrases: list[Phrase], separator: str) -> Phrase:
    """The phrases one after the other."""
    parts: list[str | Said | Coded] = []
    for place, phrase in enumerate(phrases):
        parts.extend((*((separator,) if place else ()), *phrase))
    return tuple(parts)


def _verdict_words(
    row: MetricConditionRow | FieldConditionRow, figures: Figures, *, role: Role, note: str | None
) -> Phrase:
    if row.reason == "threshold":
        if not figures.gap:
            return ("exactly at the threshold",)
        return (f"misses by {figures.gap}" if role == "ship" else f"{figures.gap} away",)
    if row.reason == "low_confidence":
        return ("holds, but not surely enough" if role == "ship" else "past it, but not surely",)
    if row.reason is None:
        return (f"past it by {figures.gap}",) if role == "reject" and figures.gap else ()
    counted = {"false": ", which counts as not met here", "true": ", which counts as triggered here"}
    said: Phrase = (Said(note),) if note else (_reason(row.reason),)
    return (*said, counted.get(row.mark, ""))


def _reason(reason: str) -> str:
    return CONDITION_REASONS.get(reason, reason)


def _reading(row: MetricConditionRow | FieldConditionRow, condition: Leaf, *, role: Role) -> Phrase:
    """A regression in reject is a guard that is violated: both readings are said."""
    if role != "reject" or not isinstance(condition, Directional) or condition.op != "regresses_by":
        return ()
    state = {"true": "is violated", "false": "holds", "unknown": "is unknown"}[row.mark]
    if row.reason == "low_confidence":
        state = "is not surely violated"
    relative = " relative" if condition.mode == "relative" else ""
    guard = f"no_regression {numbers.number(row.threshold).replace(',', '')}{relative}"
    return (Coded(guard), f" {state}")


def _sentence(
    row: MetricConditionRow | FieldConditionRow, figures: Figures, *, role: Role, label: str | None
) -> Phrase:
    condition = Coded(row.text)
    if label is None:
        return _field_sentence(row, figures)
    subject: Phrase = (Said(label), ": ")
    observed = numbers.unbroken(" ".join(filter(None, (figures.name, figures.observed))))
    if row.reason == "threshold":
        by = f" by {figures.gap}" if figures.gap else ", by standing exactly on it"
        return (*subject, f"{observed} misses ", condition, by)
    if row.reason == "low_confidence" and isinstance(row, MetricConditionRow):
        sure = f", but its confidence falls short: {_confidence(row)}"
        return (*subject, f"{observed} satisfies ", condition, sure)
    if row.reason is not None:
        step = CONDITION_STEPS.get(row.reason)
        return (*subject, _reason(row.reason), f" ({step})" if step else "")
    sure = ""
    if isinstance(row, MetricConditionRow) and row.confidence is not None:
        sure = f", confidence {numbers.confidence(row.confidence)}"
    verb = "meets" if role == "ship" else "triggers"
    return (*subject, f"{observed} {verb} ", condition, sure)


def _field_sentence(row: MetricConditionRow | FieldConditionRow, figures: Figures) -> Phrase:
    condition = Coded(row.text)
    if row.reason == "threshold":
        return (condition, f": {figures.observed} misses by {figures.gap or 0}")
    if row.reason is not None:
        return (condition, f": {_reason(row.reason)}")
    return (condition, f": {figures.observed}")
