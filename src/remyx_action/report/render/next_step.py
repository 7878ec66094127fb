"""Report → what to do now: never the opposite of the table, never a number that cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_UP, Decimal

from remyx_action.decimals import plain
from remyx_action.policy.advice import Advice
from remyx_action.policy.rules import Mark
from remyx_action.report.report import ProposalReport, Report, help_of_failure

from . import numbers
from .cause import CAUSES_NAMED, Marked, failed_arm_of
from .condition_words import ConditionView, MetricConditionView
from .escape import Code, Phrase, Prose, joined
from .field_words import FieldConditionView
from .words import NEXT, UNKNOWN, lock_step

KEEP_WORKING = "Keep working: "
NAMED = 4
"""Conditions that are named behind the first one."""


def next_step(of: Marked) -> Phrase:
    """Return what to do now, in order."""
    report = of.report
    lock = lock_step(report.judged_under.lock, report.policy.policy.require_lock)
    if not lock or report.reason in {"not_locked", "lock_stale"} or report.run_state == "not_comparable":
        return _split_first(of)
    if report.verdict == "ship":
        return (f"{lock[0].upper()}{lock[1:]}, which a pull request needs to ship. Then merge it.",)
    also = f" To ship, also {lock}."
    return (*_split_first(of), *((also,) if report.verdict == "iterate" else ()))


def _split_first(of: Marked) -> Phrase:
    proposal = of.report.proposal
    if proposal is None or not splits(proposal):
        return _next_step(of)
    moved = "the changes of the bar" if proposal.changes else "the files that the verdict is judged by"
    step = _next_step(of)
    first = f"first move {moved} into a pull request of their own. Then: "
    if step[:1] == (KEEP_WORKING,):
        return (KEEP_WORKING, first, *step[1:])
    return _as_sentence((first, *step))


def _next_step(of: Marked) -> Phrase:
    report = of.report
    match report.reason:
        case "reject_rule" | "both_match":
            return _after_a_reject(report, of.of_reject(Mark.TRUE))
        case "below_bar":
            failing = of.of_ship(Mark.FALSE)
            return (KEEP_WORKING, *_missing(of, failing[0]), *_also(failing[1:])) if failing else ()
        case "ship_undetermined":
            return _as_sentence(_supply(of.of_ship(Mark.UNKNOWN)))
        case "reject_undetermined":
            return _as_sentence(_supply(of.of_reject(Mark.UNKNOWN)))
        case "run_failed":
            return _after_a_failure(report)
        case "not_comparable":
            return _to_compare(report.inputs.not_comparable)
    return (NEXT.get(report.reason, ""),)


def _to_compare(differences: Sequence[str]) -> Phrase:
    """What both arms have to share, with what each of them had."""
    if not differences:
        return (NEXT["not_comparable"],)
    same: list[Phrase] = []
    for difference in differences[:CAUSES_NAMED]:
        name, _, found = difference.partition(": ")
        is_value = found.startswith("baseline ")
        had: Phrase = (
            (Code(name), " (", Prose(found), ")") if is_value else ("inputs (", Prose(difference), ")")
        )
        same.append(had)
    return ("Measure both arms with the same ", *joined(same, " and the same "), ", then run again.")


def _after_a_failure(report: Report) -> Phrase:
    """What our own message about results that cannot be read advises; of a run that crashed the log tells."""
    failed = failed_arm_of(report)
    step = help_of_failure(failed[1]) if failed else ""
    if not step:
        return (NEXT["run_failed"],)
    return (Prose(step[:1].upper() + step[1:].rstrip(".")), ". Results that cannot be read are never scored.")


def splits(proposal: ProposalReport) -> bool:
    """Whether the pull request changes what its verdict is judged by, and something else too."""
    protected = any(path not in proposal.workflow for path in proposal.protected)
    return protected and bool(proposal.others)


def without_lead(phrase: Phrase) -> Phrase:
    """Return what to do without "Keep working:", for a place that says it already."""
    if phrase and phrase[0] == KEEP_WORKING:
        return _as_sentence(phrase[1:])
    return phrase


def _as_sentence(phrase: Phrase) -> Phrase:
    first, *rest = phrase
    return (first[:1].upper() + first[1:], *rest) if isinstance(first, str) else phrase


def _after_a_reject(report: Report, views: Sequence[ConditionView]) -> Phrase:
    view = next((view for view in views if view.metric), None)
    if view is None or view.metric is None or view.unknown is not None:
        return _as_sentence(_supply(views))
    keep = " Keep the gain: the ship rule was met." if report.reason == "both_match" else ""
    others = [other.label or other.asks for other in views if other is not view]
    also = _listed(" Also rejecting: ", others)
    return ("Find why ", *view.label, f" got worse, and fix or revert the cause.{keep}", *also)


def _also(views: Sequence[ConditionView]) -> Phrase:
    """The other conditions that block a ship, each with what it did and what it needs."""
    return _listed(" Also failing: ", [view.short for view in views])


def _listed(lead: str, named: Sequence[Phrase]) -> Phrase:
    if not named:
        return ()
    more = f"; and {len(named) - NAMED} more" if len(named) > NAMED else ""
    return (lead, *joined(list(dict.fromkeys(named))[:NAMED], "; "), f"{more}.")


def _worse(report: Report, key: str) -> int:
    """How many samples got worse."""
    changed = report.samples_changed.get(key)
    if changed is None:
        return 0
    return changed.down if report.policy.metric(key).direction == "higher" else changed.up


def _find_why(worse: int, on: Phrase = ()) -> Phrase:
    """What to do about samples that got worse: the variant is to be fixed, not they."""
    return (
        f"find why {numbers.plural(worse, 'sample')} got worse",
        *((" on ", *on) if on else ()),
        ", and fix the cause",
    )


def _supply(views: Sequence[ConditionView]) -> Phrase:
    """What is missing, so that it can be known."""
    steps: list[Phrase] = []
    for view in views:
        known = view.unknown or UNKNOWN["missing_metric"]
        before, brace, after = known.step.partition("{}")
        steps.append((before, *(view.label or ("it",)), after) if brace else (before,))
    return (*joined(list(dict.fromkeys(steps))[:CAUSES_NAMED], "; "), ". What is not known never ships.")


def _missing(of: Marked, view: ConditionView) -> Phrase:
    """The metric and the amount that is missing; a number of samples where there is one."""
    if view.unknown is not None:
        return _supply([view])
    if isinstance(view, FieldConditionView):
        return _missing_of_field(of, view)
    assert isinstance(view, MetricConditionView)
    if view.condition.reason != "low_confidence":
        return _gap(of, view)
    movement = view.movement
    return _unsure_limit(of, view) if movement and movement.limits else _unsure_gain(of, view)


def _gap(of: Marked, view: MetricConditionView) -> Phrase:
    """How far the point is from what is asked."""
    condition, movement = view.condition, view.movement
    if condition.observed is None:
        return (*view.label, " is not known.")
    distance = abs(condition.observed - plain(condition.threshold))
    if distance == 0:
        return (*view.label, " needs more than that.")
    size = _size(view, distance)
    if movement is None:
        up = condition.observed < plain(condition.threshold)
        return (*view.label, " needs to be ", *size, f" {'higher' if up else 'lower'}.")
    if movement.limits:
        worse = _worse(of.report, view.metric.key)
        fix: Phrase = (": ", *_find_why(worse)) if worse else ()
        return (*view.label, f" {movement.verb.past} ", *size, " too much", *fix, ".")
    advice = _advice_for(of, view)
    effect = _possible(of.report, view, advice) if advice else None
    if advice is None or effect is None:
        return (*view.label, " needs ", *size, " more.")
    return (*_improved_to(view, effect, advice), ".")


def _size(view: MetricConditionView, size: Decimal) -> Phrase:
    """A size in the condition's terms, never rounded to nothing."""
    if view.condition.is_relative:
        decimals = numbers.decimals_that_tell_apart([100 * size], [Decimal(0)], at_least=1)
        return (f"{numbers.percent(size, decimals=decimals)} of the baseline",)
    decimals = numbers.decimals_that_tell_apart([size], [Decimal(0)], at_least=view.metric.decimals)
    return view.metric.amount(numbers.at(size, decimals))


def _advice_for(of: Marked, view: ConditionView) -> Advice | None:
    """The advice on it, without a number of samples where something else fails on its number anyway."""
    advice = next((each for each in of.report.advice if each.condition == view.condition.text), None)
    others = (other for other in of.of_ship(Mark.FALSE) if other.condition.text != view.condition.text)
    if advice and any(map(_fails_by_number, others)):
        return advice.model_copy(update={"n_needed": None})
    return advice


def _fails_by_number(view: ConditionView) -> bool:
    """Whether it fails however many samples are tested, if the true change is as measured."""
    is_known = isinstance(view, MetricConditionView) and view.unknown is None
    return is_known and view.in_the_way and view.condition.reason != "low_confidence"


def _samples_needed(advice: Advice | None) -> str:
    """`about 3,900 samples`; "" where no number would show it."""
    if advice is None or advice.kind != "more_samples" or not advice.n_needed:
        return ""
    return f"about {round_up(advice.n_needed):,} {advice.counted_in}"


def _unsure_limit(of: Marked, view: MetricConditionView) -> Phrase:
    worse, advice = _worse(of.report, view.metric.key), _advice_for(of, view)
    first: Phrase = ("show that ", *view.label, " ", *view.happened)
    if worse:
        first = _find_why(worse, on=view.label)
    needed = _samples_needed(advice)
    if not needed or advice is None:
        return (*first, ".")
    assumed = "truly no worse" if not advice.expected else f"truly as {advice.expected_from}"
    return (*first, f", or, if the variant is {assumed}, test {needed}.")


def _unsure_gain(of: Marked, view: MetricConditionView) -> Phrase:
    advice = _advice_for(of, view)
    if advice is None or advice.expected is None:
        return (*view.label, " needs a larger gain, or more samples.")
    now, needed = f"{advice.n_now or 0:,} {advice.counted_in}", _samples_needed(advice)
    effect = _possible(of.report, view, advice)
    if effect is None:
        first: Phrase = (*view.label, f" cannot be sure enough on these {now}.")
        if advice.n_needed:
            what = f"{view.movement.verb.noun} in" if view.movement else "value of"
            first = (f"these {now} cannot confirm any {what} ", *view.label, ".")
        test = f" is the true {_noun(view)}, test {needed}."
        return (*first, " If ", *_at(view, advice.expected), test) if needed else first
    first = _improved_to(view, effect, advice)
    if not needed:
        return (*first, ".")
    return (*first, ", or, if ", *_at(view, advice.expected), f" is the true {_noun(view)}, test {needed}.")


def _improved_to(view: MetricConditionView, effect: Decimal, advice: Advice) -> Phrase:
    enough = f" (usually enough with {advice.n_now or 0:,} {advice.counted_in})"
    if view.movement is None:
        return ("bring ", *view.label, " to about ", *_at(view, effect), enough)
    way = "up" if view.condition.turn * effect > 0 else "down"
    return ("bring ", *view.label, f" {way} by about ", *_size(view, abs(effect)), " in all", enough)


def _noun(view: MetricConditionView) -> str:
    return view.movement.verb.noun if view.movement else "value"


def _at(view: MetricConditionView, size: Decimal) -> Phrase:
    """A gain, loss or value in the condition's terms as the change that it is: `+0.056`, `−12 ms`, `0.42`."""
    condition, decimals = view.condition, view.metric.decimals
    if view.movement is None:
        return view.metric.value(numbers.at(size, decimals))
    change = condition.turn * size
    if condition.is_relative:
        share = numbers.percent(abs(change), decimals=max(1, decimals - 2))
        return (f"{'+' if change > 0 else numbers.MINUS}{share} of the baseline",)
    return view.metric.signed(change, decimals)


def _possible(report: Report, view: MetricConditionView, advice: Advice) -> Decimal | None:
    """The change that would be sure enough, rounded up; None where the range has no room for it."""
    condition, effect = view.condition, advice.smallest_effect
    if effect is None:
        return None
    step = Decimal(1).scaleb(-min(view.metric.decimals, numbers.MOST_DECIMALS))
    shown = effect.quantize(step, rounding=ROUND_UP)
    bounds, before = report.policy.metric(view.metric.key).range, view.metric.row.baseline
    if bounds is None or before is None or condition.is_relative:
        return shown
    reached = shown if condition.claim.quantity == "value" else before + condition.turn * shown
    return shown if bounds[0] <= reached <= bounds[1] else None


def _missing_of_field(of: Marked, view: FieldConditionView) -> Phrase:
    threshold, observed = view.threshold, view.condition.observed
    assert observed is not None
    if view.condition.field == "delta_confidence":
        advice = _advice_for(of, view)
        label: Phrase = (Prose(of.report.policy.metric(advice.metric).label),) if advice else ("a target",)
        needed = _samples_needed(advice)
        if not needed:
            return ("improve ", *label, " further.")
        return ("improve ", *label, f" further, or, if its true gain is as measured, test {needed}.")
    if view.condition.field == "sample_size":
        return (f"measure {numbers.plural(int(threshold), 'sample')}, now {int(observed):,}.",)
    if view.condition.field == "coverage":
        return (f"score more of the samples, now {view.observed}.",)
    if view.condition.field == "worse":
        over = numbers.plural(int(observed - threshold), "sample")
        return (*_find_why(int(observed), on=view.label), f": {over} too many.")
    more = numbers.plural(int(threshold - observed), "more sample")
    return (*view.label, f" needs {more} that got better.")


def round_up(count: int) -> int:
    """Return a projected number of samples at two digits, upwards: it has no more."""
    step = int("1".ljust(len(str(count)) - 1, "0"))
    return -(-count // step) * step
