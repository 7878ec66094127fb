"""Plain words for every code in a report: what happened, and what to do next. The one table."""

from __future__ import annotations

from typing import Literal

from remyx_action.policy.rules import Mark

NoVerdictKind = Literal["not_judged", "files_wrong", "internal_error", "nothing", "first"]
"""Ways of ending without a report."""

VERDICTS = {
    "ship": ("✅", "Ship"),
    "reject": ("❌", "Reject"),
    "iterate": ("🔁", "Iterate"),
    None: ("⚠️", "Not judged"),
}
"""Symbol and word of the first line."""

REASONS = {
    "bar_met": "the bar is met",
    "reject_rule": "the reject rule is triggered",
    "both_match": "ship and reject rule both match, and reject wins",
    "below_bar": "the bar is not met",
    "ship_undetermined": "the ship rule cannot be decided yet",
    "reject_undetermined": "the reject rule cannot be ruled out yet",
    "not_comparable": "the two arms cannot be compared",
    "run_failed": "the run failed",
    "workflow_changed": "the bar is met, but this pull request edits the workflow that judges it",
    "lock_stale": "the bar is met, but it is not the one that was locked",
    "not_locked": "the bar is met, but the policy asks for a lock that is not there",
    "isolation": "the bar is met, but the numbers come from where the policy does not trust them",
    "not_measured": "the bar is met, but this pull request brings more than was measured",
    "quick_look": "the bar is met, but only on a quick look",
}
"""Why a verdict is what it is, to follow a colon or stand alone."""

NEXT_STEPS = {
    "bar_met": "Merge it.",
    "reject_rule": "Find what regressed below, or say in a reviewed policy change why it may.",
    "both_match": "It gains and it loses: mend the regression below, keep the gain.",
    "below_bar": "Improve the variant, or measure on more samples where that is said to help.",
    "ship_undetermined": "Supply what is missing below; what is unknown never ships.",
    "reject_undetermined": "Supply what is missing below; what cannot be ruled out never ships.",
    "not_comparable": "Run both arms on the same inputs, with the same harness, data and judge.",
    "run_failed": "Mend what the log below shows, then run again: a crash is never a score.",
    "workflow_changed": "Move the files under .github/ into a pull request of their own.",
    "lock_stale": "Review what drifted on the base branch, run `remyx-action lock` there, and merge that.",
    "not_locked": "Run `remyx-action lock` and merge what it writes; `remyx-action doctor` tells what lacks.",
    "isolation": "Measure where the policy trusts it; the lowest level it takes is its `trust: {min_level}`.",
    "not_measured": "Land the other files in a pull request of their own: they took no part in this run.",
    "quick_look": "Run it on all samples; or let the ship rule say how few suffice: `sample_size >= N`.",
}

CAPS = ("workflow_changed", "lock_stale", "not_locked", "isolation", "not_measured", "quick_look")
"""Reasons of an iterate whose bar is met."""

PROPOSED_REASONS = {"policy_removed": "the policy, or its template, is removed"}
"""Why there is no verdict under proposed rules, beside `REASONS`."""

WORKFLOW_CHANGED = "This pull request edits the workflow that starts its own evaluation: at best iterate."
RULES_CHANGED = "Rules changed in this pull request"
RULES_OF_BASE = "of the base branch: these count"
RULES_PROPOSED = "as proposed, on the same numbers"
RULES_KEPT = "Metrics, template and policy stay as they are."
FILES_OF_BASE = "Changed here, but taken from the base branch for this verdict:"
SPLIT_ADVICE = (
    "Split this into two pull requests: first the files above alone; once they are merged, the rest, "
    "judged by them."
)

NOT_JUDGED = {
    "no_variant": "nothing names exactly one variant",
    "same_asset": "both arms are the same asset",
    "same_commit": "there is no change to judge",
}
"""By the code before the colon of an error's message: why there is no verdict."""

NO_VERDICT: dict[NoVerdictKind, tuple[str, str]] = {
    "not_judged": ("⚠️", "Not judged"),
    "files_wrong": ("⚠️", "Not judged"),
    "internal_error": ("⚠️", "Not judged"),
    "nothing": ("✅", "Nothing to evaluate"),
    "first": ("✅", "Nothing to judge yet"),
}
"""Symbol and word of the first line, where there is no report."""

CONDITION_REASONS = {
    "threshold": "the number does not satisfy it",
    "low_confidence": "the number satisfies it, but not surely enough",
    "missing_metric": "the variant did not report this metric",
    "no_baseline": "there is no baseline for this metric",
    "invalid_value": "a value that cannot be used was reported",
    "out_of_range": "a score lies outside the metric's range",
    "zero_baseline": "the baseline may be zero, so nothing is relative to it",
    "no_uncertainty": "nothing tells how uncertain the numbers are",
    "too_few_samples": "too few samples for a confidence",
    "too_few_clusters": "too few clusters for a confidence",
    "unmatched_samples": "the arms hold different samples",
    "not_comparable": "the arms cannot be compared",
    "arm_failed": "an arm failed",
}
"""Why a condition is false or unknown, or a metric has no confidence."""

CONDITION_STEPS = {
    "missing_metric": "let the eval script report it",
    "no_baseline": "let the baseline report it, or write a recorded one into metrics.yaml",
    "invalid_value": "mend what the eval script writes",
    "out_of_range": "mend the scores, or declare the range they have",
    "zero_baseline": "use an absolute threshold",
    "no_uncertainty": "report samples, or the standard error with n",
    "too_few_samples": "measure on more samples",
    "too_few_clusters": "measure on more clusters",
    "unmatched_samples": "run both arms on the same ids",
    "not_comparable": "run both arms under the same conditions",
    "arm_failed": "mend the run",
}
"""What to do about an unknown condition."""

MARKS = {Mark.TRUE: "✓", Mark.FALSE: "✗", Mark.UNKNOWN: "·"}
SHIP_MARKS = {Mark.TRUE: "met", Mark.FALSE: "not met", Mark.UNKNOWN: "unknown"}
REJECT_MARKS = {Mark.TRUE: "triggered", Mark.FALSE: "clear", Mark.UNKNOWN: "unknown"}

DELTA_CONFIDENCE = {
    "significant": "significantly better",
    "worse": "significantly worse",
    "inconclusive": "inconclusive",
    "not_tested": "not tested",
}

ARM_STATES = {
    "completed": "completed",
    "failed": "failed",
    "timed_out": "ran out of time",
    "recorded": "recorded earlier",
    "handed_in": "handed in",
}

METHODS = {
    "paired": "paired by sample",
    "unpaired": "unpaired, from each arm's mean and standard error",
    "one-sample": "the variant alone against a fixed bar",
    "quantile": "on the quantile itself",
}


def quick_look(samples: int | None) -> str:
    """What stands behind the reason of a verdict on fewer samples than there are; "" elsewhere."""
    return "" if samples is None else f" · quick look at {samples:,} samples at most"


def combined(combinator: str, k: int | None, of: int) -> str:
    """How a rule combines its conditions: `all of`, `any of`, `at least 2 of 3`."""
    return f"at least {k:,} of {of:,}" if combinator == "at_least" else f"{combinator} of {of:,}"
