"""`noise --run`: one asset, measured several times, and how often the bar tells its runs apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from remyx_action.errors import WrongUsage
from remyx_action.odds.repeats import MetricRepeats, Repeated, judge_repeats
from remyx_action.odds.sentences import chance_in_words
from remyx_action.policy.bar import make_bar
from remyx_action.report.render.charts import PageTable, Section, document
from remyx_action.report.render.numbers import plural

from .noise import as_json, comparing
from .output import Output, Screen, filled
from .record import newest_report
from .run.project import choose, load_project
from .run.request import CacheSettings, Request, World


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
    newest = newest_report(request.root, template.name)
    recorded = None if newest is None else newest.inputs
    bars = [make_bar(one, template, project.vocabulary) for one in policies]
    answers = {bar.policy.name: judge_repeats(bar, arms, comparing(bar), recorded=recorded) for bar in bars}
    return Output(
        formats={
            "text": lambda screen: "\n".join(
                _repeats_text(name, one, screen) for name, one in answers.items()
            ),
            "json": lambda _: as_json(
                {"policies": [_repeats_json(name, one) for name, one in answers.items()]}
            ),
            "page": lambda _: _repeats_page(answers),
        }
    )


def _repeats_page(answers: Mapping[str, Repeated]) -> str:
    header = [
        "metric",
        "ids that disagree",
        "mean t²·(ν - 2)/ν",
        "an id varies by",
        "two scores of each id save",
    ]
    sections = []
    for name, found in answers.items():
        cells = [
            [
                one.key,
                "" if one.disagree is None else chance_in_words(one.disagree),
                "" if one.scaled_square is None else f"{one.scaled_square:.2f}",
                "" if one.within is None else f"{one.within:.3g}",
                _saved_in_words(one) if one.within else "",
            ]
            for one in found.metrics
        ]
        parts: list[str | PageTable] = [
            _pairs_in_words(found),
            PageTable(header=header, rows=cells),
            VARIANCE,
        ]
        sections.append(Section(title=f"Policy {name}", parts=parts))
    return document("One asset, measured several times", [], sections)


VARIANCE = (
    "The mean of t²·(ν - 2)/ν is 1 where the variance is right, and below 1 where it is too large. "
    "Two scores of each id halve its own noise, and nothing else in the variance of a change."
)


def _saved_in_words(metric: MetricRepeats) -> str:
    if metric.saved_by_two is None:
        return "at most half of the variance of a change"
    return f"{chance_in_words(metric.saved_by_two)} of the variance of the change that is recorded"


def _pairs_in_words(found: Repeated) -> str:
    return (
        f"The baseline was measured {found.measured} times: of {plural(found.pairs, 'pair')} "
        f"{found.ships} {'ships' if found.ships == 1 else 'ship'} and "
        f"{found.rejects} {'is' if found.rejects == 1 else 'are'} rejected."
    )


def _repeats_text(name: str, found: Repeated, screen: Screen) -> str:
    lines = [filled(f"{name}: {_pairs_in_words(found)}", screen)]
    for metric in found.metrics:
        lines.append(f"  {metric.key}")
        if metric.disagree is not None:
            lines.append(f"    {chance_in_words(metric.disagree)} of the ids disagree with themselves")
        if metric.scaled_square is not None:
            lines.append(f"    mean t²·(ν - 2)/ν {metric.scaled_square:.2f}; 1 where the variance is right")
        if metric.within:
            lines.append(
                filled(
                    f"an id's score varies by {metric.within:.3g}: two scores of each id save "
                    f"{_saved_in_words(metric)}",
                    screen,
                    indent="    ",
                )
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
                "saved_by_two": one.saved_by_two,
            }
            for one in found.metrics
        ],
    }
