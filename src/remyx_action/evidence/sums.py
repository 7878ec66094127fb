"""Sums of scores as exact integers, whole or per cluster: all that is judged of samples.

Scores are summed as integers over one power of ten, times the least common multiple of the repeat
counts. Adding sums is exact, so neither the order of rows nor the number of shards can change a byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from remyx_action.project.models.fields import Integer, Spec

LARGEST_SCORE = 10**15
MOST_DECIMALS = 100
MOST_PARTS = 10**60
"""Largest least common multiple of repeat counts; beyond, sums would not fit their text."""

BigInteger = Annotated[str, Field(pattern=r"^(0|-?[1-9][0-9]{0,399})(?![\s\S])")]
"""An integer of any size as a decimal string, so that no JSON reader rounds it."""
Count = Annotated[Integer, Field(ge=1, le=LARGEST_SCORE)]


class Scaled(Spec):
    """Integers over `10**decimals * parts`."""

    decimals: Annotated[Integer, Field(ge=0, le=MOST_DECIMALS)]
    """The most decimals of any literal."""
    parts: BigInteger
    """The least common multiple of the numbers of repeats of an id; "1" without repeats."""

    @model_validator(mode="after")
    def _parts_count(self) -> Self:
        if not 1 <= int(self.parts) <= MOST_PARTS:
            raise ValueError("parts is not a possible number of repeats")
        return self

    @property
    def scale(self) -> int:
        """The denominator of every integer here."""
        return int(10**self.decimals * int(self.parts))


class _Columns(Scaled):
    """One entry a cluster; without clusters one entry for everything."""

    clusters: list[str] | None
    """Names, sorted, each once; null: every sample stands for itself."""
    n: Annotated[list[Count], Field(min_length=1)]
    """How many ids."""

    def _check(self, *columns: Sequence[str]) -> None:
        entries = 1 if self.clusters is None else len(self.clusters)
        if any(len(column) != entries for column in (self.n, *columns)):
            raise ValueError("the columns of sums differ in length")
        if self.clusters is not None and any(
            after <= before for before, after in zip(self.clusters, self.clusters[1:], strict=False)
        ):
            raise ValueError("clusters are not sorted, or stand twice")


class ArmSums(_Columns):
    """Sums over the samples of one arm."""

    kind: Literal["samples"] = "samples"
    scores: list[BigInteger]
    """Σa, over the scale."""
    squares: list[BigInteger]
    """Σa², over the scale squared."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        self._check(self.scores, self.squares)
        for n, total, squares in zip(self.n, map(int, self.scores), map(int, self.squares), strict=True):
            _check_spread(n, total, squares, self.scale)
        return self


class PairedSums(_Columns):
    """Sums over pairs: the same ids scored in both arms."""

    variant: list[BigInteger]
    """Σa, over the scale."""
    baseline: list[BigInteger]
    """Σb, over the scale."""
    variant_squares: list[BigInteger]
    """Σa², over the scale squared."""
    products: list[BigInteger]
    """Σab, over the scale squared."""
    baseline_squares: list[BigInteger]
    """Σb², over the scale squared."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        columns = (self.variant, self.baseline, self.variant_squares, self.products, self.baseline_squares)
        self._check(*columns)
        for n, *texts in zip(self.n, *columns, strict=True):
            a, b, aa, ab, bb = map(int, texts)
            spread = _check_spread(n, a, aa, self.scale) * _check_spread(n, b, bb, self.scale)
            if (n * ab - a * b) ** 2 > spread:
                raise ValueError("sums that no scores have: the product exceeds the squares")
        return self

    def arm(self, name: Literal["baseline", "variant"]) -> ArmSums:
        """Return the sums of one arm alone."""
        scores, squares = (
            (self.variant, self.variant_squares)
            if name == "variant"
            else (self.baseline, self.baseline_squares)
        )
        return ArmSums.model_construct(
            kind="samples",
            decimals=self.decimals,
            parts=self.parts,
            clusters=self.clusters,
            n=self.n,
            scores=scores,
            squares=squares,
        )


def add_arms(first: ArmSums, second: ArmSums) -> ArmSums:
    """Return the sums over both shards. Raises ValueError where only one of them has clusters."""
    return ArmSums.model_validate(_added(first, second, {"scores": 1, "squares": 2}))


def add_pairs(first: PairedSums, second: PairedSums) -> PairedSums:
    """Return the sums over both shards. Raises ValueError where only one of them has clusters."""
    powers = {"variant": 1, "baseline": 1, "variant_squares": 2, "products": 2, "baseline_squares": 2}
    return PairedSums.model_validate(_added(first, second, powers))


def _added(first: _Columns, second: _Columns, powers: dict[str, int]) -> dict[str, object]:
    """Return the fields of the added sums; `powers` gives the power of the scale of each column."""
    if (first.clusters is None) != (second.clusters is None):
        raise ValueError("one shard has clusters and the other has none")
    decimals = max(first.decimals, second.decimals)
    parts = lcm(int(first.parts), int(second.parts))
    scale = 10**decimals * parts
    names: list[str | None] = (
        [None] if first.clusters is None else [*sorted({*first.clusters, *(second.clusters or ())})]
    )
    totals: dict[str | None, list[int]] = {name: [0] * (1 + len(powers)) for name in names}
    for shard in (first, second):
        finer = scale // shard.scale
        columns = [shard.n] + [
            [int(text) * finer**power for text in getattr(shard, field)] for field, power in powers.items()
        ]
        for name, *entries in zip(names if shard.clusters is None else shard.clusters, *columns, strict=True):
            totals[name] = [total + entry for total, entry in zip(totals[name], entries, strict=True)]
    n, *sums = zip(*(totals[name] for name in names), strict=True)
    return {
        "decimals": decimals,
        "parts": str(parts),
        "clusters": None if first.clusters is None else names,
        "n": list(n),
        **{field: list(map(str, column)) for field, column in zip(powers, sums, strict=True)},
    }


def _check_spread(n: int, total: int, squares: int, scale: int) -> int:
    """Return n² times the variance, over the scale squared. Raises ValueError where no scores have it."""
    spread = n * squares - total * total
    if spread < 0 or squares > n * (LARGEST_SCORE * scale) ** 2:
        raise ValueError("sums that no scores have: the squares do not fit the sum")
    return spread
