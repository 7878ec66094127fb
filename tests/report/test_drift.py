"""A declared baseline that the measured one contradicts is said."""

from __future__ import annotations

from typing import Any

import pytest

from remyx_action.report.draw_up import drift_of
from support.bars import bar, inputs, number, samples

GUARD = {"all": [{"metric": "a", "op": "no_regression"}]}


def drift(declared: object, **template: Any) -> str | None:
    held = bar(GUARD, metrics=[{"key": "a", "unit": "accuracy", "baseline": declared}], **template)
    arms = {"a": samples([0, 1] * 200)}
    return drift_of(held.metrics[0], held, inputs(held, arms, arms))


@pytest.mark.parametrize("declared", [0.9, 0.1, {"value": 0.9, "n": 400}, {"value": 0.9, "exact": True}])
def test_a_number_outside_the_measured_interval_has_drifted(declared: object) -> None:
    assert "has drifted: measured 99 % interval 0.4" in (drift(declared) or "")


@pytest.mark.parametrize("declared", [0.5, 0.45, 0.55, None])
def test_a_number_inside_it_has_not(declared: object) -> None:
    assert drift(declared) is None


def test_a_recorded_baseline_is_not_held_against_itself() -> None:
    assert drift(0.9, baseline="recorded") is None


def test_two_bare_numbers_tell_nothing() -> None:
    held = bar(GUARD, metrics=[{"key": "a", "unit": "accuracy", "baseline": 0.9}])
    assert drift_of(held.metrics[0], held, inputs(held, {"a": number(0.5)}, {"a": number(0.5)})) is None
