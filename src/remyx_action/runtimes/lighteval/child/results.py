"""Scores → the files of a `remyx-results/1` document, or why they are none."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .evaluating import Row
from .specification import RefusedError

EMPTY_LIMIT = 0.5
"""An arm fails where more than this part of all generated answers is empty: it was not the model that
answered so, but a broken tokenizer, prompt or server."""
TOLERANCE = 1e-9
"""Between the mean of the scores and what lighteval itself reports."""


def check_answers(texts: Sequence[Sequence[str]]) -> None:
    """Refuse an arm that hardly answered."""
    empty = sum(not any(text.strip() for text in answers) for answers in texts)
    if empty > EMPTY_LIMIT * len(texts):
        limit = f"the limit is {EMPTY_LIMIT:.0%}"
        raise RefusedError(f"{empty} of {len(texts)} answers are empty ({limit}), so nothing is scored")


def number_of(score: Any, where: str) -> float | int:
    """A score as a JSON number. Raises RefusedError."""
    plain = score.item() if hasattr(score, "item") else score
    if isinstance(plain, bool):
        return int(plain)
    if isinstance(plain, int):
        return plain
    if not isinstance(plain, float):
        raise RefusedError(f"{where} is {type(score).__name__}, not a number")
    if not math.isfinite(plain):
        raise RefusedError(f"{where} is {plain}, and a score must be finite")
    return plain


def check_mean(scores: Sequence[float], own: Any, where: str) -> None:
    """Hold the scores against lighteval's own value: what is no mean of its samples is not judged."""
    if not scores or own is None:
        return
    value = number_of(own, f"lighteval's own value of {where}")
    mean = math.fsum(scores) / len(scores)
    if abs(mean - value) > TOLERANCE * max(1.0, abs(value)):
        raise RefusedError(f"{where}: lighteval reports {value!r}, and the mean of its samples is {mean!r}")


def lines_of(rows: Sequence[Row], *, clustered: bool) -> str:
    """JSON Lines of one metric."""
    lines = []
    for row in rows:
        document = row.document
        line: dict[str, Any] = {
            "id": document.id,
            "score": number_of(row.score, f"the score of {document.id}"),
            "input": document.input,
        }
        if clustered:
            line["cluster"] = document.task
        lines.append(json.dumps(line) + "\n")
    return "".join(lines)


def write(folder: Path, lines: Mapping[str, str], provenance: Mapping[str, str]) -> None:
    """The files; `results.json` last and whole, so that nobody takes half an arm for one."""
    folder.mkdir(parents=True, exist_ok=True)
    for key, text in lines.items():
        (folder / f"{key}.jsonl").write_text(text, "utf-8")
    document = {
        "schema": "remyx-results/1",
        "metrics": {key: {"samples": f"{key}.jsonl"} for key in lines},
        "provenance": {name: value for name, value in provenance.items() if value},
    }
    whole = folder / ".results.json.new"
    whole.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    os.replace(whole, folder / "results.json")  # noqa: PTH105 - atomic, and says so
