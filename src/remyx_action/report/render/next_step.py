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
from .escape import Code, Phrase, Prose, joined, with_names
from .field_words import FieldConditionView
from .words import LOCK_STEPS, NEXT, UNKNOWN, lock_step

LEADS = {"reject": "Do not merge. ", "iterate": "Do not merge yet. "}
"""Verdict → what its Next begins with."""
KEEP_WORKING = "Keep working: "
NAMED = 4
"""Conditions that are named behind the first one."""


def next_step(of: Marked) -> Phrase:
    """Return what to do now, in order."""
    report = of.report
    lock = lock_step(report.judged_under.lock, report.policy.policy.require_lock)
    if not lock or report.reason in {"not_locked", "lock_stale"} or report.run_state == "not_comparable":
        return (*_lead(report), *_split_first(of))
    if report.verdict == "ship":
        return with_names(f"{lock[0].upper()}{lock[1:]}, which a pull request needs to ship. Then merge it.")
    also = with_names(f" To ship, also {lock}.")
    return (*_lead(report), *_split_first(of), *(also if report.verdict == "iterate" else ()))


def _lead(report: Report) -> Phrase:
    """Whether to merge; nothing where the policy lets an iterate through."""
    if report.verdict == "iterate" and report.policy.policy.gate.iterate == "allow":
        return ()
    return (LEADS[report.verdict],) if report.verdict in LEADS else ()


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
            return (KEEP_WORKING, *_keep_working(of, of.failing)) if of.failing else ()
        case "ship_undetermined":
            return _as_sentence(_supply(of.of_ship(Mark.UNKNOWN)))
        case "reject_undetermined":
            return _as_sentence(_supply(of.of_reject(Mark.UNKNOWN)))
        case "run_failed":
            return _after_a_failure(report)
        case "not_comparable":
            return _to_compare(report.inputs.not_comparable)
        case "not_locked":
            return _to_lock(report)
    return with_names(NEXT.get(report.reason, ""))


def _to_lock(report: Report) -> Phrase:
    """The files to merge; of a lock that lacks only proof, where the proof is described."""
    if report.judged_under.lock.partition(": ")[0] == "captured":
        return with_names(f"{LOCK_STEPS['captured'].capitalize()}, then re-run.")
    lock = Code(f".remyx/locks/{report.policy.template}.json")
    return (
        "Run ",
        Code("remyx-action lock"),
        ", merge ",
        lock,
        " and ",
        Code(".github/CODEOWNERS"),
        " in a pull request of their own, then re-run.",
    )


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
    return (
        "Measure baseline and variant with the same ",
        *joined(same, " and the same "),
        ", then run again.",
    )


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
    """Return what to do without "Do not merge yet. Keep working:", for a place that says it already."""
    leads = (KEEP_WORKING, *LEADS.values())
    rest = list(phrase)
    while rest and rest[0] in leads:
        rest.pop(0)
    return _as_sentence(tuple(rest))


def _as_sentence(phrase: Phrase) -> Phrase:
    first, *rest = phrase or ("",)
    return (first[:1].upper() + first[1:], *rest) if isinstance(first, str) else phrase


def _after_a_reject(report: Report, views: Sequence[ConditionView]) -> Phrase:
    view = next((view for view in views if view.metric), None)
    if view is None or view.metric is None or view.unknown is not None:
        return _as_sentence(_supply(views))
    keep = " Keep the gain: the ship rule was met." if report.reason == "both_match" else ""
    others = [other.label or other.asks for other in views if other is not view]
    also = _listed(" Also rejecting: ", others)
    return ("Find why ", *view.label, f" got worse, and fix or revert the cause.{keep}", *also)


def _keep_working(of: Marked, failing: Sequence[ConditionView]) -> Phrase:
    """What to change, with an aim for each metric, more samples where they would do, and what else fails."""
    aims = {id(view): aim for view in failing if (aim := _aim(of, view))}
    first, aimed = failing[0], [view for view in failing if id(view) in aims][:NAMED]
    steps = [] if first in aimed else [_missing(of, first)]
    if aimed:
        steps.append(_aims(of, aimed, [aims[id(view)] for view in aimed]))
    rest = [view for view in failing[1:] if view not in aimed]
    also = _listed(" Also failing: ", [view.short for view in rest])
    return (*joined(steps, "; "), *_or_test(of, failing), ".", *also)


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
    return (*joined(_steps(views), "; "), ". What is not known never ships.")


def _steps(views: Sequence[ConditionView]) -> list[Phrase]:
    steps: list[Phrase] = []
    for view in views:
        known = view.unknown or UNKNOWN["missing_metric"]
        before, brace, after = known.step.partition("{}")
        steps.append((before, *(view.label or ("it",)), after) if brace else (before,))
    return list(dict.fromkeys(steps))[:CAUSES_NAMED]


def _missing(of: Marked, view: ConditionView) -> Phrase:
    """What to do about a condition for which no change of a metric can be named."""
    if view.unknown is not None:
        return joined(_steps([view]), "; ")
    if isinstance(view, FieldConditionView):
        return _missing_of_field(of, view)
    assert isinstance(view, MetricConditionView)
    if view.condition.reason != "low_confidence":
        return _gap(of, view)
    movement = view.movement
    if movement and movement.limits:
        worse = _worse(of.report, view.metric.key)
        return _find_why(worse, on=view.label) if worse else ("show that ", *view.label, " ", *view.happened)
    return _unsure_gain(of, view)


def _gap(of: Marked, view: MetricConditionView) -> Phrase:
    """How far the point is from what is asked."""
    condition, movement = view.condition, view.movement
    if condition.observed is None:
        return (*view.label, " is not known")
    distance = abs(condition.observed - plain(condition.threshold))
    if distance == 0:
        return (*view.label, " needs more than that")
    size = _size(view, distance)
    if movement is None:
        up = condition.observed < plain(condition.threshold)
        return (*view.label, " needs to be ", *size, f" {'higher' if up else 'lower'}")
    if movement.limits:
        worse = _worse(of.report, view.metric.key)
        fix: Phrase = (": ", *_find_why(worse)) if worse else ()
        return (*view.label, f" {movement.verb.past} ", *size, " too much", *fix)
    if _is_out_of_reach(of.report, view):
        return (
            *view.label,
            " has too little room left in its range: test on harder samples, or lower the threshold",
        )
    return (*view.label, " needs ", *size, " more")


def _size(view: MetricConditionView, size: Decimal) -> Phrase:
    """A size in the condition's terms, never rounded to nothing."""
    if view.condition.is_relative:
        decimals = numbers.decimals_that_tell_apart([100 * size], [Decimal(0)], at_least=1)
        return (f"{numbers.percent(size, decimals=decimals)} of the baseline",)
    decimals = numbers.decimals_that_tell_apart([size], [Decimal(0)], at_least=view.metric.decimals)
    return view.metric.amount(numbers.at(size, decimals))


def _advice_for(of: Marked, view: ConditionView) -> Advice | None:
    return next((each for each in of.report.advice if each.condition == view.condition.text), None)


def _or_test(of: Marked, failing: Sequence[ConditionView]) -> Phrase:
    """How many samples would do instead; () where a condition fails however many there are."""
    found = [(view, _advice_for(of, view)) for view in failing]
    needs = [(view, advice) for view, advice in found if advice and advice.n_needed]
    if len(needs) < len(failing):
        return ()
    view, advice = max(needs, key=lambda each: each[1].n_needed or 0)
    test = f"test about {round_up(advice.n_needed or 0):,} {advice.counted_in}"
    if not all(each.expected for _, each in needs):
        same = "truly no worse" if len(needs) == 1 else "truly no worse and its gains as measured"
        return (f", or, if the variant is {same}, {test}",)
    if len(needs) > 1 or isinstance(view, FieldConditionView):
        return (f", or, if the true changes are as measured, {test}",)
    assert isinstance(view, MetricConditionView)
    assert advice.expected is not None
    if view.movement and view.movement.limits:
        return (f", or, if the variant is truly as {advice.expected_from}, {test}",)
    return (", or, if ", *_at(view, advice.expected), f" is the true {_noun(view)}, {test}")


def _unsure_gain(of: Marked, view: MetricConditionView) -> Phrase:
    """Of a gain for which no aim is within reach."""
    advice = _advice_for(of, view)
    if advice is None or advice.expected is None:
        return (*view.label, " needs a larger gain, or more samples")
    now = f"{advice.n_now or 0:,} {advice.counted_in}"
    if not advice.n_needed:
        return (*view.label, f" cannot be sure enough on these {now}")
    what = f"{view.movement.verb.noun} in" if view.movement else "value of"
    return (f"these {now} cannot confirm any {what} ", *view.label)


def _aim(of: Marked, view: ConditionView) -> Phrase:
    """The change to aim for, `+0.056 on SpatialScore`; () where none is known or within reach."""
    if not isinstance(view, MetricConditionView) or view.unknown or (view.movement and view.movement.limits):
        return ()
    advice = _advice_for(of, view)
    effect = _possible(of.report, view, advice) if advice else None
    if effect is None:
        return ()
    return (*_at(view, effect), " on ", *view.label)


def _aims(of: Marked, views: Sequence[ConditionView], aims: Sequence[Phrase]) -> Phrase:
    """They are beyond the bar, as the change that is measured is now above the true one and now below it."""
    counts = {(advice.n_now, advice.counted_in) for view in views if (advice := _advice_for(of, view))}
    now, counted_in = counts.pop() if len(counts) == 1 else (None, "")
    on = f" on {now:,} {counted_in}" if now else ""
    return ("aim for about ", *joined(list(aims), " and "), f" (less does not reliably pass{on})")


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
    effect = advice.smallest_effect
    if effect is None:
        return None
    step = Decimal(1).scaleb(-min(view.metric.decimals, numbers.MOST_DECIMALS))
    shown = effect.quantize(step, rounding=ROUND_UP)
    return shown if _has_room(report, view, shown) else None


def _is_out_of_reach(report: Report, view: MetricConditionView) -> bool:
    """Whether no score of the range has what the bar asks."""
    return not _has_room(report, view, plain(view.condition.threshold))


def _has_room(report: Report, view: MetricConditionView, change: Decimal) -> bool:
    """Whether a change in the condition's terms, or a value, leaves the metric in its range."""
    condition = view.condition
    bounds, before = report.policy.metric(view.metric.key).range, view.metric.row.baseline
    if bounds is None or before is None or condition.is_relative:
        return True
    reached = change if condition.claim.quantity == "value" else before + condition.turn * change
    return bounds[0] <= reached <= bounds[1]


def _missing_of_field(of: Marked, view: FieldConditionView) -> Phrase:
    threshold, observed = view.threshold, view.condition.observed
    assert observed is not None
    if view.condition.field == "delta_confidence":
        advice = _advice_for(of, view)
        label: Phrase = (Prose(of.report.policy.metric(advice.metric).label),) if advice else ("a target",)
        return ("improve ", *label, " further")
    if view.condition.field == "sample_size":
        return (f"measure {numbers.plural(int(threshold), 'sample')}, now {int(observed):,}",)
    if view.condition.field == "coverage":
        return (f"score more of the samples, now {view.observed}",)
    if view.condition.field == "worse":
        over = numbers.plural(int(observed - threshold), "sample")
        return (*_find_why(int(observed), on=view.label), f": {over} too many")
    more = numbers.plural(int(threshold - observed), "more sample")
    return (*view.label, f" needs {more} that got better")


def round_up(count: int) -> int:
    """Return a projected number of samples at two digits, upwards: it has no more."""
    step = int("1".ljust(len(str(count)) - 1, "0"))
    return -(-count // step) * step
