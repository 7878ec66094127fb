"""JSON Pointers: written and taken apart, followed, and as people read them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remyx_action.project.files.pointer import ABSENT, filled, json_path, parts_of, pointer_to, resolve


@given(st.lists(st.text(max_size=6)))
@settings(derandomize=True, deadline=None)
def test_a_pointer_is_taken_apart_into_the_keys_that_it_was_made_of(keys: list[str]) -> None:
    pointer = ""
    for key in keys:
        pointer = pointer_to(pointer, key)
    assert parts_of(pointer) == keys


DOCUMENT = {"a/b": {"~": [1, {"x": None}]}, "": 2, "0": 3}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", DOCUMENT), ("/", 2), ("/0", 3), ("/a~1b/~0/0", 1), ("/a~1b/~0/1/x", None),
        ("/a", ABSENT), ("/a~1b/~0/2", ABSENT), ("/a~1b/~0/00", ABSENT), ("/a~1b/~0/-1", ABSENT),
        ("/a~1b/~0/1/x/y", ABSENT), ("/0/0", ABSENT), ("/a~1b/~0/\u0661", ABSENT),
    ],
)  # fmt: skip
def test_a_pointer_finds_its_value_or_nothing(pointer: str, value: Any) -> None:
    found = resolve(DOCUMENT, pointer)
    assert found == value


def test_a_name_in_a_placeholder_is_one_key_whatever_it_holds() -> None:
    assert resolve({"m": {"a/b~": 1}}, filled("/m/{metric}", "a/b~")) == 1


def test_a_path_is_what_people_write() -> None:
    pointers = ("", "/a/0/b-c", "/a~1b/~0", "/metrics/a b/samples/0/x~1y", "/" + "x" * 80)
    assert list(map(json_path, pointers)) == [
        "$",
        "$.a[0].b-c",
        '$["a/b"]["~"]',
        '$.metrics["a b"].samples[0]["x/y"]',
        "$." + "x" * 80,
    ]
