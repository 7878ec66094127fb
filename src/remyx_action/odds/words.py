"""Probabilities and answers in words."""

from __future__ import annotations

from collections.abc import Mapping

from remyx_action.decimals import round_significant
from remyx_action.policy.bar import Bar

from .power import PowerAt

KEPT = "\N{NO-BREAK SPACE}"


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


def hope_in_words(bar: Bar, effects: Mapping[str, float]) -> str:
    """Return `SpatialScore +0.05, OmniSpatial +0.05`."""
    return ", ".join(f"{bar.metric(key).label} {change_in_words(value)}" for key, value in effects.items())


def power_sentence(bar: Bar, power: PowerAt, effects: Mapping[str, float]) -> str:
    """Return what so many samples let the bar see, in one sentence."""
    hoped, unchanged = power.chance("as hoped"), power.chance("unchanged")
    hope = hope_in_words(bar, effects) or "what is hoped for"
    sentence = (
        f"at {power.n:,} samples this bar ships a true change of {hope} {chance_in_words(hoped.ship)} of the "
        f"time and an unchanged model {chance_in_words(unchanged.ship)}"
    )
    if bar.rules.reject is not None:
        sentence += f", and rejects an unchanged model {chance_in_words(unchanged.reject)} of the time"
    return sentence
