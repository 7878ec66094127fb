"""Parquet in, JSON Lines out: a program of its own, so that a hostile file can bring down nothing but it.

Started as `python -I parquet_child.py BYTES SECONDS COLUMN…`, the limits of its memory and time; it imports
only the standard library and pyarrow. Standard input holds one file after the other, standard output the
answers: each a row of frames, 4 bytes of length and as many of content, of which an empty one is the end and
one that begins with an exclamation mark says in JSON what is wrong.
"""

from __future__ import annotations

import errno
import json
import math
import resource
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any

MOST_ROWS = 1_000_000
MOST_COLUMNS = 10_000
MOST_BYTES = 256 * 1024 * 1024
"""Of the columns that are read, uncompressed, and of the JSON Lines that they become."""
MOST_VALUES = 50_000_000
"""Of these columns: a value that repeats takes no room in the file, and all its room in memory."""
BATCH_ROWS = 64
"""This times the longest value is held at once."""
LENGTH = struct.Struct(">I")


class ParquetRefusedError(Exception):
    """A file that is not read; the text goes on after its name: `holds 2 rows too many`."""


def main(columns: list[str], source: IO[bytes], sink: IO[bytes]) -> None:
    """Answer every file of `source` until it ends."""
    while header := source.read(LENGTH.size):
        data = source.read(LENGTH.unpack(header)[0])
        try:
            for text in lines(data, columns):
                _frame(sink, text.encode("utf-8", "surrogatepass"))
        except Exception as error:  # noqa: BLE001 - whatever a hostile file does, it is no score
            _frame(sink, b"!" + json.dumps(_fault(error)).encode())
        sink.write(LENGTH.pack(0))
        sink.flush()


def _fault(error: Exception) -> str:
    if isinstance(error, ParquetRefusedError):
        return str(error)
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return "needs more memory than is given to it"
    return f"cannot be read as parquet: {type(error).__name__}"


def _frame(sink: IO[bytes], content: bytes) -> None:
    sink.write(LENGTH.pack(len(content)) + content)


def lines(data: bytes, columns: list[str]) -> Iterator[str]:
    """The rows of a parquet file as JSON Lines, some at a time. Raises RefusedError, or anything."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(pa.BufferReader(data), pre_buffer=False)
    wanted = _wanted(file.metadata, columns)
    size = 0
    for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=wanted, use_threads=False):
        text = "".join(json.dumps(_plain(row), separators=(",", ":")) + "\n" for row in batch.to_pylist())
        size += len(text)
        if size > MOST_BYTES:
            raise ParquetRefusedError(f"holds more than {MOST_BYTES >> 20} MiB where it is read")
        yield text


def _wanted(metadata: Any, columns: list[str]) -> list[str]:
    """The file's own columns that are read, held against every limit before any of them is."""
    if metadata.num_rows > MOST_ROWS:
        raise ParquetRefusedError(f"holds {metadata.num_rows:,} rows, more than {MOST_ROWS:,}")
    if metadata.num_columns > MOST_COLUMNS or metadata.num_row_groups > MOST_COLUMNS:
        raise ParquetRefusedError(f"holds more than {MOST_COLUMNS:,} columns or row groups")
    paths = [metadata.schema.column(index).path for index in range(metadata.num_columns)]
    chosen = [index for index, path in enumerate(paths) if _is_chosen(path, columns)]
    chunks = [
        metadata.row_group(group).column(index)
        for group in range(metadata.num_row_groups)
        for index in chosen
    ]
    size, values = (
        sum(chunk.total_uncompressed_size for chunk in chunks),
        sum(chunk.num_values for chunk in chunks),
    )
    if size > MOST_BYTES or values > MOST_VALUES:
        raise ParquetRefusedError(
            f"holds {values:,} values in {size:,} bytes where it is read, "
            f"more than {MOST_VALUES:,} or {MOST_BYTES >> 20} MiB"
        )
    return [paths[index] for index in chosen]


def _is_chosen(path: str, columns: list[str]) -> bool:
    """Whether a leaf is one of the columns, or below one; the levels of a list have names of their own.

    All are, where no column is named.
    """
    plain = path.replace(".list.element", "").replace(".list.item", "")
    return not columns or any(plain == column or plain.startswith(f"{column}.") for column in columns)


def _plain(value: Any) -> Any:
    """A value that JSON has; a number that is none becomes its name, which is no score."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {name: _plain(found) for name, found in value.items()}
    if isinstance(value, list):
        return [_plain(found) for found in value]
    return value if isinstance(value, str | int | float | None) else str(value)


def limit(memory_bytes: int, seconds: int) -> None:
    """Bind this process; no file that it writes may hold a byte."""
    with suppress(ValueError, OSError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    limit(int(sys.argv[1]), int(sys.argv[2]))
    main(sys.argv[3:], sys.stdin.buffer, sys.stdout.buffer)
