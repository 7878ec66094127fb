"""A whole policy under true changes: the probability of each verdict, with bounds.

The metrics are independent, or hang together as in recorded arms.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, product
from math import prod

from msgspec import Struct

from remyx_action.policy.bar import Bar
from remyx_action.policy.rules import Condition, Gate, Mark, OnMetric
from remyx_action.project.models.metrics import BarMetric

from .distributions import shares
from .joint import JointDraws
from .outcomes import outcomes_of
from .requirements import Requirement, Requirements, all_of, requirements_of, verdict_of
from .spread import Spread, width_of_range
from .wins import Marks

MOST_COMBINATIONS = 20_000
"""Combinations of the metrics' outcomes that are all weighed; of more, as many are drawn."""
SEED = 19


class Scenario(Struct, frozen=True, kw_only=True):
    """True changes that are assumed."""

    name: str
    effects: Mapping[str, float]
    """By metric key: variant - baseline, in the metric's unit; 0 where left out."""


class Chances(Struct, frozen=True, kw_only=True):
    """Probabilities of the three verdicts, and what they can be however the metrics hang together."""

    ship: float
    reject: float
    iterate: float
    ship_bounds: tuple[float, float]
    reject_bounds: tuple[float, float]


class Outlook(Struct, frozen=True, kw_only=True):
    """A bar at a number of samples of each metric."""

    bar: Bar
    sizes: Mapping[str, int]
    """By metric key, the samples."""
    spreads: Mapping[str, Spread]
    joint: JointDraws | None = None
    """Recorded arms whose metrics hang together; None: metrics are independent."""
    asked: Mapping[str, Requirements]
    """By pointer, what each condition asks."""

    @property
    def unknown(self) -> tuple[Condition, ...]:
        """The conditions whose odds are not known before a run."""
        return tuple(found for found in self.bar.rules.conditions() if self.asked[found.pointer] is None)

    def by_metric(self) -> Mapping[str, Sequence[Requirement]]:
        """Return the distinct requirements on each metric."""
        found: dict[str, dict[Requirement, None]] = defaultdict(dict)
        for requirements in self.asked.values():
            if isinstance(requirements, Sequence) and not isinstance(requirements, str):
                for requirement in requirements:
                    found[requirement.metric.key][requirement] = None
        return {key: list(requirements) for key, requirements in found.items()}


def outlook_of(
    bar: Bar,
    sizes: Mapping[str, int],
    spreads: Mapping[str, Spread],
    *,
    look: int | None = None,
    joint: JointDraws | None = None,
) -> Outlook:
    """Return the bar at so many samples, of which `spreads` says how far changes spread.

    `look`: the look at a pull request, of a policy with `looks: corrected`.
    """
    asked = {found.pointer: requirements_of(found, bar, sizes) for found in bar.rules_at(look).conditions()}
    for pointer, requirements in asked.items():
        if isinstance(requirements, list) and not all(is_known(one.metric, spreads) for one in requirements):
            asked[pointer] = None
    return Outlook(bar=bar, sizes=sizes, spreads=spreads, joint=joint, asked=asked)


def is_known(metric: BarMetric, spreads: Mapping[str, Spread]) -> bool:
    """Return whether the odds of a metric are known before a run."""
    return metric.aggregate is None and metric.key in spreads


def chances_under(outlook: Outlook, scenario: Scenario) -> Chances:
    """Return the chances of each verdict."""
    groups = outlook.by_metric()
    outcomes: dict[str, Mapping[Marks, float]] = {}
    for key, requirements in groups.items():
        effect = scenario.effects.get(key, 0.0)
        found = outcomes_of(requirements, outlook.spreads[key], outlook.sizes[key], effect)
        if found is not None:
            outcomes[key] = {marks: chance for marks, chance in found.items() if chance > 1e-12}
    verdicts: dict[str, float] = defaultdict(float)
    known: dict[tuple[Mark, ...], str] = {}
    ordered = {key: _along_the_mean(found, groups[key]) for key, found in outcomes.items()}
    for weight, combination in _combinations(ordered, outlook.joint):
        met = {
            requirement: mark
            for key, marks in combination.items()
            for requirement, mark in zip(groups[key], marks, strict=True)
        }
        marks_now = tuple(_mark(outlook.asked[found.pointer], met) for found in _conditions(outlook))
        if marks_now not in known:
            pointers = (found.pointer for found in _conditions(outlook))
            known[marks_now] = verdict_of(outlook.bar.rules, dict(zip(pointers, marks_now, strict=True)))
        verdicts[known[marks_now]] += weight
    single = _single_chances(outlook, groups, outcomes)
    ship = bounds_of_rule(outlook.bar.rules.ship, single)
    reject = (
        (0.0, 0.0) if outlook.bar.rules.reject is None else bounds_of_rule(outlook.bar.rules.reject, single)
    )
    return Chances(
        ship=verdicts["ship"],
        reject=verdicts["reject"],
        iterate=verdicts["iterate"],
        ship_bounds=(max(0.0, ship[0] - reject[1]), min(ship[1], 1 - reject[0])),
        reject_bounds=reject,
    )


def _conditions(outlook: Outlook) -> Sequence[Condition]:
    return list(outlook.bar.rules.conditions())


def _along_the_mean(
    outcomes: Mapping[Marks, float], requirements: Sequence[Requirement]
) -> Mapping[Marks, float]:
    """Return the outcomes by rising mean: the more is met that a higher mean helps, the higher it is."""

    def place(marks: Marks) -> int:
        pairs = zip(marks, requirements, strict=True)
        return sum(met if requirement.rises else -met for met, requirement in pairs)

    return {marks: outcomes[marks] for marks in sorted(outcomes, key=place)}


def _combinations(
    outcomes: Mapping[str, Mapping[Marks, float]], joint: JointDraws | None
) -> Iterator[tuple[float, Mapping[str, Marks]]]:
    """Yield combinations of the metrics' outcomes with their weights.

    All of them where metrics are independent; a sample of too many, and where they hang together as drawn.
    """
    keys = list(outcomes)
    hang_together = joint is not None and len(keys) > 1 and all(key in joint.shares for key in keys)
    if not hang_together and prod(map(len, outcomes.values())) <= MOST_COMBINATIONS:
        for rows in product(*(outcomes[key].items() for key in keys)):
            yield (
                prod(chance for _, chance in rows),
                {key: marks for key, (marks, _) in zip(keys, rows, strict=True)},
            )
        return
    drawn = []
    for place, key in enumerate(keys):
        edges, names = list(accumulate(outcomes[key].values())), list(outcomes[key])
        spread = joint.shares[key] if joint and hang_together else shares(SEED + place, MOST_COMBINATIONS)
        drawn.append([names[min(bisect_right(edges, one * edges[-1]), len(names) - 1)] for one in spread])
    counted = Counter(zip(*drawn, strict=True))
    for row, count in counted.items():
        yield count / counted.total(), dict(zip(keys, row, strict=True))


def _mark(asked: Requirements, met: Mapping[Requirement, bool]) -> Mark:
    if asked is None:
        return Mark.UNKNOWN
    if isinstance(asked, Mark):
        return asked
    marks = (met.get(requirement) for requirement in asked)
    return all_of(Mark.UNKNOWN if mark is None else Mark.TRUE if mark else Mark.FALSE for mark in marks)


def _single_chances(
    outlook: Outlook,
    groups: Mapping[str, Sequence[Requirement]],
    outcomes: Mapping[str, Mapping[Marks, float]],
) -> Mapping[str, tuple[float, float]]:
    """Return, by pointer, bounds of the probability that each condition is true."""
    alone = {
        requirement: sum(chance for marks, chance in outcomes[key].items() if marks[place])
        for key in outcomes
        for place, requirement in enumerate(groups[key])
    }
    found = {}
    for pointer, asked in outlook.asked.items():
        if asked is None or (isinstance(asked, list) and any(part not in alone for part in asked)):
            found[pointer] = (0.0, 1.0)
        elif isinstance(asked, Mark):
            found[pointer] = (float(asked is Mark.TRUE), float(asked is Mark.TRUE))
        else:
            parts = [alone[requirement] for requirement in asked]
            found[pointer] = (max(0.0, 1 - sum(1 - part for part in parts)), min(parts, default=1.0))
    return found


def bounds_of_rule(node: Gate | Condition, single: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
    """Return the smallest and the largest probability of a rule, however its conditions hang together."""
    if isinstance(node, Condition):
        return single[node.pointer]
    lows, highs = zip(*(bounds_of_rule(child, single) for child in node.children), strict=True)
    k, m = node.k, len(node.children)
    low = max(0.0, (sum(lows) - k + 1) / (m - k + 1))
    high = min(1.0, sum(highs) / k)
    if k == m:  # all: never more than the rarest of them
        high = min(high, *highs)
    if k == 1:  # any: never less than the commonest
        low = max(low, *lows)
    return low, high


def hoped_effects(bar: Bar, *, gain: float | None = None) -> tuple[Mapping[str, float], bool]:
    """Return the changes that the bar hopes for, by metric key, and whether some of them are assumed.

    `expect:` of a condition says them, or `gain` does for every metric; else twice the threshold, of a
    threshold of 0 a tenth of the range.
    """
    effects: dict[str, float] = {}
    assumed = False
    for condition in bar.rules.on_metrics():
        key, metric = condition.metric.key, condition.metric
        if condition.role != "ship" or not condition.asks_to_improve:
            continue
        sign = 1 if metric.direction == "higher" else -1
        if gain is not None:
            effects[key] = sign * gain
        elif condition.expect is not None and not condition.is_relative:
            effects[key] = float(condition.turn * condition.expect)
        elif key not in effects:
            assumed = True
            effects[key] = 2 * _threshold(condition) or sign * (width_of_range(metric) or 0.0) / 10
    return effects, assumed


def _threshold(condition: OnMetric) -> float:
    from .means import threshold_in_unit

    requirement = Requirement(metric=condition.metric, claim=condition.claim, floor=None)
    return threshold_in_unit(requirement) or 0.0


def scenarios_of(bar: Bar, hoped: Mapping[str, float]) -> list[Scenario]:
    """Return *unchanged*, *as hoped*, and each guard broken in turn by twice its tolerance."""
    found = [Scenario(name="unchanged", effects={}), Scenario(name="as hoped", effects=hoped)]
    broken: dict[str, float] = {}
    for condition in bar.rules.on_metrics():
        tolerance = _threshold(condition)
        if condition.claim.quantity == "value" or not tolerance or condition.asks_to_improve:
            continue
        worse = tolerance < 0 if condition.metric.direction == "higher" else tolerance > 0
        if worse:
            broken.setdefault(condition.metric.key, 2 * tolerance)
    for key, effect in broken.items():
        label = bar.metric(key).label
        found.append(Scenario(name=f"{label} broken", effects={**hoped, key: effect}))
    return found
