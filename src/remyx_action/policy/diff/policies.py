"""Policies before and after → changes: added, removed, the gate, both rules, and what has no effect."""

from __future__ import annotations

from collections.abc import Iterator

from remyx_action.policy.judgement import asks_for_coverage
from remyx_action.policy.rules import Role
from remyx_action.project.models import Policy

from .change import Change, DiffSide, Effect
from .conditions import ConditionPlace
from .logic import RuleNode, simplified
from .rules import changes_of_rule
from .words import node_in_words

WITHOUT_EFFECT = {
    "notes": "the notes are others",
    "silence": "other warnings of `check` are silenced",
}
"""Key → the sentence for a change of it; these keys decide nothing."""
SPOKEN = frozenset({"ship", "reject", "gate", "require_lock", "trust", "looks", "version", "name"})
LOCK_LEVELS = ("off", "captured", "locked")
"""Keys with a comparison of their own, or that cannot differ."""


def changes_of_policies(before: DiffSide, after: DiffSide) -> Iterator[Change]:
    """Every change of every policy, by name."""
    old, new = before.bundle.policies, after.bundle.policies
    for name in sorted({*old, *new}):
        if name not in old:
            sentence = f"policy {name} is new: its verdict counts too"
            yield _change(name, "", "policy-added", Effect.TIGHTENED, sentence)
        elif name not in new:
            sentence = f"policy {name} is gone: it judges no longer"
            yield _change(name, "", "policy-removed", Effect.LOOSENED, sentence)
        elif _judges_otherwise(old[name], new[name], before, after):
            yield from _changes_of_keys(old[name], new[name])
            if not _asks(before, old[name]) and _asks(after, new[name]):
                sentence = "its condition on coverage takes the place of the cap on incomplete runs"
                yield _change(name, "/ship", "coverage-asked", Effect.INCOMPARABLE, sentence)
            for role in ("ship", "reject"):
                yield from _changes_of_rule(name, role, before, after)


def _asks(side: DiffSide, policy: Policy) -> bool:
    return asks_for_coverage(side.bar(policy).rules.ship)


def _judges_otherwise(old: Policy, new: Policy, before: DiffSide, after: DiffSide) -> bool:
    """Whether anything differs; a metric's direction turns a rule without a letter of it changing."""
    return old != new or before.bar(old).metrics != after.bar(new).metrics


def _changes_of_keys(old: Policy, new: Policy) -> Iterator[Change]:
    name = new.name
    for key, sentence in WITHOUT_EFFECT.items():
        if getattr(old, key) != getattr(new, key):
            yield _change(name, f"/{key}", key, Effect.UNCHANGED, sentence)
    if old.gate.iterate != new.gate.iterate:
        blocks = new.gate.iterate == "block"
        yield _change(
            name,
            "/gate/iterate",
            "gate",
            Effect.TIGHTENED if blocks else Effect.LOOSENED,
            f"an iterate {'blocks' if blocks else 'lets through'} the pull request now",
        )
    if old.looks != new.looks:
        corrected = new.looks == "corrected"
        yield _change(
            name,
            "/looks",
            "looks",
            Effect.TIGHTENED if corrected else Effect.LOOSENED,
            "every further look at a pull request raises the floors of ship now"
            if corrected
            else "further looks at a pull request raise no floor any longer",
        )
    yield from _changes_of_what_it_takes(old, new)
    for key in Policy.model_fields:
        if key in WITHOUT_EFFECT or key in SPOKEN or getattr(old, key) == getattr(new, key):
            continue
        sentence = f"{key} is {getattr(new, key)} instead of {getattr(old, key)}"
        yield _change(name, f"/{key}", key, Effect.INCOMPARABLE, sentence)


def _changes_of_what_it_takes(old: Policy, new: Policy) -> Iterator[Change]:
    """The lock and the isolation level that a ship on a pull request needs."""
    name = new.name
    asked = LOCK_LEVELS.index(new.require_lock) - LOCK_LEVELS.index(old.require_lock)
    if asked:
        effect = Effect.TIGHTENED if asked > 0 else Effect.LOOSENED
        sentence = f"a ship needs the lock {new.require_lock!r} instead of {old.require_lock!r}"
        yield _change(name, "/require_lock", "require-lock", effect, sentence)
    if old.trust.min_level != new.trust.min_level:
        effect = Effect.TIGHTENED if new.trust.min_level > old.trust.min_level else Effect.LOOSENED
        sentence = f"a ship needs isolation L{new.trust.min_level} instead of L{old.trust.min_level}"
        yield _change(name, "/trust/min_level", "min-level", effect, sentence)


def _changes_of_rule(name: str, role: Role, before: DiffSide, after: DiffSide) -> list[Change]:
    old_policy, new_policy = before.bundle.policies[name], after.bundle.policies[name]
    old, new = _rule(before, old_policy, role), _rule(after, new_policy, role)
    if old is not None and new is not None:
        place = ConditionPlace(path=_path(name), policy=name, role=role)
        found = changes_of_rule(old, new, place)
        if not found and getattr(old_policy, role) != getattr(new_policy, role):
            sentence = f"the {role} rule is written otherwise and says the same"
            found = [_change(name, f"/{role}", "wording", Effect.UNCHANGED, sentence)]
        return found
    if new is not None:
        sentence = f"there is a reject rule now: {node_in_words(new)}"
        return [_change(name, "/reject", "reject-added", Effect.TIGHTENED, sentence)]
    if old is not None:
        sentence = f"nothing rejects any longer: {node_in_words(old)} is gone"
        return [_change(name, "/reject", "reject-removed", Effect.LOOSENED, sentence)]
    return []


def _rule(side: DiffSide, policy: Policy, role: Role) -> RuleNode | None:
    tree = side.bar(policy).rules
    rule = tree.ship if role == "ship" else tree.reject
    return None if rule is None else simplified(rule)


def _change(name: str, pointer: str, code: str, effect: Effect, sentence: str) -> Change:
    return Change(
        path=_path(name), pointer=pointer, policies=(name,), code=code, effect=effect, sentence=sentence
    )


def _path(name: str) -> str:
    return f".remyx/policies/{name}.yaml"
