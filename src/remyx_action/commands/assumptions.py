"""The assumptions of `power`, as they are given on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from msgspec import Struct

from remyx_action.errors import WrongUsage
from remyx_action.odds.scenarios import hoped_effects
from remyx_action.odds.spread import width_of_range
from remyx_action.policy.bar import Bar

MOST_SAMPLES = 10**9


class Assumptions(Struct, frozen=True, kw_only=True):
    """What is assumed about the changes of single samples, where somebody says so."""

    samples: Sequence[int] = ()
    changed: float | None = None
    """Share of 0/1 scores that differ between the arms."""
    deviation: float | None = None
    """Standard deviation of the change of one sample."""
    gain: float | None = None
    """True gain that is hoped for, in each metric that should improve."""


def sizes_of(text: str | None) -> Sequence[int]:
    """Return the numbers of samples in `300,1000`; WrongUsage where one is none."""
    words = [] if text is None else text.split(",")
    sizes = [int(word) if word.strip().isascii() and word.strip().isdecimal() else 0 for word in words]
    if any(not 2 <= size <= MOST_SAMPLES for size in sizes):
        raise WrongUsage(f"--samples {text} names no numbers of samples", help="write --samples 300,1000")
    return sizes


def refuse_impossible(assumptions: Assumptions, bar: Bar) -> None:
    """WrongUsage for what no change of the bar's metrics can be."""
    given = {"gain": assumptions.gain, "sd": assumptions.deviation, "changed": assumptions.changed}
    for option, value in given.items():
        if value is not None and not (isfinite(value) and value > 0):
            raise WrongUsage(
                f"--{option} {value:g} is not a finite number above 0", help=f"pass one: --{option} 0.05"
            )
    hoped, _ = hoped_effects(bar)
    for option, metrics in (("gain", [bar.metric(key) for key in hoped]), ("sd", bar.metrics)):
        for metric in metrics:
            value, width = given[option], width_of_range(metric)
            if value is not None and width is not None and value > width:
                why = f"is more than {metric.label} can change: its range is {width:g} wide"
                raise WrongUsage(
                    f"--{option} {value:g} {why}",
                    help=f"pass at most --{option} {width:g}, or name another policy: --policy NAME",
                )
