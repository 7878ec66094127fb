"""The rows of one details file, handed in as JSON Lines → the samples of each of its metrics."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from msgspec import Struct, field

from remyx_action.project.files.json_text import (
    Fault,
    NotStrictJson,
    NumberText,
    decode_utf8,
    read_as_written,
)
from remyx_action.readers.arm_files import broken, shown
from remyx_action.readers.columns import Columns, Places, counted
from remyx_action.readers.lines import blocks
from remyx_action.readers.rows import rows_of_values
from remyx_action.readers.sampling import NATIVE, Rows, columns_of

DETAIL_COLUMNS = (
    "doc.id",
    "doc.task_name",
    "doc.instruction",
    "doc.fewshot_samples.query",
    "doc.fewshot_samples.choices",
    "doc.fewshot_samples.gold_index",
    "doc.query",
    "doc.choices",
    "doc.unconditioned_query",
    "doc.gold_index",
    "metric",
)
"""What is read of a details file; answers and their tokens stay where they are."""

ID_DIGITS, INPUT_DIGITS = 8, 32
NOT_DETAILS = "leave the details as lighteval wrote them, or take them away: then its values count alone"


class Details(Struct, kw_only=True):
    """The samples of one task."""

    columns: Mapping[str, Columns]
    """By the raw name of the metric."""
    answers: list[str] = field(default_factory=list)
    """Each sample's id with the right answer, in the file's order."""


def read_details(file: str, rows: Iterable[bytes], *, task: str, metrics: Sequence[str]) -> Details:
    """The samples of a task's metrics. Raises BrokenResults where the rows are none of this task.

    `rows` are the bytes of JSON Lines in pieces of any size.
    """
    found = Details(columns={})
    samples: dict[str, list[Any]] = {metric: [] for metric in metrics}
    faults: dict[str, Places] = {}
    scored: dict[str, set[str]] = {metric: set() for metric in metrics}
    asked: dict[str, None] = {}
    for number, row in enumerate(_parsed(file, rows), start=1):
        fault, example = _fault(row, task)
        if fault:
            faults.setdefault(fault, Places()).add(f"row {number}{example}")
            continue
        doc = row["doc"]
        id_, input_ = id_of(doc), input_of(doc)
        if id_ not in asked:
            asked[id_] = None
            found.answers.append(json.dumps([id_, doc.get("gold_index")]))
        for metric in metrics:
            score = row["metric"].get(metric)
            if score is not None:
                scored[metric].add(id_)
                samples[metric].append({"id": id_, "score": _plain(score), "input": input_})
    if faults:
        message = "; ".join(counted(kind, places) for kind, places in sorted(faults.items()))
        raise broken(file, Fault(code="not-details", message=f"holds {message}", help=NOT_DETAILS))
    columns = {}
    for metric, given in samples.items():
        given += [{"id": id_} for id_ in asked if id_ not in scored[metric]]
        columns[metric] = columns_of(Rows(table=rows_of_values(given, NATIVE.pointers())), NATIVE)
    return Details(columns=columns, answers=found.answers)


def id_of(doc: Mapping[str, Any]) -> str:
    """lighteval's own number of a question and the start of the question's hash.

    The number alone starts again with every split that a task reads.
    """
    query = sha256(doc["query"].encode("utf-8", "surrogatepass")).hexdigest()
    return f"{doc['id']}-{query[:ID_DIGITS]}"


def input_of(doc: Mapping[str, Any]) -> str:
    """Digest of all that was asked: instruction, examples with their answers, question and choices."""
    examples = doc.get("fewshot_samples")
    asked = [
        doc.get("instruction"),
        [[one.get("query"), _golds(one)] for one in examples or [] if type(one) is dict],
        doc["query"],
        doc.get("choices"),
        doc.get("unconditioned_query"),
    ]
    text = json.dumps(asked, ensure_ascii=True, separators=(",", ":"), default=str)
    return sha256(text.encode()).hexdigest()[:INPUT_DIGITS]


def _golds(doc: Mapping[str, Any]) -> list[Any]:
    """The right answers of an example, as they stand among its choices."""
    choices, gold = doc.get("choices"), doc.get("gold_index")
    listed = choices if type(choices) is list else []
    golds: list[Any] = []
    for index in gold if type(gold) is list else [gold]:
        place = int(index) if type(index) is NumberText and index.isdecimal() and len(index) < 9 else -1
        chosen = listed[place] if 0 <= place < len(listed) else None
        golds += chosen if type(chosen) is list else [chosen]
    return golds


def _plain(score: Any) -> Any:
    """True and false are what some metrics call 1 and 0."""
    return NumberText(int(score)) if type(score) is bool else score


def _fault(row: Any, task: str) -> tuple[str, str]:
    """What is wrong with a row, and with this one; empty where nothing is."""
    doc = row.get("doc") if type(row) is dict else None
    if type(doc) is not dict or type(row.get("metric")) is not dict:
        return "rows without doc and metric", ""
    if type(doc.get("id")) is not str or type(doc.get("query")) is not str:
        return "rows whose doc has no id and query", ""
    if doc.get("task_name") != task:
        return f"rows of another task than {shown(task)}", f": {shown(doc.get('task_name'))}"
    return "", ""


def _parsed(file: str, rows: Iterable[bytes]) -> Iterator[Any]:
    try:
        for block in blocks(rows):
            for line in decode_utf8(block).split("\n"):
                if line:
                    yield read_as_written(line)
    except NotStrictJson as error:
        raise broken(file, *error.faults) from None
