"""What a condition asks of the evidence about single metrics, and the verdict that marks make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from operator import ge, gt, le, lt

from msgspec import Struct

from remyx_action.confidence import weigh
from remyx_action.evidence.claims import IMPROVED, Claim
from remyx_action.evidence.evidence import MetricEvidence
from remyx_action.policy.bar import Bar
from remyx_action.policy.judgement import decide
from remyx_action.policy.rules import Condition, Mark, OnField, OnMetric, RuleTree, at_least, mark_of
from remyx_action.project.models.metrics import BarMetric

COMPARE = {">=": ge, ">": gt, "<=": le, "<": lt}


class Requirement(Struct, frozen=True, kw_only=True):
    """One claim about one metric that a condition rests on."""

    metric: BarMetric
    claim: Claim
    floor: Fraction | None
    """The confidence that the claim needs; None: the point decides alone."""
    op: str = ">="
    """How the confidence is compared with the floor."""
    with_point: bool = True
    """Whether the point must satisfy the claim as well; not of `delta_confidence`."""

    def __hash__(self) -> int:
        return hash((self.metric.key, self.claim, self.floor, self.op, self.with_point))

    @property
    def rises(self) -> bool:
        """Whether a higher mean helps to meet it."""
        return (self.claim.side == "at_least") == (self.op in (">=", ">"))

    def mark(self, evidence: MetricEvidence) -> Mark:
        """Return whether the evidence meets it, weighed by the program's own code."""
        weighed = weigh(evidence, self.metric, self.claim)
        marks = [mark_of(weighed.holds)] if self.with_point else []
        if self.floor is not None:
            confidence = weighed.lowest_confidence
            sure = None if confidence is None else COMPARE[self.op](Fraction(confidence), self.floor)
            marks.append(mark_of(sure))
        return at_least(len(marks), marks)


Requirements = Sequence[Requirement] | Mark | None
"""Requirements that all must hold; a mark that no score can change; None: not known."""


def requirements_of(condition: Condition, bar: Bar, sizes: Mapping[str, int]) -> Requirements:
    """Return what the condition asks where so many samples of each metric are scored and none is missing."""
    if isinstance(condition, OnMetric):
        if condition.claim.side == "equal":
            return None
        return [Requirement(metric=condition.metric, claim=condition.claim, floor=condition.floor)]
    assert isinstance(condition, OnField)
    if condition.field == "delta_confidence":
        return [
            Requirement(
                metric=bar.metric(key),
                claim=IMPROVED[bar.metric(key).direction],
                floor=Fraction(condition.threshold) if condition.floor is None else condition.floor,
                op=condition.op,
                with_point=False,
            )
            for key in condition.keys
        ]
    if condition.field in ("sample_size", "coverage"):
        smallest = min((sizes.get(key, 0) for key in condition.keys), default=0)
        value = smallest if condition.field == "sample_size" else 1
        return mark_of(COMPARE[condition.op](value, condition.threshold))
    return None


def verdict_of(rules: RuleTree, marks: Mapping[str, Mark]) -> str:
    """Return the verdict that the conditions' marks, by pointer, make in a complete run without caps."""

    def gate(node: object) -> Mark:
        if isinstance(node, Condition):
            return marks[node.pointer]
        return at_least(node.k, [gate(child) for child in node.children])  # type: ignore[attr-defined]

    reject = Mark.FALSE if rules.reject is None else gate(rules.reject)
    verdict, _ = decide(ship=gate(rules.ship), reject=reject, state="complete", caps=[])
    assert verdict is not None
    return verdict


def all_of(marks: Iterable[Mark]) -> Mark:
    """Return true where every mark is."""
    found = list(marks)
    return at_least(len(found), found)
