"""Score the triage of one commit: `REMYX_SOURCE` is a checkout of it, this file is the same for both arms."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

MESSAGES = Path(__file__).with_name("messages.jsonl")


def triage_of(source: str) -> Callable[[str], str]:
    """The function under test, from the checkout and from nowhere else."""
    sys.path.insert(0, source)
    from triage import classifier

    assert Path(classifier.__file__).is_relative_to(source), classifier.__file__
    return classifier.queue_of


def scores(queue_of: Callable[[str], str]) -> Iterator[tuple[str, dict[str, object]]]:
    """Metric key and sample, for every message."""
    rows = [json.loads(line) for line in MESSAGES.read_text(encoding="utf-8").splitlines()]
    for number, row in enumerate(rows, start=1):
        right = int(queue_of(row["text"]) == row["queue"])
        sample = {"id": row["id"], "score": right, "cluster": row["phrase"], "input": row["text"]}
        yield "accuracy", sample
        if row["queue"] == "account":
            yield "account_recall", sample
        if number % 100 == 0:
            print(f"{number}/{len(rows)} messages", flush=True)


def main() -> None:
    samples: dict[str, list[dict[str, object]]] = {"accuracy": [], "account_recall": []}
    for key, sample in scores(triage_of(os.environ["REMYX_SOURCE"])):
        samples[key].append(sample)
    results = {
        "schema": "remyx-results/1",
        "metrics": {key: {"samples": rows} for key, rows in samples.items()},
    }
    (Path(os.environ["REMYX_OUTPUT_DIR"]) / "results.json").write_text(json.dumps(results), encoding="utf-8")


if __name__ == "__main__":
    main()
