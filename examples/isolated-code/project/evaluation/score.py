"""Beside the labels: hold predictions against the true queues; the code under test is not imported."""

from __future__ import annotations

import json
import os
from pathlib import Path

LABELS = Path(__file__).with_name("labels.jsonl")


def rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    predicted = {
        row["id"]: row["queue"] for row in rows(Path(os.environ["REMYX_PREDICTIONS"], "predictions.jsonl"))
    }
    samples: dict[str, list[dict[str, object]]] = {"accuracy": [], "account_recall": []}
    for label in rows(LABELS):
        right = int(predicted.get(label["id"]) == label["queue"])  # a message without a prediction is wrong
        sample = {"id": label["id"], "score": right, "cluster": label["phrase"]}
        samples["accuracy"].append(sample)
        if label["queue"] == "account":
            samples["account_recall"].append(sample)
    results = {
        "schema": "remyx-results/1",
        "metrics": {key: {"samples": found} for key, found in samples.items()},
    }
    Path(os.environ["REMYX_OUTPUT_DIR"], "results.json").write_text(json.dumps(results), encoding="utf-8")


if __name__ == "__main__":
    main()
