"""What a record shows over time: each metric's changes, moves of the bar, and the health of the gate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from msgspec import Struct

from remyx_action.policy.judgement import MarkCounts
from remyx_action.report.report import FieldConditionRow, MetricConditionRow, MetricRow

from .record import Record, RecordedVerdict

SURE = Decimal("0.95")
"""From this confidence on a gain is sure."""
HIGH, LOW = Decimal("0.015"), Decimal("0.005")
"""Mean gains, as parts of the range, from and up to which a tag is called high and low."""
FEWEST = 3
"""Fewest experiments with a tag for a sentence about it."""


class TrendPoint(Struct, frozen=True, kw_only=True):
    """One metric in one verdict."""

    verdict: RecordedVerdict
    row: MetricRow


class BarMove(Struct, frozen=True, kw_only=True):
    """From this verdict on another bar judged."""

    verdict: RecordedVerdict
    changed: Sequence[str]
    """Which digests are others: metrics, template, policy, harness."""


class BaselineDrift(Struct, frozen=True, kw_only=True):
    """A metric's baseline in the first and the last verdict that has one."""

    metric: str
    first: TrendPoint
    last: TrendPoint


class ConditionHealth(MarkCounts, frozen=True, kw_only=True):
    """How one condition came out over the verdicts under its policy."""

    policy: str
    rule: str


class TagInsight(Struct, frozen=True, kw_only=True):
    """The experiments with one tag."""

    tag: str
    experiments: int
    hits: int
    """That improved their target metric, and surely."""
    mean_gain: Decimal
    """Of the target metric, as a part of its range; positive is better."""
    word: str
    """high, low or mixed."""


def filtered(
    record: Record, *, metric: str | None = None, policy: str | None = None, tag: str | None = None
) -> Sequence[RecordedVerdict]:
    """Return the verdicts that are asked for, oldest first."""
    return [
        one
        for one in record.verdicts
        if policy in {None, one.policy}
        and (metric is None or any(row.key == metric for row in one.report.metrics))
        and (tag is None or tag in tags_of(one))
    ]


def tags_of(verdict: RecordedVerdict) -> Sequence[str]:
    """Return the tags of its experiment."""
    proposal = verdict.report.proposal
    return [] if proposal is None or proposal.experiment is None else proposal.experiment.tags


def trend_of(verdicts: Sequence[RecordedVerdict], key: str) -> list[TrendPoint]:
    """Return every verdict in which the metric has a change."""
    return [
        TrendPoint(verdict=one, row=row)
        for one in verdicts
        for row in one.report.metrics
        if row.key == key and row.delta is not None
    ]


def baseline_drifts(verdicts: Sequence[RecordedVerdict], keys: Sequence[str]) -> list[BaselineDrift]:
    """Return where the baseline itself moved over the record, for metrics that have two of them."""
    found = []
    for key in keys:
        points = [point for point in trend_of(verdicts, key) if point.row.baseline is not None]
        if len(points) > 1:
            found.append(BaselineDrift(metric=key, first=points[0], last=points[-1]))
    return found


def metrics_of(verdicts: Sequence[RecordedVerdict]) -> list[str]:
    """Return the keys of all metrics, in the order in which they first came."""
    return list(dict.fromkeys(row.key for one in verdicts for row in one.report.metrics))


def bar_moves(verdicts: Sequence[RecordedVerdict]) -> list[BarMove]:
    """Return where the digests of a policy's bar changed from one verdict to the next."""
    last: dict[str, dict[str, str]] = {}
    found = []
    for one in verdicts:
        digests = one.report.judged_under.digests
        before = last.get(one.key, digests)
        changed = [name for name in sorted(digests) if before.get(name, digests[name]) != digests[name]]
        if changed:
            found.append(BarMove(verdict=one, changed=changed))
        last[one.key] = digests
    return found


def condition_health(verdicts: Sequence[RecordedVerdict]) -> list[ConditionHealth]:
    """Return how each condition of the newest form of each policy came out over all verdicts with it."""
    counts: dict[tuple[str, str, str], Counter[str]] = {}
    newest: dict[str, RecordedVerdict] = {}
    for one in verdicts:
        newest[one.key] = one
        for rule, condition in _conditions(one):
            counts.setdefault((one.key, rule, condition.text), Counter())[condition.mark] += 1
    current = {(key, rule, one.text) for key in newest for rule, one in _conditions(newest[key])}
    return [
        ConditionHealth(
            policy=newest[key].policy,
            rule=rule,
            text=text,
            held=count["true"],
            failed=count["false"],
            unknown=count["unknown"],
        )
        for (key, rule, text), count in counts.items()
        if (key, rule, text) in current
    ]


def _conditions(verdict: RecordedVerdict) -> Iterator[tuple[str, MetricConditionRow | FieldConditionRow]]:
    """Yield every condition of both rules, with the rule's name."""
    rules = verdict.report.rules
    for name, row in (("ship", rules.ship), ("reject", rules.reject)):
        for condition in () if row is None else row.leaves():
            yield name, condition


def baseline_clock(verdict: RecordedVerdict) -> str:
    """Return when the verdict's baseline was measured: with it, or earlier where it was recorded."""
    origin = verdict.report.arms["baseline"].origin
    return verdict.clock if origin is None or origin.clock is None else origin.clock


def looks_of(verdicts: Sequence[RecordedVerdict]) -> dict[str, int]:
    """Return the number of looks at each pull request (or head commit) under each policy."""
    return dict(Counter(one.unit for one in verdicts))


def insights(verdicts: Sequence[RecordedVerdict]) -> list[TagInsight]:
    """Return what the experiments of each tag gained, of the last verdict on each experiment."""
    newest: dict[tuple[str, str], RecordedVerdict] = {}
    for one in verdicts:
        proposal = one.report.proposal
        if proposal is not None and proposal.experiment is not None:
            newest[(one.key, proposal.experiment.name)] = one
    gains: dict[str, list[tuple[Decimal, bool]]] = {}
    for one in newest.values():
        gain = gain_of(one)
        for tag in dict.fromkeys(tags_of(one)) if gain is not None else ():
            assert gain is not None
            gains.setdefault(tag, []).append(gain)
    return [_insight(tag, rows) for tag, rows in sorted(gains.items()) if len(rows) >= FEWEST]


def gain_of(verdict: RecordedVerdict) -> tuple[Decimal, bool] | None:
    """Return the gain of the experiment's target metric as a part of its range, and whether it is sure.

    Without a range the gain counts as a part of the baseline; None where neither is known.
    """
    proposal = verdict.report.proposal
    key = proposal.experiment.target_metric if proposal and proposal.experiment else None
    row = next((one for one in verdict.report.metrics if one.key == key), None)
    if row is None or row.delta is None:
        return None
    limits = verdict.report.policy.metric(row.key).range
    width = limits[1] - limits[0] if limits else abs(row.baseline or Decimal(0))
    if not width:
        return None
    gain = (row.delta if row.direction == "higher" else -row.delta) / width
    return gain, row.confidence_improved is not None and row.confidence_improved >= SURE


def _insight(tag: str, rows: Sequence[tuple[Decimal, bool]]) -> TagInsight:
    sure = sum(is_sure for _, is_sure in rows)
    mean = sum((gain for gain, _ in rows), Decimal(0)) / len(rows)
    if mean >= HIGH and 2 * sure >= len(rows):
        word = "high"
    elif mean <= LOW or 2 * sure < len(rows):
        word = "low"
    else:
        word = "mixed"
    hits = sum(gain > 0 and is_sure for gain, is_sure in rows)
    return TagInsight(tag=tag, experiments=len(rows), hits=hits, mean_gain=mean, word=word)
