"""What one difference between two bars does, and what several do together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from msgspec import Struct

from remyx_action.policy.bar import Bar, make_bar
from remyx_action.policy.rules import OnField, OnMetric
from remyx_action.project.load import Bundle
from remyx_action.project.models import Metric, Policy


@dataclass(frozen=True, kw_only=True)
class DiffSide:
    """A bundle without errors, or without any file, with the baselines and harnesses of its templates."""

    bundle: Bundle
    recorded: Mapping[str, bytes] = field(default_factory=dict)
    """By the template's name, the recorded baseline's text."""
    harness: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By the template's name, path → mode and digest of every file of its harness."""

    @cached_property
    def metrics(self) -> Mapping[str, Metric]:
        """By key."""
        vocabulary = self.bundle.metrics
        return {metric.key: metric for metric in vocabulary.metrics} if vocabulary else {}

    def bar(self, policy: Policy) -> Bar:
        """The bar that the policy sets on this side."""
        return make_bar(policy, self.bundle.templates[policy.template], self.bundle.vocabulary)

    def policies_of(self, template: str) -> set[str]:
        """Names of the policies that judge by the template."""
        return {name for name, policy in self.bundle.policies.items() if policy.template == template}

    def policies_naming(self, key: str) -> set[str]:
        """Names of the policies with a condition on the metric, or on a field of it."""
        return {name for name, policy in self.bundle.policies.items() if _names(self.bar(policy), key)}


def _names(bar: Bar, key: str) -> bool:
    return any(
        condition.metric is not None and condition.metric.key == key
        for condition in bar.rules.conditions()
        if isinstance(condition, OnMetric | OnField)
    )


class Effect(StrEnum):
    """Seen from the bar: a tighter one ships no more, and rejects no less, on the same evidence."""

    UNCHANGED = "unchanged"
    TIGHTENED = "tightened"
    LOOSENED = "loosened"
    INCOMPARABLE = "incomparable"
    """Neither could be proved: to be treated as loosened."""


class Change(Struct, frozen=True, kw_only=True):
    """One difference, with the proof's outcome."""

    path: str
    """The file below the project's root."""
    pointer: str
    """RFC 6901 JSON Pointer into the file as it is now; of what was removed, into the file as it was."""
    policies: tuple[str, ...]
    """Names of the policies whose verdicts it may touch; () where it touches none."""
    code: str
    """Stable kebab-case id, such as `threshold`."""
    effect: Effect
    sentence: str
    """In plain words, lower case, without a full stop and without the effect. Holds text from files."""


def effect_of(*, tightens: bool, loosens: bool) -> Effect:
    """Of what was proved: that nothing gets easier, that nothing gets harder, both, or neither."""
    if tightens:
        return Effect.UNCHANGED if loosens else Effect.TIGHTENED
    return Effect.LOOSENED if loosens else Effect.INCOMPARABLE


def together(effects: Iterable[Effect]) -> Effect:
    """The join: tightened and loosened in one are incomparable."""
    found = set(effects) - {Effect.UNCHANGED}
    if not found:
        return Effect.UNCHANGED
    return found.pop() if len(found) == 1 else Effect.INCOMPARABLE


def whole_effect(changes: Iterable[Change]) -> Effect:
    """What all changes do together."""
    return together(change.effect for change in changes)


def effect_by_policy(changes: Iterable[Change]) -> dict[str, Effect]:
    """By name, for every policy that a change may touch, what its changes do together."""
    found: dict[str, list[Effect]] = {}
    for change in changes:
        for policy in change.policies:
            found.setdefault(policy, []).append(change.effect)
    return {policy: together(found[policy]) for policy in sorted(found)}
