"""Score the recorded answers of one setting: a line of scores.jsonl for every ticket."""

import csv
import json
import os
from pathlib import Path

asset, out = os.environ["REMYX_ASSET"], Path(os.environ["REMYX_OUTPUT_DIR"])
asked = [json.loads(line) for line in Path("questions.jsonl").read_text(encoding="utf-8").splitlines()]
with Path("answers", f"{asset}.csv").open(newline="", encoding="utf-8") as file:
    answers = {row["id"]: row for row in csv.DictReader(file)}

most = int(os.environ.get("REMYX_SAMPLES") or len(asked))
with (out / "scores.jsonl").open("w", encoding="utf-8") as file:
    for number, ticket in enumerate(asked[:most], start=1):
        answer = answers[ticket["id"]]
        scored = {
            "id": ticket["id"],
            "question": ticket["question"],
            "right": int(answer["queue"] == ticket["queue"]),
            "latencyMs": int(answer["milliseconds"]),
            "tokens": int(answer["tokens"]),
            "cost": float(answer["usd"]),
        }
        file.write(json.dumps(scored) + "\n")
        print(f"{number}/{most}")
