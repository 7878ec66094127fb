"""Ask a model every question of the benchmarks and write one report: `evaluate.py CONFIG`."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parent))

from vqasynth.network import Network, read
from vqasynth.questions import questions


def asked(network: Network, benchmark: str) -> dict[str, Any]:
    """The benchmark's part of the report."""
    items = []
    for question in questions(benchmark):
        right = int(network.yes(question.seen) == bool(question.answer))
        kind = {"category": question.category, "question_type": question.question_type}
        items.append({"id": question.id, "score": right, **kind})
    by_category = defaultdict(list)
    for item in items:
        by_category[item["category"]].append(item["score"])
    return {
        "overall_accuracy": sum(item["score"] for item in items) / len(items),
        "total": len(items),
        "by_category": {
            category: {"accuracy": sum(scores) / len(scores), "count": len(scores)}
            for category, scores in sorted(by_category.items())
        },
        "per_item": items,
    }


def main(config: str) -> None:
    arguments = yaml.safe_load(Path(config).read_text(encoding="utf-8"))["arguments"]
    model = read(Path(__file__).parent / "models" / f"{arguments['eval_model']}.json")
    benchmarks = {}
    for number, name in enumerate(arguments["benchmarks"], start=1):
        benchmarks[name] = asked(model[name], name)
        print(f"{number}. {name}: {benchmarks[name]['overall_accuracy']:.3f}", flush=True)
    report = {
        "summary": {name: found["overall_accuracy"] for name, found in benchmarks.items()},
        "benchmarks": benchmarks,
    }
    output = Path(arguments["output_dir"])
    output.mkdir(parents=True, exist_ok=True)
    (output / "benchmark_report.json").write_text(json.dumps(report), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
