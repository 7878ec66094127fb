"""`noise`: how often the bar is wrong here about a variant that is exactly as good as the baseline."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from remyx_action.errors import WrongUsage
from remyx_action.odds.boundary import AtBoundary, at_boundary, worst_of
from remyx_action.odds.noise import SEED, NoiseRates, noise
from remyx_action.odds.repeats import Repeated, judge_repeats
from remyx_action.odds.swaps import ArmOfScores, Compare
from remyx_action.odds.words import chance_in_words, span_in_words
from remyx_action.policy.bar import Bar, make_bar
from remyx_action.project.models import Template
from remyx_action.project.models.metrics import measured_metrics
from remyx_action.readers.scores import ArmScores
from remyx_action.report.verdict import Arm, Arms, compare

from .output import Output
from .run.arms import arm_report, read_handed_in
from .run.project import Project, choose, load_project
from .run.request import CacheSettings, Request, World


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
    project = load_project(root)
    [(template, [one])] = choose(project.bundle, template=None, policy=policy)
    bar = make_bar(one, template, project.vocabulary)
    before, after = read_arms(project, template, baseline, variant)
    if boundary:
        return _boundary_output(bar, at_boundary(bar, before, after, draws=draws))
    return _noise_output(bar, noise(bar, before, after, comparing(bar), draws=draws))


def read_arms(
    project: Project, template: Template, baseline: Path, variant: Path
) -> tuple[ArmOfScores, ArmOfScores]:
    """Return the scores of two recorded arms; WrongUsage where one holds none."""
    metrics, scores = measured_metrics(template, project.vocabulary), []
    for path in (baseline, variant):
        arm = read_handed_in(template, metrics, path)
        if arm.report.state == "failed":
            raise WrongUsage(
                f"{path} holds no arm that was measured: {arm.report.detail or 'it failed'}",
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


def of_repeats(request: Request, world: World, *, times: int) -> Output:
    """Measure the baseline `times` times and judge every pair of them by each policy of its template."""
    from .baseline import measure_baseline
    from .run.context import open_context

    if times < 2:
        raise WrongUsage("one measurement has nothing to be compared with", help="pass --run 2 or more")
    uncached = replace(request, cache=CacheSettings(folder=None))
    project = load_project(request.root)
    groups = choose(project.bundle, template=request.template, policy=request.policy)
    if len(groups) > 1:
        raise WrongUsage("several templates could be repeated", help="name one: --template NAME")
    [(template, policies)] = groups
    with open_context(replace(uncached, policy=None)) as context:
        arms = [
            measure_baseline(uncached, world, context, template, part=f"repeat-{number}").arm.scores.scores
            for number in range(times)
        ]
    bars = [make_bar(one, template, project.vocabulary) for one in policies]
    answers = {bar.policy.name: judge_repeats(bar, arms, comparing(bar)) for bar in bars}
    return Output(
        formats={
            "text": lambda _: "\n".join(_repeats_text(name, one) for name, one in answers.items()),
            "json": lambda _: (
                json.dumps(
                    {"policies": [_repeats_json(name, one) for name, one in answers.items()]}, indent=2
                )
                + "\n"
            ),
        }
    )


def _noise_output(bar: Bar, rates: NoiseRates) -> Output:
    name = bar.policy.name
    how = "exact" if not rates.draws else f"{rates.draws:,} draws, seed {rates.seed}"

    def line(verb: str, rate: float, limits: tuple[float, float]) -> str:
        span = "" if not rates.draws else f" (simulation: {span_in_words(limits)})"
        return f"  {verb:<8} {chance_in_words(rate)}{span}"

    text = "\n".join(
        [
            f"{name}: an unchanged model, ids of the recorded arms swapped at random ({how})",
            line("ships", rates.ship, rates.ship_limits),
            line("rejects", rates.reject, rates.reject_limits),
        ]
    )
    plain: Mapping[str, Any] = {
        "policy": name,
        "draws": rates.draws,
        "seed": rates.seed,
        "ship": rates.ship,
        "ship_limits": list(rates.ship_limits),
        "reject": rates.reject,
        "reject_limits": list(rates.reject_limits),
    }
    as_json = json.dumps(plain, indent=2)
    return Output(formats={"text": lambda _: f"{text}\n", "json": lambda _: f"{as_json}\n"})


def _boundary_output(bar: Bar, rows: Sequence[AtBoundary]) -> Output:
    lines = [f"{bar.policy.name}: a variant whose true change lies exactly on the threshold"]
    for row in rows:
        lines.append(f"  {row.text}")
        if row.rate is None:
            lines.append(f"    not known: {row.why}")
        else:
            span = "exact" if row.limits is None else f"simulation: {span_in_words(row.limits)}"
            wanted = chance_in_words(1 - row.floor)
            lines.append(f"    passes {chance_in_words(row.rate)} ({span}); its floor allows {wanted}")
    worst = worst_of(rows)
    if worst is not None and bar.rules.ship.combinator == "all":
        lines.append(f"worst false ship of the rule: {chance_in_words(worst.rate)}, at `{worst.text}`")
    lines.append("rare losses that no recorded pair shows cannot be seen here")
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
            "text": lambda _: "\n".join(lines) + "\n",
            "json": lambda _: json.dumps(plain, indent=2) + "\n",
        }
    )


def _repeats_text(name: str, found: Repeated) -> str:
    lines = [
        f"{name}: the baseline measured {found.measured} times, {found.pairs} pairs judged",
        f"  ships {found.ships} of {found.pairs}, rejects {found.rejects} of {found.pairs}",
    ]
    for metric in found.metrics:
        lines.append(f"  {metric.key}")
        if metric.disagree is not None:
            lines.append(f"    {chance_in_words(metric.disagree)} of the ids disagree with themselves")
        if metric.scaled_square is not None:
            lines.append(f"    mean t²·(ν - 2)/ν {metric.scaled_square:.2f}; 1 where the variance is right")
        if metric.within:
            lines.append(
                f"    one id's score varies by {metric.within:.3g}: two scores an id halve that variance"
            )
    return "\n".join(lines) + "\n"


def _repeats_json(name: str, found: Repeated) -> dict[str, Any]:
    return {
        "policy": name,
        "measured": found.measured,
        "pairs": found.pairs,
        "ships": found.ships,
        "rejects": found.rejects,
        "metrics": [
            {
                "key": one.key,
                "disagree": one.disagree,
                "scaled_square": one.scaled_square,
                "within": one.within,
            }
            for one in found.metrics
        ],
    }
