"""What one difference between two bars does, and what several do together."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct


class Effect(StrEnum):
    """Seen from the bar: a tighter one ships no more, and rejects no less, on the same evidence."""

    UNCHANGED = "unchanged"
    TIGHTENED = "tightened"
    LOOSENED = "loosened"
    INCOMPARABLE = "incomparable"
    """Neither could be proved: to be treated as loosened."""


class Change(Struct, frozen=True, kw_only=True):
    """One difference, with the proof's outcome."""

    path: str
    """The file below the project's root."""
    pointer: str
    """RFC 6901 JSON Pointer into the file as it is now; of what was removed, into the file as it was."""
    policies: tuple[str, ...]
    """Names of the policies whose verdicts it may touch; () where it touches none."""
    code: str
    """Stable kebab-case id, such as `threshold`."""
    effect: Effect
    sentence: str
    """In plain words, lower case, without a full stop and without the effect. Holds text from files."""


def effect_of(*, tightens: bool, loosens: bool) -> Effect:
    """Of what was proved: that nothing gets easier, that nothing gets harder, both, or neither."""
    if tightens:
        return Effect.UNCHANGED if loosens else Effect.TIGHTENED
    return Effect.LOOSENED if loosens else Effect.INCOMPARABLE


def together(effects: Iterable[Effect]) -> Effect:
    """The join: tightened and loosened in one are incomparable."""
    found = set(effects) - {Effect.UNCHANGED}
    if not found:
        return Effect.UNCHANGED
    return found.pop() if len(found) == 1 else Effect.INCOMPARABLE


def whole_effect(changes: Iterable[Change]) -> Effect:
    """What all changes do together."""
    return together(change.effect for change in changes)


def effect_by_policy(changes: Iterable[Change]) -> dict[str, Effect]:
    """By name, for every policy that a change may touch, what its changes do together."""
    found: dict[str, list[Effect]] = {}
    for change in changes:
        for policy in change.policies:
            found.setdefault(policy, []).append(change.effect)
    return {policy: together(found[policy]) for policy in sorted(found)}
