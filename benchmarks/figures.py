"""Print the figures of docs/statistics.md as one table: `uv run python benchmarks/figures.py`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import measured_figures as figures


def measure() -> list[figures.Measured]:
    """Every figure, about two minutes of one core."""
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
    return found + figures.example_policy(400)


if __name__ == "__main__":
    measured = measure()
    print(*measured, sep="\n")
    sys.exit(any(not number.holds for number in measured))
