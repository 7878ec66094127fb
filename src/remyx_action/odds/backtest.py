"""Recorded verdicts under another bar: judged anew from the sums that they carry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from remyx_action.confidence.binomial import chance_of_split
from remyx_action.evidence.evidence import Inputs
from remyx_action.policy.bar import Bar
from remyx_action.policy.judgement import Judgement, MarkCounts, judge
from remyx_action.policy.rules import Condition, Mark
from remyx_action.readers.scores import Reason

from .distributions import rate_limits

NOT_STORED = frozenset({Reason.MISSING_METRIC, Reason.NO_UNCERTAINTY, Reason.INVALID_VALUE})


class Past(Struct, frozen=True, kw_only=True):
    """One recorded verdict."""

    name: str
    """What people know it by: the pull request, else its file."""
    unit: str
    """Looks at the same pull request share it."""
    clock: str
    verdict: str | None
    bar: Bar
    inputs: Inputs


class Rejudged(Struct, frozen=True, kw_only=True):
    """One recorded verdict under another bar."""

    past: Past
    verdict: str | None
    """None: what was stored cannot answer, see `why`."""
    moved_by: Sequence[str]
    """Texts of the conditions that are in the way of one of the two verdicts alone, where they differ."""
    why: str | None = None

    @property
    def is_other(self) -> bool:
        return self.why is None and self.verdict != self.past.verdict


class Rate(Struct, frozen=True, kw_only=True):
    """How many of how many, with Clopper-Pearson limits at 95 %."""

    count: int
    of: int
    limits: tuple[float, float]


class Gain(Struct, frozen=True, kw_only=True):
    """What shipped changes of a metric claimed, and what is left when luck is taken out."""

    key: str
    shipped: int
    claimed: float
    """Mean observed change of what shipped, in the metric's unit."""
    shrunken: float
    """The same, each shrunk towards the mean of all verdicts (normal-normal empirical Bayes)."""


class Backtest(Struct, frozen=True, kw_only=True):
    """A changed bar over the record."""

    rows: Sequence[Rejudged]
    table: Mapping[tuple[str, str], int]
    """(old verdict, new verdict) → how many."""
    first: Mapping[str, tuple[Rate, Rate]]
    """Verdict → its rate under the old and the new bar, at the first look of each pull request."""
    last: Mapping[str, tuple[Rate, Rate]]
    """Likewise at the last look: what would have been merged."""
    newly_shipped: int
    no_longer_shipped: int
    chance: float | None
    """Exact McNemar: how likely so uneven a split is by chance; None where nothing moved."""
    conditions: Sequence[MarkCounts]
    gains: Sequence[Gain]

    @property
    def answered(self) -> Sequence[Rejudged]:
        return [row for row in self.rows if row.why is None]

    @property
    def others(self) -> Sequence[Rejudged]:
        return [row for row in self.rows if row.is_other]

    def sentence(self) -> str:
        """Return "of the last 40 verdicts, 3 would have been other", and how many cannot be told."""
        answered, left = len(self.answered), len(self.rows) - len(self.answered)
        if not answered:
            return f"none of the last {_verdicts(left)} can be judged by it"
        text = f"of the last {_verdicts(answered)}, {len(self.others)} would have been other"
        return f"{text}; {left} more cannot be told" if left else text


def _verdicts(count: int) -> str:
    return "1 verdict" if count == 1 else f"{count} verdicts"


def backtest(bar: Bar, record: Iterable[Past]) -> Backtest:
    """Judge every recorded verdict by the bar, oldest first."""
    past = sorted(record, key=lambda one: (one.clock, one.name))
    judged = [(one, *_judged(bar, one)) for one in past]
    rows = [row for _, row, _ in judged]
    answered = [row for row in rows if row.why is None]
    table: dict[tuple[str, str], int] = {}
    for row in answered:
        place = (row.past.verdict or "none", row.verdict or "none")
        table[place] = table.get(place, 0) + 1
    gained = sum(row.verdict == "ship" for row in answered if row.past.verdict != "ship")
    lost = sum(row.verdict != "ship" for row in answered if row.past.verdict == "ship")
    return Backtest(
        rows=rows,
        table=table,
        first=_rates(_looks(answered, last=False)),
        last=_rates(_looks(answered, last=True)),
        newly_shipped=gained,
        no_longer_shipped=lost,
        chance=chance_of_split(gained, lost) if gained + lost else None,
        conditions=_histories(bar, [judgement for _, _, judgement in judged if judgement is not None]),
        gains=gains_of(past),
    )


def _judged(bar: Bar, past: Past) -> tuple[Rejudged, Judgement | None]:
    lacking = [metric.key for metric in bar.metrics if metric.key not in past.inputs.metrics]
    named = {key for condition in bar.rules.conditions() for key in condition.keys}
    if named & set(lacking):
        return _cannot(past, f"{', '.join(sorted(named & set(lacking)))} was not measured"), None
    known = (
        bar
        if not lacking
        else bar.model_copy(
            update={"metrics": [metric for metric in bar.metrics if metric.key not in lacking]}
        )
    )
    judgement = judge(known, past.inputs)
    before = judge(past.bar, past.inputs)
    if before.verdict != past.verdict:
        return _cannot(past, "it does not follow from its own bar and inputs"), None
    written = {condition.text: condition for condition in _conditions(before)}
    for condition in _conditions(judgement):
        is_new = condition.text not in written or written[condition.text].mark is not Mark.UNKNOWN
        if condition.mark is Mark.UNKNOWN and condition.reason in NOT_STORED and is_new:
            return _cannot(past, f"`{condition.text}` asks for more than was stored"), None
    moved = _moved_by(before, judgement) if judgement.verdict != past.verdict else []
    return Rejudged(past=past, verdict=judgement.verdict, moved_by=moved), judgement


def _moved_by(before: Judgement, now: Judgement) -> list[str]:
    """Return the conditions in the way of one verdict alone: first those of the new bar."""
    was, is_now = (
        dict.fromkeys(
            condition.text
            for rule in (judgement.ship, judgement.reject)
            if rule is not None
            for condition in rule.in_the_way()
        )
        for judgement in (before, now)
    )
    return [*(text for text in is_now if text not in was), *(text for text in was if text not in is_now)]


def _cannot(past: Past, why: str) -> Rejudged:
    return Rejudged(past=past, verdict=None, moved_by=[], why=why)


def _conditions(judgement: Judgement) -> list[Condition]:
    reject = [] if judgement.reject is None else list(judgement.reject.conditions())
    return [*judgement.ship.conditions(), *reject]


def _looks(rows: Sequence[Rejudged], *, last: bool) -> Sequence[Rejudged]:
    """Return one row of each pull request: its first look, or its last."""
    found: dict[str, Rejudged] = {}
    for row in rows:
        if last or row.past.unit not in found:
            found[row.past.unit] = row
    return list(found.values())


def _rates(rows: Sequence[Rejudged]) -> Mapping[str, tuple[Rate, Rate]]:
    return {
        verdict: (
            rate_of(sum(row.past.verdict == verdict for row in rows), len(rows)),
            rate_of(sum(row.verdict == verdict for row in rows), len(rows)),
        )
        for verdict in ("ship", "reject", "iterate")
    }


def rate_of(count: int, of: int) -> Rate:
    """Return the rate with its limits."""
    return Rate(count=count, of=of, limits=rate_limits(count, of))


def _histories(bar: Bar, judgements: Sequence[Judgement]) -> list[MarkCounts]:
    found = []
    for place, condition in enumerate(bar.rules.conditions()):
        marks = [_conditions(judgement)[place].mark for judgement in judgements]
        found.append(
            MarkCounts(
                text=condition.text,
                held=marks.count(Mark.TRUE),
                failed=marks.count(Mark.FALSE),
                unknown=marks.count(Mark.UNKNOWN),
            )
        )
    return found


def gains_of(record: Sequence[Past]) -> list[Gain]:
    """Return, by metric, what shipped changes claimed and what remains of it without the winners' luck."""
    from remyx_action.confidence import estimate

    changes: dict[str, list[tuple[float, float, bool]]] = {}
    for past in record:
        for metric in past.bar.metrics:
            found = estimate(past.inputs.metrics[metric.key], metric)
            if found.delta is not None and found.interval is not None:
                error = (found.interval[1] - found.interval[0]) / 3.92
                changes.setdefault(metric.key, []).append((float(found.delta), error, past.verdict == "ship"))
    gains = []
    for key, rows in changes.items():
        shipped = [place for place, row in enumerate(rows) if row[2]]
        if not shipped or len(rows) < 3:
            continue
        shrunken = shrink([(delta, error) for delta, error, _ in rows])
        gains.append(
            Gain(
                key=key,
                shipped=len(shipped),
                claimed=sum(rows[place][0] for place in shipped) / len(shipped),
                shrunken=sum(shrunken[place] for place in shipped) / len(shipped),
            )
        )
    return gains


def shrink(rows: Sequence[tuple[float, float]]) -> list[float]:
    """Return each estimate shrunk towards the common mean, the variance of true changes by moments.

    Source: R. DerSimonian and N. Laird, "Meta-analysis in Clinical Trials" (1986).
    """
    weights = [1 / max(error * error, 1e-24) for _, error in rows]
    total = sum(weights)
    mean = sum(weight * delta for weight, (delta, _) in zip(weights, rows, strict=True)) / total
    spread = sum(weight * (delta - mean) ** 2 for weight, (delta, _) in zip(weights, rows, strict=True))
    excess = spread - (len(rows) - 1)
    scale = total - sum(weight * weight for weight in weights) / total
    true = max(0.0, excess / scale) if scale > 0 else 0.0
    again = [1 / (true + error * error) if true + error * error else 0.0 for _, error in rows]
    middle = sum(w * delta for w, (delta, _) in zip(again, rows, strict=True)) / (sum(again) or 1.0)
    return [
        middle + (true / (true + error * error) if true else 0.0) * (delta - middle) for delta, error in rows
    ]
