"""How often a bar ships or rejects a variant that is exactly as good, by recorded arms whose ids swap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import inf, isqrt

from msgspec import Struct

from remyx_action.confidence.pseudo_samples import Observed, Prior, locate
from remyx_action.evidence.evidence import Inputs
from remyx_action.policy.bar import Bar
from remyx_action.policy.judgement import Judgement, judge
from remyx_action.policy.rules import Condition, Mark, OnField

from .distributions import binomial_mass, rate_limits, t_quantile
from .requirements import Requirement, all_of, requirements_of, verdict_of
from .swaps import (
    ArmOfScores,
    Changes,
    Compare,
    SumOfChosen,
    changes_of_arms,
    changes_of_inputs,
    coins,
    reach_of,
    swapped,
    units_of,
    units_together,
)
from .wins import differences_evidence

DRAWS = 10_000
CLUSTERED_DRAWS = 2_000
JUDGED_DRAWS = 300
"""Where a draw has to be summed and judged anew from its samples."""
SEED = 19


class NoiseRates(Struct, frozen=True, kw_only=True):
    """How often each verdict came out; of an exact answer the probabilities themselves."""

    draws: int
    """0 where the answer is exact."""
    seed: int | None
    ship: float
    reject: float
    ship_limits: tuple[float, float]
    """Clopper-Pearson, 95 %: how far the simulation may be off."""
    reject_limits: tuple[float, float]


def noise(
    bar: Bar,
    baseline: ArmOfScores,
    variant: ArmOfScores,
    compare: Compare,
    *,
    draws: int | None = None,
    seed: int = SEED,
) -> NoiseRates:
    """Return the rates at which ids that swap arms with probability one half ship and reject."""
    changes = changes_of_arms(bar, baseline, variant)
    found = _swappable(bar, changes, judge(bar, compare(baseline, variant)))
    if found is not None:
        return _drawn(found, draws, seed)
    count = min(draws or JUDGED_DRAWS, JUDGED_DRAWS)
    return _rates(_judged(bar, baseline, variant, compare, draws=count, seed=seed), count, seed)


def noise_of_inputs(
    bar: Bar, inputs: Inputs, *, draws: int | None = None, seed: int = SEED
) -> NoiseRates | None:
    """Return the same by what a verdict kept, each metric's ids swapped on their own; None: it needs arms."""
    found = _swappable(bar, changes_of_inputs(bar, inputs), judge(bar, inputs))
    return None if found is None else _drawn(found, draws, seed)


def _drawn(found: _Swappable, draws: int | None, seed: int) -> NoiseRates:
    exact = _exact(found)
    if exact is not None:
        return exact
    count = draws or (CLUSTERED_DRAWS if found.is_clustered else DRAWS)
    counts: dict[str, int] = defaultdict(int)
    for mask in coins(len(found.units), count, seed):
        counts[found.verdict({key: metric.state(mask) for key, metric in found.metrics.items()})] += 1
    return _rates(counts, count, seed)


def _rates(counts: Mapping[str, int], draws: int, seed: int) -> NoiseRates:
    ship, reject = counts.get("ship", 0), counts.get("reject", 0)
    return NoiseRates(
        draws=draws,
        seed=seed,
        ship=ship / draws,
        reject=reject / draws,
        ship_limits=rate_limits(ship, draws),
        reject_limits=rate_limits(reject, draws),
    )


def _judged(
    bar: Bar, baseline: ArmOfScores, variant: ArmOfScores, compare: Compare, *, draws: int, seed: int
) -> Mapping[str, int]:
    """Count verdicts where each draw is summed and judged from its samples."""
    unit_of = units_of(bar, baseline, variant)
    place = {unit: number for number, unit in enumerate(dict.fromkeys(unit_of.values()))}
    counts: dict[str, int] = defaultdict(int)
    for mask in coins(len(place), draws, seed):

        def is_swapped(id_: str, mask: int = mask) -> bool:
            return bool(mask >> place[unit_of[id_]] & 1)

        judgement = judge(bar, compare(*swapped(baseline, variant, is_swapped)))
        counts[judgement.verdict or ""] += 1
    return counts


DrawState = int | tuple[int, float]
"""Of a metric in one draw: the sum of its changes; with clusters also the variance of their mean."""


class _Metric:
    """The changes of one metric, and from which sum on each requirement on it is met."""

    def __init__(
        self, changes: Changes, units: Mapping[str, int], requirements: Sequence[Requirement]
    ) -> None:
        self.changes, self.requirements = changes, requirements
        ordered = [0] * len(units)
        self._sizes = [0] * len(units)
        for unit, size, total in zip(changes.units, changes.sizes, changes.sums, strict=True):
            ordered[units[unit]] += total
            self._sizes[units[unit]] += size
        self._sums, self._chosen = ordered, SumOfChosen(ordered)
        self._edges = [] if changes.is_clustered else [(self._edge(one), one.rises) for one in requirements]

    def state(self, mask: int) -> DrawState:
        """Return the sum of the changes where the units of the mask have swapped arms."""
        total = self.changes.total - 2 * self._chosen.of(mask)
        if not self.changes.is_clustered:
            return total
        signed = [-part if mask >> place & 1 else part for place, part in enumerate(self._sums)]
        return total, self._variance(signed)

    def are_met(self, state: DrawState) -> list[bool]:
        """Return whether each requirement is met in that state."""
        if isinstance(state, int):
            return [(state >= edge) == rises for edge, rises in self._edges]
        return [self._is_met_with_clusters(one, *state) for one in self.requirements]

    def _edge(self, requirement: Requirement) -> int:
        """Return the smallest sum at which it is met (or no longer met), by the program's own weighing."""
        changes = self.changes
        reach = int(reach_of(requirement.metric, changes) * changes.scale) * changes.n + 1
        # The sum of n changes with these squares is no larger than this (Cauchy and Schwarz).
        reach = min(reach, isqrt(changes.squares * changes.n) + 1)

        def is_beyond(total: int) -> bool:
            evidence = differences_evidence(
                n=changes.n,
                decimals=changes.decimals,
                parts=changes.parts,
                total=total,
                squares=changes.squares,
                largest=changes.largest,
            )
            return (requirement.mark(evidence) is Mark.TRUE) == requirement.rises

        low, high = -reach - 1, reach + 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if is_beyond(middle) else (middle, high)
        return high

    def _observed(self, signed: Sequence[int]) -> Observed:
        sized = [(size, part) for size, part in zip(self._sizes, signed, strict=True) if size]
        return Observed(
            denominator=self.changes.scale,
            sizes=[size for size, _ in sized],
            sums=[part for _, part in sized],
            squares=self.changes.squares,
            clusters=[1] * len(sized),
        )

    def _variance(self, signed: Sequence[int]) -> float:
        prior = Prior(center=Fraction(0), reach=reach_of(self.requirements[0].metric, self.changes))
        mean = locate(self._observed(signed), prior)
        self._degrees = mean.location.degrees
        return mean.location.standard_error

    def _is_met_with_clusters(self, requirement: Requirement, total: int, error: float) -> bool:
        side = 1 if requirement.claim.side == "at_least" else -1
        threshold = float(requirement.claim.threshold)
        center = total / self.changes.scale / (self.changes.n + 2)
        point = Fraction(total, self.changes.scale * self.changes.n)
        gap = side * (point - Fraction(requirement.claim.threshold))
        met = gap > 0 or (gap == 0 and not requirement.claim.strict)
        if requirement.floor is None:
            return met
        steps = side * (center - threshold) / error if error else inf
        sure = steps >= t_quantile(float(requirement.floor), self._degrees)
        if requirement.op in ("<", "<="):
            sure = not sure
        return sure and (met or not requirement.with_point)


class _Swappable(Struct, frozen=True, kw_only=True):
    """A bar and arms of which every draw follows from sums of changes."""

    bar: Bar
    units: Mapping[str, int]
    metrics: Mapping[str, _Metric]
    asked: Mapping[str, Sequence[Requirement] | Mark]
    verdicts: dict[tuple[bool, ...], str]

    @property
    def is_clustered(self) -> bool:
        return any(metric.changes.is_clustered for metric in self.metrics.values())

    def verdict(self, states: Mapping[str, DrawState]) -> str:
        """Return the verdict where each metric is in that state."""
        place = tuple(met for key, metric in self.metrics.items() for met in metric.are_met(states[key]))
        if place not in self.verdicts:
            requirements = [one for metric in self.metrics.values() for one in metric.requirements]
            met = dict(zip(requirements, place, strict=True))
            marks = {
                pointer: asked
                if isinstance(asked, Mark)
                else all_of(Mark.TRUE if met[requirement] else Mark.FALSE for requirement in asked)
                for pointer, asked in self.asked.items()
            }
            self.verdicts[place] = verdict_of(self.bar.rules, marks)
        return self.verdicts[place]


def _swappable(bar: Bar, every: Mapping[str, Changes | None], judgement: Judgement) -> _Swappable | None:
    """Return the arms as sums of changes; None where a draw needs more than these."""
    if judgement.run_state != "complete":
        return None
    marked = {found.pointer: found for found in judgement.ship.conditions()}
    marked |= {found.pointer: found for found in judgement.reject.conditions()} if judgement.reject else {}
    asked: dict[str, Sequence[Requirement] | Mark] = {}
    needed: dict[str, dict[Requirement, None]] = defaultdict(dict)
    for condition in bar.rules.conditions():
        found = _of_condition(condition, bar, marked[condition.pointer])
        if found is None:
            return None
        asked[condition.pointer] = found
        for requirement in () if isinstance(found, Mark) else found:
            needed[requirement.metric.key][requirement] = None
    changes: dict[str, Changes] = {}
    for key, requirements in needed.items():
        metric = bar.metric(key)
        one = every[key]
        is_plain = all(requirement.claim.quantity == "delta" for requirement in requirements)
        has_range = metric.range is not None and metric.aggregate is None
        if one is None or not is_plain or not has_range:
            return None
        changes[key] = one
    units = units_together(changes.values())
    if units is None:
        return None
    return _Swappable(
        bar=bar,
        units=units,
        metrics={key: _Metric(one, units, list(needed[key])) for key, one in changes.items()},
        asked=asked,
        verdicts={},
    )


def _of_condition(condition: Condition, bar: Bar, marked: Condition) -> Sequence[Requirement] | Mark | None:
    """Return what it asks; of how many samples there are the mark that it has: swapping changes none."""
    if isinstance(condition, OnField) and condition.field in ("sample_size", "coverage"):
        return marked.mark
    found = requirements_of(condition, bar, {})
    return found if found is None or isinstance(found, Mark) else list(found)


def _exact(found: _Swappable) -> NoiseRates | None:
    """Return the exact rates of a single unclustered metric whose changes are all of one size."""
    if len(found.metrics) != 1 or found.is_clustered:
        return None
    [(key, metric)] = found.metrics.items()
    sizes = {abs(move) for move in metric.changes.within if move}
    if len(sizes) != 1:
        return None
    [size] = sizes
    changed = sum(count for move, count in metric.changes.within.items() if move)
    chances: dict[str, float] = defaultdict(float)
    for wins in range(changed + 1):
        state = size * (2 * wins - changed)
        chances[found.verdict({key: state})] += binomial_mass(wins, changed, 0.5)
    ship, reject = chances["ship"], chances["reject"]
    return NoiseRates(
        draws=0, seed=None, ship=ship, reject=reject, ship_limits=(ship, ship), reject_limits=(reject, reject)
    )
