"""Hostile files of every format: an error that says why, or samples without a score; nothing else."""

import csv
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
        ("r.csv", b"id;score\n1;0,5\n", "scores that are not numbers"),
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
        ("r.json", b'{"items": {"columns": ["id", "score", "score"], "data": [[1, 0, 1]]}}', "occurs twice"),
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


TEXT_FORMATS = ("json", "jsonl", "csv", "parquet", "jsonl.gz", "csv.gz")
GOOD = [{"id": "a", "score": 1}, {"id": "b", "score": 0}]
DEFECTS: list[tuple[str, list[dict[str, object]], str]] = [
    ("a repeated id", [{"id": "a", "score": 1}], "ids that stand more than once: 1"),
    ("no id", [{"score": 1}], "samples without an id: 1"),
    ("an empty id", [{"id": "", "score": 1}], "id"),
    ("a word for a score", [{"id": "c", "score": "high"}], 'scores that are not numbers: 1 ("c": "high")'),
    ("a number in words", [{"id": "c", "score": "one"}], "scores that are not numbers"),
    ("a decimal comma", [{"id": "c", "score": "0,5"}], "scores that are not numbers"),
    ("a percentage", [{"id": "c", "score": "50%"}], "scores that are not numbers"),
    ("nan in words", [{"id": "c", "score": "nan"}], "scores that are not numbers"),
    ("infinity in words", [{"id": "c", "score": "Infinity"}], "scores that are not numbers"),
    ("None in words", [{"id": "c", "score": "None"}], "scores that are not numbers"),
    ("a boolean", [{"id": "c", "score": True}], "scores that are not numbers"),
    ("a formula", [{"id": "c", "score": "=1"}], "scores that are not numbers"),
    ("hexadecimal", [{"id": "c", "score": "0x1"}], "scores that are not numbers"),
    ("other digits", [{"id": "c", "score": "\u0661"}], "scores that are not numbers"),
    ("an underscore", [{"id": "c", "score": "1_0"}], "scores that are not numbers"),
    ("a control character", [{"id": "c", "score": "1\u0007"}], "scores that are not numbers"),
    ("above the range", [{"id": "c", "score": 1.5}], 'scores outside [0, 1]: 1 ("c": 1.5)'),
    ("below the range", [{"id": "c", "score": -1}], "scores outside [0, 1]"),
    ("out of every range", [{"id": "c", "score": 10**16}], "scores beyond"),
    ("endless digits", [{"id": "c", "score": int("1" * 40)}], "scores beyond"),
    ("a vanishing score", [{"id": "c", "score": 1e-300}], "scores beyond"),
    ("a cluster that some lack", [{"id": "c", "score": 1, "doc": "d"}], "samples without a cluster"),
    ("a repeat that some lack", [{"id": "c", "score": 1, "epoch": 1}], "samples without a repeat"),
]


def written(format_: str, rows: list[dict[str, object]]) -> bytes:
    """The rows as a file of a format; a parquet file is what its reader is handed."""
    if format_.startswith("csv"):
        names = list(dict.fromkeys(name for row in rows for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        content = text.getvalue().encode()
    elif format_ == "json":
        content = json.dumps({"items": rows}).encode()
    else:
        content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    return gzip.compress(content, mtime=0) if format_.endswith(".gz") else content


@pytest.mark.parametrize("format_", TEXT_FORMATS)
@pytest.mark.parametrize(("rows", "message"), [one[1:] for one in DEFECTS], ids=[one[0] for one in DEFECTS])
def test_a_defect_is_named_alike_in_every_format(
    format_: str, rows: list[dict[str, object]], message: str
) -> None:
    map_ = {"cluster": "/doc", "repeat": "/epoch"}
    map_ = map_ if any(name in rows[0] for name in ("doc", "epoch")) else {}
    said = read(f"r.{format_}", written(format_, [*GOOD, *rows]), **map_, **_rows_of(format_))
    assert message in said


def _rows_of(format_: str) -> dict[str, str]:
    return {"rows": "/items"} if format_ == "json" else {}


@pytest.mark.parametrize("format_", TEXT_FORMATS)
def test_a_file_without_a_single_score_fails_the_arm(format_: str) -> None:
    rows: list[dict[str, object]] = [{"id": "a", "points": 1}, {"id": "b", "points": 0}]
    assert "holds none of the declared metrics" in read(
        f"r.{format_}", written(format_, rows), **_rows_of(format_)
    )


@pytest.mark.parametrize("format_", ["json", "jsonl", "csv", "jsonl.gz", "csv.gz", "eval"])
@pytest.mark.parametrize("content", [b"", b"\xff\xff\xff", b"\x00" * 50, b"{", b"[" * 3000, b"\x1f\x8b"])
def test_bytes_of_nothing_end_in_words(format_: str, content: bytes) -> None:
    said = read(f"r.{format_}", content, **({"rows": "/items"} if format_ in ("json", "eval") else {}))
    assert said
    assert "Traceback" not in said
    assert f"r.{format_}" in said or "holds none" in said or "the list of samples is empty" in said


BOMB = json.dumps({"status": "success"})


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"header.json": "[1]"}, "has no object as its header"),
        ({"header.json": "{", "samples/1.json": "{}"}, "r.eval"),
        ({"header.json": BOMB, "samples/1.json": "{"}, "r.eval"),
        ({"header.json": BOMB, "samples/1.json": "[1]"}, "samples that are not objects: 1"),
        ({"header.json": BOMB, "samples/1.json": '{"id": 1, "score": "X"}'}, "scores that are not numbers"),
        ({"header.json": BOMB, "samples/1.json": '{"id": 1}'}, "holds none of the declared metrics"),
    ],
)
def test_an_archive_is_no_safer_than_what_is_in_it(entries: dict[str, str], message: str) -> None:
    said = read("r.eval", archive(**entries), rows="/samples")
    assert message in said


def test_half_a_character_in_a_key_is_no_id() -> None:
    said = read("r.json", b'{"q1": 1, "\\ud800": 1}', rows="", score="", id=None)
    assert 'ids that are not a text or a whole number: 1 ("\\ud800")' == said


@pytest.mark.parametrize(
    ("name", "content", "map_"),
    [
        ("r.jsonl", b'{"id": 1, "acc": 1, "\\ud800": 1, "f1": 1}\n', {"id": "/id", "score": "/{metric}"}),
        ("r.json", b'{"acc": 1, "\\ud800": 1, "f1": 1}', {"value": "/{metric}"}),
    ],
)
def test_half_a_character_in_a_key_is_no_name(name: str, content: bytes, map_: dict[str, str]) -> None:
    results = ResultsMap(file=name, **map_)  # type: ignore[arg-type]
    template = Template(version=1, name="t", script="s.py", metrics=["acc"], results=results)
    found = read_arm(template, {"acc": a_metric("acc")}, MemoryFolder({name: content}), cap_bytes=1000)
    assert found.unnamed == ("f1",)
