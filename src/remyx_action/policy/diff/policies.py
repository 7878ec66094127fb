"""Policies before and after → changes: added, removed, the gate, both rules, and what has no effect.

A gate that needs k of n children is monotone in them, so it gets no easier where no child that stays does
and k grows by as many as were added: the added may all hold, the removed may all have failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from remyx_action.policy.judgement import asks_for_coverage
from remyx_action.policy.rules import Condition, Gate, Role
from remyx_action.project.models import Policy

from .change import Change, DiffSide, Effect, effect_of, together
from .conditions import ConditionPlace, changes_of_condition
from .logic import RuleNode, about, conditions_of, identity_of, simplified, subject_of
from .phrases import combinator, node_in_words

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


class RulePairing(Struct, frozen=True, kw_only=True):
    pairs: tuple[tuple[RuleNode, RuleNode], ...]
    """Before and after, in the order of after."""
    removed: tuple[RuleNode, ...]
    added: tuple[RuleNode, ...]


def pair_up(before: Sequence[RuleNode], after: Sequence[RuleNode]) -> RulePairing:
    """Pair what is the same, then what is about the same, each in the file's order."""
    left, right = dict(enumerate(before)), dict(enumerate(after))
    pairs: list[tuple[int, int]] = []
    for key in (identity_of, _subject, _metrics_of_gate):
        _pair_equal(left, right, pairs, key)
    _pair_overlapping(left, right, pairs, together=lambda one, other: _overlap(one, other, same_kind=True))
    _pair_overlapping(left, right, pairs, together=lambda one, other: _overlap(one, other, same_kind=False))
    _pair_equal(left, right, pairs, _about)
    return RulePairing(
        pairs=tuple((before[one], after[other]) for one, other in sorted(pairs, key=lambda pair: pair[::-1])),
        removed=tuple(left.values()),
        added=tuple(right.values()),
    )


def _pair_equal(
    left: dict[int, RuleNode],
    right: dict[int, RuleNode],
    pairs: list[tuple[int, int]],
    key: Callable[[RuleNode], object],
) -> None:
    waiting: dict[object, list[int]] = {}
    for place, part in right.items():
        waiting.setdefault(key(part), []).append(place)
    waiting.pop(None, None)
    for place, part in list(left.items()):
        found = waiting.get(key(part))
        if found:
            _join(left, right, pairs, place, found.pop(0))


def _pair_overlapping(
    left: dict[int, RuleNode],
    right: dict[int, RuleNode],
    pairs: list[tuple[int, int]],
    together: Callable[[RuleNode, RuleNode], int],
) -> None:
    for place, part in list(left.items()):
        best = max(right, key=lambda other: together(part, right[other]), default=None)
        if best is not None and together(part, right[best]) > 0:
            _join(left, right, pairs, place, best)


def _join(
    left: dict[int, RuleNode], right: dict[int, RuleNode], pairs: list[tuple[int, int]], one: int, other: int
) -> None:
    pairs.append((one, other))
    del left[one], right[other]


def _subject(node: RuleNode) -> object:
    return subject_of(node) if isinstance(node, Condition) else None


def _about(node: RuleNode) -> object:
    return (about(node), type(node)) if isinstance(node, Condition) else None


def _metrics_of_gate(node: RuleNode) -> object:
    return frozenset(map(subject_of, node.conditions())) if isinstance(node, Gate) else None


def _overlap(one: RuleNode, other: RuleNode, *, same_kind: bool) -> int:
    """How many subjects two nodes share; between two conditions none, those are paired otherwise."""
    if isinstance(one, Condition) and isinstance(other, Condition):
        return 0
    if (isinstance(one, Gate) and isinstance(other, Gate)) != same_kind:
        return 0
    subjects = [{subject_of(condition) for condition in conditions_of(node)} for node in (one, other)]
    return len(subjects[0] & subjects[1])


ORDER = (Effect.UNCHANGED, Effect.TIGHTENED, Effect.LOOSENED, Effect.INCOMPARABLE)


def changes_of_rule(before: RuleNode, after: RuleNode, place: ConditionPlace) -> list[Change]:
    """The changes of whichever alignment proves most.

    Each alignment is sound by itself, and a rule may be aligned with one child of the other.
    """
    if isinstance(before, Condition) and isinstance(after, Condition):
        return list(changes_of_condition(before, after, place))
    best = _aligned(_gate(before), _gate(after), place)
    for one, other in ((_alone(before), _gate(after)), (_gate(before), _alone(after))):
        if _rank(best)[0] == 0 or len(one.children) == len(other.children) == 1:
            continue
        best = min(best, _aligned(one, other, place), key=_rank)
    return best


def _rank(changes: list[Change]) -> tuple[int, int]:
    return ORDER.index(together(change.effect for change in changes)), len(changes)


def _gate(part: RuleNode) -> Gate:
    return part if isinstance(part, Gate) else _alone(part)


def _alone(node: RuleNode) -> Gate:
    return Gate(k=1, children=(node,), pointer=node.pointer, role=node.role, combinator="all")


def _aligned(before: Gate, after: Gate, place: ConditionPlace) -> list[Change]:
    pairing = pair_up(before.children, after.children)
    changes = [change for pair in pairing.pairs for change in changes_of_rule(*pair, place)]
    return changes + _changes_of_gate(before, after, pairing, place)


def _changes_of_gate(before: Gate, after: Gate, pairing: RulePairing, place: ConditionPlace) -> list[Change]:
    added, removed = pairing.added, pairing.removed
    if not added and not removed and before.k == after.k:
        return []
    harder = after.k >= before.k + len(added)
    easier = before.k >= after.k + len(removed)
    ship = place.role == "ship"
    net = effect_of(tightens=harder if ship else easier, loosens=easier if ship else harder)
    old, new = _kind(before, after), _kind(after, before)
    changes = [
        place.change(
            pointer=part.pointer,
            code="condition-added",
            effect=_alone_effect(net, new, old, added=True, ship=ship),
            sentence=_added(part, after, new, ship=ship),
        )
        for part in added
    ] + [
        place.change(
            pointer=part.pointer,
            code="condition-removed",
            effect=_alone_effect(net, new, old, added=False, ship=ship),
            sentence=_removed(part, old, ship=ship),
        )
        for part in removed
    ]
    if old != new or (old == "at least" and before.k != after.k):
        changes.append(
            place.change(
                pointer=after.pointer,
                code="combinator",
                effect=net,
                sentence=f"{_words(after, new)} {'must hold' if ship else 'must fire'} "
                f"instead of {_words(before, old)}",
            )
        )
    return changes


def _kind(gate: Gate, other: Gate) -> str:
    """`all`, `any` or `at least`; a gate of one child is of the other's kind."""
    if len(gate.children) == 1 and len(other.children) > 1:
        return _kind(other, gate)
    if gate.k == len(gate.children):
        return "all"
    return "any" if gate.k == 1 else "at least"


def _words(gate: Gate, kind: str) -> str:
    return {"all": "every one", "any": "any one"}.get(kind, combinator(gate))


def _alone_effect(net: Effect, new: str, old: str, *, added: bool, ship: bool) -> Effect:
    """Of one addition or removal, where the sum of them goes both ways."""
    if net is not Effect.INCOMPARABLE or new != old or new == "at least":
        return net
    return effect_of(tightens=(new == "all") == (added == ship), loosens=(new == "all") != (added == ship))


def _added(part: RuleNode, after: Gate, kind: str, *, ship: bool) -> str:
    words = node_in_words(part)
    if kind == "all":
        return f"{words} must hold too" if ship else f"fires only where {words} does too"
    if kind == "any":
        return f"{words} is enough too" if ship else f"fires on {words} too"
    return f"{words} is one of the {len(after.children)} that count"


def _removed(part: RuleNode, kind: str, *, ship: bool) -> str:
    words = node_in_words(part)
    if kind == "all":
        return f"{words} is no longer asked" if ship else f"fires where {words} does not, too"
    if kind == "any":
        return f"{words} is no longer enough" if ship else f"{words} no longer fires"
    return f"{words} no longer counts"
