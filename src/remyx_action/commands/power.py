"""`power`: what the bar can see at a number of samples, before anything is run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.errors import WrongUsage
from remyx_action.odds.joint import DRAWS, JointDraws, joint_draws
from remyx_action.odds.power import (
    ConditionPower,
    PowerAt,
    SamplePlan,
    plan_samples,
    power_at,
    sizes_in,
    spreads_for,
)
from remyx_action.odds.scenarios import hoped_effects
from remyx_action.odds.sentences import (
    bounds_in_words,
    chance_in_words,
    change_in_words,
    planned_in_words,
    sizes_in_words,
    span_in_words,
    unchanged_in_words,
)
from remyx_action.odds.spread import Spread, width_of_range
from remyx_action.odds.swaps import ArmOfScores
from remyx_action.policy.bar import Bar, make_bar
from remyx_action.project.models import Template
from remyx_action.report.render.charts import Chart, PageTable, Point, Section, Series, document
from remyx_action.report.report import Report

from .assumptions import Assumptions, refuse_impossible
from .noise import comparing, read_arms
from .output import Output, Screen, filled
from .record import newest_report
from .run.project import choose, load_project

USUAL = (300, 1000, 5000)
"""Samples that are looked at where the template declares none."""


def power(
    root: Path,
    assumptions: Assumptions,
    *,
    policy: str | None,
    verdict: Report | None = None,
    arms: tuple[Path, Path] | None = None,
) -> Output:
    """Return the power of each policy.

    How far changes spread: as given, else as in the arms (baseline, variant), whose metrics then hang
    together as they did, else as in the verdict, else as in the newest recorded one of the template.
    """
    project = load_project(root)
    answers = []
    for template, policies in choose(project.bundle, template=None, policy=policy):
        recorded = verdict or newest_report(root, template.name)
        measured = None if arms is None else read_arms(project, template, *arms)
        for one in policies:
            bar = make_bar(one, template, project.vocabulary)
            refuse_impossible(assumptions, bar)
            answers.append(_answer(bar, template, assumptions, recorded, measured))
    return Output(
        formats={
            "text": lambda screen: "\n".join(_as_text(answer, screen) for answer in answers),
            "json": lambda _: json.dumps({"policies": [_as_json(one) for one in answers]}, indent=2) + "\n",
            "page": lambda _: _as_page(answers),
        }
    )


class _Answer(Struct, frozen=True, kw_only=True):
    bar: Bar
    template: Template
    spreads: Mapping[str, Spread]
    source: str
    effects: Mapping[str, float]
    assumed_effects: bool
    at: Sequence[PowerAt]
    planned: Sequence[SamplePlan | None]

    def sentence(self, place: int) -> str:
        """Return how often the bar ships what is hoped for, and what it does to an unchanged variant."""
        power, planned = self.at[place], self.planned[place]
        unchanged = unchanged_in_words(self.bar, self.template, power)
        if planned is None or power.unknown:
            return unchanged if planned is None else f"{planned_in_words(self.bar, planned)} {unchanged}"
        as_hoped = replace(planned, ship=power.chance("as hoped").ship)
        return f"{planned_in_words(self.bar, as_hoped)} {unchanged}"


def _answer(
    bar: Bar,
    template: Template,
    assumptions: Assumptions,
    recorded: Report | None,
    arms: tuple[ArmOfScores, ArmOfScores] | None,
) -> _Answer:
    inputs = None if arms is None else comparing(bar)(*arms)
    if inputs is None and recorded is not None and recorded.policy.template == bar.template:
        inputs = recorded.inputs
    joint = None if arms is None else joint_draws(bar, *arms)
    given = {"changed": assumptions.changed, "deviation": assumptions.deviation}
    spreads = spreads_for(bar, inputs, **given, joint=joint)
    lacking = [metric.label for metric in bar.metrics if metric.key not in spreads]
    if len(lacking) == len(bar.metrics):
        raise WrongUsage(
            f"nothing says how far changes of {lacking[0]} spread: it has no range",
            help="pass --sd NUMBER, or a recorded verdict with --verdict PATH",
        )
    every = _sizes(bar, assumptions, joint)
    effects, assumed = hoped_effects(bar, gain=assumptions.gain)
    return _Answer(
        bar=bar,
        template=template,
        spreads=spreads,
        source=_source(spreads, recorded if arms is None else None, joint),
        effects=effects,
        assumed_effects=assumed,
        at=[power_at(bar, sizes, spreads, gain=assumptions.gain, joint=joint) for sizes in every],
        planned=[plan_samples(bar, sizes, spreads, gain=assumptions.gain) for sizes in every],
    )


def _sizes(bar: Bar, assumptions: Assumptions, joint: JointDraws | None) -> Sequence[Mapping[str, int]]:
    """Return the samples that are asked about, else those of the arms, else those that are declared."""
    if assumptions.samples:
        return [sizes_in(bar, n) for n in assumptions.samples]
    if joint is not None and joint.sizes:
        return [{**sizes_in(bar), **joint.sizes}]
    declared = any(metric.samples for metric in bar.metrics)
    return [sizes_in(bar)] if declared else [sizes_in(bar, n) for n in USUAL]


def _source(spreads: Mapping[str, Spread], recorded: Report | None, joint: JointDraws | None) -> str:
    kinds = {spread.source for spread in spreads.values()}
    parts = []
    if joint is not None and "recorded" in kinds:
        parts.append(
            "changes spread and hang together as in the recorded results"
            f" ({DRAWS:,} draws, seed {joint.seed})"
        )
    elif "recorded" in kinds and recorded is not None:
        sizes = [row.n for row in recorded.metrics if row.n is not None]
        n = f", {min(sizes):,} samples" if sizes else ""
        parts.append(f"changes spread as in the verdict of {recorded.run.clock[:10]}{n}")
    if "given" in kinds:
        parts.append("changes spread as given")
    if "assumed" in kinds:
        parts.append("changes are assumed to spread 0.44 of the range (one in five 0/1 scores differs)")
    return "; ".join(parts)


def _notes(answer: _Answer) -> list[str]:
    notes = bounds_in_words(answer.bar, answer.spreads, answer.at[0].sizes)
    if answer.assumed_effects:
        notes.append(
            "The gain is assumed, twice each threshold: write expect: on a condition, or pass --gain."
        )
    for metric in answer.bar.metrics:
        width, effect = width_of_range(metric), _farthest(answer, metric.key)
        if width is not None and effect > width:
            notes.append(
                f"{metric.label} cannot change by more than its range, {width:g}: true changes of up to "
                f"{effect:.3g} are looked at, and count as {width:g} from there on."
            )
    if "hang together" not in answer.source:
        notes.append(
            "Metrics are taken as independent; the span of ships holds however they depend on each other."
        )
    if answer.at[0].looks:
        notes.append(
            "The policy has looks: corrected. All figures but those of looks are about the first look."
        )
    return notes


def _farthest(answer: _Answer, key: str) -> float:
    """Return the largest true change of the metric that is looked at, either way."""
    effects = [scenario.effects.get(key, 0.0) for scenario, _ in answer.at[0].scenarios]
    farthest = max(point.part for point in answer.at[0].curve)
    return max(map(abs, [*effects, farthest * answer.effects.get(key, 0.0)]))


def _scenario_rows(power: PowerAt) -> list[list[str]]:
    return [
        [
            scenario.name,
            *(chance_in_words(part) for part in (chances.ship, chances.reject, chances.iterate)),
            span_in_words(chances.ship_bounds),
        ]
        for scenario, chances in power.scenarios
    ]


def _look_rows(power: PowerAt) -> list[list[str]]:
    names = {None: "a single look, floors as declared", 1: "first look", 2: "second look", 3: "third look"}
    return [[names[one.look], chance_in_words(one.ship)] for one in power.looks]


def _as_text(answer: _Answer, screen: Screen) -> str:
    lines = [filled(f"{answer.bar.policy.name}: {answer.source}", screen), ""]
    for place, power in enumerate(answer.at):
        lines += [filled(answer.sentence(place), screen), "", *_scenario_lines(power), ""]
        lines += [f"  {name:<34} ships {chance}" for name, chance in _look_rows(power)]
        lines += [""] if power.looks else []
        for condition in power.conditions:
            lines.append(f"  {condition.text}")
            lines += [filled(line, screen, indent="    ") for line in _of_condition(condition)]
        lines += [f"  {text}\n    nothing can be said before a run" for text in power.unknown]
        lines.append("")
    notes = [filled(note, screen) for note in _notes(answer)]
    return "\n".join([*lines, *notes]) + "\n"


def _scenario_lines(power: PowerAt) -> list[str]:
    rows = [["scenario", "ship", "reject", "iterate", "ship lies in"], *_scenario_rows(power)]
    name, *chances, _ = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [f"{cell:>{width}}" for cell, width in zip(row[1:-1], chances, strict=True)]
        lines.append("   ".join([f"  {row[0]:<{name}}", *cells, row[-1]]))
    return lines


def _of_condition(condition: ConditionPower) -> list[str]:
    expected, chance = change_in_words(condition.expected), chance_in_words(condition.as_expected)
    unchanged, edge = chance_in_words(condition.unchanged), chance_in_words(condition.at_threshold)
    lines = [f"true for an unchanged variant {unchanged}, on its threshold {edge}, at {expected} {chance}"]
    if condition.n_needed is not None:
        change = change_in_words(condition.expected)
        lines.append(f"a true change of {change} passes 4 times in 5 from {condition.n_needed:,} samples on")
        if condition.clusters_needed is not None:
            lines.append(
                f"they are {condition.clusters_needed:,} clusters: more samples of the same do not help"
            )
    if condition.smallest_effect is not None:
        effect = change_in_words(condition.smallest_effect)
        lines.append(f"smallest true change that passes 4 times in 5: {effect}")
    return lines


def _as_json(answer: _Answer) -> dict[str, Any]:
    return {
        "policy": answer.bar.policy.name,
        "template": answer.bar.template,
        "source": answer.source,
        "spreads": {
            key: {"deviation": _number(one.deviation), "source": one.source}
            for key, one in answer.spreads.items()
        },
        "expected": {key: _number(value) for key, value in answer.effects.items()},
        "expected_is_assumed": answer.assumed_effects,
        "at": [_at_json(answer, place) for place in range(len(answer.at))],
    }


def _at_json(answer: _Answer, place: int) -> dict[str, Any]:
    power, planned = answer.at[place], answer.planned[place]
    return {
        "samples": min(power.sizes.values()),
        "sizes": dict(power.sizes),
        "sentence": answer.sentence(place).replace("\N{NO-BREAK SPACE}", " "),
        "n_needed": None if planned is None else planned.n_needed,
        "clusters_needed": None if planned is None else planned.clusters_needed,
        "looks": [{"look": one.look, "ship": _number(one.ship)} for one in power.looks],
        "scenarios": [
            {
                "name": scenario.name,
                "effects": {key: _number(value) for key, value in scenario.effects.items()},
                "ship": _number(chances.ship),
                "reject": _number(chances.reject),
                "iterate": _number(chances.iterate),
                "ship_bounds": [_number(end) for end in chances.ship_bounds],
                "reject_bounds": [_number(end) for end in chances.reject_bounds],
            }
            for scenario, chances in power.scenarios
        ],
        "conditions": [
            {
                "text": one.text,
                "floor": _number(one.floor),
                "expected": _number(one.expected),
                "unchanged": _number(one.unchanged),
                "at_threshold": _number(one.at_threshold),
                "as_expected": _number(one.as_expected),
                "n_needed": one.n_needed,
                "clusters_needed": one.clusters_needed,
                "smallest_effect": _number(one.smallest_effect),
            }
            for one in power.conditions
        ],
        "unknown": list(power.unknown),
    }


def _number(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.9g}")


def _as_page(answers: Sequence[_Answer]) -> str:
    sections = []
    for answer in answers:
        parts: list[str | Chart | PageTable] = [f"{answer.source[:1].upper()}{answer.source[1:]}."]
        for place, power in enumerate(answer.at):
            parts += [answer.sentence(place), _curve(power), _scenarios(power)]
            if power.looks:
                parts.append(PageTable(header=["look", "ships as hoped"], rows=_look_rows(power)))
            parts.append(_conditions(power))
        parts += _notes(answer)
        sections.append(Section(title=f"Policy {answer.bar.policy.name}", parts=parts))
    return document("What the bar can see before a run", [], sections)


def _curve(power: PowerAt) -> Chart:
    def series(name: str, kind: str) -> Series:
        points = [Point(x=point.part, y=getattr(point, kind)) for point in power.curve]
        return Series(name=name, points=points, kind=kind)

    return Chart(
        title=f"How often {sizes_in_words(power.sizes)} samples ship and reject, by the true change",
        series=[series("ships", "ship"), series("rejects", "reject")],
        x_label="true change, as a part of what is hoped for",
        x_ticks=[(part, f"{part:g}".replace("-", "−")) for part in (-0.5, 0, 0.5, 1, 1.5, 2)],
        y_ticks=[(part, chance_in_words(part)) for part in (0, 0.25, 0.5, 0.75, 1)],
        marks=[(0, "unchanged"), (1, "as hoped")],
    )


def _scenarios(power: PowerAt) -> PageTable:
    return PageTable(
        header=["scenario", "ship", "reject", "iterate", "ship lies in"],
        rows=_scenario_rows(power),
    )


def _needed_in_words(condition: ConditionPower) -> str:
    if condition.n_needed is None:
        return "none"
    clusters = condition.clusters_needed
    return f"{condition.n_needed:,}" + ("" if clusters is None else f" in {clusters:,} clusters")


def _conditions(power: PowerAt) -> PageTable:
    return PageTable(
        header=[
            "condition",
            "unchanged",
            "on its threshold",
            "as expected",
            "samples for 80 %",
            "smallest change for 80 %",
        ],
        rows=[
            [
                one.text,
                chance_in_words(one.unchanged),
                chance_in_words(one.at_threshold),
                f"{change_in_words(one.expected)}: {chance_in_words(one.as_expected)}",
                _needed_in_words(one),
                change_in_words(one.smallest_effect),
            ]
            for one in power.conditions
        ],
    )
