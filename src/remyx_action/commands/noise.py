"""`noise`: how often the bar is wrong here about a variant that is exactly as good as the baseline."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from remyx_action.errors import WrongUsage
from remyx_action.odds.boundary import AtBoundary, at_boundary, worst_of
from remyx_action.odds.noise import SEED, NoiseRates, noise, noise_of_inputs
from remyx_action.odds.sentences import chance_in_words, fewer_rejects, span_in_words
from remyx_action.odds.swaps import ArmOfScores, Compare, changes_of_arms, changes_of_inputs
from remyx_action.policy.bar import Bar, make_bar
from remyx_action.project.models import Template
from remyx_action.project.models.metrics import measured_metrics
from remyx_action.readers.scores import ArmScores, Samples
from remyx_action.report.render.charts import Chart, PageTable, Point, Section, Series, document
from remyx_action.report.report import Report
from remyx_action.report.verdict import Arm, Arms, compare

from .output import Output, Screen, filled
from .record import newest_report
from .run.arms import arm_report, read_handed_in
from .run.project import Project, choose, load_project


def of_recorded(
    root: Path,
    *,
    policy: str,
    last_run: Path,
    baseline: Path | None,
    variant: Path | None,
    verdict: Report | None,
    boundary: bool,
    draws: int | None,
) -> Output:
    """Return the rates by named arms, by a verdict, by the last run, or by the newest recorded verdict."""
    if verdict is not None and (baseline or variant):
        raise WrongUsage(
            "a verdict and results are named", help="pass --verdict, or --baseline and --variant"
        )
    if verdict is not None or not (baseline or variant or last_run.is_dir()):
        return of_verdict(root, policy=policy, verdict=verdict, boundary=boundary, draws=draws)
    return of_arms(
        root,
        policy=policy,
        baseline=baseline or last_run / "baseline",
        variant=variant or last_run / "variant",
        boundary=boundary,
        draws=draws,
    )


READ_SAMPLES = (
    "read a score of each sample, as `results` of the template says, and measure baseline and variant anew"
)


def of_arms(
    root: Path,
    *,
    policy: str,
    baseline: Path,
    variant: Path,
    boundary: bool,
    draws: int | None,
) -> Output:
    """Return the rates of recorded arms, of an unchanged variant or of one on each threshold."""
    project, template, bar = _bar(root, policy)
    before, after = read_arms(project, template, baseline, variant)
    if not any(all(isinstance(arm.get(key), Samples) for arm in (before, after)) for key in bar.rules.named):
        raise WrongUsage("the results hold no sample whose arms could swap, only numbers", help=READ_SAMPLES)
    if boundary:
        changes = changes_of_arms(bar, before, after)
        return _boundary_output(bar, at_boundary(bar, changes, draws=draws))
    return _noise_output(bar, template, noise(bar, before, after, comparing(bar), draws=draws))


def of_verdict(
    root: Path, *, policy: str, verdict: Report | None, boundary: bool, draws: int | None
) -> Output:
    """Return the same of a verdict alone, None: of the newest that is recorded.

    Which ids changed in two metrics at once is not kept, so each metric's ids swap on their own.
    """
    _, template, bar = _bar(root, policy)
    found = verdict or newest_report(root, template.name)
    if found is None:
        raise WrongUsage(
            "nothing was measured yet: no results of a last run, and no recorded verdict",
            help="pass --verdict PATH, or --baseline PATH and --variant PATH",
        )
    if found.policy.template != template.name:
        raise WrongUsage(
            f"the verdict is of the template {found.policy.template}, and {policy} judges {template.name}",
            help="name a policy of that template: --policy NAME",
        )
    source = f"the verdict of {found.run.clock[:10]}"
    if boundary:
        changes = changes_of_inputs(bar, found.inputs)
        return _boundary_output(bar, at_boundary(bar, changes, draws=draws))
    lacking = [metric.label for metric in bar.metrics if metric.key not in found.inputs.metrics]
    rates = None if lacking else noise_of_inputs(bar, found.inputs, draws=draws)
    if rates is None:
        why = f"it has no {lacking[0]}" if lacking else "its sums are not enough for this policy"
        held = [found.inputs.metrics[key] for key in bar.rules.named if key in found.inputs.metrics]
        is_bare = not lacking and all(one.paired is None for one in held)
        raise WrongUsage(
            f"{source} does not say how noisy the bar is: {why}",
            help=READ_SAMPLES if is_bare else "pass both results: --baseline PATH --variant PATH",
        )
    return _noise_output(bar, template, rates, verdict=source)


def _bar(root: Path, policy: str) -> tuple[Project, Template, Bar]:
    project = load_project(root)
    [(template, [one])] = choose(project.bundle, template=None, policy=policy)
    return project, template, make_bar(one, template, project.vocabulary)


def read_arms(
    project: Project, template: Template, baseline: Path, variant: Path
) -> tuple[ArmOfScores, ArmOfScores]:
    """Return the scores of two recorded arms; WrongUsage where one holds none."""
    metrics, scores = measured_metrics(template, project.vocabulary), []
    for path in (baseline, variant):
        arm = read_handed_in(template, metrics, path)
        if arm.report.state == "failed":
            raise WrongUsage(
                f"{path} holds no results that were measured: {arm.report.detail or 'it failed'}",
                help="name two output folders: --baseline PATH --variant PATH",
            )
        scores.append(arm.scores.scores)
    before, after = scores
    return before, after


def comparing(bar: Bar) -> Compare:
    """Return the function that gathers the evidence of two arms for the bar."""

    def evidence(baseline: ArmOfScores, variant: ArmOfScores) -> Any:
        before, after = (
            Arm(scores=ArmScores(scores=scores), report=arm_report("handed_in"))
            for scores in (baseline, variant)
        )
        return compare(bar, Arms(baseline=before, variant=after))

    return evidence


def as_json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2) + "\n"


APART = "A verdict does not keep which ids changed in two metrics at once: each metric swaps on its own."


def _noise_output(bar: Bar, template: Template, rates: NoiseRates, *, verdict: str | None = None) -> Output:
    name = bar.policy.name
    how = "exact" if not rates.draws else f"{rates.draws:,} draws, seed {rates.seed}"
    notes = [] if verdict is None or len(bar.metrics) == 1 else [APART]
    notes += [advice] if (advice := fewer_rejects(bar, template, rates.reject).strip()) else []
    title = f"an unchanged variant, ids of {verdict or 'the recorded results'} swapped at random ({how})"
    rows = [
        ("ships", rates.ship, rates.ship_limits),
        ("rejects", rates.reject, rates.reject_limits),
    ]

    def spans(limits: tuple[float, float]) -> str:
        return span_in_words(limits) if rates.draws else "exact"

    def as_text(screen: Screen) -> str:
        lines = [f"  {verb:<8} {chance_in_words(rate)} ({spans(limits)})" for verb, rate, limits in rows]
        lead, *below = [filled(text, screen) for text in (f"{name}: {title}", *notes)]
        return "\n".join([lead, *lines, *below]) + "\n"

    def as_page() -> str:
        header = ["an unchanged variant", "how often", "limits of the simulation, 95 %"]
        cells = [[verb, chance_in_words(rate), spans(limits)] for verb, rate, limits in rows]
        table = PageTable(header=header, rows=cells)
        return _page(name, [f"{title[0].upper()}{title[1:]}.", _rates_chart(rows), table, *notes])

    plain = {
        "policy": name,
        "draws": rates.draws,
        "seed": rates.seed,
        "ship": rates.ship,
        "ship_limits": list(rates.ship_limits),
        "reject": rates.reject,
        "reject_limits": list(rates.reject_limits),
    }
    return Output(formats={"text": as_text, "json": lambda _: as_json(plain), "page": lambda _: as_page()})


def _rates_chart(rows: Sequence[tuple[str, float, tuple[float, float]]]) -> Chart:
    kinds = {"ships": "ship", "rejects": "reject"}
    points = [
        Point(
            x=place,
            y=rate,
            low=limits[0],
            high=limits[1],
            kind=kinds[verb],
            title=f"{verb} {chance_in_words(rate)}",
        )
        for place, (verb, rate, limits) in enumerate(rows)
    ]
    return Chart(
        title="How often an unchanged variant ships and is rejected, with the limits of the simulation",
        series=[Series(name="", points=points, joined=False)],
        x_ticks=[(-0.5, ""), *((place, verb) for place, (verb, _, _) in enumerate(rows)), (1.5, "")],
        y_ticks=_chances_up_to(max(limits[1] for _, _, limits in rows)),
    )


def _chances_up_to(highest: float) -> list[tuple[float, str]]:
    """Return round chances for a scale that holds the highest."""
    above = next(part for part in CHANCES if part >= min(highest, 1))
    return [(part, chance_in_words(part)) for part in (0, above / 2, above)]


CHANCES = (0.02, 0.05, 0.1, 0.2, 0.5, 1)


def _page(name: str, parts: Sequence[str | Chart | PageTable]) -> str:
    return document("How often the bar is wrong here", [], [Section(title=f"Policy {name}", parts=parts)])


RARE = "Rare losses that no recorded pair shows cannot be seen here."


def _boundary_output(bar: Bar, rows: Sequence[AtBoundary]) -> Output:
    plain = {
        "policy": bar.policy.name,
        "seed": SEED,
        "conditions": [
            {
                "text": row.text,
                "floor": row.floor,
                "rate": row.rate,
                "limits": None if row.limits is None else list(row.limits),
                "method": row.method,
                "why": row.why,
            }
            for row in rows
        ],
    }
    return Output(
        formats={
            "text": lambda screen: _boundary_text(bar, rows, screen),
            "json": lambda _: as_json(plain),
            "page": lambda _: _boundary_page(bar, rows),
        }
    )


def _boundary_text(bar: Bar, rows: Sequence[AtBoundary], screen: Screen) -> str:
    lines = [filled(f"{bar.policy.name}: a variant whose true change lies exactly on the threshold", screen)]
    for row in rows:
        lines.append(f"  {row.text}")
        if row.rate is None:
            answer = f"not known: {row.why}"
        else:
            allowed = chance_in_words(1 - row.floor)
            answer = f"passes {chance_in_words(row.rate)} ({_limits(row)}); its floor allows {allowed}"
        lines.append(filled(answer, screen, indent="    "))
    return "\n".join([*lines, *(filled(text, screen) for text in (*_worst(bar, rows), RARE))]) + "\n"


def _limits(row: AtBoundary) -> str:
    return "exact" if row.limits is None else f"simulation: {span_in_words(row.limits)}"


def _worst(bar: Bar, rows: Sequence[AtBoundary]) -> list[str]:
    worst = worst_of(rows)
    if worst is None or bar.rules.ship.combinator != "all":
        return []
    return [f"The worst false ship of the rule is {chance_in_words(worst.rate)}, at {worst.text}."]


def _boundary_page(bar: Bar, rows: Sequence[AtBoundary]) -> str:
    cells = [
        [
            row.text,
            chance_in_words(row.rate),
            chance_in_words(1 - row.floor),
            _limits(row) if row.rate is not None else row.why or "",
        ]
        for row in rows
    ]
    table = PageTable(header=["condition", "passes", "its floor allows", "limits"], rows=cells)
    lead = "A variant whose true change lies exactly on the threshold, each condition's own metric alone."
    known = [row for row in rows if row.rate is not None]
    drawing = [_boundary_chart(known)] if known else []
    return _page(bar.policy.name, [lead, *drawing, table, *_worst(bar, rows), RARE])


def _boundary_chart(rows: Sequence[AtBoundary]) -> Chart:
    places = range(len(rows))
    passes = [
        Point(
            x=place + 0.05,
            y=row.rate or 0.0,
            low=row.limits and row.limits[0],
            high=row.limits and row.limits[1],
            kind="ship",
            title=f"{row.text}: passes {chance_in_words(row.rate)}",
        )
        for place, row in zip(places, rows, strict=True)
    ]
    allowed = [
        Point(
            x=place - 0.05,
            y=1 - row.floor,
            title=f"{row.text}: its floor allows {chance_in_words(1 - row.floor)}",
        )
        for place, row in zip(places, rows, strict=True)
    ]
    highest = max(point.high or point.y for point in [*passes, *allowed])
    ticks = [part for part in (0, 0.05, 0.1, 0.2, 0.3, 0.5, 1) if part <= highest] or [0]
    return Chart(
        title="How often each condition passes a variant on its threshold, and what its floor allows",
        series=[
            Series(name="passes", points=passes, kind="ship", joined=False),
            Series(name="its floor allows", points=allowed, joined=False),
        ],
        x_label="conditions, in the order of the table",
        x_ticks=[(-0.5, ""), *((place, str(place + 1)) for place in places), (len(rows) - 0.5, "")],
        y_ticks=[(part, chance_in_words(part)) for part in ticks],
    )
