"""How often a floored ship condition passes a variant that lies exactly on its threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Literal

from msgspec import Struct

from remyx_action.confidence.pseudo_samples import Observed, Prior, locate
from remyx_action.policy.bar import Bar
from remyx_action.policy.rules import Mark, OnMetric

from .distributions import binomial_mass, rate_limits, t_quantile
from .noise import CLUSTERED_DRAWS, DRAWS, SEED
from .requirements import Requirement
from .spread import width_of_range
from .swaps import Changes, SumOfChosen, coins, reach_of
from .wins import evidence_of_wins


class AtBoundary(Struct, frozen=True, kw_only=True):
    """One condition, its own metric alone: the rest of the rule is not judged."""

    pointer: str
    text: str
    floor: float
    rate: float | None
    """P(the condition passes | the true change is its threshold); None: see `why`."""
    limits: tuple[float, float] | None
    """Clopper-Pearson, 95 %, of the simulation; None where the rate is exact."""
    method: Literal["exact", "flips"] | None
    why: str | None


def at_boundary(
    bar: Bar, changes: Mapping[str, Changes | None], *, draws: int | None = None, seed: int = SEED
) -> list[AtBoundary]:
    """Return each floored ship condition on a metric; the largest rate is the worst false ship of `all`.

    `changes`: by metric key, of arms or of a verdict.
    """
    return [
        _at_boundary(condition, changes.get(condition.metric.key), draws, seed)
        for condition in bar.rules.ship.conditions()
        if isinstance(condition, OnMetric) and condition.floor is not None
    ]


def _at_boundary(condition: OnMetric, changes: Changes | None, draws: int | None, seed: int) -> AtBoundary:
    metric, floor = condition.metric, condition.floor
    assert floor is not None
    if condition.claim.quantity != "delta" or metric.aggregate is not None:
        return _without(condition, "only changes of a mean can be moved to a threshold")
    if metric.range is None:
        return _without(condition, "the metric has no range")
    if changes is None:
        return _without(
            condition, "it needs samples of the same ids in baseline and variant, none of them missing"
        )
    requirement = Requirement(metric=metric, claim=condition.claim, floor=floor)
    rate = None if changes.is_clustered else _by_wins(requirement, changes)
    if rate is not None:
        return _row(condition, rate, None, "exact")
    if not changes.squares:
        return _without(condition, "no sample changed")
    count = draws or (CLUSTERED_DRAWS if changes.is_clustered else DRAWS)
    passed = (
        _flips_with_clusters(requirement, changes, count, seed)
        if changes.is_clustered
        else _flips(requirement, changes, count, seed)
    )
    return _row(condition, passed / count, rate_limits(passed, count), "flips")


def _without(condition: OnMetric, why: str) -> AtBoundary:
    return _row(condition, None, None, None, why=why)


def _row(
    condition: OnMetric,
    rate: float | None,
    limits: tuple[float, float] | None,
    method: Literal["exact", "flips"] | None,
    *,
    why: str | None = None,
) -> AtBoundary:
    return AtBoundary(
        pointer=condition.pointer,
        text=condition.text,
        floor=float(condition.floor or 0),
        rate=rate,
        limits=limits,
        method=method,
        why=why,
    )


def _by_wins(requirement: Requirement, changes: Changes) -> float | None:
    """Return the exact rate of 0/1 scores: wins ~ Bin(changed, ½(1 + n·t/changed)); None for other scores."""
    width = Fraction(width_of_range(requirement.metric) or 0) * changes.scale
    if {abs(move) for move in changes.within} - {0, width}:
        return None
    changed = sum(count for move, count in changes.within.items() if move)
    if not changed:
        return None
    threshold = Fraction(requirement.claim.threshold) * changes.scale / width
    share = (1 + changes.n * threshold / changed) / 2
    if not 0 <= share <= 1:
        return None
    total = 0.0
    for wins in range(changed + 1):
        mass = binomial_mass(wins, changed, float(share))
        if mass > 1e-15:
            evidence = evidence_of_wins(requirement.metric, changes.n, wins, changed - wins)
            total += mass * (requirement.mark(evidence) is Mark.TRUE)
    return total


def _flips(requirement: Requirement, changes: Changes, draws: int, seed: int) -> int:
    """Count draws that pass, each change y moved to t ± (y - ȳ)."""
    # Centred changes over the scale times n, so that they are whole numbers.
    moves = [move for move, count in changes.within.items() for _ in range(count)]
    centred = [move * changes.n - changes.total for move in moves]
    spread, chosen = sum(centred), SumOfChosen(centred)
    squares = sum(part * part for part in centred)
    weigh = _Weighing(requirement, changes, squares)
    known: dict[int, bool] = {}
    passed = 0
    for mask in coins(len(centred), draws, seed):
        part = spread - 2 * chosen.of(mask)
        if part not in known:
            known[part] = weigh.passes_sum(part)
        passed += known[part]
    return passed


class _Weighing:
    """Whether samples whose centred changes have this sum pass, the threshold added to each."""

    def __init__(self, requirement: Requirement, changes: Changes, squares: int) -> None:
        self._requirement, self._changes, self._squares = requirement, changes, squares
        self._threshold = Fraction(requirement.claim.threshold)
        self._prior = Prior(center=Fraction(0), reach=reach_of(requirement.metric, changes))

    def passes_sum(self, part: int) -> bool:
        changes, threshold = self._changes, self._threshold
        whole = changes.scale * changes.n * threshold.denominator
        moved = threshold.numerator * changes.scale * changes.n
        parts = part * threshold.denominator
        observed = Observed(
            denominator=whole,
            sizes=[changes.n],
            sums=[changes.n * moved + parts],
            squares=changes.n * moved * moved + 2 * moved * parts + self._squares * threshold.denominator**2,
        )
        return self.passes(observed)

    def passes(self, observed: Observed) -> bool:
        location = locate(observed, self._prior).location
        side = 1 if self._requirement.claim.side == "at_least" else -1
        assert self._requirement.floor is not None
        steps = side * location.steps(location.center - self._threshold)
        gap = side * (observed.mean - self._threshold)
        holds = gap > 0 or (gap == 0 and not self._requirement.claim.strict)
        return holds and steps >= t_quantile(float(self._requirement.floor), location.degrees)


def _flips_with_clusters(requirement: Requirement, changes: Changes, draws: int, seed: int) -> int:
    """Count draws that pass, the sum of each cluster moved to m·t ± (s - m·ȳ)."""
    n, threshold = changes.n, Fraction(requirement.claim.threshold)
    scale = changes.scale * n * threshold.denominator
    unit = threshold.numerator * changes.scale * n
    centred = [
        (total * n - size * changes.total) * threshold.denominator
        for size, total in zip(changes.sizes, changes.sums, strict=True)
    ]
    weigh = _Weighing(requirement, changes, 0)
    # With clusters the formula asks for the sum of squares only to say how much clusters cost.
    squares = max(1, changes.squares * (n * threshold.denominator) ** 2)
    passed = 0
    for mask in coins(len(centred), draws, seed):
        sums = [
            size * unit + (-part if mask >> place & 1 else part)
            for place, (size, part) in enumerate(zip(changes.sizes, centred, strict=True))
        ]
        observed = Observed(
            denominator=scale, sizes=changes.sizes, sums=sums, squares=squares, clusters=[1] * len(sums)
        )
        passed += weigh.passes(observed)
    return passed


def worst_of(rows: Sequence[AtBoundary]) -> AtBoundary | None:
    """Return the condition that passes most often, or None where none has a rate."""
    known = [row for row in rows if row.rate is not None]
    return max(known, key=lambda row: row.rate or 0.0, default=None)
