"""Lints of thresholds: impossible with the declared samples or baseline, on the wrong side, another unit."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from remyx_action.confidence.pseudo_samples import Observed, Prior, locate
from remyx_action.decimals import plain
from remyx_action.policy.rules import Condition, OnMetric
from remyx_action.project.models.metrics import PERCENT, ExactBaseline, RecordedBaseline, declared_value

from .lint_context import Finding, LintContext, width_of

TRIED = 50
"""Shares of improved samples among which the best is sought."""
MOST_SAMPLES = 10_000_000


def cannot_pass(context: LintContext) -> Iterator[Finding]:
    yield from _too_few_for_sample_size(context)
    for condition in context.on_metrics("ship"):
        why = _no_room(condition) or _no_uncertainty(context, condition) or _too_few(condition)
        if why is not None:
            yield Finding(lint="cannot-pass", pointer=condition.pointer, message=why[0], help=why[1])
    yield from _too_few_for_delta_confidence(context)


def wide_range(context: LintContext) -> Iterator[Finding]:
    for condition in context.on_metrics("ship"):
        n, floor, guard = condition.metric.samples, condition.floor, _gain(condition)
        if not n or n < 2 or floor is None or guard is None or guard >= 0 or _too_few(condition):
            continue
        reached = _confidence(n, 0, guard)
        if reached < floor:
            enough = _enough(guard, floor)
            yield Finding(
                lint="wide-range",
                pointer=condition.pointer,
                message=f"a variant with the very same scores has confidence {_below(reached, floor)} "
                f"at n = {n}, below {_floor(condition)}: the range is too wide for so few samples",
                help=f"run {enough} samples" if enough else "declare a narrower range or a larger threshold",
            )


def _gain(condition: OnMetric) -> Fraction | None:
    """The improvement that a delta condition asks for, as a part of the range; negative for guards."""
    width = width_of(condition.metric)
    if condition.claim.quantity != "delta" or not width or condition.metric.aggregate:
        return None
    if condition.metric.max_change is not None:  # not the range, but what changes decides how sure one is
        return None
    if not condition.favours_better:
        return None
    size = Fraction(condition.claim.threshold) / Fraction(width)
    return size if condition.metric.direction == "higher" else -size


def _room(condition: OnMetric) -> Fraction | None:
    """The largest improvement that the declared baseline leaves, as a part of the range."""
    metric = condition.metric
    value, limits, width = (
        declared_value(condition.metric),
        condition.metric.range,
        width_of(condition.metric),
    )
    if value is None or limits is None or not width:
        return None
    left = limits[1] - value if metric.direction == "higher" else value - limits[0]
    return Fraction(left) / Fraction(width)


def _no_room(condition: OnMetric) -> tuple[str, str] | None:
    gain, room, value = _gain(condition), _room(condition), declared_value(condition.metric)
    width = width_of(condition.metric)
    if gain is None or room is None or value is None or width is None:
        return None
    if gain < room or (gain == room and not condition.claim.strict):
        return None
    left, asked = plain(room.numerator * width / room.denominator), condition.claim.threshold
    message = (
        f"the baseline {plain(value):f} leaves room for an improvement of {left:f}, "
        f"and {plain(abs(asked)):f} is asked for"
    )
    return message, "lower the threshold, or measure something harder"


def _no_uncertainty(context: LintContext, condition: OnMetric) -> tuple[str, str] | None:
    recorded = context.bar.baseline == "recorded" and not context.has_recorded_arm
    if condition.floor is not None and context.is_read_alone(condition.metric.key):
        return (
            f"`results` reads one number of {condition.metric.key}: there is never a confidence (0 of it)",
            "read `rows` with a `score`, or `stderr` and `n` as well as the value",
        )
    if condition.floor is None or not recorded or condition.claim.quantity == "value":
        return None
    if isinstance(condition.metric.baseline, RecordedBaseline | ExactBaseline):
        return None
    return (
        f"the baseline of {condition.metric.key} is a bare number: there is never a confidence (0 of it)",
        "declare {value, stderr, n}, record a baseline, or measure it",
    )


def _too_few(condition: OnMetric) -> tuple[str, str] | None:
    n, floor = condition.metric.samples, condition.floor
    if n is None or floor is None:
        return None
    if condition.metric.aggregate:
        share = Fraction(int(condition.metric.aggregate[1:]), 100)
        tail = n * min(share, 1 - share)
        if tail >= 5:
            return None
        return (
            f"{condition.metric.aggregate} of {n} samples rests on {float(tail):.3g} of them, fewer than 5",
            f"run {-(-5 // min(share, 1 - share))} samples, or use a lower percentile",
        )
    gain = _gain(condition)
    if gain is None:
        return None
    best = _best(n, gain, _room(condition))
    if best >= floor:
        return None
    reached = f"even the best variant has confidence {_below(best, floor)} at n = {n}"
    return (
        f"{reached}, below {_floor(condition)}",
        "run more samples (`samples:` in the template), or lower the floor",
    )


def _too_few_for_sample_size(context: LintContext) -> Iterator[Finding]:
    for condition in context.on_fields_of_ship():
        if condition.field != "sample_size" or condition.claim.side != "at_least":
            continue
        sizes = [size for key in condition.keys if (size := context.bar.metric(key).samples) is not None]
        least = min(sizes, default=None)
        asked = condition.threshold
        if least is not None and (least < asked or (least == asked and condition.op == ">")):
            yield Finding(
                lint="cannot-pass",
                pointer=condition.pointer,
                message=f"the template declares {least} samples, and {plain(asked):f} are asked for",
                help="raise `samples:` in the template, or lower the threshold",
            )


def _too_few_for_delta_confidence(context: LintContext) -> Iterator[Finding]:
    for condition in context.on_fields_of_ship():
        if condition.field != "delta_confidence" or condition.claim.side != "at_least":
            continue
        for key in condition.keys:
            metric = context.bar.metric(key)
            if metric.samples is None or metric.range is None or metric.aggregate:
                continue
            best = _best(metric.samples, Fraction(0), None)
            asked = condition.floor or condition.threshold
            if best < asked:
                at_look = f", below {_floor(condition)}" if condition.look else ""
                yield Finding(
                    lint="cannot-pass",
                    pointer=condition.pointer,
                    message=f"even the best {key} has confidence {_below(best, asked)} "
                    f"at n = {metric.samples}{at_look}",
                    help="run more samples (`samples:` in the template), or lower the threshold",
                )
                break


def _floor(condition: Condition) -> str:
    """The floor that applies, in words."""
    raised = " of the first look" if condition.look else ""
    return f"the floor {float(condition.floor or 0):.4g}{raised}"


def _below(confidence: float, floor: Fraction | Decimal) -> str:
    """The confidence with as many decimals as it takes to show that it is below the floor."""
    for decimals in range(2, 9):
        shown = f"{confidence:.{decimals}f}"
        if Fraction(shown) < Fraction(floor):
            return shown
    return str(confidence)


def _best(n: int, gain: Fraction, room: Fraction | None) -> float:
    """The highest confidence in an improvement of `gain` that n pairs can give."""
    if n < 2:
        return 0.0
    most = n if room is None else int(n * room)
    improved = {most * share // TRIED for share in range(TRIED + 1)}
    return max(_confidence(n, k, gain) for k in improved)


def _confidence(n: int, improved: int, gain: Fraction) -> float:
    """P(true improvement >= gain) where so many of n pairs improve by the whole range, the others not."""
    observed = Observed(denominator=1, sizes=[n], sums=[improved], squares=improved)
    mean = locate(observed, Prior(center=Fraction(0), reach=Fraction(1)))
    return mean.location.at_least(gain)


def _enough(guard: Fraction, floor: Fraction) -> int | None:
    """The smallest n at which identical arms pass a guard."""
    high = 2
    while _confidence(high, 0, guard) < floor:
        high *= 2
        if high > MOST_SAMPLES:
            return None
    low = high // 2
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _confidence(middle, 0, guard) >= floor else (middle, high)
    return high


SMALLEST_PERCENTAGE = Decimal("0.1")
"""Smaller thresholds on a metric in percent are taken for fractions."""


def wrong_side(context: LintContext) -> Iterator[Finding]:
    for condition in context.on_metrics():
        claim = condition.claim
        compares = claim.quantity != "value" and condition.op != "=="
        if not compares or condition.favours_better == (condition.role == "ship"):
            continue
        yield Finding(lint="wrong-side", pointer=condition.pointer, **_side(condition))


def _side(condition: OnMetric) -> dict[str, str]:
    metric, threshold = condition.metric, condition.claim.threshold
    size = plain(abs(threshold))
    amount = f"{size:f} of the baseline" if condition.is_relative else f"{size:f}"
    of = " of baseline" if condition.is_relative else ""
    upwards = "worse" if metric.direction == "lower" else "better"
    if threshold < 0:
        upwards = "better" if upwards == "worse" else "worse"
    if condition.role == "ship":
        asked = f"at least {amount} {upwards}" if upwards == "worse" else f"no more than {amount} better"
        op = "improves_by" if upwards == "worse" else "no_regression"
        return {
            "message": f"ships only where {metric.key} is {asked}: {metric.direction} is better",
            "help": f"did you mean `{metric.key} {op} {size:f}{of}`?",
        }
    rejected = f"is {amount} or more better" if upwards == "better" else f"is less than {amount} worse"
    return {
        "message": f"rejects where {metric.key} {rejected}: {metric.direction} is better",
        "help": f"did you mean `{metric.key} regresses_by {size:f}{of}`?",
    }


def threshold_unit(context: LintContext) -> Iterator[Finding]:
    for condition in context.on_metrics():
        size = plain(abs(condition.claim.threshold))
        in_percent = condition.metric.unit.casefold() in PERCENT
        if in_percent and not condition.is_relative and 0 < size < SMALLEST_PERCENTAGE:
            yield Finding(
                lint="threshold-unit",
                pointer=f"{condition.pointer}/threshold",
                message=f"{size:f} on a metric in % is {size:f} percentage points: "
                f"one sample in {round(100 / size)}",
                help=f"did you mean {plain(size * 100):f}?",
            )
