"""The strict loader: values, places and problems of one text."""

import os
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from remyx_action.project.files import yaml_text as yaml_loader
from remyx_action.project.files.yaml_text import Document, Place, load_yaml

MAX_EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "400"))


def load(text: str | bytes) -> Document:
    return load_yaml(text if isinstance(text, bytes) else text.encode(), "file.yaml")


def codes(text: str | bytes) -> list[str]:
    return [problem.code for problem in load(text).problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.020", Decimal("0.020")),
        ("1e-3", Decimal("0.001")),
        ("-.5", Decimal("-0.5")),
        ("3.", Decimal(3)),
        ("0123", 123),
        ("+7", 7),
        ("0o17", 15),
        ("0xFF", 255),
        ("1000000000000000", 10**15),
        ("true", True),
        ("FALSE", False),
        ("on", "on"),
        ("No", "No"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("2026-01-01", "2026-01-01"),
        ("0b1", "0b1"),
        ('"1"', "1"),
        ("'null'", "null"),
        ("|\n  two\n  lines\n", "two\nlines\n"),
        ("é 😀", "é 😀"),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(text: str, value: Any) -> None:
    loaded = load(f"a: {text}").value["a"]
    assert (value, type(value)) == (loaded, type(loaded))


def test_numbers_keep_their_literal() -> None:
    assert "0.020" == str(load("a: 0.020").value["a"])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: 1\na: 2", "duplicate-key"),
        ("a: 1\n'a': 2", "duplicate-key"),
        ("1: a", "key-not-text"),
        ("[1, 2]: a", "key-not-text"),
        ("~: a", "key-not-text"),
        (".nan: a", "number-not-finite"),
        ("a: &x 1", "anchor"),
        ("a: *x", "alias"),
        ("*x : a", "alias"),
        ("<<: {a: 1}", "merge-key"),
        ("a: !!str 1", "tag"),
        ("a: ! 1", "tag"),
        ("a: !x [1]", "tag"),
        ("a: 1\n---\nb: 2", "several-documents"),
        ("%YAML 1.1\n---\na: 1", "directive"),
        ("%TAG ! tag:example.org,2000:\n---\na: 1", "directive"),
        ("a: .inf", "number-not-finite"),
        ("a: 1e16", "number-too-large"),
        ("a: -1e15000000", "number-too-long"),
        ("a: 1e-31", "number-too-long"),
        (f"a: {'9' * 60_000}", "number-too-large"),
        (f"a: 0x{'f' * 60_000}", "number-too-large"),
        ("a:", "no-value"),
        ("a: [1, null]", "no-value"),
        ("", "empty-file"),
        ("---\n", "empty-file"),
        ("~", "empty-file"),
        (b"\xff", "not-utf-8"),
        ("a: \x7f", "control-character"),
        ("a: \u202e", "control-character"),
        ('a: "\\u2028"', "control-character"),
        ("a: b: c", "syntax"),
        ("a: [1", "syntax"),
        ("a: {b: 1", "syntax"),
        ("a: 'b", "syntax"),
        ("\t- a", "syntax"),
        ('a: "\\U00110000"', "syntax"),
        (f"a: {'[' * 32}{']' * 32}", "too-deep"),
        (f"#{'x' * 65_536}", "file-too-large"),
    ],
)
def test_what_is_not_allowed_is_reported_once(text: str | bytes, code: str) -> None:
    assert [code] == codes(text)


def test_values_may_be_31_lists_deep_in_a_mapping_and_not_more() -> None:
    assert [] == codes(f"a: {'[' * 30}{'[1]'}{']' * 30}")


def test_every_problem_of_a_text_is_found_at_once() -> None:
    text = "a: 1\na: 2\nb: &x .nan\n3: c\nd: {e: , f: !y 1}\n"
    assert ["duplicate-key", "anchor", "key-not-text", "no-value", "tag"] == codes(text)


def test_places_count_characters_from_one() -> None:
    places = load("a: \"é\"\nb:\n  - {c: 1, 'd/e~': 2}\n").places
    assert Place(line=1, column=4, key_line=1, key_column=1) == places["/a"]
    assert Place(line=3, column=5, key_line=3, key_column=5) == places["/b/0"]
    assert Place(line=3, column=9, key_line=3, key_column=6) == places["/b/0/c"]
    assert Place(line=3, column=20, key_line=3, key_column=12) == places["/b/0/d~1e~0"]


def test_a_byte_order_mark_at_the_start_is_left_out() -> None:
    assert {"a": 1} == load(b"\xef\xbb\xbfa: 1").value


def test_carriage_returns_end_lines() -> None:
    assert [3, 3] == [load(f"a: 1{end}b: 2{end}c: .nan").problems[0].line for end in ("\r\n", "\n")]


@pytest.mark.parametrize(
    "bomb",
    [
        "[" * 60_000,
        "{a: " * 15_000,
        "- " * 30_000,
        "? " * 30_000,
        "&a " * 20_000,
        "!a " * 20_000,
        "'" * 60_001,
    ],
)
def test_bombs_end_soon(bomb: str) -> None:
    assert 1 <= len(codes(bomb)) <= 40


def test_a_wide_alias_bomb_is_reported_and_not_expanded() -> None:
    lines = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    assert {"alias", "anchor"} == set(codes("a0: &a0 x\n" + "\n".join(lines)))


YAML_TEXT = st.lists(
    st.sampled_from(
        [*"abc019.:-?#&*!|>'\"%@`{}[],~<\\\n \t", "\n  ", ": ", "- ", "<<", "e9", "---\n", "é", "\r"]
    ),
    max_size=60,
).map("".join)


@settings(derandomize=True, deadline=None, max_examples=MAX_EXAMPLES)
@given(st.one_of(st.binary(max_size=300), YAML_TEXT.map(str.encode), st.text(max_size=60).map(str.encode)))
def test_any_bytes_give_a_value_or_problems_with_places_in_the_text(data: bytes) -> None:
    document = load_yaml(data, "file.yaml")
    lines = 1 + data.count(b"\n") + data.count(b"\r")
    assert document.problems or document.value is not None
    for problem in document.problems:
        assert 1 <= problem.line <= lines
        assert problem.column >= 1
        assert "" == problem.pointer or problem.pointer.startswith("/")
        assert "\x00" not in problem.pointer


@settings(derandomize=True, deadline=None, max_examples=MAX_EXAMPLES)
@given(YAML_TEXT)
def test_the_pure_python_scanner_gives_the_same_values_and_places(text: str) -> None:
    compiled = load(text)
    yaml_loader.Loader = yaml.SafeLoader
    try:
        pure = load(text)
    finally:
        yaml_loader.Loader = yaml.CSafeLoader
    told = [[(problem.code, problem.pointer) for problem in one.problems] for one in (compiled, pure)]
    if "syntax" not in {code for codes in told for code, _ in codes}:  # they part on a few odd texts
        assert (compiled.value, compiled.broken, told[0]) == (pure.value, pure.broken, told[1])
    if not compiled.problems and not pure.problems:
        assert compiled.places == pure.places
