"""What a bar can see before a run: chances of each condition and verdict, and the samples needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from remyx_action.evidence.evidence import Inputs
from remyx_action.policy.bar import Bar
from remyx_action.policy.rules import OnMetric

from .means import fewest_samples, smallest_effect
from .requirements import Requirement
from .scenarios import (
    Chances,
    Outlook,
    Scenario,
    chances_under,
    hoped_effects,
    outcomes_of_metric,
    outlook_of,
    scenarios_of,
)
from .spread import Spread, assumed_spread, recorded_spread

CURVE = 24
"""Points of the operating curve."""


class ConditionPower(Struct, frozen=True, kw_only=True):
    """One floored condition on a change, before a run."""

    pointer: str
    text: str
    floor: float
    """The floor that applies, after sharing."""
    expected: float
    """The true change that is hoped for; 0 of a guard. In the metric's unit, not turned by direction."""
    unchanged: float | None
    """P(true) of a variant that is exactly as good."""
    at_threshold: float | None
    """P(true) of a variant exactly on the threshold."""
    as_expected: float | None
    n_needed: int | None
    """The fewest samples that pass the expected change with power 0.80; None: no number does."""
    smallest_effect: float | None
    """The true change that n samples confirm with power 0.80."""


class CurvePoint(Struct, frozen=True, kw_only=True):
    """One point of the operating curve: every metric that should improve truly does by the same part."""

    part: float
    """Of the change that is hoped for; 1 is as hoped, 0 unchanged."""
    ship: float
    reject: float


class PowerAt(Struct, frozen=True, kw_only=True):
    """A bar at one number of samples."""

    n: int
    conditions: Sequence[ConditionPower]
    scenarios: Sequence[tuple[Scenario, Chances]]
    unknown: Sequence[str]
    """Texts of the conditions about which nothing can be said before a run."""
    curve: Sequence[CurvePoint]

    def chance(self, name: str) -> Chances:
        """Return the chances under the scenario of that name."""
        return next(chances for scenario, chances in self.scenarios if scenario.name == name)


def spreads_for(
    bar: Bar,
    recorded: Inputs | None = None,
    *,
    changed: float | None = None,
    deviation: float | None = None,
) -> Mapping[str, Spread]:
    """Return the spread of each metric: given, else recorded, else assumed; left out where none is known."""
    found = {}
    for metric in bar.metrics:
        spread = None
        if changed is None and deviation is None and recorded is not None and metric.key in recorded.metrics:
            spread = recorded_spread(metric, recorded.metrics[metric.key])
        spread = spread or assumed_spread(metric, changed=changed, deviation=deviation)
        if spread is not None:
            found[metric.key] = spread
    return found


def power_at(
    bar: Bar, n: int, spreads: Mapping[str, Spread], *, gain: float | None = None, with_curve: bool = True
) -> PowerAt:
    """Return what n samples of each metric let the bar see."""
    outlook = outlook_of(bar, n, spreads)
    hoped, _ = hoped_effects(bar, gain=gain)
    return PowerAt(
        n=n,
        conditions=[
            _condition(outlook, condition, hoped)
            for condition in bar.rules.on_metrics()
            if condition.floor is not None and outlook.asked[condition.pointer] is not None
        ],
        scenarios=[(scenario, chances_under(outlook, scenario)) for scenario in scenarios_of(bar, hoped)],
        unknown=[condition.text for condition in outlook.unknown],
        curve=_curve(outlook, hoped) if with_curve else [],
    )


def _condition(outlook: Outlook, condition: OnMetric, hoped: Mapping[str, float]) -> ConditionPower:
    metric = condition.metric
    assert condition.floor is not None
    requirement = Requirement(metric=metric, claim=condition.claim, floor=condition.floor)
    expected = hoped.get(metric.key, 0.0) if condition.asks_to_improve else 0.0
    if condition.expect is not None and not condition.is_relative:
        expected = float(condition.turn * condition.expect)
    spread = outlook.spreads[metric.key]

    def chance(effect: float) -> float | None:
        found = outcomes_of_metric(outlook, metric.key, [requirement], effect)
        return None if found is None else sum(part for marks, part in found.items() if marks[0])

    is_change = condition.claim.quantity == "delta"
    return ConditionPower(
        pointer=condition.pointer,
        text=condition.text,
        floor=float(condition.floor),
        expected=expected,
        unchanged=chance(0.0),
        at_threshold=chance(float(condition.claim.threshold)) if is_change else None,
        as_expected=chance(expected),
        n_needed=fewest_samples(requirement, spread, expected),
        smallest_effect=smallest_effect(requirement, spread, outlook.n),
    )


def _curve(outlook: Outlook, hoped: Mapping[str, float]) -> list[CurvePoint]:
    points = []
    for step in range(CURVE + 1):
        part = -0.5 + 2.5 * step / CURVE
        scenario = Scenario(name="", effects={key: part * effect for key, effect in hoped.items()})
        chances = chances_under(outlook, scenario)
        points.append(CurvePoint(part=part, ship=chances.ship, reject=chances.reject))
    return points
