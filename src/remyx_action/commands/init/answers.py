"""Everything that has to be known before a bar can be written down, and conditions as people type them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from msgspec import Struct

from remyx_action.errors import WrongUsage
from remyx_action.project.files.wording import did_you_mean, quoted
from remyx_action.project.models.conditions import bare_percentage, parse_line, why_no_line
from remyx_action.project.models.container import Container
from remyx_action.project.models.field_types import FIELDS
from remyx_action.project.models.metrics import PERCENT, RANGE_OF_UNIT, readings_of
from remyx_action.project.models.results_map import ResultsMap


class MetricAnswer(Struct, frozen=True, kw_only=True):
    """One metric, as it is asked for or found in results."""

    key: str
    label: str = ""
    unit: str = ""
    direction: Literal["higher", "lower", ""] = ""
    """"": as the unit implies."""
    baseline: str = ""
    """A number as it was written; "": none."""
    is_binary: bool = False
    """Every score is 0 or 1."""
    name: str = ""
    """What the results call it, where that is not the key."""
    samples: int | None = None
    """How many there are, scored or missing, where the results say it."""
    has_spread: bool = True
    """Whether the results say how far the value may be off; a bare number has no confidence."""


class Contents(Struct, frozen=True, kw_only=True):
    """What a result file, or an output folder, holds."""

    file: str
    """The file, below its folder; `stdout`: the last JSON line that was printed."""
    metrics: tuple[MetricAnswer, ...]
    maps: tuple[ResultsMap, ...] = ()
    """How it is read; none: it is the native results.json."""
    engine: str = ""
    """The evaluation engine that wrote it, where it is known."""

    @property
    def samples(self) -> int | None:
        """The largest number of samples of a metric, or None where none is known."""
        return max((one.samples for one in self.metrics if one.samples is not None), default=None)


class Answers(Struct, frozen=True, kw_only=True):
    """Everything that `init` writes down; an empty text is a key that is left out."""

    metrics: tuple[MetricAnswer, ...] = ()
    template: str = ""
    policy: str = ""
    runtime: Literal["custom", "lighteval", "results"] = "custom"
    example: str = ""
    """Of the examples that come with the program; then nothing else counts."""
    task: str = ""
    """lighteval's; its metrics are its own."""
    script: str = ""
    command: tuple[str, ...] = ()
    """Words, where the script is not started by itself."""
    harness: tuple[str, ...] = ()
    """Globs of the files that decide a score; empty: the script."""
    container: Container | None = None
    compare: Literal["assets", "commits"] = "assets"
    baseline_asset: str = ""
    variant_file: str = ""
    """The YAML or JSON file in which a pull request names its variant."""
    variant_pointer: str = "/model"
    is_patched: bool = False
    """Whether the script reads its asset from that very file."""
    patched_output: str = ""
    """The key of that file, dotted, that names the folder for results."""
    contents: Contents | None = None
    """What the script left, or what the result files hold."""
    samples: str = ""
    """A number, or a flow mapping of numbers by key; `-`: unknown."""
    headline: tuple[str, ...] = ()
    """Keys of the metrics that must gain."""
    ship: tuple[str, ...] = ()
    """Conditions as they are typed: `accuracy improves_by 0.02 at 0.80`."""
    reject: tuple[str, ...] = ()
    looks: Literal["counted", "corrected"] = "counted"
    """Whether each measurement of a pull request raises the floors of ship."""
    owners: tuple[str, ...] = ()
    """Whose review a change of the bar needs."""
    branch: str = "main"
    action: str = ""
    """What the workflow uses: `OWNER/NAME@COMMIT`; "": to be found out."""
    for_forks: bool = False
    """Also the workflow that comments on pull requests from forks."""
    recorded: bool = False
    """Also the job that puts each verdict onto the branch of the record."""
    is_agreed: bool = False
    """Whether the files are to be written."""


FLOOR = "80%"
_FRACTION = {"accuracy", "fraction"}


def check_condition(typed: str, metrics: Sequence[MetricAnswer]) -> str:
    """Return the condition as a line; WrongUsage, with what to write, where it is none on these metrics."""
    line = typed.strip().removeprefix("- ")
    try:
        named = parse_line(line).metric
    except ValueError as error:
        message, help_ = why_no_line(line)
        raise WrongUsage(message, help=help_) from error
    key = named and named.partition(".")[0]
    found = next((metric for metric in metrics if metric.key == key), None)
    if key and found is None:
        names = [*(metric.key for metric in metrics), *FIELDS]
        raise WrongUsage(f"there is no metric {quoted(key)}", help=did_you_mean(key, names, none=""))
    percentage = bare_percentage(line)
    if percentage and found:
        readings = readings_of(percentage, RANGE_OF_UNIT.get(found.unit.casefold()), None)
        if readings:
            raise WrongUsage(f"{quoted(line)} may mean a part of the baseline, or points", help=readings)
    return line


def recommended(
    metrics: Sequence[MetricAnswer], headline: Collection[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return ship and reject: headline metrics gain, the others do not lose, and a sure loss rejects."""
    ship = [
        f"{one.key} improves_by {_gain(one)}{_floor(one)}"
        if one.key in headline
        else f"{one.key} no_regression {_loss(one)}{_floor(one)}"
        for one in metrics
    ]
    reject = [f"{one.key} regresses_by {_loss(one)}{_floor(one)}" for one in metrics]
    return tuple(ship), tuple(reject)


def _floor(metric: MetricAnswer) -> str:
    """Return the floor, where the results say how far a value may be off: else it could never be reached."""
    return f" at {FLOOR}" if metric.has_spread else ""


def _gain(metric: MetricAnswer) -> str:
    return _of_unit(metric, "0.02", "2", "5% of baseline")


def _loss(metric: MetricAnswer) -> str:
    return _of_unit(metric, "0.01", "1", "2% of baseline")


def _of_unit(metric: MetricAnswer, fraction: str, percent: str, relative: str) -> str:
    unit = metric.unit.casefold()
    if unit in _FRACTION:
        return fraction
    return percent if unit in PERCENT else relative
