"""Two rules as logic → what was added, removed and changed in them, with a proof for each step.

A gate that needs k of n children is monotone in them, so it gets no easier where no child that stays does
and k grows by as many as were added: the added may all hold, the removed may all have failed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from remyx_action.policy.rules import Condition, Gate

from .change import Change, Effect, effect_of, together
from .conditions import ConditionPlace, changes_of_condition
from .logic import RuleNode, about, conditions_of, identity_of, subject_of
from .words import combinator, node_in_words


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
