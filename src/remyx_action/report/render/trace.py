"""Rules of a report → one line a condition, in the file's order, with its numbers in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from msgspec import Struct

from remyx_action.decimals import plain, round_significant
from remyx_action.policy.rules import Condition, Gate, Mark, OnField, OnMetric, Role

from . import numbers
from .neutral import Coded, Phrase, Said
from .words import CONDITION_REASONS, CONDITION_STEPS, MARKS, REJECT_MARKS, SHIP_MARKS, combined


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
        return self.mark is not (Mark.TRUE if role == "ship" else Mark.FALSE)


class MetricView(Struct, frozen=True, kw_only=True):
    """What the lines need to know about a metric."""

    label: str
    decimals: int
    """Of values and deltas in the metric's unit."""
    unknown: tuple[str | None, str | None] = (None, None)
    """Why it has no confidence: reason and note."""


def trace_lines(gate: Gate, metrics: Mapping[str, MetricView], *, depth: int = 0) -> Iterator[TraceLine]:
    """Every line below the gate."""
    words = SHIP_MARKS if gate.role == "ship" else REJECT_MARKS
    for node in gate.children:
        if isinstance(node, Gate):
            yield _gate_line(node, words[node.mark], depth=depth)
            yield from trace_lines(node, metrics, depth=depth + 1)
            continue
        view = metrics[node.metric.key] if isinstance(node, OnMetric) else None
        figures = _figures(node, view)
        yield TraceLine(
            depth=depth,
            mark=node.mark,
            glyph=MARKS[node.mark],
            word=words[node.mark],
            rule="",
            text=node.text,
            metric=node.metric.key if isinstance(node, OnMetric) else None,
            observed=numbers.unbroken(" ".join(filter(None, (figures.name, figures.observed)))),
            confidence=_confidence(node),
            words=_words(node, figures, note=_note(node, view)),
            why=node.why,
            sentence=_sentence(node, figures, label=view.label if view else None),
        )


def _note(condition: Condition, view: MetricView | None) -> str | None:
    """The metric's own words about the very reason why the condition is unknown."""
    reason, note = view.unknown if view else (None, None)
    return note if reason == condition.reason else None


def rule_name(gate: Gate) -> str:
    """`any of 4, floors shared`."""
    shared = ", floors shared" if gate.shares_floors else ""
    return combined(gate.combinator, gate.k, len(gate.children)) + shared


def _gate_line(gate: Gate, word: str, *, depth: int) -> TraceLine:
    return TraceLine(
        depth=depth,
        mark=gate.mark,
        glyph=MARKS[gate.mark],
        word=word,
        rule=rule_name(gate),
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
    """How far they are apart; "" where the observed is exactly the threshold or is unknown."""


def _figures(condition: Condition, view: MetricView | None) -> Figures:
    if condition.observed is None:
        return Figures(name="", observed=numbers.NONE, gap="")
    observed, threshold, name = condition.observed, plain(condition.threshold), _name(condition)
    at_least = max(numbers.decimals_of(threshold), _decimals(condition, view))
    decimals = numbers.decimals_that_tell_apart([observed], [threshold], at_least=at_least)
    distance = abs(observed - threshold)
    apart = numbers.decimals_that_tell_apart([distance], [Decimal(0)], at_least=decimals)
    shown = numbers.signed if name.endswith(("delta", "gain")) else numbers.number
    text = shown(observed, decimals)
    if isinstance(condition, OnField) and condition.field == "delta_confidence" and decimals == 3:
        text = numbers.confidence(observed)
    return Figures(name=name, observed=text, gap=numbers.number(distance, apart) if distance else "")


def _decimals(condition: Condition, view: MetricView | None) -> int:
    if isinstance(condition, OnField):
        return {"sample_size": 0, "coverage": 2}.get(condition.field, 3)
    relative = isinstance(condition, OnMetric) and condition.is_relative
    return 3 if relative or view is None else view.decimals


def _name(condition: Condition) -> str:
    """What the observed number is called; "" of a field."""
    if not isinstance(condition, OnMetric):
        return ""
    if not condition.is_directional:
        return condition.claim.quantity.replace("_", " ")
    name = "gain" if condition.op == "improves_by" else "loss"
    return f"relative {name}" if condition.is_relative else name


def _confidence(condition: Condition) -> str:
    if isinstance(condition, OnField):
        return ""
    floor = None if condition.floor is None else round_significant(condition.floor)
    return numbers.against_floor(condition.confidence, floor)


def _words(condition: Condition, figures: Figures, *, note: str | None) -> Phrase:
    parts = [_verdict_words(condition, figures, note=note), _reading(condition)]
    return joined([part for part in parts if part], "; ")


def joined(phrases: list[Phrase], separator: str) -> Phrase:
    """The phrases one after the other."""
    parts: list[str | Said | Coded] = []
    for place, phrase in enumerate(phrases):
        parts.extend((*((separator,) if place else ()), *phrase))
    return tuple(parts)


def _verdict_words(condition: Condition, figures: Figures, *, note: str | None) -> Phrase:
    ship = condition.role == "ship"
    if condition.reason == "threshold":
        if not figures.gap:
            return ("exactly at the threshold",)
        return (f"misses by {figures.gap}" if ship else f"{figures.gap} away",)
    if condition.reason == "low_confidence":
        return ("holds, but not surely enough" if ship else "past it, but not surely",)
    if condition.reason is None:
        return () if ship or not figures.gap else (f"past it by {figures.gap}",)
    counted = {
        Mark.FALSE: ", which counts as not met here",
        Mark.TRUE: ", which counts as triggered here",
    }
    said: Phrase = (Said(note),) if note else (_reason(condition.reason),)
    return (*said, counted.get(condition.mark, ""))


def _reason(reason: str) -> str:
    return CONDITION_REASONS.get(reason, reason)


def _is_guard_of_reject(condition: Condition) -> bool:
    """A guard in reject fires when it is violated."""
    return condition.role == "reject" and condition.op == "no_regression"


def _reading(condition: Condition) -> Phrase:
    """What the mark says of a guard in reject."""
    if not _is_guard_of_reject(condition):
        return ()
    state = {Mark.TRUE: "is violated", Mark.FALSE: "holds", Mark.UNKNOWN: "is unknown"}[condition.mark]
    if condition.reason == "low_confidence":
        state = "is not surely violated"
    return (f"the guard {state}",)


def _sentence(condition: Condition, figures: Figures, *, label: str | None) -> Phrase:
    text = Coded(condition.text)
    if label is None:
        return _field_sentence(condition, figures)
    subject: Phrase = (Said(label), ": ")
    observed = numbers.unbroken(" ".join(filter(None, (figures.name, figures.observed))))
    if condition.reason == "threshold":
        by = f" by {figures.gap}" if figures.gap else ", by standing exactly on it"
        return (*subject, f"{observed} misses ", text, by)
    if condition.reason == "low_confidence":
        sure = f", but its confidence falls short: {_confidence(condition)}"
        verb = "violates" if _is_guard_of_reject(condition) else "satisfies"
        return (*subject, f"{observed} {verb} ", text, sure)
    if condition.reason is not None:
        step = CONDITION_STEPS.get(condition.reason)
        return (*subject, _reason(condition.reason), f" ({step})" if step else "")
    sure = ""
    if condition.confidence is not None:
        sure = f", confidence {numbers.confidence(condition.confidence)}"
    verb = "meets" if condition.role == "ship" else "triggers"
    if _is_guard_of_reject(condition):
        verb = "violates"
    return (*subject, f"{observed} {verb} ", text, sure)


def _field_sentence(condition: Condition, figures: Figures) -> Phrase:
    text = Coded(condition.text)
    if condition.reason == "threshold":
        return (text, f": {figures.observed} misses by {figures.gap or 0}")
    if condition.reason is not None:
        return (text, f": {_reason(condition.reason)}")
    return (text, f": {figures.observed}")
