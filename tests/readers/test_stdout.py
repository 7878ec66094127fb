"""The JSON that a script printed, as its results."""

from decimal import Decimal

import pytest

from remyx_action.project.models import ResultsMap, Template
from remyx_action.readers import BrokenResults, read_arm
from remyx_action.readers.scores import ArmScores, Summary
from support.folders import MemoryFolder
from support.metrics import a_metric

PRINTED = ResultsMap(file="stdout", value="/{metric}", n="/n")


def read(log: str, results: ResultsMap | None = PRINTED, **others: str) -> ArmScores:
    template = Template(version=1, name="t", script="score.py", metrics=["recall"], results=results)
    folder = MemoryFolder({"harness.log": log, **others})
    return read_arm(template, {"recall": a_metric("recall")}, folder)


@pytest.mark.parametrize(
    "log",
    [
        '{"recall": 0.92, "n": 300}\n',
        'loading\n{"recall": 0.1, "n": 3}\n{"recall": 0.92, "n": 300}\n\n3 warnings {see above}\n',
        '{\n  "recall": 0.92,\n  "n": 300\n}\n',
    ],
)
def test_the_last_line_that_is_json_counts_else_all_of_it(log: str) -> None:
    assert Summary(value=Decimal("0.92"), n=300) == read(log).scores["recall"]


@pytest.mark.parametrize("log", ["", "0.92\n", "recall: {0.92}\n", '{"recall": 0.92\n'])
def test_a_bare_number_or_half_an_object_is_no_result(log: str) -> None:
    with pytest.raises(BrokenResults, match=r"harness\.log:1:1: holds no JSON object or list"):
        read(log)


def test_a_script_that_printed_its_scores_is_shown_how_they_are_read() -> None:
    with pytest.raises(BrokenResults) as caught:
        read('{"recall": 0.92}\n', results=None)
    assert "score.py left no results.json; it printed a JSON object on its last line" in caught.value.message
    assert "add `results: {file: stdout}`" in caught.value.help


def test_a_script_that_left_another_file_is_shown_which() -> None:
    with pytest.raises(BrokenResults) as caught:
        read("done\n", None, **{"out/scores.csv": "a,b\n"})
    assert 'score.py left no results.json; it left "out/scores.csv"' in caught.value.message
