"""Sums of scores as exact integers, whole or per cluster: all that is judged of samples.

Scores are summed as integers over one power of ten, times the least common multiple of the repeat
counts. Adding integers is exact, so neither the order of samples nor the number of shards can change a byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from operator import mul
from typing import Annotated, Literal, Self

from msgspec import Struct
from pydantic import Field, model_validator

from remyx_action.project.models.field_types import Integer, Spec

FIRST = 4096
"""Rows that show whether scores repeat, so that a million different ones are not collected first."""
MOSTLY_NEW = 0.95
EXACT_DIGITS = 15
"""Significant digits that count exactly; a literal with more is how a binary float prints itself."""


class Column(Struct, frozen=True, kw_only=True):
    """Scores as integers over `10**decimals`."""

    values: list[int]
    decimals: int
    long: bool
    """A literal has more than 15 significant digits."""

    def with_decimals(self, decimals: int) -> list[int]:
        """Return the same scores over a finer power of ten."""
        factor = 10 ** (decimals - self.decimals)
        return self.values if factor == 1 else [value * factor for value in self.values]


def integers_of(literals: Sequence[str]) -> Column:
    """Return the column of one arm; each distinct literal is read once where they are few."""
    if len(set(literals[:FIRST])) > MOSTLY_NEW * min(FIRST, len(literals)):
        return _read(literals)
    distinct = set(literals)
    few = _read(list(distinct))
    value_of = dict(zip(distinct, few.values, strict=True))
    return Column(values=list(map(value_of.__getitem__, literals)), decimals=few.decimals, long=few.long)


def _read(literals: Sequence[str]) -> Column:
    text = "\n".join(literals)
    if "e" in text or "E" in text:
        literals = [
            f"{Decimal(literal):f}" if "e" in literal or "E" in literal else literal for literal in literals
        ]
        text = "\n".join(literals)
    # One replace over the joined text is many times faster than one per literal.
    values = list(map(int, text.replace(".", "").split("\n")))
    places = _places(literals, text)
    decimals = max(places)
    if min(places) != decimals:
        powers = [10 ** (decimals - place) for place in range(decimals + 1)]
        values = [value * powers[place] for value, place in zip(values, places, strict=True)]
    longest = max(map(len, literals))
    return Column(values=values, decimals=decimals, long=longest > EXACT_DIGITS and _any_long(values))


def _places(literals: Sequence[str], text: str) -> list[int]:
    """Return the number of decimals of each literal; `text` is all of them joined by line breaks."""
    points = text.count(".")
    if points == 0:
        return [0]
    if points == len(literals):
        return list(map(len, text.replace(".", "\n").split("\n")[1::2]))
    return [len(literal.partition(".")[2]) for literal in literals]


def _any_long(values: Sequence[int]) -> bool:
    """Return whether any has more than 15 significant digits, trailing zeros apart."""
    return any(
        len(str(abs(value)).rstrip("0")) > EXACT_DIGITS
        for value in values
        if not -(10**EXACT_DIGITS) < value < 10**EXACT_DIGITS
    )


LARGEST_SCORE = 10**15
MOST_DECIMALS = 100
MOST_PARTS = 10**60
"""Largest least common multiple of repeat counts; beyond, sums would not fit their text."""

MOST_NAMED = 100
"""Clusters whose names are kept, for the page."""

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


class Missing(Spec):
    """Ids without a score in every arm, row by row: how many, and how far their sums can lie apart."""

    ids: list[Annotated[Integer, Field(ge=0, le=LARGEST_SCORE)]]

    def ends(self) -> Sequence[tuple[list[str], list[str]]]:
        """Return the smallest and the largest sum of each arm, as columns."""
        raise NotImplementedError

    def columns(self) -> Sequence[Sequence[int | str]]:
        return [self.ids, *(column for pair in self.ends() for column in pair)]


class MissingScores(Missing):
    """Of one arm."""

    low: list[BigInteger]
    """Σa with every missing score at the low end of the range; known scores count as they are."""
    high: list[BigInteger]

    def ends(self) -> Sequence[tuple[list[str], list[str]]]:
        return [(self.low, self.high)]


class MissingPairs(Missing):
    """Of two arms; an id that one arm lacks has its score in the other."""

    variant_low: list[BigInteger]
    """Σa with every missing score at the low end of the range; known scores count as they are."""
    variant_high: list[BigInteger]
    baseline_low: list[BigInteger]
    baseline_high: list[BigInteger]

    def ends(self) -> Sequence[tuple[list[str], list[str]]]:
        return [(self.variant_low, self.variant_high), (self.baseline_low, self.baseline_high)]


class _Rows(Scaled):
    """Without clusters one row of sums; with clusters one row for all that have the same sums."""

    clusters: list[Count] | None
    """How many clusters have the sums of each row; null: there are no clusters."""
    n: Annotated[list[Annotated[Integer, Field(ge=0, le=LARGEST_SCORE)]], Field(min_length=1)]
    """How many ids each cluster of the row has; 0 only where all of a cluster's are missing."""

    def _check(self, *columns: Sequence[str], missing: Missing | None) -> None:
        if not self._absent(missing) and 0 in self.n:
            raise ValueError("a row of sums without ids")
        entries = 1 if self.clusters is None else len(self.clusters)
        if any(len(column) != entries for column in (self.n, *columns)):
            raise ValueError("the columns of sums differ in length")
        rows = list(
            zip(
                self.n,
                *(map(int, column) for column in (*columns, *(missing.columns() if missing else ()))),
                strict=True,
            )
        )
        if any(after <= before for before, after in pairwise(rows)):
            raise ValueError("rows of sums are not sorted, or stand twice")

    @property
    def counts(self) -> Sequence[int]:
        """How often each row counts."""
        return self.clusters or [1]

    @property
    def ids(self) -> int:
        """The number of ids in all rows."""
        return sum(map(mul, self.counts, self.n))

    @property
    def cluster_count(self) -> int | None:
        """How many clusters have a scored id; None without clusters."""
        if self.clusters is None:
            return None
        return sum(count for count, n in zip(self.clusters, self.n, strict=True) if n)

    def _absent(self, missing: Missing | None) -> bool:
        """Return whether ids are missing; ValueError where their sums are impossible."""
        if missing is None:
            return False
        if any(len(column) != len(self.n) for column in missing.columns()):
            raise ValueError("the columns of missing ids differ in length")
        most = [count * LARGEST_SCORE * self.scale for count in missing.ids]
        for low, high in missing.ends():
            for bound, least, largest in zip(most, map(int, low), map(int, high), strict=True):
                if not -bound <= least <= largest <= bound:
                    raise ValueError("sums that no missing scores have")
        return any(missing.ids)

    def total(self, column: Sequence[str]) -> int:
        """Return the sum of a column over all clusters."""
        return sum(map(mul, self.counts, map(int, column)))


class ArmSums(_Rows):
    """Sums over the samples of one arm."""

    kind: Literal["samples"] = "samples"
    scores: list[BigInteger]
    """Σa, over the scale."""
    squares: list[BigInteger]
    """Σa², over the scale squared."""
    missing: MissingScores | None = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        self._check(self.scores, self.squares, missing=self.missing)
        for n, total, squares in zip(self.n, map(int, self.scores), map(int, self.squares), strict=True):
            _check_spread(n, total, squares, self.scale)
        return self


class PairedSums(_Rows):
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
    missing: MissingPairs | None = None
    named: dict[str, Annotated[Integer, Field(ge=0)]] = Field(default_factory=dict)
    """Row of each cluster by name, of at most 100 clusters: those whose scores changed most in sum."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        columns = (self.variant, self.baseline, self.variant_squares, self.products, self.baseline_squares)
        self._check(*columns, missing=self.missing)
        if len(self.named) > MOST_NAMED or any(row >= len(self.n) for row in self.named.values()):
            raise ValueError("names of clusters that are too many, or have no row")
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
            missing=self.missing and self._missing(name),
        )

    def _missing(self, name: Literal["baseline", "variant"]) -> MissingScores:
        assert self.missing is not None
        low, high = self.missing.ends()[0 if name == "variant" else 1]
        return MissingScores.model_construct(ids=self.missing.ids, low=low, high=high)


def _check_spread(n: int, total: int, squares: int, scale: int) -> int:
    """Return n² times the variance, over the scale squared. Raises ValueError where no scores have it."""
    spread = n * squares - total * total
    if spread < 0 or squares > n * (LARGEST_SCORE * scale) ** 2:
        raise ValueError("sums that no scores have: the squares do not fit the sum")
    return spread
