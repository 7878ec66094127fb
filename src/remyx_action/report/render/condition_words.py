"""A condition of a rule → its words: what it asks, what came out, and how sure that is."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from remyx_action.decimals import plain, round_significant
from remyx_action.policy.rules import Condition, Mark, OnMetric

from . import numbers
from .escape import Code, Phrase
from .metric_words import MetricView
from .movements import BE, BOUNDS, NOT, VERBS, Form, Movement, movement_of
from .words import MARK_OF_REJECT, MARKS, UNKNOWN, UnknownText, in_words


def floor_of(condition: Condition) -> Decimal | None:
    """Return how sure one must be of the condition, None where nothing is asked."""
    return None if condition.floor is None else round_significant(condition.floor)


def why_raised(condition: Condition) -> str:
    """Return why the needed percent is not the written one, as a sentence; "" where it is the written one."""
    floor, declared = floor_of(condition), condition.declared_floor
    if floor is None or declared is None or plain(declared) == floor:
        return ""
    causes = []
    if condition.shared_by > 1:
        causes.append(f"{in_words(condition.shared_by)} {condition.role} conditions share the risk")
    if condition.look is not None:
        causes.append(f"this is the {numbers.ordinal(condition.look)} look")
    needs = f"{'each' if condition.shared_by > 1 else 'it'} needs {numbers.needed(floor)}"
    asked = f"The policy asks for {numbers.needed(plain(declared))}"
    return f"{asked}; {' and '.join(causes)}, so {needs}." if causes else f"{asked}; {needs}."


NEEDS = {"ship": "shipping needs", "reject": "rejecting needs"}
"""By the rule of a condition: whose percent it is."""


class ConditionView(Struct, frozen=True, kw_only=True):
    """One condition in words."""

    condition: Condition
    metric: MetricView | None = None
    rejects_alone: bool = False
    """Of a reject rule: whether this condition rejects by itself."""
    in_the_way: bool = False
    """Whether it keeps its rule from letting the change through."""

    @property
    def mark(self) -> Mark:
        """Whether it lets the change through."""
        mark = self.condition.mark
        return mark if self.condition.role == "ship" else MARK_OF_REJECT[mark]

    @property
    def glyph(self) -> str:
        return MARKS[self.mark]

    @property
    def label(self) -> Phrase:
        return self.metric.name if self.metric else ()

    @property
    def unknown(self) -> UnknownText | None:
        """Why it is not known, or was not before `violated` decided; None where it is known."""
        return UNKNOWN.get(self.condition.reason or "")

    @property
    def note(self) -> str | None:
        """The metric's own words, from outside, about why it has no number or no confidence."""
        row = self.metric.row if self.metric else None
        return row.note if row and row.reason == self.condition.reason else None

    @property
    def asks(self) -> Phrase:
        """`gain at least 0.02`, `reject if it loses more than 0.01`, `at most 3 samples worse`."""
        raise NotImplementedError

    @property
    def happened(self) -> Phrase:
        """What a condition that rejects says came true: `lost more than 0.01`."""
        raise NotImplementedError

    @property
    def broke(self) -> Phrase:
        """The same of a limit: `lost more than the 0.01 allowed`."""
        return self.happened

    @property
    def came_out(self) -> Phrase:
        """What it was judged by: `gained 0.023`, `is 162.1 ms`; () where `certainty` says it."""
        return ()

    @property
    def certainty(self) -> Phrase:
        """`50 % sure, shipping needs 80 %`; "no certainty needed"; why it is not known."""
        if self.unknown is None:
            return self._certainty
        counts = ", which counts against it" if self.condition.mark is not Mark.UNKNOWN else ""
        return (f"not known: {self.unknown.short}{counts}",)

    @property
    def _certainty(self) -> Phrase:
        raise NotImplementedError

    @property
    def raised(self) -> str:
        """Why the needed percent is not the written one, as a sentence; else ""."""
        return why_raised(self.condition)

    @property
    def sure_that(self) -> Phrase:
        """`50 % sure that MRR gained at least 0.02; shipping needs 80 %`; () where none is asked."""
        raise NotImplementedError

    @property
    def short(self) -> Phrase:
        """It in a list of what fails: `OmniSpatial (+0.013, needs +0.02)`, `MindCube (not reported)`."""
        known = (self.unknown.short,) if self.unknown else self._short
        return (*(self.label or self.wanted), " (", *known, ")")

    @property
    def wanted(self) -> Phrase:
        """What it asks, as a thing that fails."""
        return self.asks

    @property
    def _short(self) -> Phrase:
        raise NotImplementedError

    @property
    def headline(self) -> Phrase:
        """What came out, as a cause of the verdict: `MindCube lost 0.046, at most 0.01 allowed`."""
        if self.unknown is None:
            return self._headline
        rejects = self.condition.role == "reject" and self.condition.mark is Mark.TRUE
        return (
            *(self.label or (Code(self.condition.text),)),
            f" {self.unknown.sentence}{', which rejects' if rejects else ''}",
        )

    @property
    def _headline(self) -> Phrase:
        raise NotImplementedError


class MetricConditionView(ConditionView, frozen=True, kw_only=True):
    """A condition on a metric."""

    condition: OnMetric
    metric: MetricView

    @property
    def movement(self) -> Movement | None:
        return movement_of(self.condition)

    @property
    def asks(self) -> Phrase:
        if self.condition.role == "reject":
            return ("reject if it ", *self._claim("third"))
        return self._claim("base")

    @property
    def happened(self) -> Phrase:
        return self._claim("past")

    @property
    def broke(self) -> Phrase:
        movement = self.movement
        if movement is None or movement.bound != "more than" or not movement.amount:
            return self.happened
        return (f"{movement.verb.past} more than the ", *self.threshold, " allowed")

    def _claim(self, form: Form) -> Phrase:
        movement = self.movement
        if movement is None:
            bound = BOUNDS[self.condition.claim.side, self.condition.claim.strict]
            return (f"{BE[form]} {bound} ", *self.metric.value(plain(self.condition.threshold)))
        verb: str = getattr(movement.verb, form)
        if movement.amount:
            words = "no more than" if movement.bound == "at most" and form == "past" else movement.bound
            return (f"{verb} {words} ", *self.threshold)
        if movement.bound in {"more than", "at least"}:
            return (verb,)
        return (f"{NOT[form]} {'change' if movement.bound == 'exactly' else movement.verb.base}",)

    @property
    def threshold(self) -> Phrase:
        """The threshold on a change as it is written: `0.01`, `10 ms`, `5 % of the baseline`."""
        size = abs(plain(self.condition.threshold))
        if self.condition.is_relative:
            return (f"{numbers.percent(size)} of the baseline",)
        return self.metric.amount(size)

    @property
    def came_out(self) -> Phrase:
        if self.condition.observed is None:
            return ()
        if self.movement is None:
            return ("is ", *self._value)
        return self._moved

    @property
    def _value(self) -> Phrase:
        value = self.metric.row.variant
        if value is None:
            return (numbers.NONE,)
        return self.metric.value(numbers.at(value, self.metric.decimals))

    @property
    def _moved(self) -> Phrase:
        """What the metric did: `gained 0.013`, `dropped 7.6 % of the baseline`, `did not change`."""
        delta = self.metric.row.delta
        if self.condition.is_relative and self.condition.observed is not None:
            delta = self.condition.turn * self.condition.observed
        if delta is None:
            return ("is not known",)
        if delta == 0:
            return ("did not change",)
        verb = VERBS[self.condition.metric.direction, delta > 0]
        if not self.condition.is_relative:
            return (f"{verb.past} ", *self.metric.moved(delta))
        threshold = abs(plain(self.condition.threshold))
        decimals = numbers.decimals_that_tell_apart([100 * abs(delta)], [100 * threshold], at_least=1)
        return (f"{verb.past} {numbers.percent(abs(delta), decimals=decimals)} of the baseline",)

    @property
    def _certainty(self) -> Phrase:
        floor = floor_of(self.condition)
        if floor is None:
            holds = self.condition.mark is Mark.TRUE and self.condition.role == "ship"
            return ("no certainty needed",) if holds else ()
        needs = f"{NEEDS[self.condition.role]} {numbers.needed(floor)}"
        if self.condition.confidence is None:
            return (needs,)
        return (f"{numbers.sure(self.condition.confidence, floor)} sure, {needs}",)

    @property
    def sure_that(self) -> Phrase:
        floor = floor_of(self.condition)
        if floor is None or self.condition.confidence is None:
            return ()
        rejects = self.condition.role == "reject" and self.condition.mark is Mark.TRUE
        only = "only " if self.condition.confidence < floor else ""
        sure = f"{only}{numbers.sure(self.condition.confidence, floor)} sure that "
        needed = numbers.needed(floor)
        needs = f"{needed} is enough to reject" if rejects else f"{NEEDS[self.condition.role]} {needed}"
        return (sure, *self.label, " ", *self._stayed, f"; {needs}")

    @property
    def _short(self) -> Phrase:
        condition, movement, floor = self.condition, self.movement, floor_of(self.condition)
        if condition.reason == "low_confidence" and floor is not None and condition.confidence is not None:
            sure = f"{numbers.sure(condition.confidence, floor)} sure, needs {numbers.needed(floor)}"
            return (*self.came_out, ", ", sure)
        if movement is None:
            bound = BOUNDS[condition.claim.side, condition.claim.strict]
            return (*self.came_out, f", needs {bound} ", *self.metric.value(plain(condition.threshold)))
        if movement.bound == "at least" and movement.amount and not condition.is_relative:
            return (*self.metric.change, ", needs ", *self.metric.signed(plain(condition.claim.threshold)))
        return (*self._moved, ", ", *self._wanted(movement))

    @property
    def _stayed(self) -> Phrase:
        """What a limit of a ship rule says came true: `stayed within the allowed loss of 0.01`."""
        movement = self.movement
        if movement is None or self.condition.role == "reject" or movement.bound != "at most":
            return self.happened
        if movement.amount == 0:
            return self.happened
        return (f"stayed within the allowed {movement.verb.noun} of ", *self.threshold)

    @property
    def _headline(self) -> Phrase:
        movement = self.movement
        if movement is None:
            return self._value_headline
        if self.condition.reason == "low_confidence":
            return self._unsure(movement)
        wanted = self._beyond(movement) if self.condition.role == "reject" else self._wanted(movement)
        return (*self.label, " ", *self._moved, ", ", *wanted)

    @property
    def _value_headline(self) -> Phrase:
        condition = self.condition
        bound = BOUNDS[condition.claim.side, condition.claim.strict]
        limit = (f"{bound} ", *self.metric.value(plain(condition.threshold)))
        if condition.reason == "low_confidence" and condition.confidence is not None:
            sure = numbers.sure(condition.confidence, floor_of(condition))
            return (*self.label, " is ", *self._value, f", but only {sure} sure that it is ", *limit)
        needed = "" if condition.role == "reject" else " needed"
        return (*self.label, " is ", *self._value, ", ", *limit, needed)

    def _unsure(self, movement: Movement) -> Phrase:
        """The point satisfies the condition, and how sure that is does not."""
        if movement.limits:
            beyond: Phrase = (" more than ", *self.threshold) if movement.amount else ()
            return (*self.label, f" may have {movement.verb.participle}", *beyond)
        confidence = self.condition.confidence
        sure = "" if confidence is None else numbers.sure(confidence, floor_of(self.condition))
        size: Phrase = ("",)
        if movement.amount:
            words = f"{movement.bound} " if movement.bound != "at least" else ""
            size = (f" of {words}", *self.threshold)
        return (
            *self.label,
            " ",
            *self.metric.change,
            f", but only {sure} sure of a {movement.verb.noun}",
            *size,
        )

    def _wanted(self, movement: Movement) -> Phrase:
        """What was needed or allowed, after what the metric did."""
        if movement.limits:
            return (f"{movement.bound} ", *self.threshold, " allowed") if movement.amount else NOTHING_ALLOWED
        if movement.amount == 0:
            return (f"a {movement.verb.noun} needed",)
        size = self.threshold if movement.bound == "at least" else (f"{movement.bound} ", *self.threshold)
        delta = self.metric.row.delta
        right_way = movement.bound == "exactly" or (delta and (delta > 0) == movement.up)
        return (*size, " needed") if right_way else (f"a {movement.verb.noun} of ", *size, " needed")

    def _beyond(self, movement: Movement) -> Phrase:
        """The limit that was broken."""
        if movement.amount == 0:
            return NOTHING_ALLOWED
        if movement.bound == "more than":
            return ("more than the ", *self.threshold, " allowed")
        return (f"{movement.bound} ", *self.threshold, " rejects")


NOTHING_ALLOWED = ("nothing allowed",)
