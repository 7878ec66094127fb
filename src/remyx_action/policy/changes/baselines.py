"""A declared baseline before and after → what that does to one policy.

The number counts only where a template takes recorded baselines and none was recorded in a file. Every
delta falls as the baseline rises; whether that makes a rule harder depends on each condition's side.
"""

from __future__ import annotations

from decimal import Decimal

from remyx_action.policy.bar import Bar
from remyx_action.specs import Metric
from remyx_action.specs.metrics import ExactBaseline

from .change import Effect, effect_of
from .normal import LOWER, Atom, Role, atoms_of, in_logical_form
from .side import Side

COUNTS = ("sample_size", "coverage")
"""Fields that know what kind of baseline there is, and not how high it is."""


def effect_on_policy(name: str, old: Metric, new: Metric, before: Side, after: Side) -> Effect:
    """Of `new` in place of `old`, everything else as it was before."""
    policy = before.bundle.policies[name]
    bar = before.bar(policy)
    if bar.baseline != "recorded" or old.key not in {metric.key for metric in bar.metrics}:
        return Effect.UNCHANGED
    files = before.recorded.get(bar.template), after.recorded.get(bar.template)
    if files[0] is not None and files[0] == files[1]:
        return Effect.UNCHANGED  # the file stands in the number's place
    concerned = _conditions_on(old.key, bar)
    if not concerned:
        return Effect.UNCHANGED
    if old.baseline is None:
        return Effect.LOOSENED  # what was unknown may ship now
    rise = _rise(old, new)
    if rise is None:
        return Effect.INCOMPARABLE
    harder = [
        _gets_harder(atom, role, old, raised=rise > 0)
        for role, atom in concerned
        if atom.about not in COUNTS or not atom.is_field
    ]
    return effect_of(tightens=all(way is True for way in harder), loosens=all(way is False for way in harder))


def _conditions_on(key: str, bar: Bar) -> list[tuple[Role, Atom]]:
    """Every condition that the metric's baseline takes part in."""
    found: list[tuple[Role, Atom]] = []
    roles: tuple[Role, ...] = ("ship", "reject")
    for role in roles:
        part = in_logical_form(bar, role)
        found += [
            (role, atom)
            for atom in (atoms_of(part) if part else ())
            if key in atom.keys and (atom.is_field or atom.bound.quantity != "value")
        ]
    return found


def _rise(old: Metric, new: Metric) -> Decimal | None:
    """How much the number rises; None where more than a number changes."""
    was, is_ = old.baseline, new.baseline
    if isinstance(was, Decimal) and isinstance(is_, Decimal):
        return is_ - was
    if isinstance(was, ExactBaseline) and isinstance(is_, ExactBaseline):
        return is_.value - was.value
    return None


def _gets_harder(atom: Atom, role: Role, metric: Metric, *, raised: bool) -> bool | None:
    """True: the bar is no easier to pass as far as this goes; False: no harder; None: not proved."""
    lower = atom.bound.side == LOWER
    if atom.is_field and metric.direction == "lower":
        lower = not lower  # P(better) rises with the baseline
    if atom.bound.side == "equal":
        return None
    relative = atom.bound.quantity == "relative_delta"
    if relative and (abs(atom.bound.threshold) > 1 or atom.floor is not None):
        return None  # beyond -100 %, or with a confidence whose spread moves too
    sure = atom.floor is not None or atom.is_field
    if sure and isinstance(metric.baseline, ExactBaseline) and metric.aggregate is not None:
        return None
    falls = raised == lower  # whether the condition becomes less true
    return falls == (role == "ship")
