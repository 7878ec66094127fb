"""Report → what a pull request proposes: its experiment, and what it does to the rules that judge it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from remyx_action.reports.report import BarChange, ExperimentReport, Report

from . import neutral
from .metric_lines import MetricLine
from .numbers import NONE
from .phrase import Coded, Phrase, Said
from .words import (
    FILES_OF_BASE,
    PROPOSED_REASONS,
    REASONS,
    RULES_CHANGED,
    RULES_KEPT,
    RULES_OF_BASE,
    RULES_PROPOSED,
    SPLIT_ADVICE,
    VERDICTS,
    WORKFLOW_CHANGED,
)

HYPOTHESIS_LIMIT = 200
"""Characters of a hypothesis: a reminder, as the whole of it stands in the experiment's file."""


class RulesVerdict(Struct, frozen=True, kw_only=True):
    """What one set of rules says of the numbers."""

    rules: str
    counts: bool
    symbol: str
    word: str
    reason: str


class ProposalView(Struct, frozen=True, kw_only=True):
    """Strings are ours; `Phrase`s, changes and files hold words from outside."""

    experiment: Phrase
    """() where the pull request names none."""
    alert: str
    """Of changed workflow files; "" where there are none."""
    workflow: tuple[str, ...]
    title: str
    """Of the section on rules; "" where no file that a verdict is judged by changes."""
    verdicts: tuple[RulesVerdict, ...]
    """Under the rules that count and under the proposed ones; () where the rules stay."""
    kept: str
    changes: Sequence[BarChange]
    files_title: str
    files: tuple[str, ...]
    """Changed files that a verdict is judged by, workflow files apart."""
    split: str
    """The advice to split; "" where nothing else changes."""


def proposal_view(report: Report, lines: Sequence[MetricLine]) -> ProposalView:
    """Everything that a reader is told about a pull request beside the variant."""
    proposal = report.proposal
    assert proposal is not None
    workflow = tuple(proposal.workflow)
    files = tuple(path for path in proposal.protected if path not in proposal.workflow)
    touched = bool(files or proposal.changes)
    known = {line.key: line for line in lines}
    return ProposalView(
        experiment=_experiment(proposal.experiment, known) if proposal.experiment else (),
        alert=WORKFLOW_CHANGED if workflow else "",
        workflow=workflow,
        title=RULES_CHANGED if touched else "",
        verdicts=_verdicts(report) if proposal.reason is not None else (),
        kept="" if proposal.changes else RULES_KEPT,
        changes=proposal.changes,
        files_title=FILES_OF_BASE,
        files=files,
        split=SPLIT_ADVICE if files and proposal.others else "",
    )


def _experiment(experiment: ExperimentReport, known: dict[str, MetricLine]) -> Phrase:
    said: Phrase = (": ", _short(experiment.hypothesis)) if experiment.hypothesis else ()
    if experiment.target_metric is None:
        return (Coded(experiment.name), *said)
    line = known.get(experiment.target_metric)
    named = Said(line.label) if line else Coded(experiment.target_metric)
    delta = f" ({line.delta})" if line and line.delta != NONE else ""
    return (Coded(experiment.name), *said, " · target metric ", named, delta)


def _short(text: str) -> Said:
    return Said(neutral.one_line(text, limit=HYPOTHESIS_LIMIT))


def _verdicts(report: Report) -> tuple[RulesVerdict, ...]:
    proposal = report.proposal
    assert proposal is not None
    return (
        _under(RULES_OF_BASE, report.verdict, report.reason, counts=True),
        _under(RULES_PROPOSED, proposal.verdict, proposal.reason or "", counts=False),
    )


def _under(rules: str, verdict: str | None, reason: str, *, counts: bool) -> RulesVerdict:
    symbol, word = VERDICTS[verdict]
    said = REASONS.get(reason) or PROPOSED_REASONS.get(reason, reason)
    return RulesVerdict(rules=rules, counts=counts, symbol=symbol, word=word, reason=said)
