"""Rows of every format as columns: the quick way through JSON Lines returns what the slow way does."""

import json
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from remyx_action.project.files.json_text import NotStrictJson
from remyx_action.readers.arm_files import BrokenResults
from remyx_action.readers.csv_rows import rows_of_csv
from remyx_action.readers.lines import BLOCK_BYTES, Span, blocks
from remyx_action.readers.loose_json import read_loosely, text_of
from remyx_action.readers.rows import FIRST_ROWS, Table, _quickly, _tree, rows_of_lines, rows_of_values

POINTERS = ("/id", "/score", "/cluster", "/a/b", "/a/b/c", "/list/0/x")
TREE, CUTS = _tree(POINTERS)
Columns = dict[str, list[str]]


def slowly(text: str) -> Columns:
    values = [read_loosely(line) for line in text.split("\n") if line.strip(" \t\r")]
    return columns_of(rows_of_values(values, POINTERS))


def columns_of(table: Table) -> Columns:
    return {pointer: list(table.at(pointer)) for pointer in table.columns}


def plain(columns: Columns) -> Columns:
    """Texts as text_of writes them: the quick way keeps the file's own spelling."""
    return {
        key: [text_of(read_loosely(text)) if text else "" for text in texts] for key, texts in columns.items()
    }


def both_ways(text: str) -> tuple[Columns | None, Columns | None]:
    """What the quick way and the slow one read; twice None where the quick way does not take the text."""
    lines = text.encode("utf-8", "surrogatepass")
    quick = _quickly(Span(lines, 0, len(lines)), TREE, CUTS)
    if quick is None:
        return None, None
    try:
        return plain(columns_of(Table(count=quick[0], columns=quick[1]))), slowly(text)
    except NotStrictJson as error:
        raise AssertionError(text) from error


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["b", "c", "x", "a"]), inner, max_size=3)
    ),
    max_leaves=5,
)
ROWS = st.dictionaries(st.sampled_from(["id", "score", "cluster", "a", "list", "é", 'q"']), JSON, max_size=5)


@pytest.mark.slow
@given(
    st.lists(ROWS, min_size=1, max_size=4),
    st.booleans(),
    st.sampled_from([(", ", ": "), (",", ":")]),
    st.booleans(),
)
@settings(derandomize=True, deadline=None, max_examples=500)
def test_rows_that_libraries_write_are_read_the_same_both_ways(
    rows: list[dict[str, Any]], ascii_only: bool, separators: tuple[str, str], large: bool
) -> None:
    filler = {"filler": "x" * 600} if large else {}
    text = "".join(
        json.dumps({**row, **filler}, ensure_ascii=ascii_only, separators=separators) + "\n" for row in rows
    )
    quick, slow = both_ways(text)
    assert slow == quick


SNIPPETS = st.sampled_from(
    [
        '{"id": "a", "score": 1}', '{"id":"a","score":1}', '{"score": 1, "id": "a"}',
        '{"a": {"b": {"c": 1}}}', '{"a": {"b": 1, "b": 2}}', '{"id": 1, "id": 2}', '{"id":1,"x":{"id":2}}',
        '{"id": 1, "i\\u0064": 2}', "{", "}", "[", "]", '"', ",", ":", " ", "\n", "\r", "\t", "\x01",
        "\x85", "\u2028", "é", "[]", "\\", "\\u", "\\n", "\\ud83d\\ude00", "\\ud800", '"id"', '"score"',
        '"cluster"', '"x"', "true", "null", "0", "01", "-0", "-", "1.", "1.5", "1e5", "1e400", "NaN",
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
    st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(['"id":1', '"id": 22', '"score":3', '"a": {}']), st.sampled_from([",", ", "])
            ),
            max_size=4,
        ),
        min_size=1,
        max_size=8,
    )
)
@example([[('"id": 1', ",")], [('"id":1', ","), ('"id":2', ",")], *[[('"id":1', ",")]] * 6])
def test_white_space_of_other_rows_does_not_hide_a_key_that_occurs_twice(
    rows: list[list[tuple[str, str]]],
) -> None:
    texts = ["".join(map("".join, row)).rstrip(", ") for row in rows]
    quick, slow = both_ways("".join(f"{{{row}}}\n" for row in texts))
    assert quick == slow
    assert quick is None or all(row.count('"id"') < 2 for row in texts)


@given(
    st.text(alphabet='{}",:\\ \n\r\tids0123eE+-.xu"ae', max_size=30),
    st.integers(0, 60),
    st.integers(0, 60),
    st.sampled_from([{"z": "x" * 600}, {"z": "x"}, {}]),
)
@settings(derandomize=True, deadline=None, max_examples=1500)
def test_a_row_with_anything_spliced_in_is_read_the_same_both_ways(
    splice: str, start: int, end: int, others: dict[str, str]
) -> None:
    row = json.dumps({"id": "q1", "score": 1.5, "a": {"b": 7}, **others}) + "\n"
    assume(start <= end)
    quick, slow = both_ways(row + row[:start] + splice + row[end:].removesuffix("\n") + "\n")
    assert slow == quick


@pytest.mark.parametrize(
    "row",
    [
        '{"id": "q1", "score": 1}',
        '{"id":7,"score":-1.5e-7}',
        '{"score": 0, "id": "q1", "cluster": "depth", "repeat": 3}',
        '{"id": "q1", "score": 1, "note": "\\ud83d\\ude00 \\"x\\"", "ms": 1.5, "ok": true, "none": null}',
        '{"id": "q1", "a": {"b": {"c": 1}}, "list": [{"x": 1}]}',
        '{"id": "q1", "score": 1, "nested": {"score": 2}}',
        '{"score": 1, "metrics": ["score"]}',
    ],
)
def test_rows_of_one_shape_take_the_quick_way(row: str) -> None:
    quick, slow = both_ways(f"{row}\n" * 3)
    assert quick is not None
    assert slow == quick


@pytest.mark.parametrize(
    "row",
    [
        '{"id": "q1", "id": "q1", "score": 1}',
        '{"id": "q1", "i\\u0064": "q1", "score": 1}',
        '{"id": "q1", "cluster": 1, "score": 1, "cluster": 2}',
        '{"id": "q1", "\\ud800": 1}',
        '{"id": "q1", "a": {"b": 1, "b": 2}}',
        '{"id": "q1", "score": NaN}',
        '{"id": "q1", "score": 01}',
        '{"id": "q1", "score": 1} {}',
        '{"id": "\\ud800"}',
        "[1]",
        "1",
        "",
    ],
)  # fmt: skip
def test_a_row_that_msgspec_would_read_otherwise_takes_the_slow_way(row: str) -> None:
    assert both_ways(f'{{"id": "q0"}}\n{row}\n') == (None, None)


@pytest.mark.parametrize(
    "rows",
    [
        '{"id":"q0","score":[1,\n2]}{"id":"q1","score":[2]}\n',
        '{"id":"q0","a":{\n"b":0}}{"id":"q1","a":{"b":1}}\n',
        '{"id":"q0","x":[{},\n{}]}{"id":"q1","x":[]}\n',
        '{"id":[\n"q0"\n]}{"id":"q1"}{"id":"q2"}\n',
        '\n{"id":"q0"}{"id":"q1"}\n',
    ],
)
@pytest.mark.parametrize("filler", ["", "x" * 600])
def test_a_line_break_in_a_row_does_not_stand_for_one_between_rows(rows: str, filler: str) -> None:
    rows = rows.replace('"id"', f'"f":"{filler}","id"') if filler else rows
    assert both_ways(rows) == (None, None)
    with pytest.raises(BrokenResults, match=r"s\.jsonl:[12]:"):
        rows_of_lines("s.jsonl", [rows.encode()], POINTERS)


def test_rows_with_line_ends_of_both_kinds_take_the_quick_way() -> None:
    quick, slow = both_ways('{"id":"q0"}\r\n{"id":"q1"}\n{"id":"q2"}\r\n')
    assert quick is not None
    assert slow == quick


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
    third = [{"id": f"c{number}", "score": None, "cluster": {"a": None}} for number in range(3)]
    rows: list[dict[str, Any]] = [*first, {}, *second, *third]
    text = "\n\n".join(json.dumps(row) for row in rows)
    table = rows_of_lines("s.jsonl", [b"\xef\xbb", b"\xbf" + text.encode()], ["/id", "/score", "/cluster"])
    expected = [json.dumps(row["id"]) if row else "" for row in rows]
    assert (expected, len(rows)) == (table.at("/id"), table.count)
    assert ["null"] * 3 == table.at("/score")[-3:]
    assert '{"a":null}' == table.at("/cluster")[-1].replace(" ", "")
    assert first[:FIRST_ROWS] == [{"id": row["id"], "score": int(row["score"])} for row in table.first]


def test_lines_that_are_not_json_are_counted_by_kind_with_the_first_place_of_each() -> None:
    good = '{"id": 1, "score": 0}\n' * 20_000
    lines = good + '{"id": 1, "id": 2, "score": 0}\n{"id": 1, "score": NaN}\n' * 3 + good + '{"id": \n'
    with pytest.raises(BrokenResults) as caught:
        rows_of_lines("s.jsonl", [lines.encode()], ["/id", "/score"], strict=True)
    assert [(one.code, one.line, one.column, one.message) for one in caught.value.problems] == [
        ("duplicate-key", 20_001, 11, 'duplicate key "id" (and 2 more lines like it)'),
        ("not-a-number", 20_002, 20, "NaN is not a JSON number (and 2 more lines like it)"),
        ("syntax", 40_007, 8, "ends in the middle of a value"),
    ]


def test_what_is_wrong_with_a_value_that_nobody_reads_is_nobodys_business() -> None:
    lines = b'{"id": 1, "score": 0, "x": NaN}\n{"id": 2, "x": 1, "x": 2, "score": 1, "deep": "\\ud800"}\n'
    table = rows_of_lines("s.jsonl", [lines], ["/id", "/score"], strict=True)
    assert {"/id": ["1", "2"], "/score": ["0", "1"]} == columns_of(table)


def test_a_line_that_is_not_utf_8_is_located_in_whatever_block_it_is() -> None:
    good = b'{"id": 1, "score": 0}\n'
    for before in (0, 3, 40_000):
        lines = good * before + b'{"id": "\xff", "score": 0}\n' + good
        with pytest.raises(BrokenResults, match=rf"s.jsonl:{before + 1}:9: byte 0xff is not UTF-8"):
            rows_of_lines("s.jsonl", [lines], ["/id"])


def test_a_key_with_an_escaped_slash_is_read() -> None:
    rows = b"".join(b'{"id": "%d", "scores\\/acc": 0.5}\n' % row for row in range(50))
    table = rows_of_lines("s.jsonl", [rows], ["/id", "/scores~1acc"])
    assert ["0.5"] * 50 == table.at("/scores~1acc")


def test_an_odd_line_separator_is_not_an_empty_line() -> None:
    with pytest.raises(BrokenResults, match=r"s\.jsonl:2:1: ends in the middle of a value"):
        rows_of_lines("s.jsonl", ['{"id": 1, "score": 0}\n\u2028\n'.encode()], ["/id"])


def csv(text: str | bytes, *pointers: str, delimiter: str = ",") -> Table:
    content = text if isinstance(text, bytes) else text.encode()
    return rows_of_csv("r.csv", [content], pointers, delimiter=delimiter)


def test_a_csv_file_has_quotes_line_breaks_and_a_byte_order_mark_as_rfc_4180_says() -> None:
    table = csv('\ufeffq,score\r\n"a, ""b""\r\nc",0.5\r\n\r\nd,\r\n', "/score", "/q", "/none", "/q/x")
    assert {
        "/score": ["0.5", ""],
        "/q": ['a, "b"\r\nc', "d"],
        "/none": ["", ""],
        "/q/x": ["", ""],
    } == columns_of(table)
    assert (2, True, {"q": "d", "score": ""}) == (table.count, table.plain, table.first[1])
    assert {"/b": ["2"]} == csv("a\tb\n1,5\t2\n", "/b", delimiter="\t").columns
    assert {"/a": []} == csv("a,b\n", "/a").columns == csv("", "/a").columns


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a,b\n1,2\n\xff,3\n", "r.csv:3:1: byte 0xff is not UTF-8"),
        ("a,b,a,b,c\n", 'has columns of the same name: "a", "b"'),
        ("a,b\n1\n2,3\n4,5,6\n", "r.csv:2:1: has 1 cells where the header has 2 (and 1 more rows like it)"),
        ('a,b\n"1,2\n', "r.csv:2:1: is not CSV: unexpected end of data"),
        ('a,b\n"1"2,3\n', "is not CSV: ',' expected after '\"'"),
    ],
)
def test_a_csv_file_that_is_none_is_refused(text: str | bytes, message: str) -> None:
    with pytest.raises(BrokenResults) as caught:
        csv(text, "/a")
    assert message in caught.value.message


@pytest.mark.parametrize("filler", ["x", "x" * 600])
def test_a_key_that_is_not_utf_8_is_found_in_small_and_large_rows(filler: str) -> None:
    lines = b'{"id": 1, "x": "%s"}\n{"id": 2, "\xff": 0}\n' % filler.encode()
    with pytest.raises(BrokenResults, match=r"s\.jsonl:2:12: byte 0xff is not UTF-8"):
        rows_of_lines("s.jsonl", [lines], ["/id"])
