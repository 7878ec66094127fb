"""The dictionary: every code in a report → the words that people read."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from remyx_action.policy.rules import Mark

NoVerdictKind = Literal["not_judged", "files_wrong", "internal_error", "nothing", "first"]
"""Ways of ending without a report."""

VERDICTS = {
    "ship": ("✅", "Ship"),
    "reject": ("❌", "Reject"),
    "iterate": ("🔁", "Iterate"),
    None: ("⚠️", "Not judged"),
}
"""Symbol and word of the headline."""

NO_VERDICT: dict[NoVerdictKind, tuple[str, str]] = {
    "not_judged": ("⚠️", "Not judged"),
    "files_wrong": ("⚠️", "Not judged"),
    "internal_error": ("⚠️", "Not judged"),
    "nothing": ("✅", "Nothing to evaluate"),
    "first": ("✅", "Nothing to judge yet"),
}
"""Symbol and word of the headline where there is no report."""

NOT_JUDGED = {
    "no_variant": "one variant is needed",
    "same_asset": "baseline and variant are the same asset",
    "same_commit": "there is no change to judge",
}
"""By the code before the colon of an error's message: why there is no verdict."""

CAPS = {
    "workflow_changed": "this pull request edits the workflow that judges it",
    "lock_stale": "the evaluation's lock is out of date",
    "not_locked": "the evaluation is not locked",
    "isolation": "the evaluation was not sandboxed",
    "not_measured": "changed files were not measured",
    "looks_unknown": "earlier looks could not be read",
    "quick_look": "on a part of the samples only",
    "incomplete": "not every sample was scored",
}
"""Reason of an iterate whose bar is met → what follows "bar met, but"."""

SET_UP, PARTLY, CANNOT_TELL = "set-up missing", "not all measured", "cannot tell yet"
NOT_GOOD_ENOUGH, TOO_CLOSE = "not good enough", "too close to tell"
KINDS = {
    "not_comparable": "no result",
    "ship_undetermined": CANNOT_TELL,
    "reject_undetermined": CANNOT_TELL,
    "workflow_changed": "set-up changed",
    "lock_stale": SET_UP,
    "not_locked": SET_UP,
    "isolation": SET_UP,
    "looks_unknown": SET_UP,
    "not_measured": PARTLY,
    "quick_look": PARTLY,
    "incomplete": PARTLY,
}
"""Reason → which kind of iterate it is; of `below_bar` the conditions tell."""

NEXT = {
    "bar_met": "Merge it.",
    "not_comparable": "Give baseline and variant the same inputs, harness, data and judge, then run again.",
    "run_failed": "Fix the error below and run again. A failed run is never scored.",
    "workflow_changed": "Move the files under .github/ into a pull request of their own.",
    "lock_stale": "Review what changed on the base branch, run `remyx-action lock` there, and merge that.",
    "isolation": "Measure it sandboxed, or lower `trust: {min_level}` in a reviewed change of the policy.",
    "not_measured": "Land the other files in a pull request of their own: they took no part in this run.",
    "looks_unknown": "Let the job read the pull request's comments and checks, then run again.",
    "quick_look": "Run it on all samples.",
    "incomplete": "Find why these samples have no score, then evaluate them again.",
}
"""Reason → what to do, where it needs no numbers."""

UNDER_PROPOSED = {
    "ship": "it would pass; this verdict doesn't use it",
    "reject": "it would be rejected",
    "iterate": "it would iterate",
    None: "there would be no verdict",
}

PROPOSED_REASONS = {"policy_removed": "the policy, or its template, is removed"}
"""Why there is no verdict under proposed rules."""


class UnknownText(Struct, frozen=True):
    """Why a number or its certainty is not known."""

    short: str
    """Follows "not known:"."""
    sentence: str
    """Follows the metric's label."""
    step: str
    """What to do about it; `{}` is the metric's label."""


UNKNOWN = {
    "missing_metric": UnknownText("not reported", "was not reported", "let the eval script report {}"),
    "no_baseline": UnknownText(
        "no baseline", "has no baseline", "let the baseline report {}, or record one in metrics.yaml"
    ),
    "invalid_value": UnknownText(
        "a value that cannot be used",
        "has a value that cannot be used",
        "fix what the eval script writes for {}",
    ),
    "out_of_range": UnknownText(
        "a score out of range",
        "has a score outside its range",
        "fix the scores of {}, or declare the range they have",
    ),
    "zero_baseline": UnknownText(
        "the baseline is 0",
        "has a baseline of 0, so nothing is relative to it",
        "give {} a threshold in its unit",
    ),
    "no_uncertainty": UnknownText(
        "only a mean was reported",
        "has no confidence",
        "have both baseline and variant report samples of {}, or its standard error with n",
    ),
    "too_few_samples": UnknownText("too few samples", "has too few samples", "measure {} on more samples"),
    "too_few_clusters": UnknownText(
        "too few clusters", "has too few clusters", "measure {} on more clusters"
    ),
    "unmatched_samples": UnknownText(
        "different samples in baseline and variant",
        "was scored on different samples in baseline and variant",
        "score {} on the same ids in baseline and variant",
    ),
    "missing_samples": UnknownText(
        "some samples were not scored", "lacks some scores", "score every sample of {}, or give it a range"
    ),
    "too_many_missing": UnknownText(
        "too many samples were not scored", "lacks too many scores", "score the missing samples of {}"
    ),
    "not_comparable": UnknownText(
        "baseline and variant had different inputs",
        "cannot be compared",
        "give baseline and variant the same inputs, harness, data and judge",
    ),
    "arm_failed": UnknownText("the run failed", "was not measured", "fix the run"),
}
"""Reason of a metric without confidence, or of a condition that is not known."""

MARKS: dict[Mark, str] = {Mark.TRUE: "✓", Mark.FALSE: "✗", Mark.UNKNOWN: "·"}
"""✓ lets the change through, ✗ blocks it, · is not known."""
SPOKEN: dict[Mark, str] = {Mark.TRUE: "passes", Mark.FALSE: "fails", Mark.UNKNOWN: "not known"}
"""The same marks for a screen reader."""
MARK_OF_REJECT: dict[Mark, Mark] = {
    Mark.TRUE: Mark.FALSE,
    Mark.FALSE: Mark.TRUE,
    Mark.UNKNOWN: Mark.UNKNOWN,
}
"""What a condition that rejects means for the change."""

MARK_WORDS = {
    ("ship", Mark.TRUE): "met",
    ("ship", Mark.FALSE): "not met",
    ("ship", Mark.UNKNOWN): "not known",
    ("reject", Mark.TRUE): "reject condition met",
    ("reject", Mark.FALSE): "reject condition not met",
    ("reject", Mark.UNKNOWN): "not known",
}
"""By rule and mark of the condition."""

ISOLATION = {
    "L0": "self-reported",
    "L1": "not sandboxed",
    "L2": "sandboxed",
    "L3": "sandboxed, and enforced",
}
"""Level → how far what is judged was kept from the numbers that judge it."""

ARM_STATES = {
    "completed": "measured",
    "failed": "crashed",
    "timed_out": "ran out of time",
    "recorded": "recorded earlier",
    "handed_in": "handed in",
}

METHODS = {
    "paired": "paired",
    "unpaired": "not paired",
    "one-sample": "against a fixed baseline",
    "quantile": "paired, on the percentile itself",
}

SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def in_words(count: int) -> str:
    """Return `two`; digits from ten on."""
    return SMALL[count] if 0 <= count < len(SMALL) else f"{count:,}"


def lock_words(lock: str, required: str = "locked") -> tuple[str, str]:
    """Return symbol and words of what a report says about the lock, and of what the policy requires."""
    state, _, reason = lock.partition(": ")
    if state == "locked":
        return "🔒", "evaluation locked"
    if state == "captured":
        proof = "owner approval not proven" if required == "locked" else NOT_REQUIRED["captured"]
        return "📌", f"evaluation as in its lock file; {proof}"
    words = f"evaluation not locked: {reason or lock}"
    return "⚠️", f"{words}; {NOT_REQUIRED['off']}" if required == "off" else words


NOT_REQUIRED = {
    "captured": "owner approval is not required",
    "off": "a lock is not required",
}

LOCK_STEPS = {
    "unlocked": "run `remyx-action lock`",
    "captured": "prove owner approval, as `remyx-action doctor` says",
}
"""By the state of a lock that is less than a policy requires: what to do."""


def lock_step(lock: str, required: str) -> str:
    """Return what to do about the lock before a pull request can ship; "" where it is as required."""
    state = lock.partition(": ")[0]
    enough = state == "locked" or required == "off" or (state == "captured" and required != "locked")
    return "" if enough else LOCK_STEPS["captured" if state == "captured" else "unlocked"]
