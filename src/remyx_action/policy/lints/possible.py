"""What a rule can come to, whatever is measured: conditions that cannot fail or hold, alone and together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import combinations

from remyx_action.decimals import plain
from remyx_action.policy.rules import Condition, Gate, OnField, OnMetric, RuleTree
from remyx_action.project.problems import Words

from .lint_context import Finding, LintContext, width_of

INFINITE = float("inf")
MOST_STEPS = 10_000
"""Of a search; a rule that takes more is taken for one that can come to anything."""

Endpoint = tuple[Fraction | float, int]
"""A number and 0, or 1 where an interval starts just above it, -1 where it ends just below it."""
Interval = tuple[Endpoint, Endpoint]
Expected = tuple[Gate | Condition, bool]
"""A node and whether it is to be true."""
QuantityKey = tuple[str, tuple[str, ...]]


def errors_of_rules(rules: RuleTree) -> Iterator[tuple[str, Words]]:
    """Yield pointer and words of each rule that comes to the same whatever is measured."""
    if not _can_be(rules.ship, truth=True):
        yield _error(rules.ship, "ship-cannot-hold", "nothing can ever ship", truth=True)
    elif not _can_be(rules.ship, truth=False):
        yield _error(rules.ship, "ship-cannot-fail", "everything ships", truth=False)
    if rules.reject is not None and not _can_be(rules.reject, truth=False):
        yield _error(rules.reject, "reject-cannot-fail", "everything is rejected", truth=False)
    elif rules.reject is not None and not _can_be(rules.reject, truth=True):
        yield _error(rules.reject, "reject-cannot-hold", "nothing is ever rejected", truth=True)


def cannot_fail(context: LintContext) -> Iterator[Finding]:
    """A single condition that is met whatever is measured."""
    for condition in context.bar.rules.conditions():
        if not _can_be(condition, truth=False):
            yield _finding(condition, "cannot-fail", "cannot fail")


def cannot_hold(context: LintContext) -> Iterator[Finding]:
    """A single condition that is not met whatever is measured."""
    for condition in context.bar.rules.conditions():
        if not _can_be(condition, truth=True):
            yield _finding(condition, "cannot-hold", "cannot hold")


def _finding(condition: Condition, lint: str, verb: str) -> Finding:
    return Finding(
        lint=lint,
        pointer=condition.pointer,
        message=f"{condition.text} {verb}: {_reach(condition)}",
        help=_better(condition),
    )


def _error(rule: Gate, code: str, result: str, *, truth: bool) -> tuple[str, Words]:
    """Words for a rule that cannot be as asked, with the condition or the two that make it so."""
    needed = list(_needed(rule, truth=truth))
    culprit = next((one for one in needed if not _can_be(one, truth=truth)), None)
    if culprit is not None:
        verb = "cannot hold" if truth else "cannot fail"
        message = f"{result}: {culprit.text} {verb}, as {_reach(culprit)}"
        return culprit.pointer, Words(code=code, message=message, help=_better(culprit))
    for one, other in combinations(needed, 2):
        if not _search([(one, truth), (other, truth)], {}, [MOST_STEPS]):
            relation = "exclude each other" if truth else "leave nothing out"
            message = f"{result}: {one.text} and {other.text} {relation}"
            return other.pointer, Words(code=code, message=message, help="move one of the two thresholds")
    combined = "hold together" if truth else "fail together"
    message = f"{result}: the conditions of the rule cannot {combined}"
    return rule.pointer, Words(code=code, message=message, help="move a threshold, or combine them otherwise")


def _needed(gate: Gate, *, truth: bool) -> Iterator[Condition]:
    """Conditions each of which must be as asked for the gate to be."""
    if (gate.k if truth else len(gate.children) - gate.k + 1) == len(gate.children):
        for child in gate.children:
            if isinstance(child, Gate):
                yield from _needed(child, truth=truth)
            else:
                yield child


def _can_be(node: Gate | Condition, *, truth: bool) -> bool:
    return _search([(node, truth)], {}, [MOST_STEPS])


def _search(asked: list[Expected], within: Mapping[QuantityKey, Interval], steps: list[int]) -> bool:
    """Whether some numbers make every node as asked; quantities are taken as free of each other."""
    if not asked:
        return True
    steps[0] -= 1
    if steps[0] < 0:
        return True
    (node, truth), rest = asked[0], asked[1:]
    if isinstance(node, Gate):
        needed = node.k if truth else len(node.children) - node.k + 1
        return any(
            _search([*((child, truth) for child in chosen), *rest], within, steps)
            for chosen in combinations(node.children, needed)
        )
    quantity, domain = _domain(node)
    for low, high in _intervals(node, truth=truth):
        before = within.get(quantity, domain)
        left = (max(before[0], low), min(before[1], high))
        if left[0] <= left[1] and _search(rest, {**within, quantity: left}, steps):
            return True
    return False


def _intervals(condition: Condition, *, truth: bool) -> list[Interval]:
    """The numbers for which the point of a condition is as asked."""
    threshold, strict = Fraction(condition.claim.threshold), condition.claim.strict
    below: Endpoint = (-INFINITE, 0)
    above: Endpoint = (INFINITE, 0)
    if condition.claim.side == "equal":
        point = (threshold, 0)
        return [(point, point)] if truth else [(below, (threshold, -1)), ((threshold, 1), above)]
    if (condition.claim.side == "at_least") == truth:
        return [((threshold, int(strict == truth)), above)]
    return [(below, (threshold, -int(strict == truth)))]


def _domain(condition: Condition) -> tuple[QuantityKey, Interval]:
    """What a condition is about, and every number that it can have."""
    above: Endpoint = (INFINITE, 0)
    if isinstance(condition, OnField):
        most = (Fraction(1), 0) if condition.field in ("delta_confidence", "coverage") else above
        return (f"{condition.field} by {condition.by}", condition.keys), ((Fraction(0), 0), most)
    assert isinstance(condition, OnMetric)
    metric, quantity = condition.metric, condition.claim.quantity
    low: Endpoint = (-INFINITE, 0)
    high = above
    if metric.range is not None:
        ends, width = metric.range, Fraction(metric.range[1] - metric.range[0])
        if quantity == "value":
            low, high = (Fraction(ends[0]), 0), (Fraction(ends[1]), 0)
        elif quantity == "delta":
            low, high = (-width, 0), (width, 0)
        elif ends[0] >= 0:
            low = (Fraction(-1), 0)
        elif ends[1] <= 0:
            high = (Fraction(1), 0)
    return (quantity, condition.keys), (low, high)


def _reach(condition: Condition) -> str:
    """Why nothing else is possible."""
    if isinstance(condition, OnField):
        least = "is at least 0" if _domain(condition)[1][1][0] == INFINITE else "lies between 0 and 1"
        return f"{condition.field} {least}"
    assert isinstance(condition, OnMetric)
    metric, quantity = condition.metric, condition.claim.quantity
    assert metric.range is not None
    if quantity == "value":
        return f"the range is [{plain(metric.range[0]):f}, {plain(metric.range[1]):f}]"
    if quantity == "delta":
        return f"two values in the range differ by {plain(metric.range[1] - metric.range[0]):f} at most"
    return "nothing changes by more than the whole of the baseline on this side"


def _better(condition: Condition) -> str:
    size = abs(condition.threshold)
    if isinstance(condition, OnField):
        return "write a threshold that some run misses and some run meets"
    assert isinstance(condition, OnMetric)
    width = width_of(condition.metric)
    if width is not None and width <= 1 < size <= 100:
        return f"did you mean {plain(size / 100):f}?"
    if condition.claim.quantity == "value" and condition.op in (">=", ">") and condition.role == "ship":
        return f"did you mean {condition.metric.key}.delta {condition.op} {plain(condition.threshold):f}?"
    return "correct the threshold or the range"


def good_side_in_reject(context: LintContext) -> Iterator[Finding]:
    """A field of the reject rule that fires where it is good."""
    turned = {">=": "<", ">": "<=", "<=": ">", "<": ">="}
    for condition in context.bar.rules.conditions():
        if not isinstance(condition, OnField) or condition.role == "ship":
            continue
        if condition.claim.side == ("at_most" if condition.field == "worse" else "at_least"):
            yield Finding(
                lint="field-good-side",
                pointer=condition.pointer,
                message=f"rejects where {condition.text}, which is the better side",
                help=f"did you mean {condition.text.replace(condition.op, turned[condition.op])}?",
            )
