"""Report → everything that is said about it, in order; comment, summary and terminal only lay it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from remyx_action.decimals import plain
from remyx_action.policy.rules import Gate, Mark, Role
from remyx_action.report.age import age_in_words
from remyx_action.report.report import ArmReport, BarChange, ExperimentReport, Report

from . import neutral, numbers
from .metric_lines import MetricLine, caption, metric_lines
from .metric_lines import notes as metric_notes
from .neutral import Coded, Phrase, Said
from .numbers import NONE
from .trace import MetricView, TraceLine, rule_name, trace_lines
from .words import (
    ARM_STATES,
    CAPS,
    FILES_OF_BASE,
    MARKS,
    NEXT_STEPS,
    PROPOSED_REASONS,
    REASONS,
    REJECT_MARKS,
    RULES_CHANGED,
    RULES_KEPT,
    RULES_OF_BASE,
    RULES_PROPOSED,
    SHIP_MARKS,
    SPLIT_ADVICE,
    VERDICTS,
    WORKFLOW_CHANGED,
    quick_look,
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


SHORT_COMMIT = 9
SHORT_DIGEST = len("sha256:") + 12
DECISIVE_SHOWN = 3


NOT_COVERED = (
    "judge bias, contamination, a harness that changed, other seeds: confidence is about sampling of items"
    " (and of the clusters declared), for these very checkpoints; heavy tails without a range stay optimistic"
    " below some 300 samples"
)
"""What no interval here tells; docs/statistics.md says why."""
NOT_COVERED_OF_A_RECIPE = (
    "judge bias, contamination, a harness that changed: confidence is about sampling of items (and of the"
    " clusters declared) and of the seeds that were run; heavy tails without a range stay optimistic below"
    " some 300 samples"
)
"""The same where both arms were run once per seed."""


class RuleView(Struct, frozen=True, kw_only=True):
    role: Role
    glyph: str
    word: str
    mark: str
    of: str
    """`all of 5`."""
    lines: tuple[TraceLine, ...]

    @property
    def deciding(self) -> tuple[TraceLine, ...]:
        """Conditions that stand between the variant and a ship."""
        return tuple(line for line in self.lines if line.text and line.decides(self.role))


class ChangeView(Struct, frozen=True, kw_only=True):
    label: str
    up: int
    down: int
    examples: tuple[tuple[str, str, str], ...]
    """id, baseline, variant."""


class ArmView(Struct, frozen=True, kw_only=True):
    name: str
    state: str
    asset: str | None
    seconds: str
    cost: tuple[tuple[str, str], ...]
    """Unit and amount, as the harness reported them."""
    failed: bool
    detail: str | None
    facts: tuple[tuple[str, str], ...]
    """Provenance and digests, name and value."""
    unnamed: tuple[str, ...]


class View(Struct, frozen=True, kw_only=True):
    """Strings are ours or numbers; `Phrase`s and the texts of lines hold words from outside."""

    verdict: str | None
    symbol: str
    word: str
    reason: str
    because: tuple[Phrase, ...]
    """The conditions that made the verdict, most `DECISIVE_SHOWN`, and how many more."""
    next_step: str
    commit: str | None
    about: Phrase
    """What was judged, by which policy."""
    metrics: tuple[MetricLine, ...]
    open_metrics: frozenset[str]
    """Keys with a condition that stands between the variant and a ship."""
    notes: tuple[Phrase, ...]
    """Why metrics have no confidence."""
    caption: Phrase
    ship: RuleView
    reject: RuleView | None
    advice: tuple[tuple[str, str], ...]
    """Condition and sentence."""
    warnings: tuple[Phrase, ...]
    changes: tuple[ChangeView, ...]
    arms: tuple[ArmView, ...]
    judged_under: tuple[tuple[Phrase, Phrase], ...]
    reproduce: str
    proposal: ProposalView | None

    @property
    def rules(self) -> tuple[RuleView, ...]:
        return (self.ship, self.reject) if self.reject else (self.ship,)

    @property
    def failed(self) -> bool:
        return self.verdict is None


def view_of(report: Report) -> View:
    """Everything that a reader of the report is told."""
    lines = metric_lines(report)
    unknown = {row.key: (row.reason, row.note) for row in report.metrics}
    known = {
        line.key: MetricView(label=line.label, decimals=line.decimals, unknown=unknown[line.key])
        for line in lines
    }
    ship, rejecting = _rule(report.ship_rule(), known), report.reject_rule()
    reject = None if rejecting is None else _rule(rejecting, known)
    symbol, word = VERDICTS[report.verdict]
    deciding = [line for rule in (ship, reject) if rule for line in rule.deciding]
    return View(
        verdict=report.verdict,
        symbol=symbol,
        word=word,
        reason=REASONS.get(report.reason, report.reason) + quick_look(report.quick_look),
        because=tuple(_because(report, ship=ship, reject=reject)),
        next_step=NEXT_STEPS.get(report.reason, ""),
        commit=_commit(report),
        about=_about(report),
        metrics=lines,
        open_metrics=frozenset(line.metric for line in deciding if line.metric),
        notes=tuple(metric_notes(report)),
        caption=caption(report),
        ship=ship,
        reject=reject,
        advice=tuple((advice.condition, advice.message) for advice in report.advice),
        warnings=tuple(_warnings(report)),
        changes=tuple(_changes(report, known)),
        arms=tuple(_arm(name, arm, report.run.clock) for name, arm in report.arms.items()),
        judged_under=tuple(_judged_under(report)),
        reproduce=report.judged_under.reproduce,
        proposal=proposal_view(report, lines) if report.proposal else None,
    )


def _rule(gate: Gate, metrics: Mapping[str, MetricView]) -> RuleView:
    words = SHIP_MARKS if gate.role == "ship" else REJECT_MARKS
    return RuleView(
        role=gate.role,
        glyph=MARKS[gate.mark],
        word=words[gate.mark],
        mark=gate.mark,
        of=rule_name(gate),
        lines=tuple(trace_lines(gate, metrics)),
    )


def _about(report: Report) -> Phrase:
    assets = {name: arm.asset for name, arm in report.arms.items()}
    parts: list[str | Said | Coded] = []
    if assets.get("variant"):
        parts.extend((Coded(assets["variant"] or ""), " "))
    if assets.get("baseline") and assets["baseline"] != assets.get("variant"):
        parts.extend(("against ", Coded(assets["baseline"] or ""), " "))
    policy = ("policy ", Coded(report.policy.policy.name), " on template ", Coded(report.policy.template))
    return (*parts, *(("· ",) if parts else ()), *policy)


def _commit(report: Report) -> str | None:
    head = report.judged_under.commits.get("head")
    return short_commit(head) if head else None


def short_commit(commit: str) -> str:
    """The first digits of a commit, with whatever is said behind it."""
    digits, space, said = commit.partition(" ")
    return digits[:SHORT_COMMIT] + space + said


def _because(report: Report, *, ship: RuleView, reject: RuleView | None) -> Iterator[Phrase]:
    if report.reason == "run_failed":
        for name, arm in report.arms.items():
            if arm.state in {"failed", "timed_out"}:
                yield (f"The {name} arm {ARM_STATES[arm.state]}; no score of it counts, not even as 0.",)
        return
    if report.reason == "not_comparable":
        yield from ((Said(difference),) for difference in report.inputs.not_comparable[:DECISIVE_SHOWN])
        return
    if report.reason in {"bar_met", *CAPS}:
        yield (_all_clear(ship, reject),)
        return
    lines = _decisive(report.reason, ship, reject)
    yield from (line.sentence for line in lines[:DECISIVE_SHOWN])
    if len(lines) > DECISIVE_SHOWN:
        yield (f"And {numbers.plural(len(lines) - DECISIVE_SHOWN, 'more condition')} below.",)


def _all_clear(ship: RuleView, reject: RuleView | None) -> str:
    met = sum(1 for line in ship.lines if line.text and line.mark is Mark.TRUE)
    of = sum(1 for line in ship.lines if line.text)
    held = f"All {of} ship conditions are met" if met == of else f"{met} of {of} ship conditions are met"
    if of == 1:
        held = "The ship condition is met"
    return f"{held}; no reject condition is triggered." if reject else f"{held}; there is no reject rule."


def _decisive(reason: str, ship: RuleView, reject: RuleView | None) -> list[TraceLine]:
    rejecting = list(reject.lines) if reject else []
    lines, mark = {
        "reject_rule": (rejecting, Mark.TRUE),
        "both_match": (rejecting, Mark.TRUE),
        "below_bar": (list(ship.lines), Mark.FALSE),
        "ship_undetermined": (list(ship.lines), Mark.UNKNOWN),
        "reject_undetermined": (rejecting, Mark.UNKNOWN),
    }.get(reason, ([], Mark.TRUE))
    return [line for line in lines if line.text and line.mark is mark]


def _warnings(report: Report) -> Iterator[Phrase]:
    if report.rules.reject is None:
        yield ("The policy has no reject rule: nothing can be rejected, however much it regresses.",)
    for name, arm in report.arms.items():
        yield from ((f"{name}: ", Said(warning)) for warning in arm.warnings)


def _changes(report: Report, known: Mapping[str, MetricView]) -> Iterator[ChangeView]:
    for key, changed in report.samples_changed.items():
        if changed.up or changed.down:
            yield ChangeView(
                label=known[key].label if key in known else key,
                up=changed.up,
                down=changed.down,
                examples=tuple(
                    (change.id, numbers.number(change.baseline), numbers.number(change.variant))
                    for change in changed.examples
                ),
            )


def _arm(name: str, arm: ArmReport, now: str) -> ArmView:
    digests = ((file, digest[:SHORT_DIGEST]) for file, digest in arm.digests.items())
    images = ((name, digest[:SHORT_DIGEST]) for name, digest in arm.images.items())
    return ArmView(
        name=name,
        state=_state(arm, now),
        asset=arm.asset,
        seconds=numbers.duration(arm.seconds) if arm.seconds is not None else "",
        failed=arm.state in {"failed", "timed_out"},
        detail=arm.detail,
        cost=tuple((name, numbers.number(plain(amount))) for name, amount in arm.cost.items()),
        facts=(*arm.provenance.items(), *images, *digests),
        unnamed=tuple(arm.unnamed),
    )


def _state(arm: ArmReport, now: str) -> str:
    """How it ended; of an arm that was not measured now also how old it is."""
    if arm.origin is None or arm.state not in {"completed", "recorded"}:
        return ARM_STATES[arm.state]
    word = "reused" if arm.origin.kind == "kept" else "recorded"
    return f"{word}, measured {age_in_words(arm.origin.clock, now)}"


def _judged_under(report: Report) -> Iterator[tuple[Phrase, Phrase]]:
    under, run = report.judged_under, report.run
    yield ("Policy",), (Coded(report.policy.policy.name), " on template ", Coded(report.policy.template))
    yield ("Rules read from",), (Said(under.source),)
    for name, commit in under.commits.items():
        yield ("Commit ", Said(name.replace("_", " "))), (Coded(short_commit(commit)),)
    for name, digest in under.digests.items():
        yield ("Digest of ", Said(name)), (Coded(digest[:SHORT_DIGEST]),)
    note: Phrase = (": ", Said(under.isolation_note)) if under.isolation_note else ()
    yield ("Isolation",), (Said(under.isolation), *note)
    yield ("Lock",), (Said(under.lock),)
    weighed = (found.has_seeds("baseline", "variant") for found in report.inputs.metrics.values())
    yield ("Not covered",), (NOT_COVERED_OF_A_RECIPE if any(weighed) else NOT_COVERED,)
    took = numbers.duration(run.seconds)
    yield ("Run",), (Said(run.clock), f", {took}, attempt {run.attempt}, remyx-action ", Said(run.version))
