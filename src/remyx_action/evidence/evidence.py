"""Inputs of a verdict: the exact sufficient statistics of both arms, metric by metric.

Every estimate is computed from this state as stored, never from rows. verdict.json carries it as
`inputs`, and a replay reads it back, so everything here is checked as a hostile file would be.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from remyx_action.project.models.field_types import Integer, Key, Number, Spec, no_entries
from remyx_action.project.models.template import ArmName
from remyx_action.readers.scores import Reason

from .distinct_changes import DistinctChanges
from .sums import LARGEST_SCORE, MOST_DECIMALS, ArmSums, BigInteger, Count, PairedSums, Scaled

MOST_RATIO_DECIMALS = 400


def _bounded(value: Decimal) -> Decimal:
    digits = value.as_tuple()
    assert isinstance(digits.exponent, int)
    if not -MOST_DECIMALS <= digits.exponent <= 15 or abs(value) > LARGEST_SCORE:
        raise ValueError(f"is beyond ±1e15 or has more than {MOST_DECIMALS} decimals")
    return value


Bounded = Annotated[Number, AfterValidator(_bounded)]


def _ratio(value: Decimal) -> Decimal:
    """One plus or minus a threshold."""
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    if not -MOST_RATIO_DECIMALS <= exponent <= 15 or abs(value) > LARGEST_SCORE + 1:
        raise ValueError("is no ratio of a relative claim")
    return value


class SummaryState(Spec):
    """An arm that reported numbers without samples."""

    kind: Literal["summary"] = "summary"
    value: Bounded
    n: Count | None = None
    stderr: Bounded | None = None
    """Standard error of the mean; whether it is plausible is judged, not checked here."""
    clusters: Count | None = None
    exact: bool = False
    """A bar by decision, not a measurement."""


class UnusableState(Spec):
    """An arm without a score that counts."""

    kind: Literal["unusable"] = "unusable"
    reason: Annotated[Reason, Field(strict=False)]
    """Not strict: JSON holds it as text."""
    message: str


ArmState = Annotated[ArmSums | SummaryState | UnusableState, Field(discriminator="kind")]


class ArmFacts(Spec):
    """About the samples of one arm, in addition to their sums."""

    ids: Count
    """Distinct ids with a real score."""
    missing: Annotated[Integer, Field(ge=0)] = 0
    """Asked or declared samples that this arm has no score for, without those that `absent` counts.

    Where the arms have no id in common, those that the arm itself was asked, not those of the other.
    """
    error: str | None = None
    """The commonest error that was reported in place of a score."""
    errors: Annotated[Integer, Field(ge=0)] = 0
    """How many ids have that error."""
    repeats: Annotated[list[Count], Field(min_length=2, max_length=2)] | None = None
    """The fewest and the most scores of one id; null: every id occurs once."""
    rounded: bool = False
    """A literal has more than 15 significant digits, so the mean counts at 12."""


class SeedSums(Spec):
    """The sum of the scores of each seed, where the claim is about the recipe."""

    decimals: Annotated[Integer, Field(ge=0, le=MOST_DECIMALS)]
    n: Annotated[list[Count], Field(min_length=1)]
    """How many samples each seed scored, in the order of the seeds' names."""
    totals: list[BigInteger]
    """Over `10**decimals`."""

    @model_validator(mode="after")
    def _aligned(self) -> Self:
        limits = [n * LARGEST_SCORE * 10**self.decimals for n in self.n]
        if len(self.totals) != len(self.n) or any(
            abs(int(total)) > limit for total, limit in zip(self.totals, limits, strict=True)
        ):
            raise ValueError("seeds without possible sums")
        return self


class Extremes(Spec):
    """The smallest and largest of y over the samples; needed where a metric has no range."""

    ratio: Annotated[Number, AfterValidator(_ratio)] | None
    """y = variant - ratio·baseline; null: the baseline's own scores."""
    low: BigInteger
    """Over the scale of the sums times the ratio's denominator in lowest terms."""
    high: BigInteger

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if int(self.low) > int(self.high):
            raise ValueError("the smallest exceeds the largest")
        return self

    def within(self, scale: int) -> bool:
        """Return whether scores over this scale can differ so much."""
        ratio = Fraction(0 if self.ratio is None else self.ratio)
        most = LARGEST_SCORE * scale * (ratio.denominator + abs(ratio.numerator))
        return -most <= int(self.low) and int(self.high) <= most


class ClaimCounts(Spec):
    """The counts behind one claim about a percentile: indicators of scores up to a limit, summed.

    For a value: one table of `score <= t` (at most) or `score < t` (at least). Else two tables, one
    for the variant's and one for the baseline's percentile u, of pairs (a <= u, b' <= u) where b' is
    the baseline's score moved by the threshold.
    """

    quantity: Literal["value", "delta", "relative_delta"]
    side: Literal["at_least", "at_most"]
    threshold: Number
    variant: ArmSums | None = None
    pairs: list[PairedSums] = Field(default_factory=no_entries)

    @model_validator(mode="after")
    def _indicators(self) -> Self:
        if len(self.pairs) not in {0, 2} or (self.variant and self.pairs):
            raise ValueError("a claim about a percentile has one table, or a pair of them")
        if self.variant:
            _check_indicators(self.variant, self.variant.scores, self.variant.squares)
        for pairs in self.pairs:
            _check_indicators(pairs, pairs.variant, pairs.variant_squares)
            _check_indicators(pairs, pairs.baseline, pairs.baseline_squares)
        return self


def _check_indicators(sums: Scaled, scores: list[str], squares: list[str]) -> None:
    """Raise ValueError unless every score is 0 or 1: only then is their sum the sum of their squares."""
    if sums.scale != 1 or scores != squares:
        raise ValueError("counts of a percentile that are no counts")


class PercentileState(Scaled):
    """Percentiles of the arms' samples and the counts behind the claims about them."""

    baseline: BigInteger | None
    """Over the scale; null where the arm has no samples."""
    variant: BigInteger | None
    baseline_below_zero: Annotated[Integer, Field(ge=0)] | None = None
    """Scores of the baseline below 0, and up to 0: whether its percentile has a sign."""
    baseline_up_to_zero: Annotated[Integer, Field(ge=0)] | None = None
    counts: list[ClaimCounts]

    @model_validator(mode="after")
    def _scores(self) -> Self:
        most = LARGEST_SCORE * self.scale
        if any(abs(int(score)) > most for score in (self.baseline, self.variant) if score is not None):
            raise ValueError("a percentile that no score has")
        return self

    def fits(self, sums: ArmSums | None) -> bool:
        """Return whether every table counts the variant's samples, whose sums these are."""
        tables = [table for counts in self.counts for table in (counts.variant, *counts.pairs) if table]
        return all(
            sums and (table.ids, table.cluster_count) == (sums.ids, sums.cluster_count) for table in tables
        )


class ChangeCounts(Spec):
    """How many ids changed by more than `by`, in the metric's unit."""

    by: Annotated[Number, AfterValidator(_bounded), Field(ge=0)]
    worse: Annotated[Integer, Field(ge=0)]
    better: Annotated[Integer, Field(ge=0)]


class MetricEvidence(Spec):
    """The sums of one metric: either `paired`, or one state for each arm."""

    paired: PairedSums | None = None
    baseline: ArmState | None = None
    variant: ArmState | None = None
    unmatched: str | None = None
    """Both arms have samples, but of different ids: what was found, with counts and examples."""
    both: Annotated[Integer, Field(ge=0)] | None = None
    """Ids with a real score in both arms; null where an arm has no ids."""
    asked: Annotated[Integer, Field(ge=0)] | None = None
    """Ids of either arm, scored or not; null where no arm has ids."""
    absent: Annotated[Integer, Field(ge=0)] = 0
    """Declared samples that are in neither arm and count as missing."""
    alone: dict[ArmName, Annotated[Integer, Field(ge=0)]] = Field(default_factory=dict)
    """Of each arm the ids that it alone lacks; with clusters, the clusters of which it lacks more ids."""
    facts: dict[ArmName, ArmFacts] = Field(default_factory=dict)
    """Of each arm that has samples."""
    seeds: dict[ArmName, SeedSums] = Field(default_factory=dict)
    """Of each arm that has samples, where the claim is about the recipe; else empty."""
    extremes: list[Extremes] = Field(default_factory=no_entries)
    """Where a metric has no range; of the differences alone where it has one and a `max_change`."""
    percentiles: PercentileState | None = None
    changes: Annotated[list[ChangeCounts], Field(exclude_if=lambda changes: not changes)] = Field(
        default_factory=no_entries
    )
    """How many samples changed, where a condition counts them; else left out."""
    distinct: Annotated[DistinctChanges | None, Field(exclude_if=lambda distinct: distinct is None)] = None
    """How often pairs changed by how much, for `noise`; not of percentiles, nor where nothing is paired."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        separate = self.baseline is not None and self.variant is not None
        if (self.paired is not None) == separate or (self.baseline is None) != (self.variant is None):
            raise ValueError("a metric is either paired, or has a baseline and a variant")
        if self.paired is not None and (self.both is None or len(self.facts) != 2):
            raise ValueError("paired sums lack the facts about baseline and variant")
        if self.both is not None and self.both > min((arm.ids for arm in self.facts.values()), default=0):
            raise ValueError("more ids in common than in one of them")
        if self.asked is not None and self.asked < max((arm.ids for arm in self.facts.values()), default=0):
            raise ValueError("fewer ids were asked than scored")
        if self.distinct is not None and (self.paired is None or not self.distinct.fits(self.paired)):
            raise ValueError("changes of other pairs than were summed")
        return self

    @model_validator(mode="after")
    def _of_one_piece(self) -> Self:
        sampled = [sums for sums in (self.sums("baseline"), self.sums("variant")) if sums is not None]
        scale = max((sums.scale for sums in sampled), default=0)
        if not all(found.within(scale) for found in self.extremes):
            raise ValueError("extremes that no scores have")
        if self.percentiles is not None and not self.percentiles.fits(self.sums("variant")):
            raise ValueError("counts of a percentile that are of other samples")
        return self

    def has_seeds(self, *arms: ArmName) -> bool:
        """Return whether each of the arms was run with at least two seeds."""
        return all(arm in self.seeds and len(self.seeds[arm].n) > 1 for arm in arms)

    @property
    def missing(self) -> int:
        """The asked or declared samples that lack a score in an arm that has ids."""
        scored = self.scored
        return 0 if scored is None or self.asked is None else self.asked + self.absent - scored

    @property
    def scored(self) -> int | None:
        """The ids with a real score in every arm that has ids; None where no arm has."""
        if self.both is not None:
            return self.both
        return min((arm.ids for arm in self.facts.values()), default=None)

    def coverage(self, *, expected: int | None) -> Fraction | None:
        """Return the scored ids over the larger of those asked and the expected, or None without ids.

        An arm that came as a summary counts the n that it reports.
        """
        states = [state for state in (self.baseline, self.variant) if isinstance(state, SummaryState)]
        counts = [state.n for state in states if state.n is not None]
        if self.scored is not None:
            counts.append(self.scored)
        if not counts or any(isinstance(state, UnusableState) for state in (self.baseline, self.variant)):
            return None
        return Fraction(min(counts), max(self.asked or 0, *counts, expected or 0))

    def sums(self, arm: ArmName) -> ArmSums | None:
        """Return the sums of the arm's samples, or None."""
        if self.paired is not None:
            return self.paired.arm(arm)
        state = self.baseline if arm == "baseline" else self.variant
        return state if isinstance(state, ArmSums) else None

    def mean(self, arm: ArmName) -> Fraction | None:
        """Return the exact mean over the arm's ids, or None without samples."""
        if self.paired is not None:
            sums = self.paired
            total = sums.total(sums.variant if arm == "variant" else sums.baseline)
            return Fraction(total, sums.ids * sums.scale)
        state = self.baseline if arm == "baseline" else self.variant
        if not isinstance(state, ArmSums):
            return None
        return Fraction(state.total(state.scores), state.ids * state.scale)

    def extremes_of(self, ratio: Fraction | None) -> tuple[int, int] | None:
        """Return (low, high) of y, or None where they were not gathered."""
        for found in self.extremes:
            if (None if found.ratio is None else Fraction(found.ratio)) == ratio:
                return int(found.low), int(found.high)
        return None

    @property
    def largest_change(self) -> Fraction | None:
        """The largest change of a sample's score, either way; None where it was not gathered."""
        found = None if self.paired is None else self.extremes_of(Fraction(1))
        if self.paired is None or found is None:
            return None
        return Fraction(max(map(abs, found)), self.paired.scale)


class Inputs(Spec):
    """The evidence that, together with the bar, decides a verdict."""

    metrics: dict[Key, MetricEvidence]
    """By key, for every metric of the bar."""
    arms: dict[ArmName, str]
    """How each arm ended: completed, failed, timed_out, recorded or handed_in."""
    not_comparable: list[str]
    """The differences between the arms because of which no comparison counts."""
    caps: list[str]
    """Why the verdict is at best iterate."""
    samples: Count | None = None
    """At most so many samples were asked for: a quick look."""
    look: Annotated[Count | None, Field(exclude_if=lambda look: look is None)] = None
    """Which measurement of the pull request this is, from 1; left out where they are not counted."""
