"""What changes from run to run is no part of a metric's name."""

import functools

import pytest
from hypothesis import given
from hypothesis import strategies as some

from remyx_action.runtimes.lighteval.child.names import canonical

ADDRESSES = some.integers(2**16, 2**48)


def normalizer(text: str) -> str:
    return text


class Scorer:
    def compute(self) -> None:
        """Stands for a metric's method."""


@pytest.mark.parametrize(
    "name", ["em", "pass@k:k=1&n=1", "codegen_pass@1:16", "math_g-pass@16_0.25", "BERTScore-P", "chrf++", ""]
)
def test_a_name_that_stays_the_same_stays_as_it_is(name: str) -> None:
    assert name == canonical(name)


def test_a_function_given_as_a_parameter_is_its_name() -> None:
    assert "maj@n:n=4&normalize_pred=normalizer&normalize_gold=normalizer" == canonical(
        f"maj@n:n=4&normalize_pred={normalizer}&normalize_gold={normalizer}"
    )


def test_what_python_writes_of_objects_loses_its_address() -> None:
    def inner() -> None:
        """Stands for a function in a function."""

    shown = [
        f"{Scorer()}",
        f"{Scorer().compute}",
        f"{functools.partial(normalizer)}",
        f"{inner}",
        f"{(lambda: None)}",
        f"{[normalizer, len]}",
    ]
    for name in shown:
        assert "0x" not in canonical(name)
        assert canonical(name)
    assert "<lambda>" == canonical("<function <lambda> at 0x7f32a7b0b560>")
    assert canonical(f"a={Scorer()}") == canonical(f"a={Scorer()}")
    assert canonical(f"a={inner}") != canonical(f"a={normalizer}")


@given(some.text(alphabet="<>ab 0x1f.@=&", max_size=60), ADDRESSES, ADDRESSES)
def test_the_address_never_matters_and_twice_is_once(around: str, one: int, other: int) -> None:
    names = [f"{around}{{}}<function f at {hex(address)}>" for address in (one, other)]
    assert canonical(names[0]) == canonical(names[1])
    assert canonical(around) == canonical(canonical(around))
