"""Report → its headline, and how sure that is: the first things that anybody reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from remyx_action.confidence import who_lacks
from remyx_action.policy.rules import Mark
from remyx_action.readers.scores import Reason
from remyx_action.report.report import HELP, ArmReport, Report, help_of_failure

from . import numbers
from .condition_words import ConditionView, floor_of
from .escape import Phrase, Prose, joined, with_names
from .field_words import FieldConditionView
from .metric_words import MetricView, metric_views
from .rule_lines import ConditionText, RuleLine, lines_of
from .words import (
    CANNOT_TELL,
    CAPS,
    KINDS,
    NOT_GOOD_ENOUGH,
    PARTLY,
    TOO_CLOSE,
    VERDICTS,
    in_words,
    lock_words,
)

CAUSES_NAMED = 2
FAILED = frozenset({"failed", "timed_out"})
BLOCKED = frozenset({"not_locked", "lock_stale", "incomplete", "ship_undetermined"})
"""Reasons for which the line below the headline says why, not how sure anything is."""
KIND_OF_FIELD = {"delta_confidence": TOO_CLOSE, "sample_size": PARTLY, "coverage": PARTLY}
LOOSENS = {"loosened": "loosens", "incomparable": "may loosen"}
"""Effect of a changed bar → what the headline says of it, the worst first."""
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

    @property
    def failing(self) -> list[ConditionView]:
        """The conditions of the ship rule that are not met and block it."""
        false = self.of_ship(Mark.FALSE)
        return [view for view in false if view.in_the_way] or false

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


def verdict_words(of: Marked) -> str:
    """Return what the headline begins with: `Ship`, or `Iterate, too close to tell` with its kind."""
    word, kind = VERDICTS[of.report.verdict][1], _kind(of)
    return f"{word}, {kind}" if kind else word


def _kind(of: Marked) -> str:
    if of.report.verdict != "iterate":
        return ""
    if of.report.reason != "below_bar":
        return KINDS.get(of.report.reason, "")
    kinds = {_kind_of(view) for view in of.failing}
    return next((kind for kind in (NOT_GOOD_ENOUGH, CANNOT_TELL, PARTLY, TOO_CLOSE) if kind in kinds), "")


def _kind_of(view: ConditionView) -> str:
    """Of one condition that is not met."""
    if view.unknown is not None:
        return CANNOT_TELL
    if view.condition.reason == "low_confidence":
        return TOO_CLOSE
    if isinstance(view, FieldConditionView) and view.condition.field in KIND_OF_FIELD:
        return KIND_OF_FIELD[view.condition.field]
    return NOT_GOOD_ENOUGH


def cause_of(of: Marked) -> Phrase:
    """Return what follows the verdict in the headline."""
    report = of.report
    cause = _cause(of)
    if report.quick_look is not None and report.reason != "quick_look":
        cause = (*cause, f" (quick look: {numbers.plural(report.quick_look, 'sample')} at most)")
    effects = {change.effect for change in report.proposal.changes} if report.proposal else ()
    does = next((does for effect, does in LOOSENS.items() if effect in effects), "")
    return (*cause, f"; this pull request {does} the bar") if does else cause


def _cause(of: Marked) -> Phrase:
    report = of.report
    match report.reason:
        case "bar_met":
            return _bar_met(of)
        case "reject_rule" | "both_match":
            also: Phrase = (" (the ship rule was met too)",) if report.reason == "both_match" else ()
            return (*_named(of.of_reject(Mark.TRUE)), *also)
        case "below_bar":
            return _named(of.failing)
        case "ship_undetermined":
            return _named(of.of_ship(Mark.UNKNOWN))
        case "reject_undetermined":
            unknown = _named(of.of_reject(Mark.UNKNOWN))
            return ("ship rule met, but a reject cannot be ruled out: ", *unknown)
        case "not_comparable":
            return ("baseline and variant had different inputs",)
        case "run_failed":
            return _failure(report)
    return _capped(of)


def _capped(of: Marked) -> Phrase:
    report = of.report
    words = CAPS.get(report.reason, report.reason)
    if report.reason == "quick_look" and report.quick_look is not None:
        words = f"on {numbers.plural(report.quick_look, 'sample')} only"
    unmeasured = report.proposal.not_measured if report.proposal else []
    if report.reason == "not_measured" and unmeasured:
        words = f"{numbers.plural(len(unmeasured), 'changed file was', 'changed files were')} not measured"
    if report.reason == "incomplete":
        counts = _least_scored(report)
        if counts is not None:
            key, scored, expected = counts
            samples = f"{scored:,} of {numbers.plural(expected, 'sample')}"
            return (f"{samples} scored on ", *of.metrics[key].name)
    return ("bar met, but ", Prose(words))


def _least_scored(report: Report) -> tuple[str, int, int] | None:
    """The key of the metric that lacks most, its scored and its expected samples; None if not known."""
    sizes = {row.key: row.n for row in report.metrics}
    found = []
    for key in report.policy.rules.named:
        covered = report.inputs.metrics[key].coverage(expected=report.policy.metric(key).samples)
        scored = sizes[key]
        if covered and scored is not None:
            found.append((covered, key, scored, round(scored / covered)))
    return min(found)[1:] if found else None


def _named(views: Sequence[ConditionView]) -> Phrase:
    """The first causes in the policy's order, each once, and how many more there are."""
    causes = list(dict.fromkeys(view.headline for view in views))
    more = len(causes) - CAUSES_NAMED
    rest: list[Phrase] = [(f"and {in_words(more)} more condition{'s' * (more > 1)}",)] if more > 0 else []
    return joined([*causes[:CAUSES_NAMED], *rest], "; ")


def _bar_met(of: Marked) -> Phrase:
    rules = of.report.policy.rules
    met = {view.metric.key for view in of.of_ship(Mark.TRUE) if view.metric}
    targets = [
        of.metrics[key] for key in rules.keys_asked_to_improve if key in met and of.metrics[key].row.delta
    ]
    gains: list[Phrase] = [(*metric.name, " ", *metric.change) for metric in targets]
    more = len(gains) - CAUSES_NAMED
    counted: list[Phrase] = [(f"{more:,} more gained",)] if more > 0 else []
    has_limits = rules.reject or any(not found.asks_to_improve for found in rules.on_metrics())
    limits: list[Phrase] = [("no limit broken",)] if has_limits else []
    return joined([*gains[:CAUSES_NAMED], *counted, *limits], ", ") or ("every condition holds",)


def _failure(report: Report) -> Phrase:
    """Which run failed, and the last line of its log."""
    failed = failed_arm_of(report)
    if failed is None:
        return ("the run failed",)
    name, arm = failed
    error = _error_in(arm.detail or "")
    why: Phrase = (" (", Prose(error), ")") if error else ()
    if help_of_failure(arm):
        return (f"the {name}'s results cannot be read", *why)
    both = all(each.state in FAILED for each in report.arms.values())
    who = "both runs" if both else f"the {name}'s run"
    return (f"{who} {'ran out of time' if arm.state == 'timed_out' else 'crashed'}", *why)


def failed_arm_of(report: Report) -> tuple[str, ArmReport] | None:
    """Return the arm that failed, with its name: of two the variant."""
    failed = [(name, arm) for name, arm in report.arms.items() if arm.state in FAILED]
    return failed[-1] if failed else None


def _error_in(detail: str) -> str:
    """The message of an exception in the last line of a log, without its type; else the line."""
    lines = [line.strip() for line in detail.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith(HELP)]
    if not lines:
        return ""
    kind, colon, message = lines[-1].partition(": ")
    is_type = bool(colon) and " " not in kind and kind.rpartition(".")[2].endswith(("Error", "Exception"))
    words = (message if is_type else lines[-1]).partition(". ")[0].rstrip(".")
    return words if len(words) <= ERROR_LIMIT else words[: ERROR_LIMIT - 1].rstrip() + "…"


def certainty_of(of: Marked) -> Phrase:
    """Return one line of how surely: `50 % sure that MRR gained at least 0.02; shipping needs 80 %`."""
    report = of.report
    if report.run_state == "not_comparable":
        return ("no condition was judged",)
    if report.run_state == "failed":
        return ()
    if report.reason in BLOCKED and (blocked := _blocked(of)):
        return blocked
    if report.verdict == "reject":
        asked = of.of_reject(Mark.TRUE)
    elif report.reason == "below_bar":
        asked = of.failing
    else:
        asked = sorted(views_in(of.ship), key=_margin)
    sure = next((view.sure_that for view in asked if view.sure_that), ())
    return sure if sure or report.verdict == "reject" else _unasked(of)


def _blocked(of: Marked) -> Phrase:
    """Why a bar does not ship that is met or not known, where another metric's number would mislead."""
    report = of.report
    if report.reason in {"not_locked", "lock_stale"}:
        state, _, why = report.judged_under.lock.partition(": ")
        words = lock_words(report.judged_under.lock, report.policy.policy.require_lock)[1]
        return (Prose(why if state == "unlocked" and why else words),)
    if report.reason == "ship_undetermined":
        unknown = next((view for view in of.of_ship(Mark.UNKNOWN) if view.note), None)
        return (*unknown.label, ": ", *with_names(unknown.note or "")) if unknown else ()
    least = _least_scored(report)
    row = of.metrics[least[0]].row if least else None
    if row and row.note and row.reason == Reason.TOO_MANY_MISSING:
        return (*of.metrics[row.key].name, ": ", *with_names(row.note))
    evidence = report.inputs.metrics[least[0]] if least else None
    if evidence is None or not evidence.missing:
        return ()
    return (f"{numbers.plural(evidence.missing, 'sample')} {who_lacks(evidence)}",)


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
    keys = of.report.policy.rules.keys_asked_to_improve
    known = [
        (confidence, key)
        for key in keys
        if (confidence := of.metrics[key].row.confidence_improved) is not None
    ]
    if not known:
        return ()
    least, key = min(known)
    gained = f" {'gained' if of.metrics[key].higher_is_better else 'dropped'} more than 0"
    return (
        f"{numbers.sure(least)} sure that ",
        *of.metrics[key].name,
        gained,
        "; the bar asks for no certainty",
    )
