"""Write questions.jsonl and the recorded answers: what three settings of a router answered, took and cost.

Made up by fixed chances, so that the example needs no provider: python3 make_data.py
"""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

HERE = Path(__file__).parent
QUEUES = {
    "billing": ["I was charged twice for {thing}", "the invoice for {thing} shows another address"],
    "delivery": ["where is {thing}, it should have come on Monday", "{thing} arrived at my neighbour's"],
    "returns": ["how do I send {thing} back", "I sent {thing} back and heard nothing since"],
    "account": ["I cannot sign in since I bought {thing}", "please change my name on the order of {thing}"],
    "defects": ["{thing} does not switch on", "{thing} makes a noise that it did not make before"],
}
THINGS = ["the lamp", "the kettle", "my headphones", "the desk", "a second-hand phone", "the blue jacket"]
SETTINGS = {
    "small": (0.78, 0.9, 310, 0.00009),
    "small-with-examples": (0.87, 0.96, 620, 0.000096),
    "large": (0.93, 2.6, 310, 0.0021),
}
"""Name → chance of the right queue, typical seconds, typical tokens, dollars."""
QUESTIONS = 400


def main() -> None:
    """Write every file anew."""
    luck = random.Random(20260301)
    asked = []
    for number in range(QUESTIONS):
        queue = luck.choice(sorted(QUEUES))
        text = luck.choice(QUEUES[queue]).format(thing=luck.choice(THINGS))
        asked.append({"id": f"t{number:03}", "question": text, "queue": queue, "hard": luck.random()})
    lines = [json.dumps({key: one[key] for key in ("id", "question", "queue")}) for one in asked]
    (HERE / "questions.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name, (share, seconds, tokens, usd) in SETTINGS.items():
        with (HERE / "answers" / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["id", "queue", "milliseconds", "tokens", "usd"])
            for one in asked:
                right = 0.8 * one["hard"] + 0.2 * luck.random() < share
                queue = one["queue"] if right else luck.choice(sorted(set(QUEUES) - {one["queue"]}))
                took = seconds * luck.lognormvariate(0, 0.25)
                used = tokens + luck.randrange(-20, 21)
                writer.writerow([one["id"], queue, round(1000 * took), used, f"{usd * used / tokens:.7f}"])


if __name__ == "__main__":
    main()
