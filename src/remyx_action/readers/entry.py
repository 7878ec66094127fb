"""What was reported for one metric → its scores: samples, a summary, or why neither counts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from msgspec import Struct, field

from remyx_action.errors import Problem
from remyx_action.project.files.json_text import Fault, NumberText
from remyx_action.project.files.wording import nearest
from remyx_action.project.models.metrics import BarMetric

from .arm_files import BrokenResults, broken, problem_of, shown
from .columns import Columns, rows_with_faults, shown_value
from .samples import beyond_limits, beyond_range, point_of, usable_samples
from .scores import ArmScores, Empty, Reason, Samples, Scores, Summary, Unusable

MOST_LISTED = 100

_LOOK_ALIKE = (
    str.maketrans(
        "\u0430\u0432\u0441\u0501\u0435\u04bb\u0456\u0458\u043a\u04cf\u043c\u043d\u043e\u0440\u051b\u0455\u0442\u0445\u0443\u051d",
        "abcdehijklmhopqstxyw",
    )
    | str.maketrans(
        "\u03b1\u03b2\u03b5\u03b7\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03c9", "abenikvoptuxw"
    )
    | str.maketrans("\u0131\u0251\u0261", "iag")
)
"""Letters of other alphabets that stand where a Latin one was meant, folded as `skeleton` folds."""


def skeleton(name: str) -> str:
    """What is left of a name when case, form, accents, punctuation and alphabet do not count."""
    folded = unicodedata.normalize("NFKC", name[:200]).casefold().translate(_LOOK_ALIKE)
    decomposed = unicodedata.normalize("NFKD", folded)
    return "".join(letter for letter in decomposed if letter.isalnum())


def listed_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names for a report: at most 100, each cut to 100 characters."""
    every = [name[:100] for name in names]
    more = len(every) - MOST_LISTED
    return (*every[:MOST_LISTED], *([f"… and {more:,} more"] if more > 0 else []))


def doubts(unnamed: Iterable[str], declared: Iterable[str], missing: Iterable[str]) -> tuple[str, ...]:
    """A warning for each unnamed metric that looks like a declared one, or nearly is a missing one."""
    by_skeleton = {skeleton(key): key for key in declared}
    missed = list(missing)
    warnings: list[str] = []
    for name in list(unnamed)[: 10 * MOST_LISTED]:
        meant = by_skeleton.get(skeleton(name)) or nearest(name, missed)
        if meant is not None and len(warnings) < MOST_LISTED:
            warnings.append(f"{shown(name)} is not a metric of this template; did you mean {meant}?")
    return tuple(warnings)


LEAST_TOLERANCE = Fraction(1, 10**9)
"""Between a reported value and its samples, where the value is printed with more decimals."""


class Contradiction(Exception):
    """A reported value that its own samples do not give."""


class Entry(Struct, frozen=True, kw_only=True):
    """One metric as it was reported; None where it was not."""

    numbers: Mapping[str, Any] = field(default_factory=dict)
    """`value`, `n`, `stderr`, `clusters`: whatever JSON value was reported."""
    samples: Columns | None = None
    aggregates: Mapping[str, Any] = field(default_factory=dict)
    """The same numbers from another file: the engine's own, which may be another measure."""
    faults: tuple[str, ...] = ()
    """What is wrong with its form."""


class Scored(Struct, frozen=True, kw_only=True):
    scores: Scores
    warnings: tuple[str, ...] = ()


def scored(entry: Entry, metric: BarMetric) -> Scored:
    """The metric's scores. Raises Contradiction."""
    numbers = entry.numbers if entry.samples is not None or entry.numbers else entry.aggregates
    faults = [*entry.faults, *_faults(numbers)]
    if faults:
        return _invalid("; ".join(faults))
    if entry.samples is not None:
        return _from_samples(entry, metric)
    if "value" not in numbers:
        return _invalid("neither a value nor samples were given")
    value = Decimal(numbers["value"])
    low, high = metric.range or (None, None)
    if low is not None and high is not None and beyond_range([str(value)], low, high):
        message = f"{numbers['value']} lies outside [{low:f}, {high:f}]"
        return Scored(scores=Unusable(reason=Reason.OUT_OF_RANGE, message=message))
    return Scored(scores=_summary(numbers))


def _sound(numbers: Mapping[str, Any]) -> Mapping[str, Any]:
    """The numbers that nothing is wrong with."""
    return {name: number for name, number in numbers.items() if not _faults({name: number})}


def _invalid(message: str) -> Scored:
    return Scored(scores=Unusable(reason=Reason.INVALID_VALUE, message=message))


def _faults(numbers: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with a metric's own numbers."""
    faults = []
    for name, number in numbers.items():
        if type(number) is not NumberText:
            faults.append(f"{name} is not a number: {shown_value(number)}")
        elif beyond_limits([number]):
            faults.append(f"{name} is beyond ±1e15, 30 digits or 100 decimals: {shown_value(number)}")
        elif name in ("n", "clusters") and not _is_count(number):
            faults.append(f"{name} is not a whole number of at least 1: {number}")
    return faults


def _is_count(number: NumberText) -> bool:
    count = Decimal(number)
    return count >= 1 and count == count.to_integral_value()


def _summary(numbers: Mapping[str, Any]) -> Summary:
    return Summary(
        value=Decimal(numbers["value"]),
        n=int(Decimal(numbers["n"])) if "n" in numbers else None,
        stderr=Decimal(numbers["stderr"]) if "stderr" in numbers else None,
        clusters=int(Decimal(numbers["clusters"])) if "clusters" in numbers else None,
    )


def _from_samples(entry: Entry, metric: BarMetric) -> Scored:
    assert entry.samples is not None
    samples = usable_samples(entry.samples, metric)
    if isinstance(samples, Unusable):
        rows = rows_with_faults(entry.samples)
        return Scored(scores=samples, warnings=(f"{metric.key}: {rows}",) if rows else ())
    warnings = []
    point = point_of(samples, metric.aggregate) if samples.ids else None
    if "value" in entry.numbers and point is not None:
        contradiction = _contradiction(str(entry.numbers["value"]), point, metric)
        if contradiction:
            raise Contradiction(f"the value {contradiction}")
    own = _sound(entry.aggregates)
    if "value" in own and point is not None:
        contradiction = _contradiction(str(own["value"]), point, metric)
        if contradiction:
            warnings.append(f"{metric.key}: the engine's own value {contradiction}; the samples count")
    numbers = {**own, **entry.numbers}
    if "n" in numbers:
        ids = len(samples.ids) if samples.repeats is None else len(set(samples.ids))
        asked, reported = ids + len(samples.missing), int(Decimal(numbers["n"]))
        if reported not in (ids, asked, len(samples.ids)):
            warnings.append(f"{metric.key}: n says {reported:,}, there are samples of {asked:,} ids")
    return Scored(scores=samples, warnings=(*warnings, *_lost_repeats(entry.samples, samples, metric)))


def _lost_repeats(columns: Columns, samples: Samples, metric: BarMetric) -> Iterator[str]:
    lost = len(columns.ids) - len(samples.ids)
    if samples.missing:
        lost -= sum(map(set(samples.missing).__contains__, columns.ids))
    if lost:
        what = "repeat of an id has no score" if lost == 1 else "repeats of ids have no score"
        yield f"{metric.key}: {lost:,} {what}; the id's score is the mean of its other repeats"


def _contradiction(literal: str, point: Fraction, metric: BarMetric) -> str | None:
    """How a reported value differs from its samples by more than half a unit of its own last digit."""
    value = Decimal(literal)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    tolerance = max(Fraction(10) ** exponent / 2, LEAST_TOLERANCE)
    if abs(Fraction(value) - point) <= tolerance:
        return None
    what = f"{metric.aggregate} of its samples" if metric.aggregate else "mean of its samples"
    return f"{literal[:40]} contradicts the {what}, {float(point):.12g}"


TRUST_SAMPLES = "make the harness write the mean of its samples, or leave the value out"
FIX_HARNESS = "correct what the harness writes; a sample without a score has `error` or a score of null"
MAP_THEM = "report the template's metrics under their keys, or map them with `names:`"


class Arrived(Struct, frozen=True, kw_only=True):
    """The metrics that an arm reported."""

    file: str
    """That reports them, or should."""
    entries: Mapping[str, Entry]
    """By the key of a declared metric."""
    unnamed: Sequence[str]
    """Names that no declared metric has."""
    provenance: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    native: bool = False
    """Written for this program: a fault is its writer's to fix, and fails the arm."""


def assemble(arrived: Arrived, metrics: Mapping[str, BarMetric]) -> ArmScores:
    """The arm's scores.

    Raises BrokenResults where nothing declared arrived, and for every fault of a native file.
    """
    file, entries = arrived.file, arrived.entries
    missing = [key for key in metrics if key not in entries]
    meant = doubts(arrived.unnamed, metrics, missing)
    if len(missing) == len(metrics):
        raise BrokenResults([_nothing_declared(arrived, metrics, meant)])
    scores: dict[str, Scores] = {}
    notes = [*arrived.warnings, *meant]
    faults = []
    for key, metric in metrics.items():
        if key in missing:
            scores[key] = Unusable(reason=Reason.MISSING_METRIC, message=f"{file} does not report it")
            continue
        try:
            result = scored(entries[key], metric)
        except Contradiction as contradiction:
            message = f"{key}: {contradiction}"
            faults.append(Fault(code="value-contradicts-samples", message=message, help=TRUST_SAMPLES))
            continue
        scores[key] = result.scores
        notes += result.warnings
        if arrived.native and isinstance(result.scores, Unusable) and not isinstance(result.scores, Empty):
            found = "; ".join([result.scores.message, *result.warnings])
            faults.append(Fault(code=_code(result.scores), message=f"{key}: {found}", help=FIX_HARNESS))
    if faults:
        raise broken(file, *faults)
    return ArmScores(
        scores=scores,
        provenance=arrived.provenance,
        unnamed=listed_names(arrived.unnamed),
        warnings=tuple(notes),
    )


def _code(unusable: Unusable) -> str:
    return unusable.reason.value.replace("_", "-")


def _nothing_declared(arrived: Arrived, metrics: Mapping[str, BarMetric], meant: Sequence[str]) -> Problem:
    holds = ", ".join(map(shown, listed_names(arrived.unnamed)[:8])) or "nothing"
    message = f"holds none of the declared metrics {', '.join(list(metrics)[:8])}; it holds {holds}"
    message += f"; {arrived.warnings[0]}" if arrived.warnings and not arrived.unnamed else ""
    advice = meant[0] if meant else MAP_THEM
    return problem_of(arrived.file, Fault(code="no-declared-metric", message=message, help=advice))
