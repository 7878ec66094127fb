"""Lints of whole rules: what they let through, shut out, or leave out, and notes that say something else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction

from remyx_action.decimals import plain
from remyx_action.evidence.claims import Claim
from remyx_action.policy.rules import Condition, Gate, OnMetric

from .lint_context import Finding, LintContext, width_of


def ship_unreachable(context: LintContext) -> Iterator[Finding]:
    deciding = context.deciding()
    for ship in context.on_metrics("ship"):
        for reject in context.on_metrics("reject"):
            if {ship.pointer, reject.pointer} <= deciding and _implies(ship, reject):
                yield Finding(
                    lint="ship-unreachable",
                    pointer=ship.pointer,
                    message=f"whatever ships is rejected: {_shown(ship)} implies {_shown(reject)}",
                    help="turn one of the two around, or let reject start beyond what ship asks for",
                )
                return


def _implies(ship: OnMetric, reject: OnMetric) -> bool:
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


def _shown(condition: OnMetric) -> str:
    return f"{condition.metric.key}.{_claim(condition.claim)}"


def _claim(claim: Claim) -> str:
    op = {"at_least": ">", "at_most": "<"}[claim.side] + ("" if claim.strict else "=")
    return f"{claim.quantity} {op} {plain(claim.threshold):f}"


def floors_not_shared(context: LintContext) -> Iterator[Finding]:
    for gate in context.gates():
        if gate.combinator == "all" or gate.shares_floors:
            continue
        floors = [floor for child in gate.children if (floor := _lowest_floor(child)) is not None]
        ways = min(len(gate.children) - gate.k + 1, len(floors))
        if ways < 2:
            continue
        wrong = 1 - min(floors) ** ways
        kind = "any" if gate.combinator == "any" else f"at_least {gate.k} of {len(gate.children)}"
        yield Finding(
            lint="floors-not-shared",
            pointer=gate.pointer,
            message=f"{len(floors)} floors under {kind} are not shared: it may claim wrongly "
            f"in up to {percent(wrong)} of all cases",
            help="add `floors: shared` to this rule",
        )


def _lowest_floor(node: Gate | Condition) -> Fraction | None:
    """The lowest declared floor at or below a node."""
    conditions = node.conditions() if isinstance(node, Gate) else iter((node,))
    floors = (condition.declared_floor for condition in conditions)
    return min((Fraction(floor) for floor in floors if floor is not None), default=None)


def percent(share: Fraction | float) -> str:
    """A probability as people say it."""
    return f"{float(share) * 100:.0f} %"


def metric_in_no_rule(context: LintContext) -> Iterator[Finding]:
    metrics = context.bar.metrics
    left_out = [metric.key for metric in metrics if metric.key not in context.bar.rules.named]
    if left_out:
        yield Finding(
            lint="metric-in-no-rule",
            pointer="/ship",
            message=f"{len(left_out)} of {len(metrics)} measured metrics stand in no rule: "
            f"{', '.join(left_out)}",
            help=f"guard it with `{left_out[0]} no_regression …`, or measure it no more",
        )


def metric_without_guard(context: LintContext) -> Iterator[Finding]:
    deciding = context.deciding()
    guarded = {
        condition.metric.key
        for condition in context.on_metrics()
        if (condition.role == "reject" and not condition.favours_better)
        or (condition.role == "ship" and condition.pointer in deciding and _bounds_loss(condition))
    }
    named: set[str] = set()
    for condition in context.on_metrics("ship"):
        key, width = condition.metric.key, width_of(condition.metric)
        if key in guarded | named:
            continue
        named.add(key)
        how_far = "without limit" if width is None else f"by up to {plain(width):f}"
        yield Finding(
            lint="metric-without-guard",
            pointer=condition.pointer,
            message=f"{key} may become worse {how_far} and still ship",
            help=f"add `{key} no_regression … at 80%` to reject",
        )


def _bounds_loss(condition: OnMetric) -> bool:
    return condition.favours_better or condition.op == "=="


def locked_needs_a_token(context: LintContext) -> Iterator[Finding]:
    if context.policy.require_lock == "locked":
        yield Finding(
            lint="locked-needs-a-token",
            pointer="/require_lock",
            message="a job's own token is not told who may bypass the rules, so with it nothing ships",
            help="give the verdict job a `token` of an administrator, or of an App that sees them",
        )


def notes_say_k_of_n(context: LintContext) -> Iterator[Finding]:
    found = no_such_rule(context.policy.notes, context.gates())
    if found is not None:
        words, k, n = found
        yield Finding(
            lint="notes-say-k-of-n",
            pointer="/notes",
            message=f'the notes say "{words}", and no rule has at_least {k} of {n}',
            help=f"write `at_least: {k}` with `of:`, or correct the notes",
        )


NUMBER_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
K_OF_N = re.compile(
    rf"\b(\d{{1,3}}|{'|'.join(NUMBER_WORDS)})[\s-]+(?:out[\s-]+)?of[\s-]+(?:the[\s-]+)?"
    rf"(\d{{1,3}}|{'|'.join(NUMBER_WORDS)})\b",
    re.IGNORECASE,
)


def no_such_rule(notes: str | None, gates: Iterable[Gate]) -> tuple[str, int, int] | None:
    """Return the first `k of n` of the notes that no rule asks for: its words, k and n; else None."""
    written = {(gate.k, len(gate.children)) for gate in gates if gate.combinator == "at_least"}
    for match in K_OF_N.finditer(notes or ""):
        k, n = (_number(word) for word in match.groups())
        if 0 < k < n and (k, n) not in written:
            return " ".join(match[0].split()), k, n
    return None


def _number(word: str) -> int:
    return int(word) if word.isdigit() else NUMBER_WORDS.index(word.lower())
