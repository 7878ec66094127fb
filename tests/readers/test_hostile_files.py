"""Hostile files of every format: an error that says why, or samples without a score; nothing else."""

import gzip
import io
import json
import zipfile

import pytest

from remyx_action.project.models import ResultsMap, Template
from remyx_action.readers import BrokenResults, read_arm
from remyx_action.readers.scores import Unusable
from support.folders import MemoryFolder
from support.metrics import a_metric

ROWS = {"id": "/id", "score": "/score"}


def read(name: str, content: bytes, **map_: object) -> str:
    """What is said of the file, whether it breaks the arm or makes the metric unusable."""
    results = ResultsMap(file=name, **{**ROWS, **map_})  # type: ignore[arg-type]
    template = Template(version=1, name="t", script="s.py", metrics=["acc"], results=results)
    try:
        found = read_arm(template, {"acc": a_metric("acc")}, MemoryFolder({name: content}), cap_bytes=100_000)
    except BrokenResults as broken:
        return broken.message
    scores = found.scores["acc"]
    assert isinstance(scores, Unusable), scores
    return scores.message


def archive(**entries: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in entries.items():
            file.writestr(name.replace("__", "/"), text)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("r.jsonl", b'{"id": 1, "score": NaN}\n', 'scores that are not numbers: 1 ("1": NaN)'),
        ("r.jsonl", b'{"id": 1, "score": 0, "score": 1}\n', "values whose key occurs twice"),
        ("r.jsonl", b'{"id": 1, "score": true}\n', 'scores that are not numbers: 1 ("1": true)'),
        ("r.jsonl", b'{"id": 1, "score": "1"}\n', "scores that are not numbers"),
        ("r.jsonl", b'{"id": [1], "score": 1}\n', "ids that are not a text or a whole number: 1 ([\u2026])"),
        ("r.jsonl", b'{"id": 1.5, "score": 1}\n', "ids that are not a text or a whole number: 1 (1.5)"),
        ("r.jsonl", b'{"id": "\\ud800", "score": 1}\n', "ids that are not a text or a whole number"),
        ("r.jsonl", b'{"score": 1}\n', "samples without an id: 1"),
        ("r.jsonl", b'{"id": 1, "score": 1}\n' * 2, "ids that stand more than once: 1"),
        ("r.jsonl", b'[1]\n{"id": 1, "score": 1}\n', "samples that are not objects: 1 ([1])"),
        ("r.jsonl", b'{"id": 1, "score": 1e400}\n', "scores beyond"),
        ("r.jsonl", b'{"id": 1, "score": 2}\n', "scores outside [0, 1]"),
        ("r.jsonl", b'{"id": 1, "score": ' + b"[" * 5000 + b"\n", "r.jsonl:1"),
        ("r.jsonl", b'{"id": 1, "sco', "ends in the middle of a value"),
        ("r.jsonl", b"\x00\x01", "is not JSON"),
        ("r.jsonl", b"x" * 200_000, "is larger than 100,000 bytes"),
        ("r.csv", b"id,score\n1,nan\n", 'scores that are not numbers: 1 ("1": "nan")'),
        ("r.csv", b'id,score\n1,"0,5"\n', 'scores that are not numbers: 1 ("1": "0,5")'),
        ("r.csv", b"id,score\n1,None\n", "scores that are not numbers"),
        ("r.csv", b"id,score\n,1\n", "samples without an id: 1"),
        ("r.csv", b"id;score\n1;1\n", "holds none of the declared metrics"),
        ("r.csv", b"id,id,score\n1,2,1\n", "has columns of the same name"),
        ("r.csv", b"id,score\n1,1,1\n", "has 3 cells where the header has 2"),
        ("r.csv", b'id,score\n"1,1\n', "is not CSV"),
        ("r.csv", b"\xff\xfe", "starts with a byte order mark"),
        ("r.csv", b"id,score\n1,=1+1\n", "scores that are not numbers"),
        ("r.jsonl.gz", b"no gzip", "is not a gzip file"),
        ("r.jsonl.gz", gzip.compress(b'{"id": 1, "score": 1}\n', mtime=0)[:-6], "ends in the middle"),
        ("r.jsonl.gz", gzip.compress(b"x" * 5_000_000, mtime=0), "is larger than 100,000 bytes"),
        ("r.json", b'{"items": NaN}', "/items is not a list of samples: NaN"),
        ("r.json", b"{}", "holds none of the declared metrics"),
        ("r.json", b'{"items": 7}', "/items is not a list of samples: 7"),
        ("r.json", b'{"items": [], "items": []}', "values whose key occurs twice"),
        ("r.json", b"[" * 100_000, "r.json:1"),
        ("r.eval", b"PK\x03\x04", "is not an archive of inspect's"),
        ("r.eval", archive(other="{}"), "is not an archive of inspect's"),
        ("r.eval", archive(header__json="{}"), "is not an archive of inspect's"),
        ("r.parquet", b'{"id": 1, "score": "NaN"}\n', "scores that are not numbers"),
    ],
)  # fmt: skip
def test_a_hostile_file_ends_in_words(name: str, content: bytes, message: str) -> None:
    rows = {"rows": "/items"} if name.endswith((".json", ".eval")) else {}
    assert message in read(name, content, **rows)


def test_a_word_that_no_grade_names_is_named() -> None:
    rows = "".join(json.dumps({"id": number, "score": word}) + "\n" for number, word in enumerate("CIX"))
    said = read("r.jsonl", rows.encode(), grades={"C": 1, "I": 0})
    assert 'scores that `grades` does not list: 1 ("2": "X")' == said
