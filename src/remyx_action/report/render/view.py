"""Report → everything that is shown of it, in order; comment, summary, terminal and page only lay it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from remyx_action.confidence import MORE_THAN_CHANCE
from remyx_action.policy.lints.whole_rules import no_such_rule
from remyx_action.policy.rules import Gate, Mark
from remyx_action.report.report import (
    ExperimentReport,
    Report,
)

from . import escape, numbers
from .cause import CAUSES_NAMED, Marked, cause_of, certainty_of, marked, verdict_words, views_in
from .condition_words import ConditionView, MetricConditionView
from .escape import Code, Phrase, Prose, joined
from .field_words import FieldConditionView
from .metric_words import MetricView
from .metric_words import notes as metric_notes
from .next_step import next_step
from .proposal_words import ProposalView, proposal_view
from .provenance_words import ArmView, arm_view, lock_line, provenance, short_commit
from .rule_lines import ConditionText, RuleLine, rule_words
from .sample_words import ChangedSamples, changed_samples, counts
from .words import (
    MARKS,
    SPOKEN,
    VERDICTS,
)

HYPOTHESIS_LIMIT = 200
NOTES_LIMIT = 200
"""Characters of the policy's notes above the folds."""
NAMED = 6
OPEN_ROWS = 16
"""Rows of the table that stand open."""
FIELD_NAMES = {"delta_confidence": "All targets", "sample_size": "Samples", "coverage": "Coverage"}


class BarLine(Struct, frozen=True, kw_only=True):
    """One condition in the bar cell of its metric."""

    mark: Mark
    """Whether it lets the change through."""
    words: Phrase
    below: Phrase = ()
    """How sure it is, or why it is not known."""
    is_aside: bool = False
    """Whether a short report leaves it out."""

    @property
    def glyph(self) -> str:
        return MARKS[self.mark]

    @property
    def spoken(self) -> str:
        return SPOKEN[self.mark]


class ViewRow(Struct, frozen=True, kw_only=True):
    """One line of the table: a metric, or a field that blocks a ship."""

    name: Phrase
    values: Phrase
    change: Phrase
    interval: str
    bar: tuple[BarLine, ...]
    """() of a metric that is in no rule."""
    decides: bool
    """Whether a condition blocks a ship."""
    metric: MetricView | None = None


class RuleView(Struct, frozen=True, kw_only=True):
    """One rule with all of its conditions."""

    title: str
    """`Ship`, `Reject`."""
    words: str
    """`all of 5`."""
    held: int | None
    """None where no condition was judged."""
    of: int
    lines: tuple[RuleLine | ConditionText, ...]

    @property
    def counts(self) -> str:
        return "not judged" if self.held is None else f"{self.held:,} of {self.of:,} conditions met"


class View(Struct, frozen=True, kw_only=True):
    """Plain strings are ours or numbers; `Phrase`s, files and changes hold words from outside."""

    verdict: str | None
    symbol: str
    word: str
    """`Ship`; of an iterate with its kind: `Iterate, too close to tell`."""
    cause: Phrase
    policy: str
    proposal: ProposalView | None
    about: Phrase
    """What was judged against what."""
    certainty: Phrase
    next_step: Phrase
    experiment: Phrase
    """() where none is named."""
    level: str
    """Of the intervals: `95 %`; "" where there are none."""
    rows: tuple[ViewRow, ...]
    facts: tuple[Phrase, ...]
    asides: tuple[Phrase, ...]
    """Facts that a short report leaves out."""
    warnings: tuple[Phrase, ...]
    notes: str
    """The policy's, whole; "" where there are none."""
    notes_remark: str
    """That the rule asks for something else than its notes say; "" where it does not."""
    shows_notes: bool
    """Whether they are shown above the folds."""
    lock: tuple[str, Phrase]
    """Symbol and words."""
    samples: tuple[ChangedSamples, ...]
    rules: tuple[RuleView, ...]
    arms: tuple[ArmView, ...]
    provenance: tuple[tuple[Phrase, Phrase], ...]
    reproduce: str
    failed: bool

    def split_rows(self, most: int = OPEN_ROWS) -> tuple[list[ViewRow], list[ViewRow]]:
        """Return the rows that stand open and the others: of many only those with a failing condition."""
        room = min(OPEN_ROWS, most)
        if len(self.rows) <= room:
            return list(self.rows), []
        first = [row for row in self.rows if row.decides][:room] or list(self.rows[:room])
        chosen = {id(row) for row in first}
        return first, [row for row in self.rows if id(row) not in chosen]

    @property
    def worse(self) -> int:
        return sum(changed.worse for changed in self.samples)


def view_of(report: Report) -> View:
    """Return everything that a reader of the report is shown."""
    of = marked(report)
    levels = {row.level for row in report.metrics if row.interval}
    return View(
        verdict=report.verdict,
        symbol=VERDICTS[report.verdict][0],
        word=verdict_words(of),
        cause=cause_of(of),
        policy=report.policy.policy.name,
        proposal=proposal_view(report.proposal) if report.proposal else None,
        about=_about(report),
        certainty=certainty_of(of),
        next_step=next_step(of),
        experiment=_experiment(report, of.metrics),
        level=numbers.percent(max(levels)) if levels else "",
        rows=tuple(sorted(_rows(of), key=lambda row: report.verdict != "ship" and not row.decides)),
        facts=tuple(_facts(of)),
        asides=tuple(_asides(of)),
        warnings=tuple(_warnings(report)),
        notes=report.policy.policy.notes or "",
        notes_remark=_notes_remark(report),
        shows_notes=report.verdict in {"iterate", "reject"},
        lock=lock_line(report),
        samples=tuple(changed_samples(report, of.metrics)),
        rules=tuple(_rules(of)),
        arms=tuple(arm_view(name, arm, report.run.clock) for name, arm in report.arms.items()),
        provenance=tuple(provenance(report)),
        reproduce=report.judged_under.reproduce,
        failed=report.verdict is None,
    )


def _notes_remark(report: Report) -> str:
    rules = report.policy.rules
    gates = [gate for rule in (rules.ship, rules.reject) if rule is not None for gate in rule.gates()]
    if no_such_rule(report.policy.policy.notes, gates) is None:
        return ""
    return f" (the ship rule itself asks for {rule_words(rules.ship)})"


def _about(report: Report) -> Phrase:
    variant, baseline = (
        report.arms[arm].asset if arm in report.arms else None for arm in ("variant", "baseline")
    )
    commits = report.judged_under.commits
    if variant is None and baseline is None and "head" in commits:
        base = commits.get("merge_base") or commits.get("base")
        against: Phrase = (" against ", Code(short_commit(base))) if base else ()
        return (Code(short_commit(commits["head"])), *against)
    if baseline is None or baseline == variant:
        recorded = report.arms["baseline"].state == "recorded" if "baseline" in report.arms else False
        against = (" against the recorded baseline",) if recorded else ()
        return (Code(variant), *against) if variant else ()
    return (*((Code(variant),) if variant else ("the variant",)), " against ", Code(baseline))


def _experiment(report: Report, metrics: Mapping[str, MetricView]) -> Phrase:
    experiment = report.proposal.experiment if report.proposal else report.experiment
    if experiment is None:
        return ()
    parts: list[Phrase] = []
    if experiment.hypothesis:
        hypothesis = escape.one_line(experiment.hypothesis, limit=HYPOTHESIS_LIMIT)
        parts.append(("hypothesis: ", Prose(hypothesis.rstrip("."))))
    if experiment.target_metric is not None:
        parts.append(_target(experiment, metrics))
    if experiment.tags:
        parts.append(("tags ", *joined([(Code(tag),) for tag in experiment.tags[:NAMED]], ", ")))
    return joined([(Code(experiment.name),), *parts], "; ")


def _target(experiment: ExperimentReport, metrics: Mapping[str, MetricView]) -> Phrase:
    assert experiment.target_metric is not None
    metric = metrics.get(experiment.target_metric)
    if metric is None:
        return ("target ", Code(experiment.target_metric))
    change: Phrase = (" (measured ", *metric.change, ")") if metric.row.delta is not None else ()
    return ("target ", *metric.name, *change)


def _rows(of: Marked) -> Iterator[ViewRow]:
    """Every metric in the template's order, then fields that stand in the way: what fails is sorted up."""
    if of.report.run_state in {"failed", "not_comparable"}:
        return
    by_key: dict[str, list[ConditionView]] = {key: [] for key in of.metrics}
    fields: list[ConditionView] = []
    for view in (*views_in(of.ship), *views_in(of.reject)):
        if view.metric is None:
            fields.append(view)
        else:
            by_key[view.metric.key].append(view)
    for key, metric in of.metrics.items():
        yield ViewRow(
            name=(*metric.name, *metric.remark),
            values=metric.values,
            change=metric.change,
            interval=metric.interval,
            bar=tuple(_bar_cell(by_key[key])),
            decides=any(view.mark is not Mark.TRUE for view in by_key[key]),
            metric=metric,
        )
    for view in fields:
        if view.mark is not Mark.TRUE:
            yield _field_row(view)


def _field_row(view: ConditionView) -> ViewRow:
    assert isinstance(view, FieldConditionView)
    line = BarLine(mark=view.mark, words=view.asks, below=view.certainty if view.unknown else view.needs)
    return ViewRow(
        name=(FIELD_NAMES.get(view.condition.field, view.condition.field),),
        values=(),
        change=(view.observed,),
        interval="",
        bar=(_not_known(view, view.asks) if view.mark is Mark.UNKNOWN else line,),
        decides=True,
    )


def _bar_cell(views: Sequence[ConditionView]) -> Iterator[BarLine]:
    """One line for each condition that has something to say.

    That a condition which rejects does not hold is written once below the table; here only of a metric about
    which nothing else is written. Where both rules speak, each line says of which rule it is.
    """
    ship = [view for view in views if view.condition.role == "ship"]
    rejecting = [view for view in views if view.condition.role == "reject"]
    shown = [view for view in rejecting if not _is_quiet(view)]
    ship = [view for view in ship if not any(_says_it_too(other, view) for other in shown)]
    rule = "to ship: " if ship and shown else ""
    yield from (
        _not_known(view, view.asks)
        if view.mark is Mark.UNKNOWN
        else BarLine(mark=view.mark, words=(rule, *view.asks) if rule else view.asks, below=view.certainty)
        for view in ship
    )
    yield from map(_rejecting, shown)
    if rejecting and not ship and not shown:
        yield BarLine(mark=Mark.TRUE, words=("not rejected",))


def _not_known(view: ConditionView, asks: Phrase) -> BarLine:
    why = f" ({view.unknown.short})" if view.unknown else ""
    return BarLine(mark=view.mark, words=(f"not known{why}: ", *asks))


def _says_it_too(rejecting: ConditionView, view: ConditionView) -> bool:
    """Whether a reject that came true breaks the same bound as a condition of the ship rule."""
    if rejecting.condition.mark is not Mark.TRUE or view.mark is not Mark.FALSE:
        return False
    if not isinstance(rejecting, MetricConditionView) or not isinstance(view, MetricConditionView):
        return False
    one, other = rejecting.condition.claim, view.condition.claim
    return (one.quantity, one.threshold) == (other.quantity, other.threshold)


def _is_quiet(view: ConditionView) -> bool:
    return view.condition.mark is Mark.FALSE and view.condition.reason != "low_confidence"


def _rejecting(view: ConditionView) -> BarLine:
    condition = view.condition
    if condition.mark is Mark.UNKNOWN:
        return BarLine(mark=view.mark, words=("not known: whether to reject",))
    if condition.mark is Mark.FALSE:
        return BarLine(
            mark=view.mark,
            words=("not rejected",),
            below=("looks worse than allowed, but only ", *view.certainty),
            is_aside=True,
        )
    does = "rejected" if view.rejects_alone else "counts towards a reject"
    return BarLine(mark=view.mark, words=(*view.broke, f": {does}"), below=view.certainty)


def _facts(of: Marked) -> Iterator[Phrase]:
    report = of.report
    if report.verdict is None:
        return
    if report.run_state == "not_comparable":
        more = report.inputs.not_comparable[CAUSES_NAMED:]
        yield from (("Also different: ", Prose(difference)) for difference in more)
        return
    yield from counts(report, of.metrics)
    above = certainty_of(of)
    yield from (note for note in metric_notes(report) if note != above)
    yield from _beside_the_table(of)
    for rule in (report.ship_rule(), report.reject_rule()):
        yield from _choices(rule)
    if report.rules.reject is None:
        yield ("There is no reject rule: nothing is rejected, however much it loses.",)


def _beside_the_table(of: Marked) -> Iterator[Phrase]:
    """Conditions that hold and have no row."""
    if of.report.verdict == "reject":
        return
    met: list[Phrase] = [
        (*view.asks, " (", *view.certainty, ")") if view.sure_that else view.asks
        for view in of.of_ship(Mark.TRUE)
        if view.metric is None
    ]
    if met:
        more = len(met) - NAMED
        yield ("Also met: ", *joined(met[:NAMED], "; "), f" and {more:,} more." if more > 0 else ".")


def _asides(of: Marked) -> Iterator[Phrase]:
    judged = of.report.verdict is not None and of.report.run_state != "not_comparable"
    if judged and of.reject and len(of.of_reject(Mark.FALSE)) == len(views_in(of.reject)):
        yield ("No reject condition holds.",)


def _choices(rule: Gate | None) -> Iterator[Phrase]:
    """Where not every condition has to hold, how many do."""
    if rule is None:
        return
    for gate in rule.gates():
        if gate.role == "ship" and gate.k < len(gate.children):
            held = sum(child.mark is Mark.TRUE for child in gate.children)
            yield (f"Of {len(gate.children)} conditions of the ship rule {gate.k} must hold, and {held} do.",)


def _warnings(report: Report) -> Iterator[Phrase]:
    for name, arm in report.arms.items():
        for warning in arm.warnings:
            if report.reason != "incomplete" or not warning.endswith(MORE_THAN_CHANCE):
                yield (f"{name}: ", *escape.with_names(warning))


def _rules(of: Marked) -> Iterator[RuleView]:
    ship, reject = of.report.ship_rule(), of.report.reject_rule()
    judged = of.report.run_state != "not_comparable"
    for title, gate, lines in (("Ship", ship, of.ship), ("Reject", reject, of.reject)):
        if gate is not None:
            views = views_in(lines)
            yield RuleView(
                title=title,
                words=rule_words(gate),
                held=sum(view.condition.mark is Mark.TRUE for view in views) if judged else None,
                of=len(views),
                lines=tuple(lines),
            )
