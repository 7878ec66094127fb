"""The vocabulary before and after → changes: what a number means, and what it is held against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from remyx_action.policy.bar import Bar
from remyx_action.policy.rules import Condition, OnField, OnMetric
from remyx_action.project.load import VOCABULARY
from remyx_action.project.models import Metric
from remyx_action.project.models.metrics import ExactBaseline, implied_range

from .change import Change, DiffSide, Effect, effect_of
from .phrases import number

COUNTS = ("sample_size", "coverage")
"""Fields that know what kind of baseline there is, and not how high it is."""


def effect_on_policy(name: str, old: Metric, new: Metric, before: DiffSide, after: DiffSide) -> Effect:
    """Of `new` in place of `old`, everything else as it was before."""
    policy = before.bundle.policies[name]
    bar = before.bar(policy)
    if bar.baseline != "recorded" or old.key not in {metric.key for metric in bar.metrics}:
        return Effect.UNCHANGED
    files = before.recorded.get(bar.template), after.recorded.get(bar.template)
    if files[0] is not None and files[0] == files[1]:
        return Effect.UNCHANGED  # the file replaces the number
    concerned = _conditions_on(old.key, bar)
    if not concerned:
        return Effect.UNCHANGED
    if old.baseline is None:
        return Effect.LOOSENED  # what was unknown may ship now
    rise = _rise(old, new)
    if rise is None:
        return Effect.INCOMPARABLE
    harder = [
        _gets_harder(condition, old, raised=rise > 0)
        for condition in concerned
        if not isinstance(condition, OnField) or condition.field not in COUNTS
    ]
    return effect_of(tightens=all(way is True for way in harder), loosens=all(way is False for way in harder))


def _conditions_on(key: str, bar: Bar) -> list[Condition]:
    """Every condition that the metric's baseline takes part in."""
    return [
        condition
        for condition in bar.rules.conditions()
        if key in condition.keys and (isinstance(condition, OnField) or condition.claim.quantity != "value")
    ]


def _rise(old: Metric, new: Metric) -> Decimal | None:
    """How much the number rises; None where more than a number changes."""
    was, is_ = old.baseline, new.baseline
    if isinstance(was, Decimal) and isinstance(is_, Decimal):
        return is_ - was
    if isinstance(was, ExactBaseline) and isinstance(is_, ExactBaseline):
        return is_.value - was.value
    return None


def _gets_harder(condition: Condition, metric: Metric, *, raised: bool) -> bool | None:
    """True: the bar is no easier to pass as far as this goes; False: no harder; None: not proved."""
    is_field, claim = isinstance(condition, OnField), condition.claim
    lower = claim.side == "at_least"
    if is_field and metric.direction == "lower":
        lower = not lower  # P(better) rises with the baseline
    if claim.side == "equal":
        return None
    relative = isinstance(condition, OnMetric) and condition.is_relative
    if relative and (abs(claim.threshold) > 1 or condition.floor is not None):
        return None  # beyond -100 %, or with a confidence whose spread moves too
    sure = condition.floor is not None or is_field
    if sure and isinstance(metric.baseline, ExactBaseline) and metric.aggregate is not None:
        return None
    falls = raised == lower  # whether the condition becomes less true
    return falls == (condition.role == "ship")


MEANINGS = ("direction", "scores", "aggregate")
"""Keys that change what every number of the metric means."""
SPOKEN = frozenset({"key", "label", "unit", "range", "baseline", *MEANINGS})


def changes_of_metrics(before: DiffSide, after: DiffSide) -> Iterator[Change]:
    """Every change of every metric, by key."""
    for key in sorted({*before.metrics, *after.metrics}):
        old, new = before.metrics.get(key), after.metrics.get(key)
        pointer = _pointer(after if new else before, key)
        if old is None or new is None:
            what = "new" if old is None else "gone"
            sentence = f"metric {key} is {what}: it counts where a template measures it"
            yield _change(pointer, (), "metric-added" if old is None else "metric-removed", sentence)
        elif old != new:
            policies = tuple(sorted(before.policies_naming(key) & set(after.bundle.policies)))
            yield from _changes_of_keys(old, new, pointer, policies)
            if old.baseline != new.baseline:
                yield from _changes_of_baseline(old, new, pointer, before, after)


def _changes_of_keys(old: Metric, new: Metric, pointer: str, policies: tuple[str, ...]) -> Iterator[Change]:
    key = new.key
    if old.label != new.label:
        yield _change(f"{pointer}/label", (), "label", f"metric {key} is shown under another label")
    if old.unit != new.unit:
        same = old.unit.casefold() == new.unit.casefold() or _implies_the_same(old, new)
        sentence = f"the unit of {key} is {_shown(new.unit)} instead of {_shown(old.unit)}"
        yield _meaning(f"{pointer}/unit", policies, "unit", sentence, same=same)
    if old.range != new.range or implied_range(old) != implied_range(new):
        same = implied_range(old) == implied_range(new)
        sentence = f"the range of {key} is {_range(new)} instead of {_range(old)}"
        if same:
            sentence = f"the range of {key} is {_range(new)} as before, written otherwise"
        yield _meaning(f"{pointer}/range", policies, "range", sentence, same=same)
    others = [name for name in Metric.model_fields if name not in SPOKEN]
    for name in (*MEANINGS, *others):
        was, is_ = getattr(old, name), getattr(new, name)
        if was != is_:
            sentence = f"{name} of {key} is {_shown(is_)} instead of {_shown(was)}"
            yield _meaning(f"{pointer}/{name}", policies, name, sentence, same=False)


def _implies_the_same(old: Metric, new: Metric) -> bool:
    """accuracy and fraction are one unit in two words, as are % and percent."""
    implied = [implied_range(metric.model_copy(update={"range": None})) for metric in (old, new)]
    return implied[0] is not None and implied[0] == implied[1]


def _changes_of_baseline(
    old: Metric, new: Metric, pointer: str, before: DiffSide, after: DiffSide
) -> Iterator[Change]:
    """One change for each effect that the new number has on some policy."""
    key = new.key
    sentence = f"the baseline of {key} is {_baseline(new)} instead of {_baseline(old)}"
    by_effect: dict[Effect, list[str]] = {}
    for name in sorted(set(before.bundle.policies) & set(after.bundle.policies)):
        effect = effect_on_policy(name, old, new, before, after)
        if effect is not Effect.UNCHANGED:
            by_effect.setdefault(effect, []).append(name)
    for effect, policies in by_effect.items():
        text = f"{sentence} (policy {', '.join(policies)})" if len(by_effect) > 1 else sentence
        yield _change(f"{pointer}/baseline", policies, "baseline", text, effect=effect)
    if not by_effect:
        text = f"{sentence}; no verdict follows from it"
        yield _change(f"{pointer}/baseline", (), "baseline", text)


def _meaning(pointer: str, policies: tuple[str, ...], code: str, sentence: str, *, same: bool) -> Change:
    if same:
        return _change(pointer, policies, code, f"{sentence}, which means the same")
    if not policies:
        return _change(pointer, (), code, f"{sentence}; no rule names it")
    text = f"{sentence}: its numbers mean something else"
    return _change(pointer, policies, code, text, effect=Effect.INCOMPARABLE)


def _change(
    pointer: str, policies: Iterable[str], code: str, sentence: str, *, effect: Effect = Effect.UNCHANGED
) -> Change:
    return Change(
        path=VOCABULARY,
        pointer=pointer,
        policies=tuple(policies),
        code=code,
        effect=effect,
        sentence=sentence,
    )


def _pointer(side: DiffSide, key: str) -> str:
    return f"/metrics/{list(side.metrics).index(key)}"


def _shown(value: Any) -> str:
    return "none" if value is None or value == "" else str(value)


def _range(metric: Metric) -> str:
    limits = implied_range(metric)
    return f"[{number(limits[0])}, {number(limits[1])}]" if limits else "none"


def _baseline(metric: Metric) -> str:
    baseline = metric.baseline
    if baseline is None:
        return "none"
    if isinstance(baseline, Decimal):
        return number(baseline)
    if isinstance(baseline, ExactBaseline):
        return f"exactly {number(baseline.value)}"
    error = "" if baseline.stderr is None else f", standard error {number(baseline.stderr)}"
    return f"{number(baseline.value)} of {baseline.n:,} samples{error}"
