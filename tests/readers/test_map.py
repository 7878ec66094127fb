"""Keys of a map that no engine's example has, each on a file."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from remyx_action.project.models import ResultsMap, Template
from remyx_action.readers import BrokenResults, read_arm
from remyx_action.readers.scores import ArmScores, Samples, Summary
from support.folders import MemoryFolder
from support.metrics import a_metric


def read(results: dict[str, Any], files: dict[str, str], *keys: str) -> ArmScores:
    keys = keys or ("acc",)
    map_ = ResultsMap.model_validate(results)
    template = Template(version=1, name="t", script="s.py", metrics=list(keys), results=map_)
    return read_arm(template, {key: a_metric(key) for key in keys}, MemoryFolder(files))


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


FILES = {
    "samples_acc.jsonl": lines({"q": 1, "s": 0}, {"q": 2, "s": 1}),
    "samples_f-1.jsonl": lines({"q": 1, "s": 0.5}),
}
OF_EACH = {"file": "samples_{metric}.jsonl", "id": "/q", "score": "/s", "names": {"f1": "f-1"}}


def test_each_metric_has_a_file_of_its_own() -> None:
    found = read(OF_EACH, FILES, "acc", "f1").scores
    assert Samples(ids=["1", "2"], scores=["0", "1"]) == found["acc"]
    assert Samples(ids=["1"], scores=["0.5"]) == found["f1"]


def test_a_metric_without_its_file_is_named() -> None:
    with pytest.raises(BrokenResults, match=r"samples_f1\.jsonl"):
        read({**OF_EACH, "names": {}}, FILES, "acc", "f1")


def test_an_id_is_made_of_several_places() -> None:
    rows = lines({"task": "a", "n": 1, "s": 0}, {"task": "a", "n": 2, "s": 1}, {"task": "b", "n": 1, "s": 1})
    scores = read({"file": "x.jsonl", "id": ["/task", "/n"], "score": "/s"}, {"x.jsonl": rows}).scores["acc"]
    assert isinstance(scores, Samples)
    assert 3 == len(set(scores.ids))
    assert ["0", "1", "1"] == scores.scores


def test_a_row_with_the_error_that_is_named_is_missing() -> None:
    rows = lines({"q": 1, "s": 1, "why": 0}, {"q": 2, "s": 0, "why": 2})
    map_ = {"file": "x.jsonl", "id": "/q", "score": "/s", "error": {"/why": 2}}
    scores = read(map_, {"x.jsonl": rows}).scores["acc"]
    assert isinstance(scores, Samples)
    assert (["1"], ["1"], {"2"}) == (scores.ids, scores.scores, set(scores.missing))


@pytest.mark.parametrize("unknown", ["N/A", None])
def test_a_standard_error_that_is_not_available_is_unknown(unknown: str | None) -> None:
    file = json.dumps({"acc": 0.5, "se": unknown, "n": 10})
    map_ = {"file": "x.json", "value": "/{metric}", "stderr": "/se", "n": "/n"}
    assert Summary(value=Decimal("0.5"), n=10) == read(map_, {"x.json": file}).scores["acc"]


def test_the_engines_own_number_from_a_table_replaces_rows() -> None:
    table = "round,acc,sd,n\n1,0.4,0.1,10\n2,0.5,0.2,16\n"
    own = {"file": "own.csv", "take": "last", "value": "/{metric}", "stddev": "/sd", "n": "/n"}
    map_ = {"file": "x.jsonl", "id": "/q", "score": "/s", "aggregates": own}
    found = read(map_, {"own.csv": table}).scores["acc"]
    assert Summary(value=Decimal("0.5"), n=16, stderr=Decimal("0.05")) == found


def test_the_engines_own_number_that_differs_is_reported_and_the_samples_count() -> None:
    rows = lines({"q": 1, "s": 0}, {"q": 2, "s": 1})
    map_ = {
        "file": "x.jsonl",
        "id": "/q",
        "score": "/s",
        "aggregates": {"file": "own.json", "value": "/{metric}"},
    }
    arm = read(map_, {"x.jsonl": rows, "own.json": '{"acc": 0.75}'})
    assert Samples(ids=["1", "2"], scores=["0", "1"]) == arm.scores["acc"]
    (warning,) = arm.warnings
    assert "0.75" in warning
    assert "the samples count" in warning
