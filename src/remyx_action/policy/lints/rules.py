"""Lints of whole rules: what they let through, shut out, or leave out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from remyx_action.decimals import plain
from remyx_action.evidence.claims import Claim
from remyx_action.project.models import Equality, FieldCondition
from remyx_action.project.models.policy import (
    AllOf,
    AnyOf,
    AtLeast,
    Node,
    children_of,
    leaves_of,
    metric_keys,
)

from .subject import Condition, Finding, Subject, located_rules, needed

NUMBER_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
K_OF_N = re.compile(
    rf"\b(\d{{1,3}}|{'|'.join(NUMBER_WORDS)})[\s-]+(?:out[\s-]+)?of[\s-]+(?:the[\s-]+)?"
    rf"(\d{{1,3}}|{'|'.join(NUMBER_WORDS)})\b",
    re.IGNORECASE,
)


def ship_unreachable(subject: Subject) -> Iterator[Finding]:
    for ship in subject.of("ship"):
        for reject in subject.of("reject"):
            if ship.decides and reject.decides and _implies(ship, reject):
                yield Finding(
                    lint="ship-unreachable",
                    pointer=ship.pointer,
                    message=f"whatever ships is rejected: {_shown(ship)} implies {_shown(reject)}",
                    help="turn one of the two around, or let reject start beyond what ship asks for",
                )
                return


def _implies(ship: Condition, reject: Condition) -> bool:
    """Whether the reject condition is met wherever the ship condition is."""
    first, second = ship.claim, reject.claim
    same = (ship.metric.key, first.quantity, first.side) == (reject.metric.key, second.quantity, second.side)
    if not same or first.side == "equal":
        return False
    gap = (
        first.threshold - second.threshold if first.side == "at_least" else second.threshold - first.threshold
    )
    point = gap > 0 or (gap == 0 and (first.strict or not second.strict))
    # The confidence in the weaker claim is at least that in the stronger one.
    return point and (reject.floor is None or (ship.floor is not None and ship.floor >= reject.floor))


def _shown(condition: Condition) -> str:
    return f"{condition.metric.key}.{_claim(condition.claim)}"


def _claim(claim: Claim) -> str:
    op = {"at_least": ">", "at_most": "<"}[claim.side] + ("" if claim.strict else "=")
    return f"{claim.quantity} {op} {plain(claim.threshold):f}"


def floors_not_shared(subject: Subject) -> Iterator[Finding]:
    rules = {"/ship": subject.bar.policy.ship, "/reject": subject.bar.policy.reject}
    for start, outermost in rules.items():
        for pointer, rule in located_rules(outermost, start):
            if isinstance(rule, AllOf) or rule.floors == "shared":
                continue
            floors = [floor for child in children_of(rule) if (floor := _lowest_floor(child)) is not None]
            ways = min(len(children_of(rule)) - needed(rule) + 1, len(floors))
            if ways < 2:
                continue
            wrong = 1 - min(floors) ** ways
            kind = "any" if isinstance(rule, AnyOf) else f"at_least {needed(rule)} of {len(rule.of)}"
            yield Finding(
                lint="floors-not-shared",
                pointer=pointer,
                message=f"{len(floors)} floors under {kind} are not shared: it may claim wrongly "
                f"in up to {percent(wrong)} of all cases",
                help="add `floors: shared` to this rule",
            )


def _lowest_floor(child: object) -> Fraction | None:
    leaves = leaves_of(child) if isinstance(child, AllOf | AnyOf | AtLeast) else [child]
    metric_conditions = [leaf for leaf in leaves if not isinstance(leaf, FieldCondition | Equality)]
    floors = [Fraction(leaf.confidence) for leaf in metric_conditions if leaf.confidence is not None]  # type: ignore[attr-defined]
    return min(floors) if floors else None


def percent(share: Fraction | float) -> str:
    """A probability as people say it."""
    return f"{float(share) * 100:.0f} %"


def metric_in_no_rule(subject: Subject) -> Iterator[Finding]:
    named = {*_named(subject.bar.policy.ship), *_named(subject.bar.policy.reject)}
    left_out = [metric.key for metric in subject.bar.metrics if metric.key not in named]
    if left_out:
        yield Finding(
            lint="metric-in-no-rule",
            pointer="/ship",
            message=f"{len(left_out)} of {len(subject.bar.metrics)} measured metrics stand in no rule: "
            f"{', '.join(left_out)}",
            help=f"guard it with {{metric: {left_out[0]}, op: no_regression}}, or measure it no more",
        )


def _named(rule: Node | None) -> list[str]:
    fields = [leaf.metric for leaf in leaves_of(rule) if isinstance(leaf, FieldCondition)]
    return [*metric_keys(rule), *(key for key in fields if key)]


def metric_without_guard(subject: Subject) -> Iterator[Finding]:
    guarded = {
        condition.metric.key
        for condition in subject.conditions
        if (condition.role == "reject" and not condition.favours_better)
        or (condition.role == "ship" and condition.decides and condition.favours_better)
    }
    told: set[str] = set()
    for condition in subject.of("ship"):
        key = condition.metric.key
        if key in guarded | told:
            continue
        told.add(key)
        how_far = "without limit" if condition.width is None else f"by up to {plain(condition.width):f}"
        yield Finding(
            lint="metric-without-guard",
            pointer=condition.pointer,
            message=f"{key} may become worse {how_far} and still ship",
            help=f"add {{metric: {key}, op: no_regression, threshold: …, confidence: 0.80}} to reject",
        )


def notes_say_k_of_n(subject: Subject) -> Iterator[Finding]:
    rules = [*located_rules(subject.policy.ship, ""), *located_rules(subject.policy.reject, "")]
    said = {(rule.at_least, len(rule.of)) for _, rule in rules if isinstance(rule, AtLeast)}
    for match in K_OF_N.finditer(subject.policy.notes or ""):
        k, n = (_number(word) for word in match.groups())
        if 0 < k < n and (k, n) not in said:
            yield Finding(
                lint="notes-say-k-of-n",
                pointer="/notes",
                message=f'the notes say "{" ".join(match[0].split())}", and no rule has at_least {k} of {n}',
                help=f"write `at_least: {k}` with `of:`, or correct the notes",
            )
            return


def _number(word: str) -> int:
    return int(word) if word.isdigit() else NUMBER_WORDS.index(word.lower())
