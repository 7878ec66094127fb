"""When one condition can hold only where another does: the lemma that every `tightened` rests on."""

from __future__ import annotations

from remyx_action.policy.claims import Claim

from .change import Effect, effect_of
from .normal import LOWER, Atom, Role


def effect_of_replacing(before: Atom, after: Atom, role: Role) -> Effect:
    """Of one condition put in another's place."""
    if role == "ship":
        tightens = implies(after, before, role)
        loosens = implies(before, after, role) or (not tightens and implies(before, after, role, points=True))
    else:
        tightens = implies(before, after, role)
        loosens = implies(after, before, role) or (not tightens and implies(after, before, role, points=True))
    return effect_of(tightens=tightens, loosens=loosens)


def implies(one: Atom, other: Atom, role: Role, *, points: bool = False) -> bool:
    """Whether, on any evidence, `other` is at least as true as `one`.

    In ship only truth counts: unknown and false ship alike. In reject unknown keeps a variant from
    shipping and false does not, so there `other` must not be false where `one` is unknown either.
    `points` asks only about what is observed, and that a floor is no higher.
    """
    if one.is_field != other.is_field or one.about != other.about:
        return False
    if role == "reject" and one.violated and not other.violated:
        return False
    if one.is_field:
        return _lies_within(one.bound, other.bound) and _covers(one, other, role)
    if one.bound.quantity != other.bound.quantity or not _lies_within(one.bound, other.bound):
        return False
    if other.floor is None:
        return True
    if one.floor is None or one.floor < other.floor or one.bound.side != other.bound.side:
        return False
    return points or one.bound.threshold == other.bound.threshold or one.steady


def _lies_within(one: Claim, other: Claim) -> bool:
    """Whether everything that satisfies `one` satisfies `other`."""
    if one.quantity == "relative_delta" and other.strict and not one.strict:
        return False  # where the baseline is 0 all thresholds are 0, and only strictness is left
    if one.side == "equal":
        return _satisfies(one, other)
    if one.side != other.side:
        return False
    if one.threshold == other.threshold:
        return one.strict or not other.strict
    return (one.threshold > other.threshold) == (one.side == LOWER)


def _satisfies(one: Claim, other: Claim) -> bool:
    if one.threshold == other.threshold:
        return not other.strict
    return other.side != "equal" and (one.threshold > other.threshold) == (other.side == LOWER)


def _covers(one: Atom, other: Atom, role: Role) -> bool:
    """A field is the smallest over its metrics: high over more of them, it is high over fewer."""
    if one.keys == other.keys:
        return True
    lower = one.bound.side == LOWER == other.bound.side
    return role == "ship" and lower and bool(other.keys) and one.keys > other.keys
