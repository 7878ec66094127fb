"""Report → its headline, how sure that is, and what to do next: the first things that anybody reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_UP, Decimal

from msgspec import Struct

from remyx_action.decimals import plain
from remyx_action.policy.advice import Advice
from remyx_action.policy.rules import Mark
from remyx_action.report.report import Report

from . import numbers
from .condition_words import (
    ConditionText,
    ConditionView,
    FieldConditionView,
    MetricConditionView,
    RuleLine,
    floor_of,
    lines_of,
)
from .escape import Phrase, Prose, joined
from .metric_words import MetricView, metric_views
from .words import CAPS, NEXT, UNKNOWN

CAUSES_NAMED = 2
ERROR_LIMIT = 80
"""Characters of a log's last line in the headline."""


class Marked(Struct, frozen=True, kw_only=True):
    """A report, with its metrics and conditions in words."""

    report: Report
    metrics: Mapping[str, MetricView]
    ship: Sequence[RuleLine | ConditionText]
    reject: Sequence[RuleLine | ConditionText]

    def of_ship(self, mark: Mark) -> list[ConditionView]:
        """Return the conditions of the ship rule with this mark, in the file's order."""
        return [view for view in views_in(self.ship) if view.condition.mark is mark]

    def of_reject(self, mark: Mark) -> list[ConditionView]:
        """Return the conditions of the reject rule with this mark, in the file's order."""
        return [view for view in views_in(self.reject) if view.condition.mark is mark]


def views_in(lines: Sequence[RuleLine | ConditionText]) -> list[ConditionView]:
    """Return the conditions among the lines."""
    return [line.view for line in lines if isinstance(line, ConditionText)]


def marked(report: Report) -> Marked:
    """Return the report with its metrics and conditions in words."""
    metrics, reject = metric_views(report), report.reject_rule()
    return Marked(
        report=report,
        metrics=metrics,
        ship=tuple(lines_of(report.ship_rule(), metrics)),
        reject=tuple(lines_of(reject, metrics)) if reject else (),
    )


def cause_of(of: Marked) -> Phrase:
    """Return what follows the verdict in the headline."""
    report = of.report
    if report.quick_look is None or report.reason == "quick_look":
        return _cause(of)
    samples = numbers.plural(report.quick_look, "sample")
    return (*_cause(of), f" (quick look: {samples} at most)")


def _cause(of: Marked) -> Phrase:
    report = of.report
    match report.reason:
        case "bar_met":
            return _bar_met(of)
        case "reject_rule" | "both_match":
            also: Phrase = (" (the ship rule was met too)",) if report.reason == "both_match" else ()
            return (*_named(of.of_reject(Mark.TRUE)), *also)
        case "below_bar":
            return _named(of.of_ship(Mark.FALSE))
        case "ship_undetermined":
            return ("cannot tell yet: ", *_named(of.of_ship(Mark.UNKNOWN)))
        case "reject_undetermined":
            unknown = _named(of.of_reject(Mark.UNKNOWN))
            return ("ship rule met, but a reject cannot be ruled out: ", *unknown)
        case "not_comparable":
            return ("the arms (baseline and variant) had different inputs",)
        case "run_failed":
            return _failure(report)
    return _capped(report)


def _capped(report: Report) -> Phrase:
    words = CAPS.get(report.reason, report.reason)
    if report.reason == "quick_look" and report.quick_look is not None:
        words = f"on {numbers.plural(report.quick_look, 'sample')} only"
    unmeasured = report.proposal.not_measured if report.proposal else []
    if report.reason == "not_measured" and unmeasured:
        words = f"{numbers.plural(len(unmeasured), 'changed file was', 'changed files were')} not measured"
    if report.reason == "incomplete":
        counts = _scored(report)
        if counts is not None:
            return (f"{counts[0]:,} of {numbers.plural(counts[1], 'sample')} scored",)
    return ("bar met, but ", Prose(words))


def _scored(report: Report) -> tuple[int, int] | None:
    """Scored and expected samples of the metric that lacks most; None where they are not known."""
    sizes = {row.key: row.n for row in report.metrics}
    found = []
    for key in report.policy.rules.named:
        covered = report.inputs.metrics[key].coverage(expected=report.policy.metric(key).samples)
        scored = sizes[key]
        if covered and scored is not None:
            found.append((covered, scored, round(scored / covered)))
    return min(found)[1:] if found else None


def _named(views: Sequence[ConditionView]) -> Phrase:
    """The first causes in the policy's order, each once, and how many more there are."""
    causes = list(dict.fromkeys(view.headline for view in views))
    more: list[Phrase] = [(f"and {len(causes) - CAUSES_NAMED} more",)] if len(causes) > CAUSES_NAMED else []
    return joined([*causes[:CAUSES_NAMED], *more], "; ")


def _bar_met(of: Marked) -> Phrase:
    rules = of.report.policy.rules
    targets = [of.metrics[key] for key in rules.improved if of.metrics[key].row.delta is not None]
    gains: list[Phrase] = [(*metric.name, " ", *metric.change) for metric in targets]
    more = len(gains) - CAUSES_NAMED
    counted: list[Phrase] = [(f"{more:,} more gained",)] if more > 0 else []
    has_limits = rules.reject or any(not found.asks_to_improve for found in rules.on_metrics())
    limits: list[Phrase] = [("no limit broken",)] if has_limits else []
    return joined([*gains[:CAUSES_NAMED], *counted, *limits], ", ") or ("every condition holds",)


def _failure(report: Report) -> Phrase:
    """Which run failed, and the last line of its log."""
    failed = {name: arm for name, arm in report.arms.items() if arm.state in {"failed", "timed_out"}}
    if not failed:
        return ("the run failed",)
    name, arm = next(reversed(failed.items()))
    who = "both runs" if len(failed) > 1 else f"the {name}'s run"
    error = _error_in(arm.detail or "")
    why: Phrase = (" (", Prose(error), ")") if error else ()
    return (f"{who} {'ran out of time' if arm.state == 'timed_out' else 'crashed'}", *why)


def _error_in(detail: str) -> str:
    """The message of an exception in the last line of a log, without its type; else the line."""
    lines = [line.strip() for line in detail.splitlines() if line.strip()]
    if not lines:
        return ""
    kind, colon, message = lines[-1].partition(": ")
    is_type = bool(colon) and " " not in kind and kind.rpartition(".")[2].endswith(("Error", "Exception"))
    words = (message if is_type else lines[-1]).partition(". ")[0].rstrip(".")
    return words if len(words) <= ERROR_LIMIT else words[: ERROR_LIMIT - 1].rstrip() + "…"


def certainty_of(of: Marked) -> Phrase:
    """Return one line of how surely: `50 % sure that Recall@5 lost no more than 0.01, needs 80 %`."""
    report = of.report
    if report.run_state in {"failed", "not_comparable"}:
        return ()
    if report.verdict == "reject":
        asked = of.of_reject(Mark.TRUE)
    elif report.reason == "below_bar":
        asked = of.of_ship(Mark.FALSE)
    else:
        asked = sorted(views_in(of.ship), key=_margin)
    sure = next((view.sure_that for view in asked if view.sure_that), ())
    return sure if sure or report.verdict == "reject" else _unasked(of)


def _margin(view: ConditionView) -> Decimal:
    """How far its confidence is beyond what is needed; what asks for none comes last."""
    condition, last = view.condition, Decimal(2)
    if isinstance(view, FieldConditionView):
        is_sure = view.condition.field == "delta_confidence" and condition.observed is not None
        return (condition.observed or Decimal(0)) - view.threshold if is_sure else last
    floor = floor_of(condition)
    return last if floor is None or condition.confidence is None else condition.confidence - floor


def _unasked(of: Marked) -> Phrase:
    """How sure the least sure target is, where the bar does not ask."""
    keys = of.report.policy.rules.improved or tuple(of.metrics)
    known = [
        (confidence, key)
        for key in keys
        if (confidence := of.metrics[key].row.confidence_improved) is not None
    ]
    if not known:
        return ()
    least, key = min(known)
    gained = " gained" if of.metrics[key].higher_is_better else " dropped"
    return (
        f"{numbers.sure(least)} sure that ",
        *of.metrics[key].name,
        gained,
        "; the bar asks for no certainty",
    )


def next_step(of: Marked) -> Phrase:
    """Return what to do now."""
    report = of.report
    match report.reason:
        case "reject_rule" | "both_match":
            return _after_a_reject(report, of.of_reject(Mark.TRUE))
        case "below_bar":
            failing = of.of_ship(Mark.FALSE)
            return ("Keep working: ", *_missing(report, failing[0])) if failing else ()
        case "ship_undetermined":
            return _as_sentence(_supply(of.of_ship(Mark.UNKNOWN)))
        case "reject_undetermined":
            return _as_sentence(_supply(of.of_reject(Mark.UNKNOWN)))
    return (NEXT.get(report.reason, ""),)


def _as_sentence(phrase: Phrase) -> Phrase:
    first, *rest = phrase
    return (first[:1].upper() + first[1:], *rest) if isinstance(first, str) else phrase


def _after_a_reject(report: Report, views: Sequence[ConditionView]) -> Phrase:
    view = next((view for view in views if view.metric), None)
    if view is None or view.metric is None or view.unknown is not None:
        return _as_sentence(_supply(views))
    keep = " Keep the gain: the ship rule was met." if report.reason == "both_match" else ""
    worse = _worse(report, view.metric.key)
    if worse:
        samples = numbers.plural(worse, "sample")
        return (f"Fix the {samples} that got worse on ", *view.label, f", or undo what made them so.{keep}")
    return ("Find what made ", *view.label, f" worse, and fix it.{keep}")


def _worse(report: Report, key: str) -> int:
    """How many samples got worse."""
    changed = report.samples_changed.get(key)
    if changed is None:
        return 0
    return changed.down if report.policy.metric(key).direction == "higher" else changed.up


def _supply(views: Sequence[ConditionView]) -> Phrase:
    """What is missing, so that it can be known."""
    steps: list[Phrase] = []
    for view in views:
        known = view.unknown or UNKNOWN["missing_metric"]
        before, brace, after = known.step.partition("{}")
        steps.append((before, *(view.label or ("it",)), after) if brace else (before,))
    return (*joined(list(dict.fromkeys(steps))[:CAUSES_NAMED], "; "), ". What is not known never ships.")


def _missing(report: Report, view: ConditionView) -> Phrase:
    """The metric and the amount that is missing; a number of samples where there is one."""
    if view.unknown is not None:
        return _supply([view])
    if isinstance(view, FieldConditionView):
        return _missing_of_field(report, view)
    assert isinstance(view, MetricConditionView)
    if view.condition.reason != "low_confidence":
        return _gap(report, view)
    movement = view.movement
    return _unsure_limit(report, view) if movement and movement.limits else _unsure_gain(report, view)


def _gap(report: Report, view: MetricConditionView) -> Phrase:
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
        worse = _worse(report, view.metric.key)
        fix = f": fix some of the {numbers.plural(worse, 'sample')} that got worse." if worse else "."
        return (*view.label, f" {movement.verb.past} ", *size, f" too much{fix}")
    return (*view.label, " needs ", *size, " more.")


def _size(view: MetricConditionView, size: Decimal) -> Phrase:
    """A size in the condition's terms, never rounded to nothing."""
    if view.condition.is_relative:
        decimals = numbers.decimals_that_tell_apart([100 * size], [Decimal(0)], at_least=1)
        return (f"{numbers.percent(size, decimals=decimals)} of the baseline",)
    decimals = numbers.decimals_that_tell_apart([size], [Decimal(0)], at_least=view.metric.decimals)
    return view.metric.amount(numbers.at(size, decimals))


def _of(view: MetricConditionView, size: Decimal, about: str = "") -> Phrase:
    """`a gain of about 0.056`, `a value of 0.42`."""
    movement = view.movement
    return (f"a {movement.verb.noun if movement else 'value'} of {about}", *_size(view, size))


def _advice_for(report: Report, view: ConditionView) -> Advice | None:
    return next((advice for advice in report.advice if advice.condition == view.condition.text), None)


def _samples_needed(advice: Advice | None) -> str:
    """`about 3,900 samples`; "" where no number would show it."""
    if advice is None or advice.kind != "more_samples" or not advice.n_needed:
        return ""
    return f"about {round_up(advice.n_needed):,} {advice.counted_in}"


def _unsure_limit(report: Report, view: MetricConditionView) -> Phrase:
    worse, advice = _worse(report, view.metric.key), _advice_for(report, view)
    first: Phrase = ("show that ", *view.label, " ", *view.happened, ".")
    if worse:
        first = (f"fix some of the {numbers.plural(worse, 'sample')} that got worse on ", *view.label, ".")
    needed = _samples_needed(advice)
    if not needed or advice is None:
        return first
    assumed = "truly no worse" if not advice.expected else f"truly as {advice.expected_from}"
    return (*first, f" If the variant is {assumed}, {needed} would show it.")


def _unsure_gain(report: Report, view: MetricConditionView) -> Phrase:
    advice = _advice_for(report, view)
    if advice is None or advice.expected is None:
        return (*view.label, " needs a larger gain, or more samples.")
    now = f"these {advice.n_now or 0:,} {advice.counted_in}"
    effect = _possible(report, view, advice)
    first: Phrase = (*view.label, f" cannot be sure enough on {now}.")
    if effect is not None:
        first = (*view.label, " needs ", *_of(view, effect, "about "), f" to be sure on {now}.")
    needed = _samples_needed(advice)
    if not needed:
        return first
    return (*first, " If ", *_of(view, abs(advice.expected)), f" is the truth, {needed} would show it.")


def _possible(report: Report, view: MetricConditionView, advice: Advice) -> Decimal | None:
    """The change that would be sure enough, rounded up; None where the range has no room for it."""
    condition, effect = view.condition, advice.smallest_effect
    if effect is None:
        return None
    step = Decimal(1).scaleb(-min(view.metric.decimals, numbers.MOST_DECIMALS))
    shown = abs(effect).quantize(step, rounding=ROUND_UP)
    bounds, before = report.policy.metric(view.metric.key).range, view.metric.row.baseline
    if bounds is None or before is None or condition.is_relative:
        return shown
    if condition.claim.quantity == "value":
        reached = shown
    else:
        reached = before + (shown if condition.metric.direction == "higher" else -shown)
    return shown if bounds[0] <= reached <= bounds[1] else None


def _missing_of_field(report: Report, view: FieldConditionView) -> Phrase:
    threshold, observed = view.threshold, view.condition.observed
    assert observed is not None
    if view.condition.field == "delta_confidence":
        advice = _advice_for(report, view)
        label: Phrase = (Prose(report.policy.metric(advice.metric).label),) if advice else ("a target",)
        needed = _samples_needed(advice)
        if not needed:
            return (*label, " needs a larger gain.")
        return (*label, f" needs a larger gain. If it is what it seems, {needed} would show it.")
    if view.condition.field == "sample_size":
        return (f"measure {numbers.plural(int(threshold), 'sample')}, now {int(observed):,}.",)
    if view.condition.field == "coverage":
        return (f"score more of the samples, now {view.observed}.",)
    if view.condition.field == "worse":
        over = numbers.plural(int(observed - threshold), "sample")
        return (f"fix at least {over} of the {int(observed):,} that got worse on ", *view.label, ".")
    more = numbers.plural(int(threshold - observed), "more sample")
    return (*view.label, f" needs {more} that got better.")


def round_up(count: int) -> int:
    """Return a projected number of samples at two digits, upwards: it has no more."""
    step = int("1".ljust(len(str(count)) - 1, "0"))
    return -(-count // step) * step
