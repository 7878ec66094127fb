"""A claim about a change → which way, and how far: the verbs and bounds that sentences are made of."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from remyx_action.decimals import plain
from remyx_action.policy.rules import OnMetric

BoundWord = Literal["at least", "more than", "at most", "less than", "exactly"]
BOUNDS: dict[tuple[str, bool], BoundWord] = {
    ("at_least", False): "at least",
    ("at_least", True): "more than",
    ("at_most", False): "at most",
    ("at_most", True): "less than",
    ("equal", False): "exactly",
}
OPPOSITE: dict[BoundWord, BoundWord] = {
    "at least": "at most",
    "more than": "less than",
    "at most": "at least",
    "less than": "more than",
    "exactly": "exactly",
}
OF_FIELD: dict[str, BoundWord] = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}
UPPER = frozenset({"at most", "less than"})


class Verb(Struct, frozen=True):
    """A change in one direction."""

    base: str
    third: str
    past: str
    participle: str
    noun: str


VERBS = {
    ("higher", True): Verb("gain", "gains", "gained", "gained", "gain"),
    ("higher", False): Verb("lose", "loses", "lost", "lost", "loss"),
    ("lower", True): Verb("rise", "rises", "rose", "risen", "rise"),
    ("lower", False): Verb("drop", "drops", "dropped", "dropped", "drop"),
}
"""By the metric's direction, and whether its value goes up."""
Form = Literal["base", "third", "past"]
NOT: dict[Form, str] = {"base": "not", "third": "does not", "past": "did not"}
BE: dict[Form, str] = {"base": "be", "third": "is", "past": "is"}


class Movement(Struct, frozen=True, kw_only=True):
    """A claim about a change in words' terms: which way, and how far."""

    verb: Verb
    bound: BoundWord
    amount: Decimal
    """Never below zero."""
    up: bool

    @property
    def limits(self) -> bool:
        """Whether it bounds a change from above, as a guard does."""
        return self.bound in UPPER


def movement_of(condition: OnMetric) -> Movement | None:
    """Return the change that the condition is about; None where it is about the value itself."""
    claim = condition.claim
    if claim.quantity == "value":
        return None
    bound, threshold = BOUNDS[claim.side, claim.strict], plain(claim.threshold)
    # A bound from below at zero is about what may be lost, unless it is strict: then something is gained.
    up = threshold > 0 or (threshold == 0 and bound in {"more than", "at most", "exactly"})
    return Movement(
        verb=VERBS[condition.metric.direction, up],
        bound=bound if up else OPPOSITE[bound],
        amount=abs(threshold),
        up=up,
    )
