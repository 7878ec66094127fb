"""A rule in logical form: gates that need k of their children, over conditions with the floor that applies.

`all`, `any` and `at_least` differ only in k, and what `floors: shared` does stands in each condition, so
that two rules can be compared as logic whatever words they are written in.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Literal

from msgspec import Struct

from remyx_action.evidence.claims import SIDES, Claim, Side, claim_of
from remyx_action.project.models import Equality, FieldCondition
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.policy import (
    AllOf,
    AnyOf,
    AtLeast,
    Leaf,
    Node,
    children_of,
    key_of,
    metric_keys,
)

from .bar import Bar, asked_to_improve, effective_floor, share_of

Role = Literal["ship", "reject"]


class Atom(Struct, frozen=True, kw_only=True):
    """One condition."""

    leaf: Leaf
    pointer: str
    about: str
    """The metric's key or the field's name."""
    keys: frozenset[str]
    """The metrics whose evidence decides it."""
    bound: Claim
    """The inequality; of a field, its quantity is `value`."""
    share: int
    """What `floors: shared` divides 1 - floor by."""
    floor: Fraction | None
    """The one that applies, after sharing."""
    violated: bool
    """An unknown counts against the variant."""
    steady: bool
    """Whether the confidence can only fall as the threshold moves to the harder side."""

    @property
    def is_field(self) -> bool:
        return isinstance(self.leaf, FieldCondition)

    @property
    def subject(self) -> tuple[str, ...]:
        """Conditions of one subject differ in numbers only."""
        return (self.about, "field" if self.is_field else self.bound.quantity, self.bound.side)

    @property
    def identity(self) -> object:
        """Equal where two conditions are the same in effect."""
        return (self.is_field, self.about, self.keys, self.bound, self.floor, self.violated)


class Gate(Struct, frozen=True, kw_only=True):
    """True when k of the children are; `all` is k = their number, `any` is k = 1."""

    k: int
    children: tuple[Atom | Gate, ...]
    pointer: str

    @property
    def identity(self) -> object:
        """Equal where two gates are the same in effect; the order of children does not count."""
        children: dict[object, int] = {}
        for child in self.children:
            children[child.identity] = children.get(child.identity, 0) + 1
        return (self.k, frozenset(children.items()))


Part = Atom | Gate


def atoms_of(part: Part) -> Iterator[Atom]:
    """Every condition below, in order."""
    if isinstance(part, Atom):
        yield part
        return
    for child in part.children:
        yield from atoms_of(child)


def in_logical_form(bar: Bar, role: Role) -> Part | None:
    """The ship or reject rule of a bar; None where it has no reject rule."""
    rule = bar.policy.ship if role == "ship" else bar.policy.reject
    return None if rule is None else _gate(rule, bar, pointer=f"/{role}", share=1)


def _gate(rule: Node, bar: Bar, *, pointer: str, share: int) -> Part:
    share *= share_of(rule)
    name = "all" if isinstance(rule, AllOf) else "any" if isinstance(rule, AnyOf) else "of"
    parts: list[Part] = []
    for index, child in enumerate(children_of(rule)):
        below = f"{pointer}/{name}/{index}"
        if isinstance(child, AllOf | AnyOf | AtLeast):
            parts.append(_gate(child, bar, pointer=below, share=share))
        else:
            parts.append(_atom(child, bar, pointer=below, share=share))
    k = rule.at_least if isinstance(rule, AtLeast) else len(parts) if isinstance(rule, AllOf) else 1
    return _flat(k, parts, pointer)


def _flat(k: int, parts: list[Part], pointer: str) -> Part:
    """`all` in `all` and `any` in `any` say nothing new; nor does a rule of one."""
    if len(parts) == 1:
        return parts[0]
    if k not in {1, len(parts)}:
        return Gate(k=k, children=tuple(parts), pointer=pointer)
    is_all = k != 1
    flat: list[Part] = []
    for part in parts:
        same = isinstance(part, Gate) and part.k == (len(part.children) if is_all else 1)
        flat += part.children if isinstance(part, Gate) and same else [part]
    return Gate(k=len(flat) if is_all else 1, children=tuple(flat), pointer=pointer)


def _atom(leaf: Leaf, bar: Bar, *, pointer: str, share: int) -> Atom:
    if isinstance(leaf, FieldCondition):
        side, strict = SIDES[leaf.op]
        return Atom(
            leaf=leaf,
            pointer=pointer,
            about=leaf.field,
            keys=_keys_of_field(leaf, bar),
            bound=Claim(quantity="value", side=side, strict=strict, threshold=leaf.threshold),
            share=1,
            floor=None,
            violated=leaf.on_missing == "violated",
            steady=True,
        )
    metric = bar.metric(key_of(leaf))
    declared = None if isinstance(leaf, Equality) else leaf.confidence
    claim = claim_of(leaf, metric.direction)
    return Atom(
        leaf=leaf,
        pointer=pointer,
        about=metric.key,
        keys=frozenset({metric.key}),
        bound=claim,
        share=share,
        floor=None if declared is None else effective_floor(declared, share),
        violated=leaf.on_missing == "violated",
        steady=_is_steady(claim, metric),
    )


def _keys_of_field(leaf: FieldCondition, bar: Bar) -> frozenset[str]:
    if leaf.metric is not None:
        return frozenset({leaf.metric})
    if leaf.field == "delta_confidence":
        directions = {metric.key: metric.direction for metric in bar.metrics}
        return frozenset(asked_to_improve(bar.policy.ship, directions))
    return frozenset(metric_keys(bar.policy.ship) + metric_keys(bar.policy.reject))


def _is_steady(claim: Claim, metric: BarMetric) -> bool:
    """A delta's and a value's standard error do not depend on the threshold.

    That of a relative claim does (Fieller), and a percentile's confidence is the smaller of two.
    """
    return claim.quantity != "relative_delta" and metric.aggregate is None


LOWER: Side = "at_least"
