"""Print the figures of docs/statistics.md, each with its bound.

uv run python benchmarks/figures.py           # every number; about three minutes of one core
uv run python benchmarks/figures.py --write   # and the worst of each kind into the page
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support import measured_figures as figures  # noqa: E402 - found through the line above
from support import odds_figures as odds  # noqa: E402
from support.measured_figures import Measured  # noqa: E402

PAGE = ROOT / "docs" / "statistics.md"
START, END = "<!-- figures -->\n", "\n<!-- /figures -->"
CASE = re.compile(r"(, n = \d+(?!.*changed))|(, mean -?1)|( of \d+ identical pairs(?=.*interval))")
"""What tells cases of one bound apart."""


def measure() -> list[Measured]:
    """Every figure, in order."""
    found = figures.identical_pairs()
    for n in (2, 5, 10, 20, 50, 100, 300, 1000):
        found += figures.enumerated_false_ships(n)
    found += [figures.clusters_of_one(), *figures.uneven_clusters(40_000)]
    found += [figures.rare_losses(clusters, 2000) for clusters in (15, 30, 60)]
    texts = len(figures.shard_bytes(1))
    found += [
        figures.student_against_mpmath(),
        figures.equals(5, "different texts of shuffled rows and 1, 2, 8 shards", texts, 1, 0),
        figures.far_from_zero(),
    ]
    for n in (20, 100, 300):
        found += figures.without_range(n, 10_000)
    found += figures.relative_thresholds(10_000)
    for n in (10, 30, 100, 300, 1000):
        found += figures.binary_values(n)
    found += figures.example_policy(400)
    found += odds.power_beside_enumeration() + odds.closed_form_beside_enumeration()
    found += odds.boundary_rates() + odds.seconds_of_noise()
    return found + odds.power_beside_noise() + odds.backtested()


def worst_of_each_kind(found: list[Measured]) -> str:
    """Markdown: the largest number under each bound, over all n and all cases."""
    worst: dict[tuple[int, str, str], Measured] = {}
    for number in found:
        kind = (number.figure, CASE.sub("", number.what), number.allowed)
        if kind not in worst or number.value > worst[kind].value:
            worst[kind] = number
    lines = ["| figure | what | measured | bound |", "| ---: | --- | ---: | --- |"]
    for (figure, what, allowed), number in worst.items():
        bound = allowed.replace("<=", "≤").replace(">=", "≥")
        lines.append(f"| {figure} | {what} | {number.value:.4g} | {bound} |")
    return "\n".join(lines)


if __name__ == "__main__":
    measured = measure()
    print(*measured, sep="\n")
    if "--write" in sys.argv[1:]:
        before, _, rest = PAGE.read_text().partition(START)
        PAGE.write_text(before + START + worst_of_each_kind(measured) + END + rest.partition(END)[2])
    sys.exit(any(not number.holds for number in measured))
