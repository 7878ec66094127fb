"""Each format against the bare decoder over the same bytes, in one run: python benchmarks/readers.py

Two arms of 14,042 rows (the size of MMLU) of 6 KB each, of which three fields count; the best of seven
runs, in seconds of processor time, the garbage collector as the program sets it. The bare decoder is a typed
one (a msgspec Struct of the three fields), json.loads, csv.reader or, in a process of its own as the reader
has one, pyarrow with the three columns.
"""

from __future__ import annotations

import csv
import gc
import gzip
import io
import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from remyx_action.project.models import ResultsMap, Template
from remyx_action.project.models.metrics import BarMetric
from remyx_action.readers import read_arm
from remyx_action.readers.scores import Samples
from remyx_action.sources.disk.parquet import ParquetRows

ROWS, ARMS, PIECE = 14_042, 2, 1024 * 1024
PARQUET = """\
import sys
import pyarrow, pyarrow.parquet
content = pyarrow.BufferReader(sys.stdin.buffer.read())
pyarrow.parquet.ParquetFile(content).read(["doc_id", "acc", "subject"], use_threads=False).to_pylist()
"""


class Row(msgspec.Struct):
    doc_id: int
    acc: float
    subject: str


class Folder:
    """One file in memory, in the pieces in which a disk gives it."""

    def __init__(self, name: str, pieces: Sequence[bytes]) -> None:
        self._name, self._pieces = name, pieces

    def __call__(self, name: str) -> Iterator[bytes]:
        assert name == self._name
        return iter(self._pieces)

    def names(self) -> Sequence[str]:
        return [self._name]

    def parquet(self, name: str, columns: Sequence[str]) -> Iterator[bytes]:
        with ParquetRows(columns) as program:
            yield from program.lines(name, b"".join(self._pieces))


def rows() -> list[dict[str, object]]:
    """Rows as lm-eval writes them."""
    text = 'Which of these is "true"?\n' * 190
    return [
        {"doc_id": number, "doc": {"question": text}, "arguments": {"until": ["\n\n"]}, "resps": [[" A"]],
         "metrics": ["acc"], "acc": float(number % 3 == 0), "subject": f"subject {number % 57}"}
        for number in range(ROWS)
    ]  # fmt: skip


def seconds(work: Callable[[], object]) -> float:
    """The least of seven runs, with the processes that they start."""
    best = 1e9
    for _ in range(7):
        began = spent()
        work()
        best = min(best, spent() - began)
    return best


def spent() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def parquet_of(every: list[dict[str, object]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(every), sink)
    return sink.getvalue()


def bare_parquet(content: bytes) -> None:
    subprocess.run([sys.executable, "-I", "-c", PARQUET], input=content, check=True)


def pieces_of(content: bytes) -> list[bytes]:
    return [content[start : start + PIECE] for start in range(0, len(content), PIECE)]


def read(name: str, pieces: Sequence[bytes], results: ResultsMap) -> None:
    template = Template(version=1, name="t", script="s.py", metrics=["acc"], results=results)
    metric = BarMetric(
        key="acc", label="acc", unit="accuracy", direction="higher", range=[Decimal(0), Decimal(1)],
        scores=None, aggregate=None, baseline=None, samples=None,
    )  # fmt: skip
    for _ in range(ARMS):
        found = read_arm(template, {"acc": metric}, Folder(name, pieces)).scores["acc"]
        assert isinstance(found, Samples)
        assert len(found.ids) == ROWS


def main() -> None:
    """Print the table."""
    gc.set_threshold(200_000)  # as the program does, for both
    every = rows()
    lines = "".join(json.dumps(row) + "\n" for row in every).encode()
    cells = io.StringIO()
    writer = csv.DictWriter(cells, list(every[0]))
    writer.writeheader()
    writer.writerows(every)
    table, document = cells.getvalue().encode(), json.dumps({"rows": every}).encode()
    columns = parquet_of(every)
    packed = gzip.compress(lines, 1)
    where = {"id": "/doc_id", "score": "/{metric}", "cluster": "/subject"}
    typed = msgspec.json.Decoder(Row)
    cases: list[tuple[str, bytes, dict[str, str], Callable[[], object]]] = [
        ("r.jsonl", lines, where, lambda: typed.decode_lines(lines)),
        ("r.jsonl.gz", packed, where, lambda: typed.decode_lines(gzip.decompress(packed))),
        ("r.csv", table, where, lambda: list(csv.reader(io.StringIO(table.decode(), newline="")))),
        ("r.json", document, {**where, "rows": "/rows"}, lambda: json.loads(document)),
        ("r.parquet", columns, where, lambda: bare_parquet(columns)),
    ]
    print(f"{'file':12} {'MB':>6} {'bare':>7} {'reader':>7} {'times':>6}   ({ARMS} arms)")
    for name, content, keys, bare in cases:
        results = ResultsMap(file=name, **keys)  # type: ignore[arg-type]
        alone = ARMS * seconds(bare)
        pieces = pieces_of(content)
        ours = seconds(lambda name=name, pieces=pieces, results=results: read(name, pieces, results))  # type: ignore[misc]
        print(f"{name:12} {len(content) / 1e6:6.1f} {alone:7.3f} {ours:7.3f} {ours / alone:6.2f}")


if __name__ == "__main__":
    main()
