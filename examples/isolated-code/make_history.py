"""The repository of compare-commits, with the code under test in a container: `make_history.py DIR`."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "compare-commits"))

from make_history import make_history  # noqa: E402 - the other example's


def isolate(repository: Path) -> None:
    """Put this example's files over the project's, and part the labels from the texts."""
    evaluation = repository / "evaluation"
    (evaluation / "evaluate.py").unlink()
    shutil.copytree(HERE / "project", repository, dirs_exist_ok=True)
    messages = [json.loads(line) for line in (evaluation / "messages.jsonl").read_text("utf-8").splitlines()]
    for name, keys in {"messages": ("id", "text"), "labels": ("id", "phrase", "queue")}.items():
        lines = [json.dumps({key: message[key] for key in keys}) + "\n" for message in messages]
        (evaluation / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2 or Path(sys.argv[1]).exists():
        sys.exit(f"usage: {sys.argv[0]} DIR, where DIR does not exist yet")
    make_history(Path(sys.argv[1]), isolate)
