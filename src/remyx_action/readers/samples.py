"""Columns of text → the samples that count, or why none does; and their mean, exactly."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import compress, islice, repeat
from operator import itemgetter, lt

from remyx_action.project.models.metrics import BarMetric

from .columns import Columns, counted, places_of
from .scores import Empty, Reason, Samples, Unusable

LARGEST = Decimal(10) ** 15
MOST_DIGITS = 30
"""Of one number; a binary float prints at most 17."""
MOST_DECIMALS = 100
"""Behind the point. Sums are exact, so one score of 1e-300 would make every sum 600 digits long."""
_EXACT_DIGITS = 200
"""Enough for any sum of such scores."""


def usable_samples(columns: Columns, metric: BarMetric) -> Samples | Unusable:
    """The samples, or `invalid_value` or `out_of_range` with everything that was found."""
    if not columns.ids:
        return Empty(reason=Reason.INVALID_VALUE, message="the list of samples is empty")
    invalid = [counted(kind, places) for kind, places in sorted(columns.faults.items(), key=itemgetter(0))]
    invalid = invalid or _repeated(columns)
    scored = columns if invalid else _scored(columns)
    outside: list[str] = []
    if not invalid:
        invalid += _partial(scored)
        invalid += _refused(scored, beyond_limits, "scores beyond ±1e15, 30 digits or 100 decimals")
    if not invalid:
        outside = _scores_outside(scored, metric)
    if invalid or outside:
        reason = Reason.INVALID_VALUE if invalid else Reason.OUT_OF_RANGE
        return Unusable(reason=reason, message="; ".join(invalid or outside))
    return Samples(
        ids=scored.ids,
        scores=scored.scores,  # type: ignore[arg-type] # none without a score is left
        clusters=scored.clusters,  # type: ignore[arg-type] # _partial: all or none
        repeats=scored.repeats,  # type: ignore[arg-type]
        inputs=scored.inputs,
        outputs=scored.outputs,
        missing={} if scored is columns else _missing(columns, set(scored.ids)),
    )


def _scored(columns: Columns) -> Columns:
    """The samples that have a score; the same columns where all have."""
    if columns.errors is None and None not in columns.scores:
        return columns
    lost = [score is None for score in columns.scores]
    if columns.errors is not None:
        lost = [gone or error is not None for gone, error in zip(lost, columns.errors, strict=True)]
    kept = [not gone for gone in lost]

    def of(column: list[str | None] | None) -> list[str | None] | None:
        found = None if column is None else list(compress(column, kept))
        return found if found is not None and any(value is not None for value in found) else None

    return Columns(
        ids=list(compress(columns.ids, kept)),
        scores=list(compress(columns.scores, kept)),
        clusters=of(columns.clusters),
        repeats=of(columns.repeats),
        inputs=of(columns.inputs),
        outputs=of(columns.outputs),
    )


def _missing(columns: Columns, scored: Collection[str]) -> dict[str, str]:
    """Id without a score in any repeat → its error."""
    missing: dict[str, str] = {}
    for id_, error in zip(columns.ids, columns.errors or repeat(None), strict=False):
        if id_ not in scored:
            missing[id_] = missing.get(id_) or error or ""
    return missing


def beyond_limits(literals: Iterable[str]) -> set[str]:
    """The JSON numbers that are no possible score: beyond ±1e15, too many digits or decimals."""
    distinct = set(literals)
    if max(map(len, distinct), default=0) > MOST_DIGITS:
        doubtful: Iterable[str] = distinct
    else:
        doubtful = [text for text in distinct if not -1e15 < float(text) < 1e15 or "e" in text or "E" in text]
    return {literal for literal in doubtful if _is_beyond(literal)}


def _is_beyond(literal: str) -> bool:
    mantissa, _, exponent = literal.lower().partition("e")
    digits = mantissa.lstrip("-").replace(".", "").lstrip("0")
    if not digits:
        return len(mantissa) > MOST_DECIMALS or len(exponent) > 4
    if len(digits) > MOST_DIGITS or len(exponent) > 4:
        return True
    decimals = len(mantissa.partition(".")[2]) - int(exponent or 0)
    return decimals > MOST_DECIMALS or abs(Decimal(literal)) > LARGEST


def _scores_outside(columns: Columns, metric: BarMetric) -> list[str]:
    low, high = metric.range or (None, None)
    if metric.scores == "binary":
        ends = (low, high) if low is not None else (Decimal(0), Decimal(1))

        def not_an_end(literals: Iterable[str]) -> set[str]:
            return {literal for literal in set(literals) if Decimal(literal) not in ends}

        return _refused(columns, not_an_end, f"scores that are neither {ends[0]:f} nor {ends[1]:f}")
    if low is None or high is None:
        return []

    def outside(literals: Iterable[str]) -> set[str]:
        return beyond_range(literals, low, high)

    return _refused(columns, outside, f"scores outside [{low:f}, {high:f}]")


def beyond_range(literals: Iterable[str], low: Decimal, high: Decimal) -> set[str]:
    """The numbers below `low` or above `high`, exactly.

    Rounding to a float never changes the order of two numbers, so only numbers whose float is not
    strictly between the ends' floats need the exact comparison.
    """
    distinct = set(literals)
    low_float, high_float = float(low), float(high)
    near = [literal for literal in distinct if not low_float < float(literal) < high_float]
    return {literal for literal in near if not low <= Decimal(literal) <= high}


def _refused(columns: Columns, refused: Callable[[Iterable[str]], set[str]], kind: str) -> list[str]:
    bad = refused({score for score in set(columns.scores) if score is not None})
    if not bad:
        return []
    found = [
        (id_, score if len(score) <= 40 else score[:39] + "…")
        for id_, score in zip(columns.ids, columns.scores, strict=True)
        if score in bad
    ]
    return [counted(kind, places_of(found))]


REPEATED = "ids that stand more than once"


def _repeated(columns: Columns) -> list[str]:
    repeats = columns.repeats
    if repeats is None and all(map(lt, columns.ids, islice(columns.ids, 1, None))):
        return []  # ascending, as most files are written: no set of a million ids is needed
    keys = columns.ids if repeats is None else list(zip(columns.ids, repeats, strict=True))
    if len(set(keys)) == len(keys):
        return []
    seen: set[object] = set()
    again = [key in seen or bool(seen.add(key)) for key in keys]  # type: ignore[func-returns-value]
    kind = REPEATED + (" with the same repeat" if repeats else "")
    return [
        counted(kind, places_of((id_, "") for id_, marked in zip(columns.ids, again, strict=True) if marked))
    ]


def _partial(columns: Columns) -> list[str]:
    found = []
    for role, column in (("cluster", columns.clusters), ("repeat", columns.repeats)):
        if column is not None and None in column:
            lacking = [(id_, "") for id_, value in zip(columns.ids, column, strict=True) if value is None]
            found.append(counted(f"samples without a {role}, which the others have", places_of(lacking)))
    return found


def point_of(samples: Samples, aggregate: str | None) -> Fraction:
    """The arm's own number, exactly: the mean over ids of each id's mean, or the quantile of these.

    `aggregate` `p95` is the ⌈0.95·n⌉-th smallest.
    """
    if aggregate is None and samples.repeats is None:
        return _sum(Counter(samples.scores)) / len(samples.scores)
    means = _means_by_id(samples)
    if aggregate is None:
        return sum(means, Fraction(0)) / len(means)
    percent = int(aggregate.removeprefix("p"))
    return sorted(means)[-(-percent * len(means) // 100) - 1]


def _sum(counts: Counter[str]) -> Fraction:
    with localcontext(prec=_EXACT_DIGITS):
        return Fraction(sum((Decimal(literal) * count for literal, count in counts.items()), Decimal(0)))


def _means_by_id(samples: Samples) -> list[Fraction]:
    if samples.repeats is None:
        return [Fraction(score) for score in samples.scores]
    scores_of: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for id_, score in zip(samples.ids, samples.scores, strict=True):
        scores_of[id_][score] += 1
    return [_sum(counts) / counts.total() for counts in scores_of.values()]
