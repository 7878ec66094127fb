"""Seeds: a claim about the recipe adds the variance between seeds to that between samples."""

from __future__ import annotations

from fractions import Fraction

from msgspec.structs import replace

from remyx_action.evidence.inputs import SeedSums

from .location import Location


def widen(items: Location, arms: list[tuple[SeedSums, Fraction]]) -> Location:
    """se² = se²_items + Σ factor²·s²/S, with Satterthwaite's degrees; each arm with its factor in y."""
    variances = [
        (float(factor**2 * _variance_of_mean(seeds) / items.unit**2), len(seeds.n) - 1)
        for seeds, factor in arms
    ]
    total = items.variance + sum(variance for variance, _ in variances)
    parts = [(items.variance, items.degrees), *variances]
    degrees = total * total / sum(variance * variance / freedom for variance, freedom in parts)
    return replace(items, variance=total, degrees=degrees)


def _variance_of_mean(seeds: SeedSums) -> Fraction:
    """s²/S of the means of S seeds."""
    means = [
        Fraction(int(total), n * 10**seeds.decimals) for n, total in zip(seeds.n, seeds.totals, strict=True)
    ]
    count = len(means)
    middle = sum(means, Fraction(0)) / count
    return sum(((mean - middle) ** 2 for mean in means), Fraction(0)) / (count * (count - 1))
