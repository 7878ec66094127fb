"""The rules of a policy as two trees: compiled once, marked by the judge, walked by everything else.

`all`, `any` and `at_least` differ in `k` alone, and `floors: shared` is part of each condition's floor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.evidence.claims import SIDES, Claim, claim_of
from remyx_action.project.models import FieldCondition, Policy
from remyx_action.project.models.conditions import ChangeCondition, condition_of, text_of
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.policy import AllOf, AnyOf, AtLeast, Leaf, Node

Role = Literal["ship", "reject"]


class Mark(StrEnum):
    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


def mark_of(truth: bool | None) -> Mark:  # noqa: FBT001 - a truth value is what it is about
    """None is unknown."""
    if truth is None:
        return Mark.UNKNOWN
    return Mark.TRUE if truth else Mark.FALSE


def at_least(k: int, marks: Sequence[Mark]) -> Mark:
    """True with k trues, false once k trues are out of reach, else unknown.

    `all` is at_least(len(marks)), `any` is at_least(1).
    """
    true = sum(mark is Mark.TRUE for mark in marks)
    unknown = sum(mark is Mark.UNKNOWN for mark in marks)
    if true >= k:
        return Mark.TRUE
    return Mark.UNKNOWN if true + unknown >= k else Mark.FALSE


class Condition(Struct, frozen=True, kw_only=True):
    """One inequality of a rule; its mark is unknown until it is judged."""

    pointer: str
    """Its place in the policy's file."""
    role: Role
    text: str
    op: str
    threshold: Decimal
    """As written; never turned by the metric's direction."""
    claim: Claim
    """The inequality; of a field, on the field's own number."""
    keys: tuple[str, ...]
    """Keys of the metrics whose evidence decides it."""
    unknown_counts_against_variant: bool
    """`on_unknown: violated`: an unknown becomes false in ship and true in reject."""
    why: str | None
    expect: Decimal | None = None
    declared_floor: Decimal | None = None
    floor: Fraction | None = None
    """The floor that applies, after sharing and after looks."""
    shared_by: int = 1
    """How many conditions `floors: shared` lets share the risk: 1 - floor is divided by it."""
    look: int | None = None
    """The look at the pull request that the floor is raised for; None: it is not."""

    mark: Mark = Mark.UNKNOWN
    reason: str | None = None
    """Why the mark is false or unknown, or was unknown before `on_unknown: violated`."""
    observed: Decimal | None = None
    """Compared with the threshold: value, delta, gain, loss or field; not rounded across the threshold."""
    confidence: Decimal | None = None
    n: int | None = None


class OnMetric(Condition, frozen=True, kw_only=True):
    """A condition on one metric."""

    metric: BarMetric

    @property
    def is_directional(self) -> bool:
        """Whether it is about a gain or a loss."""
        return self.op not in SIDES

    @property
    def is_relative(self) -> bool:
        return self.claim.quantity == "relative_delta"

    @property
    def turn(self) -> Literal[1, -1]:
        """What a delta is multiplied by to be the gain or the loss that the condition is about."""
        if not self.is_directional:
            return 1
        return 1 if (self.op == "improves_by") == (self.metric.direction == "higher") else -1

    @property
    def favours_better(self) -> bool:
        """Whether its satisfied side is where the metric gets better."""
        return self.claim.side == ("at_least" if self.metric.direction == "higher" else "at_most")

    @property
    def asks_to_improve(self) -> bool:
        """Whether it asks the variant to get better; guards and `.value` do not.

        A delta compared with 0 does, though `no_regression` claims the same: it is written as a gain,
        and a guard has an operator of its own.
        """
        if self.is_directional:
            return self.op == "improves_by"
        threshold = self.claim.threshold
        beyond_zero = threshold >= 0 if self.metric.direction == "higher" else threshold <= 0
        return self.claim.quantity != "value" and self.favours_better and beyond_zero


class OnField(Condition, frozen=True, kw_only=True):
    """A condition on a number about the whole comparison."""

    field: Literal["delta_confidence", "sample_size", "coverage", "worse", "better"]
    metric: BarMetric | None
    """The only metric that the field is taken over; None where it is taken over all of its own."""
    by: Decimal = Decimal(0)
    """Of `worse` and `better`: only samples that changed by more."""


class Gate(Struct, frozen=True, kw_only=True):
    """True when k of the children are; `all` is k = their number, `any` is k = 1."""

    k: int
    children: tuple[Gate | Condition, ...]
    pointer: str
    role: Role
    combinator: Literal["all", "any", "at_least"]
    """As written."""
    shares_floors: bool = False

    @property
    def mark(self) -> Mark:
        return at_least(self.k, [child.mark for child in self.children])

    def conditions(self) -> Iterator[Condition]:
        """Every condition at any depth, in the file's order."""
        for child in self.children:
            if isinstance(child, Gate):
                yield from child.conditions()
            else:
                yield child

    def gates(self) -> Iterator[Gate]:
        """This gate and every gate below it."""
        yield self
        for child in self.children:
            if isinstance(child, Gate):
                yield from child.gates()

    def deciding(self) -> Iterator[Condition]:
        """In ship, conditions that must all be true; in reject, conditions of which one is enough."""
        if self.k == (len(self.children) if self.role == "ship" else 1):
            for child in self.children:
                if isinstance(child, Gate):
                    yield from child.deciding()
                else:
                    yield child

    def in_the_way(self) -> Iterator[Condition]:
        """Conditions that keep the rule from letting the change through; none where it does."""
        lets_through = Mark.TRUE if self.role == "ship" else Mark.FALSE
        if self.mark is not lets_through:
            for child in self.children:
                if isinstance(child, Gate):
                    yield from child.in_the_way()
                elif child.mark is not lets_through:
                    yield child

    def map(self, change: Callable[[Condition], Condition]) -> Gate:
        """The same gate over changed conditions."""
        children = (
            child.map(change) if isinstance(child, Gate) else change(child) for child in self.children
        )
        return replace(self, children=tuple(children))


LEAST_FLOOR = Decimal("0.5")
"""A threshold of `delta_confidence` at or below it asks for no confidence."""


class RuleTree(Struct, frozen=True, kw_only=True):
    """The rules of a policy as two trees, ship and reject."""

    ship: Gate
    reject: Gate | None
    keys_asked_to_improve: tuple[str, ...]
    """Keys of the metrics that ship asks to be better than the baseline, at any depth.

    Guards and `.value` do not count: a policy would otherwise wait for proof that what it only guards
    has become better.
    """
    named: tuple[str, ...]
    """Keys of the metrics in any condition of either rule, also of those that a field is asked of."""

    def at_look(self, look: int) -> RuleTree:
        """Return the rules as the look-th measurement has to meet them: with higher floors in ship."""

        def raised(condition: Condition) -> Condition:
            declared, shared_by = condition.declared_floor, condition.shared_by
            if declared is None:
                return condition
            return replace(condition, floor=effective_floor(declared, shared_by, look=look), look=look)

        return replace(self, ship=self.ship.map(raised))

    def conditions(self) -> Iterator[Condition]:
        """Every condition of both rules, in the file's order."""
        yield from self.ship.conditions()
        if self.reject is not None:
            yield from self.reject.conditions()

    def on_metrics(self) -> Iterator[OnMetric]:
        """Every condition on a metric, of both rules."""
        yield from (condition for condition in self.conditions() if isinstance(condition, OnMetric))


def compile_policy(policy: Policy, metrics: Mapping[str, BarMetric]) -> RuleTree:
    """The policy's rules over its metrics, by key; KeyError where a rule names another one."""
    ship = _gate(policy.ship, metrics, "ship", "/ship", 1)
    reject = None if policy.reject is None else _gate(policy.reject, metrics, "reject", "/reject", 1)
    tree = RuleTree(ship=ship, reject=reject, keys_asked_to_improve=(), named=())
    asked = [
        found.metric.key for found in tree.on_metrics() if found.role == "ship" and found.asks_to_improve
    ]
    named = [key for found in tree.conditions() for key in found.keys]
    tree = replace(tree, keys_asked_to_improve=tuple(dict.fromkeys(asked)), named=tuple(dict.fromkeys(named)))

    def about(condition: Condition) -> Condition:
        if not isinstance(condition, OnField) or condition.metric is not None:
            return condition
        return replace(condition, keys=keys_of(condition.field, tree))

    return replace(tree, ship=ship.map(about), reject=reject and reject.map(about))


def keys_of(field: str, tree: RuleTree) -> tuple[str, ...]:
    """The metrics that a field is taken over where its condition names none."""
    return tree.keys_asked_to_improve if field == "delta_confidence" else tree.named


def _gate(rule: Node, metrics: Mapping[str, BarMetric], role: Role, pointer: str, shared_by: int) -> Gate:
    name = "all" if isinstance(rule, AllOf) else "any" if isinstance(rule, AnyOf) else "of"
    written: list[Node | Leaf] = getattr(rule, name)
    gate = Gate(
        k=rule.at_least if isinstance(rule, AtLeast) else len(written) if isinstance(rule, AllOf) else 1,
        children=(),
        pointer=pointer,
        role=role,
        combinator="all" if isinstance(rule, AllOf) else "any" if isinstance(rule, AnyOf) else "at_least",
        shares_floors=not isinstance(rule, AllOf) and rule.floors == "shared",
    )
    if gate.shares_floors:  # by as many as are false, at least, where the gate is truly false
        shared_by *= len(written) - gate.k + 1
    children = (
        _gate(child, metrics, role, f"{pointer}/{name}/{index}", shared_by)
        if isinstance(child, AllOf | AnyOf | AtLeast)
        else _condition(child, metrics, role, f"{pointer}/{name}/{index}", shared_by)
        for index, child in enumerate(written)
    )
    return replace(gate, children=tuple(children))


def _condition(
    written: Leaf, metrics: Mapping[str, BarMetric], role: Role, pointer: str, shared_by: int
) -> Condition:
    meant = condition_of(written)
    same: dict[str, Any] = {
        "pointer": pointer,
        "role": role,
        "text": text_of(written),
        "op": meant.op,
        "threshold": meant.threshold,
        "unknown_counts_against_variant": meant.on_unknown == "violated",
        "why": meant.why,
    }
    if isinstance(meant, FieldCondition | ChangeCondition):
        side, strict = SIDES[meant.op]
        floor = _floor_of_field(meant)
        return OnField(
            **same,
            declared_floor=floor,
            floor=None if floor is None else effective_floor(floor, shared_by),
            shared_by=shared_by,
            field=meant.field,
            metric=None if meant.metric is None else metrics[meant.metric],
            by=meant.by if isinstance(meant, ChangeCondition) else Decimal(0),
            keys=() if meant.metric is None else (meant.metric,),
            claim=Claim(quantity="value", side=side, strict=strict, threshold=meant.threshold),
        )
    metric = metrics[meant.metric.partition(".")[0]]
    declared: Decimal | None = getattr(meant, "confidence", None)
    return OnMetric(
        **same,
        metric=metric,
        keys=(metric.key,),
        claim=claim_of(meant, metric.direction, as_violation=role == "reject"),
        expect=getattr(meant, "expect", None),
        declared_floor=declared,
        floor=None if declared is None else effective_floor(declared, shared_by),
        shared_by=shared_by,
    )


def _floor_of_field(meant: FieldCondition | ChangeCondition) -> Decimal | None:
    """The floor that a condition on `delta_confidence` is, or None."""
    asks = meant.field == "delta_confidence" and meant.op in (">=", ">") and LEAST_FLOOR < meant.threshold < 1
    return meant.threshold if asks else None


def effective_floor(declared: Decimal, shared_by: int, *, look: int | None = None) -> Fraction:
    """1 - (1 - c)/(shared_by·k(k+1)), exactly; without a look k, 1 - (1 - c)/shared_by.

    Over all looks together the chance of a false claim stays at 1 - c, since Σ 1/(k(k+1)) is 1.
    """
    spent = 1 if look is None else look * (look + 1)
    return 1 - (1 - Fraction(declared)) / (shared_by * spent)
