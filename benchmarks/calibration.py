"""How often each method claims what is not so: ours, paired t, percentile bootstrap and `evalsig gate`.

    uv run --with evalsig==0.1.2 python benchmarks/calibration.py           # prints the tables
    uv run --with evalsig==0.1.2 python benchmarks/calibration.py --write   # and writes docs/calibration.md

Nothing is drawn: for every number of wins and losses each rule says yes or no, and the probabilities of
all that it passes are added up. About two minutes of one core.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from math import inf, sqrt
from pathlib import Path

import numpy as np
from scipy import stats

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.enumeration import (  # noqa: E402
    EASY,
    HARD,
    Passes,
    condition_passes,
    worst_false_pass,
    worst_false_pass_of_any_rule,
)

SIZES = (2, 5, 10, 20, 50, 100, 300, 1000)
FLOORS = ("0.80", "0.95")
GAINS = tuple(threshold for threshold in EASY if not threshold.startswith("-"))
"""The only thresholds that a gate against zero can express."""
PAGE = ROOT / "docs" / "calibration.md"


def paired_t(n: int, threshold: str, floor: str) -> Passes:
    """One-sided paired t against the threshold itself; no spread at all counts as certain."""
    limit, quantile = float(threshold), float(stats.t.ppf(float(floor), n - 1))

    def passes(wins: int, losses: int) -> bool:
        gain = Fraction(wins - losses, n) - Fraction(threshold)
        mean = (wins - losses) / n
        spread = sqrt(max(0.0, (wins + losses - n * mean * mean) / (n - 1) / n))
        if gain < 0:
            return False
        step = (mean - limit) / spread if spread else inf if gain else 0.0
        return step >= quantile

    return passes


def percentile_bootstrap(n: int, threshold: str, floor: str) -> Passes:
    """The share of resamples above the threshold reaches the floor; of infinitely many resamples.

    Above, not at: of the two readings the kinder one, for without any change all resamples are at 0.
    """
    least = Fraction(threshold) * n // 1 + 1  # wins minus losses of a resample that is above it

    @cache
    def passes(wins: int, losses: int) -> bool:
        if Fraction(wins - losses, n) < Fraction(threshold):
            return False
        lost = np.arange(0, n + 1)
        mass = stats.binom.pmf(lost, n, losses / n)
        rate = wins / (n - losses) if losses < n else 0.0
        share = float(np.sum(mass * stats.binom.sf(int(least) + lost - 1, n - lost, rate)))
        return share >= float(floor) - 1e-12

    return passes


@cache
def mcnemar_p_value(wins: int, losses: int) -> float:
    """As evalsig computes it; pairs without a change do not enter."""
    from evalsig.inference.mcnemar import mcnemar_test

    baseline = np.array([0] * wins + [1] * losses + [1])
    variant = np.array([1] * wins + [0] * losses + [1])
    return float(mcnemar_test(baseline, variant, alternative="greater").p_value)


def evalsig_gate(n: int, threshold: str, floor: str) -> Passes:
    """Significantly above *zero*, and the observed difference at least the threshold."""
    alpha, limit = 1 - float(floor), float(threshold)

    def passes(wins: int, losses: int) -> bool:
        if wins <= losses or (wins - losses) / n < limit:
            return False
        return mcnemar_p_value(wins, losses) < alpha

    return passes


def check_against_gate() -> None:
    """The rule above, against evalsig's own `gate` on whole runs."""
    from evalsig.compare.gate import GateVerdict, gate
    from evalsig.types import ItemResult, RunFrame

    def run(scores: list[int]) -> RunFrame:
        items = [ItemResult(item_id=str(number), score=float(score)) for number, score in enumerate(scores)]
        return RunFrame(run_id="r", model_id="m", task_id="t", metric_name="accuracy", items=items)

    for n, wins, losses, floor in (
        (20, 6, 1, "0.95"),
        (20, 4, 3, "0.80"),
        (100, 30, 14, "0.95"),
        (100, 20, 16, "0.80"),
    ):
        rest = n - wins - losses
        baseline = run([0] * wins + [1] * losses + [1] * rest)
        variant = run([1] * wins + [0] * losses + [1] * rest)
        report = gate(baseline, variant, min_delta=0.02, alpha=1 - float(floor))
        expected = report.verdict is GateVerdict.ALLOW
        assert expected == evalsig_gate(n, "0.02", floor)(wins, losses), (n, wins, losses, floor)


Method = Callable[[int, str, str], Passes]
METHODS: dict[str, Method] = {
    "remyx-action": condition_passes,
    "paired t": paired_t,
    "percentile bootstrap": percentile_bootstrap,
    "evalsig gate": evalsig_gate,
}
MONOTONE = {"remyx-action", "percentile bootstrap"}
"""More wins never turn a yes into a no: true of these, not of a t-test that is certain without spread."""


def worst(name: str, n: int, thresholds: tuple[str, ...], floor: str) -> float:
    search = worst_false_pass if name in MONOTONE else worst_false_pass_of_any_rule
    rules = {threshold: METHODS[name](n, threshold, floor) for threshold in thresholds}
    return search(n, thresholds, rules.__getitem__)


def table(thresholds: tuple[str, ...], methods: list[str]) -> str:
    """Markdown: one row for each n, two columns for each method."""
    heads = [f"{method} {floor}" for method in methods for floor in FLOORS]
    lines = [f"| n | {' | '.join(heads)} |", f"| ---: |{' ---: |' * len(heads)}"]
    for n in SIZES:
        numbers = [f"{worst(method, n, thresholds, floor):.3f}" for method in methods for floor in FLOORS]
        lines.append(f"| {n} | {' | '.join(numbers)} |")
    return "\n".join(lines)


def tables() -> dict[str, str]:
    """By the name of its place in the page."""
    able = [method for method in METHODS if method != "evalsig gate"]
    return {"gains": table(GAINS, list(METHODS)), "easy": table(EASY, able), "hard": table(HARD, able)}


def filled_in(page: str, found: dict[str, str]) -> str:
    """The page with each table between its two marks."""
    for name, text in found.items():
        start, end = f"<!-- {name} -->\n", f"\n<!-- /{name} -->"
        before, _, rest = page.partition(start)
        page = before + start + text + end + rest.partition(end)[2]
    return page


if __name__ == "__main__":
    check_against_gate()
    measured = tables()
    print(*measured.values(), sep="\n\n")
    if "--write" in sys.argv[1:]:
        PAGE.write_text(filled_in(PAGE.read_text(), measured))
