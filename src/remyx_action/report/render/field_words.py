"""A condition on a number about the whole comparison → its words."""

from __future__ import annotations

from decimal import Decimal

from remyx_action.decimals import plain
from remyx_action.policy.rules import OnField

from . import numbers
from .condition_words import NEEDS, ConditionView, floor_of
from .escape import Phrase
from .movements import OF_FIELD, UPPER, BoundWord


class FieldConditionView(ConditionView, frozen=True, kw_only=True):
    """A condition on a number about the whole comparison."""

    condition: OnField

    @property
    def bound(self) -> BoundWord:
        return OF_FIELD[self.condition.op]

    @property
    def threshold(self) -> Decimal:
        """What the field is compared with, after sharing and looks."""
        return floor_of(self.condition) or plain(self.condition.threshold)

    @property
    def asks(self) -> Phrase:
        if self._needs_certainty and self.metric is None:
            return ("every target gains more than 0",)
        return (*(("reject if ",) if self.condition.role == "reject" else ()), *self.happened)

    @property
    def happened(self) -> Phrase:
        field, on = self.condition.field, self._on
        if field == "delta_confidence":
            if self._needs_certainty:
                return self._improved
            return (f"{self.bound} {numbers.needed(self.threshold)} sure that ", *self._improved)
        if field == "coverage":
            every = self.threshold == 1 and self.bound == "at least"
            share = "every sample" if every else f"{self.bound} {numbers.percent(self.threshold)} of samples"
            return (share, *on, " scored")
        fewer = "fewer than" if self.bound == "less than" else self.bound
        if field in {"worse", "better"}:
            return (f"{fewer} {_samples(self.threshold)} {field}", *self._by)
        return (f"{fewer} {_samples(self.threshold)}", *on)

    @property
    def wanted(self) -> Phrase:
        return ("a gain on every target",) if self._needs_certainty else self.asks

    @property
    def _needs_certainty(self) -> bool:
        """Whether its threshold is how sure one must be to ship, as a floor of any other condition."""
        asks = self.condition.field == "delta_confidence" and self.condition.role == "ship"
        return asks and self.bound == "at least"

    @property
    def needs(self) -> Phrase:
        """`shipping needs 80 %`, of a field that is about certainty."""
        if self.condition.field != "delta_confidence":
            return ()
        return (f"{NEEDS[self.condition.role]} {numbers.needed(self.threshold)}",)

    @property
    def _on(self) -> Phrase:
        return (" of ", *self.label) if self.metric else ()

    @property
    def _by(self) -> Phrase:
        """By how much a sample must change to count."""
        by = getattr(self.condition, "by", None)
        if not by:
            return ()
        return (" by more than ", *(self.metric.amount(plain(by)) if self.metric else (str(by),)))

    @property
    def _improved(self) -> Phrase:
        if self.metric is None:
            return ("every target gained more than 0",)
        return (*self.label, f" {'gained' if self.metric.higher_is_better else 'dropped'} more than 0")

    @property
    def observed(self) -> str:
        """What was found: `56 % sure`, `300 samples`, `87 % of samples scored`; a dash where nothing was."""
        value = self.condition.observed
        if value is None:
            return numbers.NONE
        if self.condition.field == "delta_confidence":
            return f"{numbers.sure(value, self.threshold)} sure"
        if self.condition.field == "coverage":
            # Rounding must not make everything out of nearly everything.
            marks = [100 * self.threshold, Decimal(100)]
            decimals = numbers.decimals_that_tell_apart([100 * value], marks, at_least=0)
            return f"{numbers.percent(value, decimals=decimals)} of samples scored"
        return _samples(value)

    @property
    def _certainty(self) -> Phrase:
        if self.condition.observed is None:
            return ()
        return (self.observed, *((", ", *self.needs) if self._needs_certainty else ()))

    @property
    def _short(self) -> Phrase:
        if self._needs_certainty:
            return (f"{self.observed}, needs {numbers.needed(self.threshold)}",)
        return (self.observed,)

    @property
    def sure_that(self) -> Phrase:
        if self.condition.field != "delta_confidence" or self.condition.observed is None:
            return ()
        only = "only " if self.condition.observed < self.threshold else ""
        return (f"{only}{self.observed} that ", *self._improved, "; ", *self.needs)

    @property
    def _headline(self) -> Phrase:
        field, on = self.condition.field, (" on ", *self.label) if self.metric else ()
        got = f" got {field}" if field in {"worse", "better"} else ""
        if self.condition.role == "reject":
            return (f"{self.observed}{got}", *on, "; the bar rejects if ", *self.happened)
        if field == "delta_confidence":
            return (
                f"only {self.observed} that ",
                *self._improved,
                f", {numbers.needed(self.threshold)} needed",
            )
        if field == "coverage":
            asked = "all" if self.threshold == 1 else f"{self.bound} {numbers.percent(self.threshold)}"
            return (self.observed, *on, f", {asked} needed")
        verb = "allowed" if self.bound in UPPER else "needed"
        return (f"{self.observed}{got}", *on, f", {self.bound} {numbers.number(self.threshold)} {verb}")


def _samples(count: Decimal) -> str:
    return numbers.plural(int(count), "sample") if count == int(count) else f"{numbers.number(count)} samples"
