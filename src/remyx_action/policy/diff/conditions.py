"""One condition before and after → what changed in it, one step at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.decimals import round_significant
from remyx_action.evidence.claims import Claim
from remyx_action.policy.rules import Condition, OnField, OnMetric, Role, effective_floor

from .change import Change, Effect, effect_of, together
from .logic import about, identity_of, subject_of
from .phrases import listed, number, threshold_moved


def effect_of_replacing(before: Condition, after: Condition, role: Role) -> Effect:
    """Of one condition put in another's place."""
    if role == "ship":
        tightens = implies(after, before, role)
        loosens = implies(before, after, role) or (not tightens and implies(before, after, role, points=True))
    else:
        tightens = implies(before, after, role)
        loosens = implies(after, before, role) or (not tightens and implies(after, before, role, points=True))
    return effect_of(tightens=tightens, loosens=loosens)


def implies(one: Condition, other: Condition, role: Role, *, points: bool = False) -> bool:
    """Whether, on any evidence, `other` is at least as true as `one`.

    In ship only truth counts: unknown and false ship alike. In reject unknown keeps a variant from
    shipping and false does not, so there `other` must not be false where `one` is unknown either.
    `points` asks only about what is observed, and that a floor is no higher.
    """
    if role == "reject" and one.unknown_counts_against_variant and not other.unknown_counts_against_variant:
        return False
    if not _lies_within(one.claim, other.claim):
        return False
    if isinstance(one, OnField) and isinstance(other, OnField):
        as_high = one.floor is None or other.floor is None or one.floor >= other.floor
        return as_high and about(one) == about(other) and _covers(one, other, role)
    if not isinstance(one, OnMetric) or not isinstance(other, OnMetric):
        return False
    if one.metric.key != other.metric.key or one.claim.quantity != other.claim.quantity:
        return False
    if other.floor is None:
        return True
    if one.floor is None or one.floor < other.floor or one.claim.side != other.claim.side:
        return False
    return points or one.claim.threshold == other.claim.threshold or _is_steady(one)


def _is_steady(condition: OnMetric) -> bool:
    """Whether the confidence can only fall as the threshold moves to the harder side.

    A delta's and a value's standard error do not depend on the threshold. That of a relative claim does
    (Fieller), and a percentile's confidence is the smaller of two.
    """
    return not condition.is_relative and condition.metric.aggregate is None


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
    return (one.threshold > other.threshold) == (one.side == "at_least")


def _satisfies(one: Claim, other: Claim) -> bool:
    if one.threshold == other.threshold:
        return not other.strict
    return other.side != "equal" and (one.threshold > other.threshold) == (other.side == "at_least")


def _covers(one: OnField, other: OnField, role: Role) -> bool:
    """A field is the smallest over its metrics: high over more of them, it is high over fewer."""
    ones, others = set(one.keys), set(other.keys)
    if ones == others:
        return True
    lower = one.claim.side == "at_least" == other.claim.side
    return role == "ship" and lower and bool(others) and ones > others


class ConditionPlace(Struct, frozen=True, kw_only=True):
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


def changes_of_condition(before: Condition, after: Condition, place: ConditionPlace) -> Iterator[Change]:
    """Every step that leads from one to the other; the steps together do what the whole does."""
    yield from _words_changed(before, after, place)
    if identity_of(before) == identity_of(after):
        if before.text != after.text:
            yield place.change(
                pointer=after.pointer,
                code="wording",
                effect=Effect.UNCHANGED,
                sentence=f"{before.text} is written as {after.text}, which says the same",
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


def _replaced(before: Condition, after: Condition, place: ConditionPlace) -> Change:
    verb = "asks for" if place.role == "ship" else "fires on"
    sentence = f"{verb} {after.text} instead of {before.text}"
    if after.text == before.text:
        sentence = f"{after.text} reads the other way, as the metric's direction turned"
    return place.change(
        pointer=after.pointer,
        code="condition-replaced",
        effect=effect_of_replacing(before, after, place.role),
        sentence=sentence,
    )


def _has_other_terms(before: Condition, after: Condition) -> bool:
    return subject_of(before) != subject_of(after) or before.op != after.op


def _steps(before: Condition, after: Condition, place: ConditionPlace) -> Iterator[Change]:
    declared = after.declared_floor
    unknown_counts = after.unknown_counts_against_variant
    redeclared = None if declared is None else effective_floor(declared, before.shared_by)
    asked: dict[str, Any] = {"claim": after.claim}
    if isinstance(after, OnField):  # its threshold is the floor
        asked["floor"] = redeclared
    moves: list[tuple[str, dict[str, Any], str]] = [
        ("field-metrics", {"keys": after.keys}, _metrics_of_field(before, after)),
        ("threshold", asked, threshold_moved(before, after, place.role)),
        ("floor", {"floor": redeclared}, _floor_moved(before, after)),
        ("shared-floor", {"floor": after.floor}, _share_moved(before, after)),
        ("on-unknown", {"unknown_counts_against_variant": unknown_counts}, _unknown_moved(after, place.role)),
    ]
    reached = before
    for code, move, sentence in moves:
        moved = replace(reached, **move)
        if identity_of(moved) != identity_of(reached):
            yield place.change(
                pointer=after.pointer,
                code=code,
                effect=effect_of_replacing(reached, moved, place.role),
                sentence=sentence,
            )
        reached = moved


def _metrics_of_field(before: Condition, after: Condition) -> str:
    old, new = listed(sorted(before.keys)) or "no metric", listed(sorted(after.keys)) or "no metric"
    field = after.field if isinstance(after, OnField) else ""
    return f"{field} is about {new} instead of {old}"


def _floor_moved(before: Condition, after: Condition) -> str:
    old, new = before.declared_floor, after.declared_floor
    text = after.text.partition(" at ")[0]
    if new is None:
        return f"{text} no longer needs confidence {number(old) if old else 'of any size'}"
    instead = f"confidence {number(new)} instead of {number(old)}" if old else f"confidence {number(new)} too"
    return f"{text} needs {instead}"


def _share_moved(before: Condition, after: Condition) -> str:
    floor = number(round_significant(after.floor, 4)) if after.floor is not None else "none"
    return (
        f"the floor of {after.text} is {floor} in effect, as its error is shared by "
        f"{after.shared_by} instead of {before.shared_by} (floors: shared)"
    )


def _unknown_moved(after: Condition, role: Role) -> str:
    if not after.unknown_counts_against_variant:
        return f"{after.text} stays unknown where its number is missing"
    if role == "ship":
        return f"{after.text} counts as not met where its number is missing"
    return f"{after.text} fires where its number is missing"


def _words_changed(before: Condition, after: Condition, place: ConditionPlace) -> Iterator[Change]:
    words = {
        "why": ("the reason given for", before.why != after.why),
        "expect": ("what is expected of", before.expect != after.expect),
    }
    for code, (sentence, changed) in words.items():
        if changed:
            yield place.change(
                pointer=after.pointer,
                code=code,
                effect=Effect.UNCHANGED,
                sentence=f"{sentence} {after.text} is another",
            )
