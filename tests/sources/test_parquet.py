"""Parquet files as JSON Lines: what is read of them, what is refused, and no bomb harms the judge."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remyx_action.errors import NotJudged
from remyx_action.sources.disk.parquet import ParquetRows

MEMORY_BYTES = 1024 * 1024 * 1024


@pytest.fixture(scope="module")
def reader() -> Iterator[ParquetRows]:
    with ParquetRows(("doc.id", "doc.examples.query", "metric"), memory_bytes=MEMORY_BYTES) as rows:
        yield rows


def parquet(table: pa.Table, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def of(*rows: dict[str, Any]) -> bytes:
    return parquet(pa.Table.from_pylist(list(rows)))


def read(reader: ParquetRows, content: bytes) -> list[Any]:
    text = b"".join(reader.lines("details.parquet", content)).decode()
    return [json.loads(line) for line in text.splitlines()]


def refusal(reader: ParquetRows, content: bytes) -> str:
    with pytest.raises(NotJudged) as refused:
        read(reader, content)
    assert refused.value.help
    return refused.value.message


def repeated(count: int, value: str) -> pa.Table:
    """One value that stands in every row, and once in the file."""
    ids = pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int32()), pa.array([value]))
    return pa.table({"doc": pa.StructArray.from_arrays([ids], names=["id"])})


def test_only_the_columns_that_are_asked_for_are_read(reader: ParquetRows) -> None:
    row = {"doc": {"id": "1", "tokens": [1, 2], "examples": [{"query": "?", "id": "2"}]}, "metric": {"em": 1}}
    expected = {"doc": {"id": "1", "examples": [{"query": "?"}]}, "metric": {"em": 1}}
    assert [expected] == read(reader, of(row))


def test_numbers_keep_all_their_digits(reader: ParquetRows) -> None:
    found = read(
        reader, of({"doc": {"id": "é\n\u2028"}, "metric": {"a": 0.1 + 0.2, "b": 2**53 + 1, "c": True}})
    )
    assert [{"doc": {"id": "é\n\u2028"}, "metric": {"a": 0.1 + 0.2, "b": 2**53 + 1, "c": True}}] == found


def test_a_number_that_is_none_becomes_its_name(reader: ParquetRows) -> None:
    found = read(reader, of({"doc": {"id": "1"}, "metric": {"a": float("nan"), "b": float("-inf")}}))
    assert {"a": "nan", "b": "-inf"} == found[0]["metric"]


def test_files_without_rows_or_without_these_columns_hold_nothing(reader: ParquetRows) -> None:
    assert [] == read(reader, parquet(pa.table({"doc": pa.array([], pa.struct([("id", pa.string())]))})))
    assert [{}, {}] == read(reader, of({"other": 1}, {"other": 2}))


def test_one_program_reads_one_file_after_the_other(reader: ParquetRows) -> None:
    good = of({"doc": {"id": "1"}, "metric": {"em": 1}})
    for _ in range(3):
        assert 1 == len(read(reader, good))
        assert "cannot be read as parquet" in refusal(reader, b"no parquet")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read as parquet"),
        (b"PAR1" + bytes(range(256)) * 40 + b"PAR1", "cannot be read as parquet"),
        (of({"doc": {"id": "1"}})[:-9], "cannot be read as parquet"),
        (parquet(repeated(1_000_001, "x")), "holds 1,000,001 rows, more than 1,000,000"),
    ],
    ids=["empty", "noise", "cut off", "too many rows"],
)
def test_what_is_not_parquet_or_too_long_is_refused(reader: ParquetRows, content: bytes, said: str) -> None:
    assert said in refusal(reader, content)


def test_a_file_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(reader: ParquetRows) -> None:
    long = pa.Table.from_pylist([{"doc": {"id": "x" * 3_000_000 + str(number)}} for number in range(90)])
    content = parquet(long, compression="zstd", use_dictionary=False)
    assert len(content) < 100_000
    assert "holds 90 values in 270,000,5" in refusal(reader, content)


def test_lists_of_nothing_without_end_are_refused(reader: ParquetRows) -> None:
    count = 50_000_001
    nothing = pa.StructArray.from_arrays([pa.nulls(count, pa.int8())], names=["query"])
    examples = pa.ListArray.from_arrays(pa.array([0, count], pa.int32()), nothing)
    table = pa.table({"doc": pa.StructArray.from_arrays([examples], names=["examples"])})
    assert "holds 50,000,001 values" in refusal(reader, parquet(table, compression="zstd"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("count", "megabytes", "said"),
    [(10_000, 1, "holds more than 256 MiB where it is read"), (100, 90, "needs more memory than is given")],
)
def test_one_long_value_in_every_row_is_refused(
    reader: ParquetRows, count: int, megabytes: int, said: str
) -> None:
    content = parquet(repeated(count, "x" * 1_000_000 * megabytes), compression="zstd")
    assert len(content) < 50_000
    assert said in refusal(reader, content)
    assert 1 == len(read(reader, of({"doc": {"id": "1"}})))


def test_a_program_that_comes_down_is_an_error_and_no_score() -> None:
    good = of({"doc": {"id": "1"}})
    with ParquetRows(("doc",)) as rows:
        read(rows, good)
        process = rows._process
        assert process is not None
        process.kill()
        process.wait()
        assert "the program that reads it came down" in refusal(rows, good)


def test_too_little_memory_is_reported_as_that() -> None:
    with ParquetRows(("doc",), memory_bytes=8 * 1024 * 1024) as small:
        assert "needs more memory than is given to it" in refusal(small, of({"doc": {"id": "1"}}))


def test_the_program_ends_with_its_context_and_sees_no_secret() -> None:
    with ParquetRows(("doc",)) as rows:
        read(rows, of({"doc": {"id": "1"}}))
        process = rows._process
        assert process is not None
        environment = Path(f"/proc/{process.pid}/environ").read_text()
        assert {"ARROW_DEFAULT_MEMORY_POOL", "LC_ALL", "OMP_NUM_THREADS"} == {
            one.partition("=")[0] for one in environment.split("\0") if one
        }
    assert process.poll() is not None


def test_a_judge_that_meets_no_parquet_file_imports_nothing_for_it() -> None:
    heavy = ("pyarrow", "remyx_action.sources.disk.parquet", "remyx_action.readers.lighteval")
    code = (
        "import sys, remyx_action.cli, remyx_action.commands.run.arms;"
        f"print([name for name in sys.modules if name.startswith({heavy})])"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert "[]\n" == said


@given(place=st.integers(0, 10_000), byte=st.integers(0, 255))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_with_any_byte_changed_is_read_or_refused(reader: ParquetRows, place: int, byte: int) -> None:
    good = bytearray(of({"doc": {"id": "1"}, "metric": {"em": 1}}, {"doc": {"id": "2"}, "metric": {"em": 0}}))
    good[place % len(good)] = byte
    said = "read"
    try:
        read(reader, bytes(good))
    except NotJudged as refused:
        said = refused.message
    assert said


def test_the_action_installs_it_from_its_own_lock_and_without_a_token(
    reader: ParquetRows, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "uv").write_text('#!/bin/sh\n{ pwd; echo "$@"; env; } > asked\n')
    (tmp_path / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("REMYX_TOKEN", "secret")
    monkeypatch.setenv("REMYX_ACTION_FOLDER", str(tmp_path))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    refusal(reader, b"")
    folder, options, *variables = (tmp_path / "asked").read_text().splitlines()
    assert str(tmp_path) == folder
    assert "sync --frozen --no-dev --no-install-project --no-build --quiet --extra=lighteval" == options
    assert f"UV_PROJECT_ENVIRONMENT={sys.prefix}" in variables
    assert [] == [line for line in variables if "secret" in line]
