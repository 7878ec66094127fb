"""One sentence about each policy: how often it ships what is hoped for, and how many samples to plan."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from remyx_action.odds.power import LOOKS, looks_at, plan_samples, sizes_in, spreads_for
from remyx_action.odds.scenarios import hoped_effects, is_known
from remyx_action.odds.sentences import bounds_in_words, in_a_list, planned_in_words
from remyx_action.policy.bar import make_bar
from remyx_action.project.load import Bundle
from remyx_action.report.report import Report

from .record import newest_report


def planned_samples(root: Path, bundle: Bundle, *, policy: str | None = None) -> Sequence[str]:
    """Return `default: With 300 samples …` of each policy, or of one, where a closed form gives it.

    Changes spread as in the newest recorded verdict of the template, else as assumed.
    """
    if bundle.errors or bundle.metrics is None:
        return []
    recorded: dict[str, Report | None] = {}
    lines = []
    for name, written in bundle.policies.items():
        if policy not in {None, name}:
            continue
        template = bundle.templates[written.template]
        if template.name not in recorded:
            recorded[template.name] = newest_report(root, template.name)
        report = recorded[template.name]
        bar = make_bar(written, template, bundle.metrics)
        spreads = spreads_for(bar, None if report is None else report.inputs)
        planned = plan_samples(bar, sizes_in(bar), spreads)
        if planned is not None:
            bounds = bounds_in_words(bar, spreads, sizes_in(bar))
            lines.append(" ".join([f"{name}: {planned_in_words(bar, planned)}", *bounds]))
    return lines


def price_of_looks(bundle: Bundle, policy: str) -> str | None:
    """Return what `looks: corrected` would ask of a policy's first looks, and how often each then ships.

    The latter only where every spread is known; None where ship has no floor that rises.
    """
    if bundle.errors or bundle.metrics is None:
        return None
    written = bundle.policies[policy].model_copy(update={"looks": "corrected"})
    bar = make_bar(written, bundle.templates[written.template], bundle.metrics)
    floors = [
        next((_percent(one.floor) for one in rules.ship.conditions() if one.floor is not None), None)
        for rules in (bar.rules, *map(bar.rules_at, LOOKS))
    ]
    if None in floors:
        return None
    declared, first, second, third = floors
    price = f"at {declared} the first look needs {first}, the second {second} and the third {third}"
    spreads, (hoped, _) = spreads_for(bar), hoped_effects(bar)
    if not all(is_known(bar.metric(key), spreads) for key in bar.rules.named):
        return price
    once, *ships = [f"{one.ship * 100:.0f}" for one in looks_at(bar, sizes_in(bar), spreads, hoped)]
    return f"{price}, and what is hoped for ships in {in_a_list(ships)} of 100 runs instead of {once}"


def _percent(floor: Fraction | Decimal) -> str:
    return f"{float(floor) * 100:.3g} %"
