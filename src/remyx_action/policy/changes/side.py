"""One side of a comparison: the files of one commit, and what they say about each policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from remyx_action.checks.bundle import Bundle
from remyx_action.policy.bar import Bar, leaves_of, set_bar
from remyx_action.policy.claims import key_of
from remyx_action.specs import FieldCondition, Metric, Policy


@dataclass(frozen=True, kw_only=True)
class Side:
    """A bundle without errors, or one without any file, and what stands beside it."""

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
        return set_bar(policy, self.bundle.templates[policy.template], self.bundle.vocabulary)

    def policies_of(self, template: str) -> set[str]:
        """Names of the policies that judge by the template."""
        return {name for name, policy in self.bundle.policies.items() if policy.template == template}

    def policies_naming(self, key: str) -> set[str]:
        """Names of the policies with a condition on the metric, or on a field of it."""
        return {name for name, policy in self.bundle.policies.items() if key in _keys_named(policy)}


def _keys_named(policy: Policy) -> set[str | None]:
    leaves = leaves_of(policy.ship) + leaves_of(policy.reject)
    return {leaf.metric if isinstance(leaf, FieldCondition) else key_of(leaf) for leaf in leaves}
