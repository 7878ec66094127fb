"""What a bar can see before a run: chances of each condition and verdict, and the samples needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.evidence.evidence import Inputs
from remyx_action.policy.bar import Bar
from remyx_action.policy.rules import OnMetric, mark_of

from .joint import JointDraws
from .outcomes import POWER, chance_of, fewest, fewest_samples, smallest_effect
from .requirements import Requirement, requirements_of
from .scenarios import (
    Chances,
    Outlook,
    Scenario,
    chances_under,
    hoped_effects,
    is_known,
    outlook_of,
    scenarios_of,
)
from .spread import Spread, assumed_spread, recorded_spread

CURVE = 24
"""Points of the operating curve."""
LOOKS = (1, 2, 3)
"""Looks at a pull request that are shown where each raises the floors."""
USUAL = 300
"""Samples where nobody declares any."""


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
    clusters_needed: int | None
    """Clusters of the recorded size that hold as many; None without clusters."""
    smallest_effect: float | None
    """The true change that n samples confirm with power 0.80."""


class CurvePoint(Struct, frozen=True, kw_only=True):
    """One point of the operating curve: every metric that should improve truly does by the same part."""

    part: float
    """Of the change that is hoped for; 1 is as hoped, 0 unchanged."""
    ship: float
    reject: float


class LookPower(Struct, frozen=True, kw_only=True):
    """What a look at a pull request costs."""

    look: int | None
    """None: floors as declared."""
    ship: float
    """P(ship) as hoped."""


class PowerAt(Struct, frozen=True, kw_only=True):
    """A bar at a number of samples of each metric."""

    sizes: Mapping[str, int]
    """By metric key, the samples."""
    conditions: Sequence[ConditionPower]
    scenarios: Sequence[tuple[Scenario, Chances]]
    unknown: Sequence[str]
    """Texts of the conditions whose odds are not known before a run."""
    curve: Sequence[CurvePoint]
    looks: Sequence[LookPower]
    """Of a policy with `looks: corrected`; everything else is then about the first look."""

    def chance(self, name: str) -> Chances:
        """Return the chances under the scenario of that name."""
        return next(chances for scenario, chances in self.scenarios if scenario.name == name)


def sizes_in(bar: Bar, n: int | None = None) -> Mapping[str, int]:
    """Return n samples of every metric; without n as many as the template declares, else 300."""
    return {metric.key: n or metric.samples or USUAL for metric in bar.metrics}


def spreads_for(
    bar: Bar,
    recorded: Inputs | None = None,
    *,
    changed: float | None = None,
    deviation: float | None = None,
    joint: JointDraws | None = None,
) -> Mapping[str, Spread]:
    """Return the spread of each metric: given, else recorded, else assumed; left out where none is known.

    `joint`: the recorded arms, which say in what steps scores change.
    """
    found = {}
    for metric in bar.metrics:
        spread = None
        if changed is None and deviation is None and recorded is not None and metric.key in recorded.metrics:
            spread = recorded_spread(metric, recorded.metrics[metric.key])
        if spread is not None and joint is not None:
            spread = replace(spread, step=joint.steps.get(metric.key))
        spread = spread or assumed_spread(metric, changed=changed, deviation=deviation)
        if spread is not None:
            found[metric.key] = spread
    return found


def power_at(
    bar: Bar,
    sizes: Mapping[str, int],
    spreads: Mapping[str, Spread],
    *,
    gain: float | None = None,
    joint: JointDraws | None = None,
) -> PowerAt:
    """Return what these samples let the bar see; `joint`: recorded arms in which metrics hang together."""
    outlook = _at_first_look(bar, sizes, spreads, joint=joint)
    hoped, _ = hoped_effects(bar, gain=gain)
    return PowerAt(
        sizes=sizes,
        conditions=[
            _condition(outlook, condition, hoped)
            for condition in bar.rules_at(_first_look(bar)).on_metrics()
            if condition.floor is not None and outlook.asked[condition.pointer] is not None
        ],
        scenarios=[(scenario, chances_under(outlook, scenario)) for scenario in scenarios_of(bar, hoped)],
        unknown=[condition.text for condition in outlook.unknown],
        curve=_curve(outlook, hoped),
        looks=looks_at(bar, sizes, spreads, hoped, joint) if _first_look(bar) else [],
    )


def _first_look(bar: Bar) -> int | None:
    return 1 if bar.policy.looks == "corrected" else None


def _at_first_look(
    bar: Bar,
    sizes: Mapping[str, int],
    spreads: Mapping[str, Spread],
    *,
    joint: JointDraws | None = None,
) -> Outlook:
    return outlook_of(bar, sizes, spreads, look=_first_look(bar), joint=joint)


def looks_at(
    bar: Bar,
    sizes: Mapping[str, int],
    spreads: Mapping[str, Spread],
    hoped: Mapping[str, float],
    joint: JointDraws | None = None,
) -> list[LookPower]:
    """Return what each look costs under `looks: corrected`, which the policy of the bar has."""
    scenario = Scenario(name="as hoped", effects=hoped)
    return [
        LookPower(
            look=look,
            ship=chances_under(outlook_of(bar, sizes, spreads, look=look, joint=joint), scenario).ship,
        )
        for look in (None, *LOOKS)
    ]


class SamplePlan(Struct, frozen=True, kw_only=True):
    """How often a bar ships what is hoped for, and how many samples it takes."""

    sizes: Mapping[str, int]
    effects: Mapping[str, float]
    """What is hoped for, by metric key; empty: a variant that is exactly as good."""
    ship: float
    n_needed: int | None
    """Samples of every metric with which it ships 80 times in 100, two digits; None: no number does."""
    clusters_needed: int | None
    """Clusters of the recorded size that hold as many, in the metric with most; None without clusters."""
    unknown: Sequence[str]
    """Keys of metrics of which nothing is known before a run: what is asked of them is taken as met."""


def plan_samples(
    bar: Bar, sizes: Mapping[str, int], spreads: Mapping[str, Spread], *, gain: float | None = None
) -> SamplePlan | None:
    """Return the samples that a bar needs; None where nothing is known."""
    hoped, _ = hoped_effects(bar, gain=gain)
    scenario = Scenario(name="as hoped", effects=hoped)

    def ship(counts: Mapping[str, int]) -> float:
        outlook = _at_first_look(bar, counts, spreads)
        return chances_under(_taken_as_met(outlook), scenario).ship

    outlook = _at_first_look(bar, sizes, spreads)
    known = outlook.by_metric()
    if not known or (hoped and not known.keys() & hoped.keys()):
        return None
    n_needed = fewest(lambda n: ship(sizes_in(bar, n)) >= POWER, digits=2)
    return SamplePlan(
        sizes={key: sizes[key] for key in known},
        effects={key: effect for key, effect in hoped.items() if key in known},
        ship=ship(sizes),
        n_needed=n_needed,
        clusters_needed=max(
            (count for key in known if (count := spreads[key].clusters_of(n_needed)) is not None),
            default=None,
        ),
        unknown=[
            metric.key
            for metric in bar.metrics
            if metric.key in bar.rules.named and not is_known(metric, spreads)
        ],
    )


def _taken_as_met(outlook: Outlook) -> Outlook:
    """Return the outlook in which nothing that is unknown before a run blocks a ship."""
    asked = dict(outlook.asked)
    for condition in outlook.unknown:
        written = requirements_of(condition, outlook.bar, outlook.sizes)
        known = [
            one
            for one in (written if isinstance(written, list) else [])
            if is_known(one.metric, outlook.spreads)
        ]
        asked[condition.pointer] = known or mark_of(condition.role == "ship")
    return replace(outlook, asked=asked)


def _condition(outlook: Outlook, condition: OnMetric, hoped: Mapping[str, float]) -> ConditionPower:
    metric = condition.metric
    assert condition.floor is not None
    requirement = Requirement(metric=metric, claim=condition.claim, floor=condition.floor)
    expected = hoped.get(metric.key, 0.0) if condition.asks_to_improve else 0.0
    if condition.expect is not None and not condition.is_relative:
        expected = float(condition.turn * condition.expect)
    spread, n = outlook.spreads[metric.key], outlook.sizes[metric.key]

    def chance(effect: float) -> float | None:
        return chance_of(requirement, spread, n, effect)

    n_needed = fewest_samples(requirement, spread, expected)
    is_change = condition.claim.quantity == "delta"
    return ConditionPower(
        pointer=condition.pointer,
        text=condition.text,
        floor=float(condition.floor),
        expected=expected,
        unchanged=chance(0.0),
        at_threshold=chance(float(condition.claim.threshold)) if is_change else None,
        as_expected=chance(expected),
        n_needed=n_needed,
        clusters_needed=spread.clusters_of(n_needed),
        smallest_effect=smallest_effect(requirement, spread, n),
    )


def _curve(outlook: Outlook, hoped: Mapping[str, float]) -> list[CurvePoint]:
    points = []
    for step in range(CURVE + 1):
        part = -0.5 + 2.5 * step / CURVE
        scenario = Scenario(name="", effects={key: part * effect for key, effect in hoped.items()})
        chances = chances_under(outlook, scenario)
        points.append(CurvePoint(part=part, ship=chances.ship, reject=chances.reject))
    return points
