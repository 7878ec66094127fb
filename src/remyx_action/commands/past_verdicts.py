"""A bar's judgements of recorded verdicts: of those of its policy, and in one sentence of the newest."""

from __future__ import annotations

from collections.abc import Sequence

from remyx_action.history.record import RecordedVerdict
from remyx_action.odds.backtest import Backtest, Past, backtest
from remyx_action.policy.bar import Bar

NEWEST = 40
"""Verdicts that a pull request which changes the bar is held against."""


def of_record(
    bar: Bar, verdicts: Sequence[RecordedVerdict], *, last: int | None = None, recorded: str | None = None
) -> Backtest:
    """Return the bar's judgements of the recorded verdicts of its policy, the newest `last`.

    `recorded`: the policy's name in the record, whatever its template was called.
    """
    found = [
        one
        for one in verdicts
        if one.policy == (recorded or bar.policy.name)
        and (recorded is not None or one.report.policy.template == bar.template)
    ]
    chosen = found if last is None else found[-last:]
    return backtest(
        bar,
        [
            Past(
                name=f"{one.subject} {one.clock[:10]}",
                unit=one.unit,
                clock=one.clock,
                verdict=one.report.verdict,
                bar=one.report.policy,
                inputs=one.report.inputs,
            )
            for one in chosen
        ],
    )


def sentence_of(bar: Bar, verdicts: Sequence[RecordedVerdict]) -> str | None:
    """Return the bar's judgements of the newest of the verdicts, or None without any."""
    answer = of_record(bar, verdicts, last=NEWEST)
    return answer.sentence() if answer.rows else None
