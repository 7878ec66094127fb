"""The judge: bar × evidence → marks → verdict. Pure, so that a verdict replays from its own file."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from operator import ge, gt, le, lt
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.confidence import Estimate, estimate, weigh
from remyx_action.decimals import round_beside
from remyx_action.evidence.claims import Claim
from remyx_action.evidence.evidence import Inputs
from remyx_action.readers.scores import Reason

from .bar import Bar
from .fields import FieldValue, Numbers, coverage, coverage_of, delta_confidence, field_value, sample_size
from .rules import Condition, Gate, Mark, OnField, OnMetric, at_least, mark_of

INCOMPLETE_RUN = "incomplete"
"""The cap where fewer samples were scored than expected."""
QUICK_LOOK = "quick_look"
"""The cap where fewer samples were asked for than there are."""

Verdict = Literal["ship", "reject", "iterate"]
RunState = Literal["complete", "partial", "not_comparable", "failed"]

INCOMPLETE = frozenset(
    {
        Reason.MISSING_METRIC,
        Reason.NO_BASELINE,
        Reason.INVALID_VALUE,
        Reason.OUT_OF_RANGE,
        Reason.UNMATCHED_SAMPLES,
    }
)
"""Reasons of a metric that make the run partial: it is absent, invalid or not matched."""


class Judgement(Struct, frozen=True, kw_only=True):
    verdict: Verdict | None
    """None where the run failed: a crash is never a verdict."""
    reason: str
    run_state: RunState
    estimates: dict[str, Estimate]
    """By metric key, in the bar's order."""
    ship: Gate
    reject: Gate | None
    delta_confidence: FieldValue
    sample_size: FieldValue
    coverage: FieldValue

    @property
    def least_sure(self) -> str | None:
        """Key of the metric that ship asks to improve and that is least surely better."""
        return self.delta_confidence.key


def judge(bar: Bar, inputs: Inputs) -> Judgement:
    """The verdict on `inputs` under `bar`, with every condition marked.

    `report.verdict` calls it with what it compared, `commands.replay` and `odds` with inputs that they have.
    """
    estimates = {metric.key: estimate(inputs.metrics[metric.key], metric) for metric in bar.metrics}
    state = run_state_of(inputs, estimates)
    numbers = Numbers(bar=bar, inputs=inputs, estimates=estimates, blocked_by=_blocked_by(state))

    def mark(condition: Condition) -> Condition:
        return _marked(condition, numbers)

    rules = bar.rules_at(inputs.look)
    ship = rules.ship.map(mark)
    reject = rules.reject and rules.reject.map(mark)
    verdict, reason = decide(
        ship=ship.mark,
        reject=reject.mark if reject else Mark.FALSE,
        state=state,
        caps=[*inputs.caps, *cap_of_missing(bar, inputs)],
    )
    if reason in ("ship_undetermined", "reject_undetermined") and _lacks_too_many(ship, reject):
        reason = INCOMPLETE_RUN
    return Judgement(
        verdict=verdict,
        reason=reason,
        run_state=state,
        estimates=estimates,
        ship=ship,
        reject=reject,
        delta_confidence=delta_confidence(numbers, bar.rules.keys_asked_to_improve),
        sample_size=sample_size(numbers, bar.rules.named),
        coverage=coverage(numbers, bar.rules.named),
    )


def decide(*, ship: Mark, reject: Mark, state: RunState, caps: list[str]) -> tuple[Verdict | None, str]:
    """Verdict and reason of two marks; reject comes before caps, caps before ship."""
    if state == "failed":
        return None, "run_failed"
    if reject is Mark.TRUE:
        return "reject", "both_match" if ship is Mark.TRUE else "reject_rule"
    if state == "not_comparable":
        return "iterate", "not_comparable"
    if ship is Mark.FALSE:
        return "iterate", "below_bar"
    if ship is Mark.UNKNOWN:
        return "iterate", "ship_undetermined"
    if reject is Mark.UNKNOWN:
        return "iterate", "reject_undetermined"
    if caps:
        return "iterate", caps[0]
    return "ship", "bar_met"


def cap_of_missing(bar: Bar, inputs: Inputs) -> Sequence[str]:
    """Return the cap of a run that scored too few of the expected samples.

    None where every ship has to meet a condition on coverage, nor in a quick look, which has its own cap.
    """
    if inputs.samples is not None or asks_for_coverage(bar.rules.ship):
        return []
    named = (bar.metric(key) for key in bar.rules.named)
    shares = ((metric, coverage_of(inputs, metric)) for metric in named)
    short = any(share is not None and 1 - share > Fraction(metric.max_missing) for metric, share in shares)
    return [INCOMPLETE_RUN] if short else []


def asks_for_coverage(ship: Gate) -> bool:
    """Return whether every ship has to meet a condition on coverage."""
    return any(isinstance(found, OnField) and found.field == "coverage" for found in ship.deciding())


def _lacks_too_many(ship: Gate, reject: Gate | None) -> bool:
    conditions = [*ship.conditions(), *(reject.conditions() if reject else ())]
    return any(found.reason is Reason.TOO_MANY_MISSING for found in conditions)


def run_state_of(inputs: Inputs, estimates: dict[str, Estimate]) -> RunState:
    """How much of the run can be judged."""
    if any(state in {"failed", "timed_out"} for state in inputs.arms.values()):
        return "failed"
    if inputs.not_comparable:
        return "not_comparable"
    if any(estimate.reason in INCOMPLETE for estimate in estimates.values()):
        return "partial"
    return "complete"


def _blocked_by(state: RunState) -> Reason | None:
    """The reason why no comparison of the arms may count, whatever the numbers say."""
    if state == "failed":
        return Reason.ARM_FAILED
    return Reason.NOT_COMPARABLE if state == "not_comparable" else None


def _marked(condition: Condition, numbers: Numbers) -> Condition:
    """The condition with its mark, reason and numbers."""
    if isinstance(condition, OnField):
        marked: Condition = _mark_field(condition, numbers)
    else:
        assert isinstance(condition, OnMetric)
        marked = _mark_metric(condition, numbers)
    if marked.mark is Mark.UNKNOWN and marked.unknown_counts_against_variant:
        return replace(marked, mark=Mark.FALSE if marked.role == "ship" else Mark.TRUE)
    return marked


def _mark_metric(condition: OnMetric, numbers: Numbers) -> OnMetric:
    """Without a floor the point decides; with one, the point and the confidence, by Kleene's and."""
    metric, claim, floor = condition.metric, condition.claim, condition.floor
    blocked = _why_blocked(claim, numbers)
    if blocked:
        return replace(condition, reason=blocked)
    weighed = weigh(numbers.inputs.metrics[metric.key], metric, claim)
    sure = None if floor is None else weighed.is_sure(floor)
    marks = [mark_of(weighed.holds)] + ([] if floor is None else [mark_of(sure)])
    mark = at_least(len(marks), marks)
    observed = observed_by(condition, numbers.estimates[metric.key])
    return replace(
        condition,
        mark=mark,
        reason=_reason(mark, weighed.holds, weighed.point_reason, weighed.reason or Reason.MISSING_SAMPLES),
        observed=None if observed is None else round_beside(observed, Fraction(condition.threshold)),
        confidence=weighed.lowest_confidence,
        n=weighed.n,
    )


def _why_blocked(claim: Claim, numbers: Numbers) -> Reason | None:
    """Return the reason why the claim may not be weighed, or None where it may.

    A failed arm blocks every claim. Arms that are not comparable block all but those about one arm's value.
    """
    if numbers.blocked_by is Reason.NOT_COMPARABLE and claim.quantity == "value":
        return None
    return numbers.blocked_by


def _reason(
    mark: Mark,
    holds: bool | None,  # noqa: FBT001
    point_reason: Reason | None,
    confidence_reason: Reason | None,
) -> Reason | None:
    if mark is Mark.TRUE:
        return None
    if holds is False:
        return Reason.THRESHOLD
    if mark is Mark.FALSE:
        return Reason.LOW_CONFIDENCE
    return point_reason if holds is None else confidence_reason


def observed_by(condition: OnMetric, estimate: Estimate) -> Fraction | None:
    """The number that is compared with the condition's threshold, in the condition's own terms.

    `improves_by` compares the gain, `regresses_by` and `no_regression` the loss.
    """
    if condition.claim.quantity == "value":
        return estimate.variant
    if estimate.delta is None:
        return None
    turned = condition.turn * estimate.delta
    if condition.is_relative:
        return turned / abs(estimate.baseline) if estimate.baseline else None
    return turned


def _mark_field(condition: OnField, numbers: Numbers) -> OnField:
    """Unknown where the field is, with the field's reason."""
    found = field_value(condition, numbers)
    if found.value is None:
        return replace(condition, reason=found.reason)
    threshold = Fraction(condition.threshold) if condition.floor is None else condition.floor
    compare = {">=": ge, ">": gt, "<=": le, "<": lt}[condition.op]
    ends = [found.value if end is None else end for end in (found.lowest, found.highest)]
    marks = {mark_of(compare(end, threshold)) for end in ends}
    mark = marks.pop() if len(marks) == 1 else Mark.UNKNOWN
    reasons = {Mark.TRUE: None, Mark.FALSE: Reason.THRESHOLD, Mark.UNKNOWN: Reason.MISSING_SAMPLES}
    return replace(condition, mark=mark, reason=reasons[mark], observed=round_beside(found.value, threshold))


def is_enough(ship: Gate, samples: int) -> bool:
    """Whether the ship rule itself says that so many samples suffice.

    It does by a condition that every ship has to meet and that so many samples do:
    `{field: sample_size, op: ">=", threshold: N}`, for all metrics.
    """
    return any(
        isinstance(condition, OnField)
        and condition.field == "sample_size"
        and condition.metric is None
        and (samples > condition.threshold if condition.op == ">" else samples >= condition.threshold)
        for condition in ship.deciding()
        if condition.op in (">", ">=")
    )


class MarkCounts(Struct, frozen=True, kw_only=True):
    """Of one condition, in how many verdicts it had each mark."""

    text: str
    """The condition, as a line."""
    held: int
    failed: int
    unknown: int

    @property
    def remark(self) -> str | None:
        """Return what is odd about the counts, or None."""
        if self.held + self.failed == 0:
            return "was never known"
        if self.held == 0:
            return "never held"
        return "never failed" if self.failed == 0 else None
