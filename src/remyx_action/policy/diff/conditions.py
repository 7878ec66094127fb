"""One condition before and after → what changed in it, one step at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.decimals import round_significant
from remyx_action.evidence.claims import Claim
from remyx_action.policy.bar import effective_floor, text_of
from remyx_action.policy.rule_tree import LOWER, Atom, Role

from .change import Change, Effect, effect_of, together
from .words import condition, listed, number, threshold_moved


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


class Place(Struct, frozen=True, kw_only=True):
    """The rule that is compared."""

    path: str
    policy: str
    role: Role

    def change(self, *, pointer: str, code: str, effect: Effect, sentence: str) -> Change:
        return Change(
            path=self.path,
            pointer=pointer,
            policies=(self.policy,),
            code=code,
            effect=effect,
            sentence=f"{self.role}: {sentence.removeprefix(f'{self.role}: ')}",
        )


def changes_of_condition(before: Atom, after: Atom, place: Place) -> Iterator[Change]:
    """Every step that leads from one to the other; the steps together do what the whole does."""
    yield from _words_changed(before, after, place)
    if before.identity == after.identity:
        if condition(before) != condition(after):
            yield place.change(
                pointer=after.pointer,
                code="wording",
                effect=Effect.UNCHANGED,
                sentence=f"{condition(before)} is written as {condition(after)}, which says the same",
            )
        return
    if _has_other_terms(before, after):
        yield _replaced(before, after, place)
        return
    whole = effect_of_replacing(before, after, place.role)
    steps = list(_steps(before, after, place))
    if whole is not Effect.INCOMPARABLE and together(step.effect for step in steps) is Effect.INCOMPARABLE:
        yield _replaced(before, after, place)  # what no order of single steps would prove
    else:
        yield from steps


def _replaced(before: Atom, after: Atom, place: Place) -> Change:
    verb = "asks now for" if place.role == "ship" else "fires now on"
    sentence = f"{verb} {condition(after)} instead of {condition(before)}"
    if condition(after) == condition(before):
        sentence = f"{condition(after)} reads the other way, as the metric's direction turned"
    return place.change(
        pointer=after.pointer,
        code="condition-replaced",
        effect=effect_of_replacing(before, after, place.role),
        sentence=sentence,
    )


def _has_other_terms(before: Atom, after: Atom) -> bool:
    return (
        before.subject != after.subject
        or type(before.leaf) is not type(after.leaf)
        or before.leaf.op != after.leaf.op
        or getattr(before.leaf, "mode", None) != getattr(after.leaf, "mode", None)
    )


def _steps(before: Atom, after: Atom, place: Place) -> Iterator[Change]:
    declared = getattr(after.leaf, "confidence", None)
    redeclared = None if declared is None else effective_floor(declared, before.share)
    moves: list[tuple[str, dict[str, Any], str]] = [
        ("field-metrics", {"keys": after.keys}, _metrics_of_field(before, after)),
        ("threshold", {"bound": after.bound}, threshold_moved(before, after, place.role)),
        ("floor", {"floor": redeclared}, _floor_moved(before, after)),
        ("shared-floor", {"floor": after.floor}, _share_moved(before, after)),
        ("on-missing", {"violated": after.violated}, _missing_moved(after, place.role)),
    ]
    standing = before
    for code, move, sentence in moves:
        moved = replace(standing, **move)
        if moved.identity != standing.identity:
            yield place.change(
                pointer=after.pointer,
                code=code,
                effect=effect_of_replacing(standing, moved, place.role),
                sentence=sentence,
            )
        standing = moved


def _metrics_of_field(before: Atom, after: Atom) -> str:
    old, new = listed(sorted(before.keys)) or "no metric", listed(sorted(after.keys)) or "no metric"
    return f"{after.about} is now about {new} instead of {old}"


def _floor_moved(before: Atom, after: Atom) -> str:
    old, new = (getattr(atom.leaf, "confidence", None) for atom in (before, after))
    if new is None:
        return f"{text_of(after.leaf)} no longer needs confidence {number(old) if old else 'of any size'}"
    instead = f"confidence {number(new)} instead of {number(old)}" if old else f"confidence {number(new)} too"
    return f"{text_of(after.leaf)} needs now {instead}"


def _share_moved(before: Atom, after: Atom) -> str:
    floor = number(round_significant(after.floor, 4)) if after.floor is not None else "none"
    return (
        f"the floor of {text_of(after.leaf)} is {floor} in effect, as its error is shared by "
        f"{after.share} instead of {before.share} (floors: shared)"
    )


def _missing_moved(after: Atom, role: Role) -> str:
    name = text_of(after.leaf)
    if not after.violated:
        return f"{name} stays unknown where its number is missing"
    return (
        f"{name} counts as not met where its number is missing"
        if role == "ship"
        else (f"{name} fires where its number is missing")
    )


def _words_changed(before: Atom, after: Atom, place: Place) -> Iterator[Change]:
    for key, words in (("why", "the reason given for"), ("expect", "what is expected of")):
        if getattr(before.leaf, key, None) != getattr(after.leaf, key, None):
            yield place.change(
                pointer=after.pointer,
                code=key,
                effect=Effect.UNCHANGED,
                sentence=f"{words} {condition(after)} is another",
            )
