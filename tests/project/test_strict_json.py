"""What strict reading refuses, where it says it is, and that what is written reads back the same."""

import contextlib
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remyx_action.project.files.json_text import (
    NotStrictJson,
    NumberText,
    read,
    read_as_written,
)
from remyx_action.project.files.json_writing import dump


def faults(text: str | bytes) -> list[tuple[str, int, int, str]]:
    with pytest.raises(NotStrictJson) as caught:
        read(text)
    return [(fault.code, fault.line, fault.column, fault.pointer) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1,\n "a": 2}', [("duplicate-key", 2, 2, "/a")]),
        ('{"a": 1, "\\u0061": 2}', [("duplicate-key", 1, 10, "/a")]),
        ('{"a~/": [NaN, Infinity, {"x": 1, "x": -Infinity}]}',
         [("not-a-number", 1, 10, "/a~0~1/0"), ("duplicate-key", 1, 34, "/a~0~1/2/x")]),
        ("[1,\n 2", [("syntax", 2, 3, "/1")]),
        ("[NaN, tru]", [("syntax", 1, 7, "/1"), ("not-a-number", 1, 2, "/0")]),
        ("", [("syntax", 1, 1, "")]),
        ("  \n", [("syntax", 2, 1, "")]),
        ("[01]", [("syntax", 1, 3, "/0")]),
        ("[1.]", [("syntax", 1, 3, "/0")]),
        ("[+1]", [("syntax", 1, 2, "/0")]),
        ('["\t"]', [("syntax", 1, 3, "/0")]),
        ('["a\\ud83d", "\\udc00"]', [("lone-surrogate", 1, 2, "/0")]),
        ("[" * 65 + "]" * 65, [("too-deep", 1, 65, "/0" * 64)]),
        ("[" * 200_000, [("too-deep", 1, 65, "/0" * 64)]),
        ('{"a":' * 65 + "1" + "}" * 65, [("too-deep", 1, 321, "/a" * 64)]),
        ("[1e9999999999999999999]", [("endless-number", 1, 2, "/0")]),
        ("9" * 5000, [("endless-number", 1, 1, "")]),
        (b"\xef\xbb\xbf\xef\xbb\xbf{}", [("syntax", 1, 1, "")]),
        ("{}".encode("utf-16"), [("not-utf-8", 1, 1, "")]),
        (b'[\n"\xc3\xa9\xff"]', [("not-utf-8", 2, 3, "")]),
        (b'"\xed\xa0\x80"', [("not-utf-8", 1, 2, "")]),
    ],
)  # fmt: skip
def test_what_is_not_strict_json_is_located(
    text: str | bytes, expected: list[tuple[str, int, int, str]]
) -> None:
    assert expected == faults(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (r'{"output": "a \ud83d"}', {"output": r"a \ud83d"}),
        (
            r'[{"output": ["\udc00", {"x": "\ud83d\ude00\ud83d"}]}]',
            [{"output": [r"\udc00", {"x": "😀\\ud83d"}]}],
        ),
        (r'{"output": "fine", "id": "\ud83d"}', None),
        (r'{"output": {"\ud83d": 1}}', None),
        (r'{"\ud83d": "", "output": "\ud83d"}', None),
        (r'{"output": "\ud83d", "a": [["\ud83d"]]}', None),
    ],
)
def test_half_a_character_is_spelled_out_in_free_texts_alone(text: str, read: Any) -> None:
    if read is not None:
        assert read == read_as_written(text, free_texts=frozenset({"output"}))
    else:
        with pytest.raises(NotStrictJson, match="half a character"):
            read_as_written(text, free_texts=frozenset({"output"}))
    with pytest.raises(NotStrictJson, match="half a character"):
        read_as_written(text)


def test_several_of_a_kind_are_counted() -> None:
    with pytest.raises(NotStrictJson, match=r"NaN is not a JSON number \(and 4 more: \$\[1\], \$\[2\], …\)"):
        read("[NaN, NaN, NaN, NaN, NaN]")


def test_what_is_too_large_to_locate_is_still_refused() -> None:
    padding = " " * 2_000_001
    assert faults('{"a": 1, "a": 2}' + padding) == [("not-strict-json", 1, 1, "")]
    assert faults("[1, 2" + padding) == [("syntax", 1, 2_000_007, "")]


def test_64_levels_are_enough() -> None:
    assert read("[" * 64 + "]" * 64) is not None
    assert read("[" + "[], " * 100 + "[]]") == [[]] * 101


def test_numbers_keep_what_was_written() -> None:
    assert read('{"a": [0.10, 1e-3, -0.0, 12, 1e400]}') == {
        "a": [Decimal("0.10"), Decimal("0.001"), Decimal("-0.0"), 12, Decimal("1E+400")]
    }
    written = read_as_written('[0.10, 1E5, -0, "1", 9e9999999999999999999]')
    assert written == ["0.10", "1E5", "-0", "1", "9e9999999999999999999"]
    assert [type(value) for value in written] == [NumberText, NumberText, NumberText, str, NumberText]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1E-9"), "0.000000001\n"),
        (Decimal("5E+3"), "5000\n"),
        (Decimal("-0.00"), "0.00\n"),
        ([1, Decimal("0.5"), None, True, "é"], '[1, 0.5, null, true, "é"]\n'),
        ({"b": [], "a": {}}, '{\n  "b": [],\n  "a": {}\n}\n'),
        ({"a": [[1], 2]}, '{\n  "a": [\n    [1],\n    2\n  ]\n}\n'),
        ("\u2028\u2029</script>\x7f\n", '"\\u2028\\u2029</script>\x7f\\n"\n'),
        (NumberText("1e-3"), "1e-3\n"),
    ],
)
def test_values_are_written_one_way(value: Any, text: str) -> None:
    assert text == dump(value)


def test_long_lists_are_on_lines() -> None:
    text = dump(["word" * 10] * 3)
    assert text == '[\n  "{0}",\n  "{0}",\n  "{0}"\n]\n'.format("word" * 10)
    assert max(map(len, dump([1] * 33).splitlines())) <= 100


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (Decimal("NaN"), ValueError),
        (Decimal("-Infinity"), ValueError),
        (Decimal("1E+999999"), ValueError),
        ("\ud800", ValueError),
        ({"\udfff": 1}, ValueError),
        (0.5, TypeError),
        (float("nan"), TypeError),
        ({1: 2}, TypeError),
        ({1, 2}, TypeError),
    ],
)
def test_what_json_cannot_say_is_refused(value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        dump(value)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
@settings(derandomize=True, deadline=None)
def test_what_is_written_reads_back_the_same(value: Any) -> None:
    assert read(dump(value)) == value
    assert dump(read(dump(value))) == dump(value)
    json.loads(dump(value))


@given(VALUES, st.text(alphabet='{}[]",:\\0e.-Nn \n', max_size=5), st.integers(0, 200))
@settings(derandomize=True, deadline=None)
def test_reading_gives_what_the_standard_library_gives_or_refuses(
    value: Any, splice: str, place: int
) -> None:
    text = dump(value)
    text = text[:place] + splice + text[place:]
    with contextlib.suppress(NotStrictJson):
        strict = read(text)
        assert strict == json.loads(text, parse_float=Decimal)


@given(st.binary())
@settings(derandomize=True, deadline=None)
def test_arbitrary_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        strict = read(data)
    except NotStrictJson:
        return
    assert strict == json.loads(data, parse_float=Decimal)


def test_a_byte_order_mark_of_utf_8_is_passed_over() -> None:
    assert {"a": 1} == read(b'\xef\xbb\xbf{"a": 1}')
