"""Probabilities and answers in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from remyx_action.decimals import round_significant
from remyx_action.policy.bar import Bar
from remyx_action.project.models import Template
from remyx_action.project.models.results_map import MEASURE_FIRST, is_read_alone

from .outcomes import POWER
from .power import PowerAt, SamplePlan
from .spread import Spread, bound_to_declare, rounded_up

KEPT = "\N{NO-BREAK SPACE}"
OFTEN = 0.1
"""So many rejects of an unchanged variant are worth a word about how to have fewer."""


def chance_in_words(chance: float | None) -> str:
    """Return 0.0012 as `0.1 %`, and what is as good as never or always as such."""
    if chance is None:
        return "unknown"
    percent = chance * 100
    if 0 < percent < 0.05:
        return f"under 0.1{KEPT}%"
    if 99.95 <= percent < 100:
        return f"over 99.9{KEPT}%"
    return f"{percent:.0f}{KEPT}%" if percent in (0, 100) or 10 <= percent <= 90 else f"{percent:.1f}{KEPT}%"


def span_in_words(limits: tuple[float, float]) -> str:
    """Return `2.1 % to 2.8 %`."""
    return f"{chance_in_words(limits[0])} to {chance_in_words(limits[1])}"


def change_in_words(value: float | None) -> str:
    """Return `+0.05`, three significant digits."""
    if value is None:
        return "none"
    number = f"{round_significant(abs(value), 3):f}"
    return number if not value else f"{'+' if value > 0 else '−'}{number}"


def runs_in_words(chance: float) -> str:
    """Return 0.412 as `41 of 100 runs`."""
    if 0 < chance < 0.005:
        return "fewer than 1 of 100 runs"
    return "more than 99 of 100 runs" if 0.995 <= chance < 1 else f"{chance * 100:.0f} of 100 runs"


def sizes_in_words(sizes: Mapping[str, int]) -> str:
    """Return `300`, or `500 to 1,000` where the metrics differ."""
    low, high = min(sizes.values()), max(sizes.values())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _gain_in_words(bar: Bar, effects: Mapping[str, float]) -> str:
    """Return `a true gain of 0.02`, with the metrics where the bar has several."""
    if not effects:
        return "an unchanged variant"
    by_size: dict[str, list[str]] = {}
    for key, effect in effects.items():
        size = f"{round_significant(abs(effect), 3):f}"
        by_size.setdefault(size, []).append(bar.metric(key).label)
    if len(bar.metrics) == 1:
        return f"a true gain of {next(iter(by_size))}"
    parts = [f"{size} in {in_a_list(labels)}" for size, labels in by_size.items()]
    return f"a true gain of {in_a_list(parts)}"


def in_a_list(parts: Sequence[str]) -> str:
    """Return `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def planned_in_words(bar: Bar, planned: SamplePlan) -> str:
    """Return how often the bar ships what is hoped for, and the samples that make it 80 of 100."""
    share, needed, without = runs_in_words(planned.ship), planned.n_needed, ""
    if planned.unknown:
        labels = in_a_list([bar.metric(key).label for key in planned.unknown])
        share, without = f"at most {share}", f" (the spread of {labels} is unknown)"
    sentence = (
        f"With {sizes_in_words(planned.sizes)} samples this bar ships "
        f"{_gain_in_words(bar, planned.effects)} in {share}{without}"
    )
    if planned.ship >= POWER:
        return f"{sentence}."
    if needed is None:
        return f"{sentence}; no number of samples makes it 80."
    clusters = "" if planned.clusters_needed is None else f" in {planned.clusters_needed:,} clusters"
    return f"{sentence}; plan {needed:,} samples{clusters}{' or more' * bool(without)} for 80."


def bounds_in_words(bar: Bar, spreads: Mapping[str, Spread], sizes: Mapping[str, int]) -> list[str]:
    """Return of each metric whose range counts for more than its samples which `max_change` to declare."""
    found = []
    for metric in bar.metrics:
        spread = spreads.get(metric.key)
        bound = spread and bound_to_declare(metric, spread, sizes[metric.key])
        if spread is not None and spread.largest is not None and bound:
            found.append(
                f"No recorded sample of {metric.label} changed by more than "
                f"{rounded_up(spread.largest, 3)}, and the "
                f"range counts for more than the samples do. If none ever can change by more than {bound}, "
                f"`max_change: {bound}` makes fewer samples enough."
            )
    return found


def unchanged_in_words(bar: Bar, template: Template, power: PowerAt) -> str:
    """Return what the bar does to a variant that is exactly as good."""
    unchanged = power.chance("unchanged")
    sentence = f"An unchanged variant ships in {runs_in_words(unchanged.ship)}"
    if bar.rules.reject is not None:
        sentence += f" and is rejected in {runs_in_words(unchanged.reject)}"
    return f"{sentence}.{fewer_rejects(bar, template, unchanged.reject)}"


def fewer_rejects(bar: Bar, template: Template, chance: float) -> str:
    """Return which reject conditions luck alone meets, and how to write them.

    Empty without any, or where the bar seldom rejects an unchanged variant.
    """
    bare = [
        condition
        for condition in bar.rules.on_metrics()
        if condition.role == "reject"
        and condition.floor is None
        and condition.claim.quantity != "value"
        and condition.op != "=="
    ]
    if not bare or chance < OFTEN:
        return ""
    alone = any(is_read_alone(template.results, condition.metric.key) for condition in bare)
    first, add = f" The reject condition {bare[0].text}", MEASURE_FIRST * alone + "add `at 80%` to"
    if len(bare) == 1:
        return f"{first} asks for no confidence, so luck alone meets it: {add} it."
    return f"{first} and {len(bare) - 1} more ask for no confidence, so luck alone meets them: {add} each."
