"""In the container of the code under test: texts in, queues out. Arguments: source, inputs, predictions."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(source: str, inputs: str, predictions: str) -> None:
    sys.path.insert(0, source)
    from triage import classifier

    with (Path(predictions) / "predictions.jsonl").open("w", encoding="utf-8") as file:
        for line in Path(inputs).read_text(encoding="utf-8").splitlines():
            message = json.loads(line)
            file.write(
                json.dumps({"id": message["id"], "queue": classifier.queue_of(message["text"])}) + "\n"
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
