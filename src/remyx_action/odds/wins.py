"""0/1 scores: every outcome of a comparison as counts of wins and losses, weighed by the program itself."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import sqrt

from remyx_action.evidence.evidence import ArmFacts, Extremes, MetricEvidence
from remyx_action.evidence.sums import PairedSums
from remyx_action.policy.rules import Mark
from remyx_action.project.models.field_types import unchecked
from remyx_action.project.models.metrics import BarMetric

from .distributions import binomial_at_least, binomial_mass, probable_counts, t_quantile
from .requirements import Requirement
from .spread import width_of_range


def evidence_of_wins(metric: BarMetric, n: int, wins: int, losses: int) -> MetricEvidence:
    """Return n pairs of scores at the ends of the range: the variant alone is at the high end `wins` times.

    Ties are at the low end in both arms: a change does not depend on it.
    """
    assert metric.range is not None
    low, high = map(Fraction, metric.range)
    width = high - low
    decimals = max(0, *(-int(end.as_tuple().exponent) for end in metric.range))
    whole = int(width * 10**decimals)
    squares = (wins + losses) * whole * whole
    return differences_evidence(
        n=n, decimals=decimals, total=(wins - losses) * whole, squares=squares, largest=whole
    )


def differences_evidence(
    *, n: int, decimals: int, total: int, squares: int, parts: int = 1, largest: int = 0
) -> MetricEvidence:
    """Return unclustered pairs whose changes have this sum and sum of squares, over the scale."""
    paired = unchecked(PairedSums)(
        decimals=decimals,
        parts=str(parts),
        clusters=None,
        n=[n],
        variant=[str(total)],
        baseline=["0"],
        variant_squares=[str(squares)],
        products=["0"],
        baseline_squares=["0"],
    )
    facts = unchecked(ArmFacts)(ids=n)
    return unchecked(MetricEvidence)(
        paired=paired,
        both=n,
        asked=n,
        facts={"baseline": facts, "variant": facts},
        extremes=[unchecked(Extremes)(ratio=Decimal(1), low=str(-largest), high=str(largest))],
    )


CLOSE = 1e-6
"""Standard errors from its edge within which a requirement is weighed by the program itself."""
SURE = Fraction(1, 1000)
"""Floors nearer to 0 or 1 than this are always weighed by the program."""


class Boundary:
    """For each number of losses, from how many wins on a requirement is met, or no longer met."""

    def __init__(self, requirement: Requirement, n: int) -> None:
        self._requirement, self._n = requirement, n
        self._known: dict[int, int] = {}
        self.rises = requirement.rises
        """Whether wins help."""
        floor, count = requirement.floor, n + 2
        self._is_plain = requirement.metric.max_change is None and (
            floor is None or SURE <= floor <= 1 - SURE
        )
        self._side = 1 if requirement.claim.side == "at_least" else -1
        self._threshold = float(requirement.claim.threshold) / (width_of_range(requirement.metric) or 1.0)
        self._steps = 0.0 if floor is None or not self._is_plain else t_quantile(float(floor), count - 1)

    def _is_met(self, wins: int, losses: int) -> bool:
        met = self._is_met_clearly(wins, losses) if self._is_plain else None
        if met is None:
            evidence = evidence_of_wins(self._requirement.metric, self._n, wins, losses)
            met = self._requirement.mark(evidence) is Mark.TRUE
        return met == self.rises

    def _is_met_clearly(self, wins: int, losses: int) -> bool | None:
        """Return whether it is met, in floats; None where the outcome is too close to an edge for them."""
        asked, n, count = self._requirement, self._n, self._n + 2
        gain = wins - losses
        error = sqrt((wins + losses + 2 - gain * gain / count) / (count * (count - 1)))
        met = True
        if asked.with_point:
            beyond = self._side * (gain / n - self._threshold)
            if abs(beyond) < CLOSE * error:
                return None
            met = beyond > 0
        if asked.floor is not None:
            beyond = self._side * (gain / count - self._threshold) - self._steps * error
            if abs(beyond) < CLOSE * error:
                return None
            met = met and (beyond > 0) == (asked.op in (">=", ">"))
        return met

    def at(self, losses: int) -> int:
        """Return the fewest wins at which it is met (or, where wins hurt, no longer met); n + 1: never."""
        if losses not in self._known:
            room = self._n - losses
            near = self._known.get(losses - 1, self._known.get(losses + 1))
            wins = self._sought(losses, room) if near is None else self._walked(losses, min(near, room), room)
            self._known[losses] = wins if wins <= room else self._n + 1
        return self._known[losses]

    def _sought(self, losses: int, room: int) -> int:
        return bisect_left(range(room + 1), 1, key=lambda wins: int(self._is_met(wins, losses)))

    def _walked(self, losses: int, wins: int, room: int) -> int:
        while wins <= room and not self._is_met(wins, losses):
            wins += 1
        while wins > 0 and self._is_met(wins - 1, losses):
            wins -= 1
        return wins


@lru_cache(maxsize=256)
def boundary_of(requirement: Requirement, n: int) -> Boundary:
    """Return the boundary of n pairs, the same one every time: what it has found it keeps."""
    return Boundary(requirement, n)


Marks = tuple[bool, ...]
"""Of each requirement whether it is met."""


def outcomes_of_wins(
    boundaries: Sequence[Boundary], n: int, *, win: float, loss: float
) -> Mapping[Marks, float]:
    """Return the probability of each combination of marks, where a pair is a win or a loss by these rates."""
    chances: dict[Marks, float] = defaultdict(float)
    for losses in probable_counts(n, loss):
        mass, room = binomial_mass(losses, n, loss), n - losses
        edges = [boundary.at(losses) for boundary in boundaries]
        cuts = sorted({0, *(edge for edge in edges if edge <= room)})
        tails = [binomial_at_least(cut, room, win / (1 - loss) if loss < 1 else 0.0) for cut in cuts]
        for place, cut in enumerate(cuts):
            share = tails[place] - (tails[place + 1] if place + 1 < len(cuts) else 0.0)
            marks = tuple(
                (cut >= edge) == boundary.rises for boundary, edge in zip(boundaries, edges, strict=True)
            )
            chances[marks] += mass * share
    return chances
