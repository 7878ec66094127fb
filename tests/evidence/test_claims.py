"""Every wording of a condition becomes the inequality that policy.md's table gives it."""

from decimal import Decimal

import pytest

from remyx_action.evidence.claims import Claim, Direction, claim_of
from remyx_action.project.models import Comparison, Directional, Equality, Guard, MetricCondition


def condition(metric: str, op: str, threshold: str, mode: str = "absolute") -> MetricCondition:
    given = {"metric": metric, "op": op, "threshold": Decimal(threshold)}
    if op == "==":
        return Equality.model_validate(given)
    if "." in metric:
        return Comparison.model_validate(given)
    model = Guard if op == "no_regression" else Directional
    return model.model_validate(given | {"mode": mode})


@pytest.mark.parametrize(
    ("metric", "op", "threshold", "direction", "expected"),
    [
        ("a.delta", ">=", "0.02", "higher", ("delta", "at_least", False, "0.02")),
        ("a.delta", "<", "-0.01", "lower", ("delta", "at_most", True, "-0.01")),  # never turned
        ("a.value", "<=", "100", "lower", ("value", "at_most", False, "100")),
        ("a.relative_delta", ">", "0.05", "higher", ("relative_delta", "at_least", True, "0.05")),
        ("a.value", "==", "1", "higher", ("value", "equal", False, "1")),
        ("a", "improves_by", "0.02", "higher", ("delta", "at_least", False, "0.02")),
        ("a", "improves_by", "0.02", "lower", ("delta", "at_most", False, "-0.02")),
        ("a", "improves_by", "0", "higher", ("delta", "at_least", True, "0")),
        ("a", "improves_by", "0", "lower", ("delta", "at_most", True, "0")),
        ("a", "regresses_by", "0.01", "higher", ("delta", "at_most", True, "-0.01")),
        ("a", "regresses_by", "0.01", "lower", ("delta", "at_least", True, "0.01")),
        ("a", "no_regression", "0.01", "higher", ("delta", "at_least", False, "-0.01")),
        ("a", "no_regression", "0.01", "lower", ("delta", "at_most", False, "0.01")),
    ],
)
def test_a_condition_is_one_inequality(
    metric: str, op: str, threshold: str, direction: Direction, expected: tuple[str, str, bool, str]
) -> None:
    quantity, side, strict, bound = expected
    claim = Claim(quantity=quantity, side=side, strict=strict, threshold=Decimal(bound))  # type: ignore[arg-type]
    assert claim == claim_of(condition(metric, op, threshold), direction)


def test_the_relative_mode_keeps_side_and_sign() -> None:
    claim = claim_of(condition("a", "improves_by", "0.05", mode="relative"), "lower")
    assert Claim(quantity="relative_delta", side="at_most", strict=False, threshold=Decimal("-0.05")) == claim


def test_a_zero_threshold_is_never_negative_zero() -> None:
    assert str(claim_of(condition("a", "no_regression", "0"), "higher").threshold) == "0"
