"""The fast way through JSON Lines gives what the slow way gives, on every block."""

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from remyx_action.project.files.json_text import NotStrictJson, read_as_written
from remyx_action.readers.columns import NATIVE_ROLES, Columns
from remyx_action.readers.files import BrokenResults
from remyx_action.readers.json_lines import BLOCK_BYTES, blocks, read_lines
from remyx_action.readers.row_shape import shape_of

IDS = st.text(min_size=1, max_size=6) | st.integers()
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0, 1, -0.0])
ROWS = st.fixed_dictionaries(
    {"id": IDS, "score": NUMBERS},
    optional={
        "cluster": IDS,
        "repeat": IDS,
        "input": st.text(max_size=8),
        "output": st.text(max_size=8) | st.none(),
        "kind": st.text(max_size=8) | st.booleans() | st.none() | NUMBERS,
    },
)


def slowly(text: str) -> Columns:
    columns = Columns()
    for line in text.split("\n"):
        if line.strip(" \t\r"):
            columns.add(read_as_written(line), NATIVE_ROLES)
    return columns


def fast(text: str) -> Columns | None:
    """What the first row's shape makes of the text, where it makes anything of it."""
    shape = shape_of(text, NATIVE_ROLES)
    found = shape.columns(text) if shape else None
    if found is None:
        return None
    columns = Columns()
    columns.extend(found)
    return columns


def both_ways(text: str) -> tuple[Columns | None, Columns | None]:
    """What the fast way and the slow one read; twice None where the fast way does not take the text."""
    quick = fast(text)
    if quick is None:
        return None, None
    try:
        return quick, slowly(text)
    except NotStrictJson as error:
        raise AssertionError(text) from error


def agree(text: str) -> bool:
    """Whether the fast way takes the text and reads what the slow one does."""
    quick, slow = both_ways(text)
    return quick is not None and quick == slow


@pytest.mark.slow
@given(st.lists(ROWS, min_size=1, max_size=4), st.booleans(), st.sampled_from([(", ", ": "), (",", ":")]))
@settings(derandomize=True, deadline=None, max_examples=500)
def test_what_writers_write_is_read_the_same_both_ways(
    rows: list[dict[str, Any]], ascii_only: bool, separators: tuple[str, str]
) -> None:
    text = "".join(json.dumps(row, ensure_ascii=ascii_only, separators=separators) + "\n" for row in rows)
    quick, slow = both_ways(text)
    assert slow == quick


SNIPPETS = st.sampled_from(
    [
        '{"id": "a", "score": 1}', '{"id":"a","score":1}', '{"score": 1, "id": "a"}', '{"id": 1, "score": 1}',
        "{", "}", "[", "]", '"', ",", ":", " ", "\n", "\r", "\t", "\x01", "\x85", "\u2028", "é", "[]",
        "\\", "\\u", "\\n", "\\ud83d\\ude00", "\\ud800", '"id"', '"score"', '"cluster"', '"x"',
        "true", "null",
        "0", "01", "-0", "-", "1.", "1.5", "1e5", "1e400", "NaN",
        '"id": "b", ', ', "id": "c"', ', "x": "\\u0041"',
    ]
)  # fmt: skip


@pytest.mark.slow
@given(st.lists(SNIPPETS, min_size=1, max_size=12))
@settings(derandomize=True, deadline=None, max_examples=1500)
def test_what_nobody_should_write_is_read_the_same_both_ways(snippets: list[str]) -> None:
    quick, slow = both_ways("".join(snippets) + "\n")
    assert slow == quick


@pytest.mark.slow
@given(
    st.text(alphabet='{}",:\\ \n\r\tids0123eE+-.xu"ae', max_size=30), st.integers(0, 60), st.integers(0, 60)
)
@settings(derandomize=True, deadline=None, max_examples=1500)
def test_a_row_with_anything_spliced_in_is_read_the_same_both_ways(splice: str, start: int, end: int) -> None:
    row = '{"id": "q1", "score": 1.5, "x": "\\u00e9", "cluster": 7}\n'
    assume(start <= end)
    quick, slow = both_ways(row + row[:start] + splice + row[end:].removesuffix("\n") + "\n")
    assert slow == quick


def test_the_common_shapes_take_the_fast_way() -> None:
    for row in (
        '{"id": "q1", "score": 1}',
        '{"id":7,"score":-1.5e-7}',
        '{"score": 0, "id": "q1", "cluster": "depth", "repeat": 3}',
        '  { "id" : "é" , "score" : 1 }  \r',
        '{"id": "q1", "score": 1, "category": null, "ok": true, "note": "\\ud83d\\ude00 \\"x\\"", "ms": 1.5}',
        '{"id": "q1", "score": 1, "input": "\\u00e9\\n", "output": ""}',
    ):
        assert agree(row + "\n" + row + "\n"), row


def test_unusual_shapes_take_the_slow_way() -> None:
    for row in (
        '{"id": "q\\u0031", "score": 1}',
        '{"id": "q1", "score": 1, "input": ["a"]}',
        '{"id": "q1", "score": "1"}',
        '{"id": -0, "score": 1}',
        '{"id": "q1"}',
        '{"id": "q1", "id": "q1", "score": 1}',
        '{"id": "q1", "score": 1} {}',
        '{"id": "q1", "score": 01}',
        ',"id": "q1", "score": 1}',
        "",
    ):
        assert fast(row + "\n") is None, row


def test_blocks_are_whole_lines_whatever_the_pieces_are() -> None:
    lines = b"".join(b'{"id": %d, "score": 0}\n' % number for number in range(30_000)) + b"last"
    for size in (7, 1000, BLOCK_BYTES, BLOCK_BYTES + 1, len(lines)):
        pieces = [lines[start : start + size] for start in range(0, len(lines), size)]
        cut = list(blocks(pieces))
        assert b"".join(cut) == lines
        assert all(block.endswith(b"\n") for block in cut[:-1])
    assert list(blocks([])) == []


def test_rows_of_several_shapes_and_blocks_become_one_table() -> None:
    first = [{"id": f"a{number}", "score": 1} for number in range(20_000)]
    second = [{"score": 0.5, "id": f"b{number}", "cluster": "x", "input": "?"} for number in range(20_000)]
    third = [{"id": f"c{number}", "score": 0, "input": {"a": None}} for number in range(3)]
    rows = [*first, {}, *second, *third]
    text = "\n\n".join(json.dumps(row) for row in rows)
    columns = read_lines("s.jsonl", [text.encode()], NATIVE_ROLES)
    assert [row.get("id", "") for row in rows] == columns.ids
    assert columns.optional["cluster"] == [row.get("cluster") for row in rows]
    assert columns.optional["input"] is not None
    assert columns.optional["input"][-1] == '{\n  "a": null\n}\n'
    assert columns.optional["repeat"] is None
    counts = {kind: places.count for kind, places in columns.faults.items()}
    assert counts == {'samples without "id"': 1, 'samples without "score"': 1}


def test_broken_lines_are_counted_by_kind_with_the_first_place_of_each() -> None:
    good = '{"id": 1, "score": 0}\n' * 20_000
    lines = good + '{"id": 1, "id": 2, "score": 0}\n{"id": 1, "score": NaN}\n' * 3 + good + '{"id": \n'
    try:
        read_lines("s.jsonl", [lines.encode()], NATIVE_ROLES)
    except BrokenResults as broken:
        found = [(problem.code, problem.line, problem.column, problem.message) for problem in broken.problems]
    assert found == [
        ("duplicate-key", 20_001, 11, 'duplicate key "id" (and 2 more lines like it)'),
        ("not-a-number", 20_002, 20, "NaN is not a JSON number (and 2 more lines like it)"),
        ("syntax", 40_007, 8, "ends in the middle of a value"),
    ]


def test_a_line_that_is_not_utf_8_is_located_in_whatever_block_it_stands() -> None:
    good = b'{"id": 1, "score": 0}\n'
    for before in (0, 3, 40_000):
        lines = good * before + b'{"id": "\xff", "score": 0}\n' + good
        with pytest.raises(BrokenResults, match=rf"s.jsonl:{before + 1}:9: byte 0xff is not UTF-8"):
            read_lines("s.jsonl", [lines], NATIVE_ROLES)


def test_an_odd_line_separator_is_not_an_empty_line() -> None:
    with pytest.raises(BrokenResults, match=r"s\.jsonl:2:1: ends in the middle of a value"):
        read_lines("s.jsonl", ['{"id": 1, "score": 0}\n\u2028\n'.encode()], NATIVE_ROLES)
