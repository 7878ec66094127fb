"""Words that text and page of the record share: of a verdict, of the gate's health, of what does not fit."""

from __future__ import annotations

from collections.abc import Sequence

from remyx_action.history.record import BRANCH, Record, RecordedVerdict
from remyx_action.history.trends import BaselineDrift, baseline_clock, condition_health, looks_of
from remyx_action.report.render import escape, numbers
from remyx_action.report.run_record import age_days


def change_of(verdict: RecordedVerdict, key: str) -> str:
    """Return a metric's change, and how sure it is that the variant is better; "" where there is none."""
    row = next((row for row in verdict.report.metrics if row.key == key and row.delta is not None), None)
    if row is None:
        return ""
    sure = row.confidence_improved
    return numbers.signed(row.delta, 4) + ("" if sure is None else f" ({numbers.sure(sure)})")


def decision_of(verdict: RecordedVerdict) -> str:
    last = verdict.decisions[-1] if verdict.decisions else None
    return "" if last is None else f"{last.decision}: {last.why}"


def first_cells(verdict: RecordedVerdict) -> list[str]:
    word = verdict.report.verdict or "no verdict"
    return [verdict.clock[:10], verdict.subject, verdict.policy, word]


def nothing_to_show(record: Record) -> list[str]:
    """Return what to do where there is no verdict to show."""
    if record.verdicts:
        return [
            f"none of {numbers.plural(len(record.verdicts), 'recorded verdict')} has all that is asked for"
        ]
    elsewhere = numbers.plural(record.elsewhere, "verdict")
    others = [f"the branch has {elsewhere} of projects in other folders, or of this one before it moved"]
    return [
        "no verdict is recorded here",
        *(others if record.elsewhere else []),
        "`remyx-action history add VERDICT` adds one; on GitHub the job of `init --record` adds each",
        f"`git fetch origin {BRANCH}:refs/remotes/origin/{BRANCH}` brings those that a server has",
    ]


def health_lines(verdicts: Sequence[RecordedVerdict], now: str) -> list[str]:
    counts = {
        word: sum(one.report.verdict == word for one in verdicts) for word in ("ship", "reject", "iterate")
    }
    looks = looks_of(verdicts)
    most = max(looks.values())
    lines = [
        f"{', '.join(f'{count} {word}' for word, count in counts.items())}",
        f"1 pull request or commit, {numbers.plural(most, 'look')} at it"
        if len(looks) == 1
        else f"{len(looks)} pull requests or commits, at most {numbers.plural(most, 'look')} at one of them",
    ]
    if all(row.delta is None for one in verdicts for row in one.report.metrics):
        lines.append(
            "no verdict has a change to show: each run failed or could not be compared; "
            f"`--format json` has the paths, and `git show {BRANCH}:PATH` says why"
        )
    days = age_days(baseline_clock(verdicts[-1]), now)
    if days is not None:
        lines.append(f"the newest baseline was measured {numbers.plural(days, 'day')} ago")
    for condition in condition_health(verdicts):
        if condition.remark is not None:
            total = condition.held + condition.failed + condition.unknown
            text = escape.terminal(condition.text)
            lines.append(f"{condition.policy}, {condition.rule}: `{text}` {condition.remark} in {total}")
    return lines


def trouble(record: Record) -> list[str]:
    """Return a line for each thing that does not fit a record."""
    lines = [f"warning: {escape.terminal(warning)}" for warning in record.warnings]
    names = [(escape.terminal(one.path), escape.terminal(one.why)) for one in record.unread]
    return lines + [f"not read: {path}: {why}" for path, why in names]


def drift_in_words(drift: BaselineDrift) -> str:
    """Return `baseline was 0.6525 on 2025-01-05, and 0.86 on 2025-12-25`."""
    before, after = (
        f"{numbers.number(one.row.baseline, 4)} on {one.verdict.clock[:10]}"
        for one in (drift.first, drift.last)
        if one.row.baseline is not None
    )
    return f"baseline was {before}, and {after}"
