"""How often a rule about paired wins and losses passes, by exact enumeration instead of drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from functools import cache

import numpy as np
from scipy.stats import binom

from remyx_action.confidence import weigh
from remyx_action.evidence.claims import Claim
from remyx_action.evidence.evidence import ArmFacts, MetricEvidence
from remyx_action.evidence.sums import PairedSums
from remyx_action.project.models.metrics import BarMetric

Passes = Callable[[int, int], bool]
"""(wins, losses) → whether the rule passes."""

PSI = ("0.02", "0.05", "0.1", "0.2", "0.4")
EASY = ("0", "0.02", "-0.01", "0.05")
HARD = ("-0.02", "-0.05")


def metric(**changes: object) -> BarMetric:
    """An accuracy in [0, 1] where higher is better, unless told otherwise."""
    plain = BarMetric(
        key="accuracy",
        label="Accuracy",
        unit="accuracy",
        direction="higher",
        range=[Decimal(0), Decimal(1)],
        scores=None,
        aggregate=None,
        baseline=None,
        samples=None,
    )
    return plain.model_copy(update=changes)


def claim(quantity: str, side: str, threshold: str, *, strict: bool = False) -> Claim:
    return Claim(quantity=quantity, side=side, strict=strict, threshold=Decimal(threshold))  # type: ignore[arg-type]


def of_wins(n: int, wins: int, losses: int) -> MetricEvidence:
    """Binary pairs: the variant alone is right `wins` times, the baseline alone `losses` times."""
    paired = PairedSums(
        decimals=0,
        parts="1",
        clusters=None,
        n=[n],
        variant=[str(wins)],
        baseline=[str(losses)],
        variant_squares=[str(wins)],
        products=["0"],
        baseline_squares=[str(losses)],
    )
    facts = ArmFacts(ids=n)
    return MetricEvidence(paired=paired, both=n, facts={"baseline": facts, "variant": facts})


def condition_passes(n: int, threshold: str, floor: str) -> Passes:
    """`delta >= threshold` with a floor, weighed by the program itself."""
    weighed_claim, subject, least = claim("delta", "at_least", threshold), metric(), Decimal(floor)

    @cache
    def passes(wins: int, losses: int) -> bool:
        weighed = weigh(of_wins(n, wins, losses), subject, weighed_claim)
        return (
            bool(weighed.holds)
            and weighed.lowest_confidence is not None
            and weighed.lowest_confidence >= least
        )

    return passes


def fewest_wins(n: int, passes: Passes, most_losses: int) -> list[int]:
    """For each number of losses the fewest wins that pass; n + 1 where none does.

    For a rule that more wins or fewer losses never turn from yes to no.
    """
    found: list[int] = []
    wins = 0
    for losses in range(most_losses + 1):
        room = n - losses
        while wins <= room and not passes(wins, losses):
            wins += 1
        found.append(wins if wins <= room else n + 1)
    return found


def chance(n: int, boundary: list[int], *, win: float, loss: float) -> float:
    """P(the rule passes) where each pair is a win or a loss with these probabilities."""
    total = 0.0
    for losses, wins in enumerate(boundary):
        if wins <= n - losses:
            mass = binom.pmf(losses, n, loss)
            if mass > 1e-18:
                total += mass * binom.sf(wins - 1, n - losses, win / (1 - loss))
    return float(total)


def cells(thresholds: tuple[str, ...]) -> Iterator[tuple[str, float, float]]:
    """(t, P(win), P(loss)) with a true difference of exactly t, for every share ψ of changed pairs."""
    for threshold in thresholds:
        for psi in PSI:
            t, changed = Fraction(threshold), Fraction(psi)
            if abs(t) <= changed:
                yield threshold, float((changed + t) / 2), float((changed - t) / 2)


def most_losses(n: int) -> int:
    """Beyond any probable number of losses in any cell."""
    loss = 0.225 + 1e-9
    return int(min(n, n * loss + 9 * (n * loss * (1 - loss)) ** 0.5 + 9))


def worst_false_pass(n: int, thresholds: tuple[str, ...], rule: Callable[[str], Passes]) -> float:
    """The largest chance, over all cells, that a variant exactly on the threshold passes."""
    boundaries = {t: fewest_wins(n, rule(t), most_losses(n)) for t in thresholds}
    return max(chance(n, boundaries[t], win=win, loss=loss) for t, win, loss in cells(thresholds))


def worst_false_pass_of_any_rule(n: int, thresholds: tuple[str, ...], rule: Callable[[str], Passes]) -> float:
    """The same for a rule that may say yes to less: every number of wins and losses is asked for."""
    most = most_losses(n)
    counts = np.arange(most + 1)
    grids = {
        t: np.array(
            [
                [wins + losses <= n and rule(t)(wins, losses) for wins in range(most + 1)]
                for losses in range(most + 1)
            ]
        )
        for t in thresholds
    }
    worst = 0.0
    for t, win, loss in cells(thresholds):
        lost = binom.pmf(counts, n, loss)
        won = binom.pmf(counts[None, :], n - counts[:, None], win / (1 - loss))
        worst = max(worst, float(np.sum(lost[:, None] * won * grids[t])))
    return worst
