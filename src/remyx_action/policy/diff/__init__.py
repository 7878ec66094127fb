"""check → diff: what a change of the bar tightens, loosens or leaves, each with a proof or as incomparable.

A bar is tighter than another where, on the same evidence, it ships no variant that the other does not
and rejects every variant that the other rejects. Whatever is not proved counts as loosened.
"""

from __future__ import annotations

from .change import Change, DiffSide, Effect, effect_by_policy, whole_effect
from .metrics import changes_of_metrics
from .policies import changes_of_policies
from .templates import changes_of_templates

__all__ = ["Change", "DiffSide", "Effect", "compare_bars", "effect_by_policy", "whole_effect"]


def compare_bars(before: DiffSide, after: DiffSide) -> tuple[Change, ...]:
    """Every difference between two sets of files that hold no errors, policies first.

    Together they say what becomes of a policy (`effect_by_policy`) and of everything (`whole_effect`).
    """
    return (
        *changes_of_policies(before, after),
        *changes_of_metrics(before, after),
        *changes_of_templates(before, after),
    )
