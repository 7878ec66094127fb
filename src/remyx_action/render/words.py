"""Plain words for every code in a report: what happened, and what to do next. The one table."""

from __future__ import annotations

from remyx_action.report import Mark

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
    "lock_stale": "the lock on the base branch is stale",
    "not_locked": "the policy asks for more of a lock than there is",
    "isolation": "the arms were less isolated than the policy asks",
    "workflow_changed": "the bar is met, and the change edits what starts its own evaluation",
}
"""Why a verdict is what it is, to follow a colon or stand alone."""

NEXT_STEPS = {
    "bar_met": "Merge it; then record the new baseline on the default branch.",
    "reject_rule": "Find what regressed below, or say in a reviewed policy change why it may.",
    "both_match": "It gains and it loses: mend the regression below, keep the gain.",
    "below_bar": "Improve the variant, or measure on more samples where that is said to help.",
    "ship_undetermined": "Supply what is missing below; what is unknown never ships.",
    "reject_undetermined": "Supply what is missing below; what cannot be ruled out never ships.",
    "not_comparable": "Run both arms on the same inputs, with the same harness, data and judge.",
    "run_failed": "Mend what the log below shows, then run again: a crash is never a score.",
    "lock_stale": "Run `remyx-action lock` on the base branch and have the change reviewed.",
    "not_locked": "Protect the paths of the lock on the base branch, or change the policy there.",
    "isolation": "Run the arms in separate containers, or change what the policy trusts.",
    "workflow_changed": "Change files under .github/ in a pull request of their own.",
}

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
    "no_baseline": "measure the baseline, or record one",
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

MARKS: dict[Mark, str] = {"true": "✓", "false": "✗", "unknown": "·"}
SHIP_MARKS: dict[Mark, str] = {"true": "met", "false": "not met", "unknown": "unknown"}
REJECT_MARKS: dict[Mark, str] = {"true": "triggered", "false": "clear", "unknown": "unknown"}

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


def combined(combinator: str, k: int | None, of: int) -> str:
    """How a rule combines its conditions: `all of`, `any of`, `at least 2 of 3`."""
    return f"at least {k:,} of {of:,}" if combinator == "at_least" else f"{combinator} of {of:,}"
