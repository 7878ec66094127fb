"""Each format against the bare decoder over the same bytes, in one run: python benchmarks/readers.py

Two arms of 14,042 rows (the size of MMLU) of 6 KB each, of which three fields count; the best of seven
runs, in seconds of processor time, the garbage collector as the program sets it. The bare decoder is a typed
one (a msgspec Struct of the three fields), json.loads or csv.reader.
"""

from __future__ import annotations

import csv
import gc
import gzip
import io
import json
import time
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

import msgspec

from remyx_action.project.models import ResultsMap, Template
from remyx_action.project.models.metrics import BarMetric
from remyx_action.readers import read_arm
from remyx_action.readers.scores import Samples

ROWS, ARMS, PIECE = 14_042, 2, 1024 * 1024


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
        raise NotImplementedError


def rows() -> list[dict[str, object]]:
    """Rows as lm-eval writes them."""
    text = 'Which of these is "true"?\n' * 190
    return [
        {"doc_id": number, "doc": {"question": text}, "arguments": {"until": ["\n\n"]}, "resps": [[" A"]],
         "metrics": ["acc"], "acc": float(number % 3 == 0), "subject": f"subject {number % 57}"}
        for number in range(ROWS)
    ]  # fmt: skip


def seconds(work: Callable[[], object]) -> float:
    """The least of seven runs."""
    best = 1e9
    for _ in range(7):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best


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
    packed = gzip.compress(lines, 1)
    where = {"id": "/doc_id", "score": "/{metric}", "cluster": "/subject"}
    typed = msgspec.json.Decoder(Row)
    cases: list[tuple[str, bytes, dict[str, str], Callable[[], object]]] = [
        ("r.jsonl", lines, where, lambda: typed.decode_lines(lines)),
        ("r.jsonl.gz", packed, where, lambda: typed.decode_lines(gzip.decompress(packed))),
        ("r.csv", table, where, lambda: list(csv.reader(io.StringIO(table.decode(), newline="")))),
        ("r.json", document, {**where, "rows": "/rows"}, lambda: json.loads(document)),
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
