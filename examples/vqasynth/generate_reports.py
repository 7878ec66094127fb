# /// script
# requires-python = ">=3.11"
# ///
"""Write the benchmark_report.json files under reports/, the same bytes every time.

They have the shape of VQASynth's evaluation stage. The answers are drawn, not measured; the accuracies of
the baseline are those of the worked example, to the last digit. Points count in quarters: a question of
several parts can be partly right.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from random import Random

QUARTERS = 4
CATEGORIES = ("counting", "depth", "direction", "distance", "occlusion", "size")
PART_QUESTIONS = 0.25
"""The share of questions with several parts."""
CHANGED_ANSWERS = 0.12
"""The share of questions that a variant answers afresh."""


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    name: str
    total: int
    baseline: float


@dataclass(frozen=True, kw_only=True)
class Question:
    id: str
    category: str
    parts: bool


SUITE = (
    Benchmark(name="spatialscore", total=1000, baseline=0.42),
    Benchmark(name="omnispatial", total=800, baseline=0.31),
    Benchmark(name="space10", total=600, baseline=0.55),
    Benchmark(name="mindcube", total=500, baseline=0.38),
)
VARIANTS = {
    "ship": {"spatialscore": 0.47, "omnispatial": 0.36, "space10": 0.56, "mindcube": 0.384},
    "reject": {"spatialscore": 0.45, "omnispatial": 0.33, "space10": 0.5, "mindcube": 0.376},
    "iterate": {"spatialscore": 0.47, "omnispatial": 0.335, "space10": 0.555, "mindcube": 0.38},
    "missing-mindcube": {"spatialscore": 0.47, "omnispatial": 0.36, "space10": 0.56},
}
"""Folder under reports/ → the accuracy of each benchmark that it reports."""


def questions_of(benchmark: Benchmark) -> list[Question]:
    draw = Random(f"questions {benchmark.name}")
    return [
        Question(
            id=f"{benchmark.name}-{number:04d}",
            category=CATEGORIES[int(draw.random() * len(CATEGORIES))],
            parts=draw.random() < PART_QUESTIONS,
        )
        for number in range(1, benchmark.total + 1)
    ]


def answered(question: Question, accuracy: float, draw: Random) -> int:
    """Points in quarters, right with probability `accuracy`; each part on its own."""
    if question.parts:
        return sum(draw.random() < accuracy for _ in range(QUARTERS))
    return QUARTERS * (draw.random() < accuracy)


def settled(points: list[int], questions: list[Question], accuracy: float, draw: Random) -> list[int]:
    """The points with parts given or taken until the mean is exactly `accuracy`."""
    missing = round(QUARTERS * accuracy * len(questions)) - sum(points)
    step = 1 if missing > 0 else -1
    several_parts = [place for place, question in enumerate(questions) if question.parts]
    while missing:
        place = several_parts[int(draw.random() * len(several_parts))]
        if 0 <= points[place] + step <= QUARTERS:
            points[place] += step
            missing -= step
    return points


def baseline_points(benchmark: Benchmark, questions: list[Question]) -> list[int]:
    draw = Random(f"baseline {benchmark.name}")
    points = [answered(question, benchmark.baseline, draw) for question in questions]
    return settled(points, questions, benchmark.baseline, draw)


def variant_points(name: str, benchmark: Benchmark, questions: list[Question], accuracy: float) -> list[int]:
    """The baseline's points, where some questions were answered afresh."""
    draw = Random(f"{name} {benchmark.name}")
    points = [
        answered(question, accuracy, draw) if draw.random() < CHANGED_ANSWERS else before
        for question, before in zip(questions, baseline_points(benchmark, questions), strict=True)
    ]
    return settled(points, questions, accuracy, draw)


def section(questions: list[Question], points: list[int]) -> dict[str, object]:
    """One benchmark of the report."""
    of_category: dict[str, list[int]] = {category: [] for category in CATEGORIES}
    for question, earned in zip(questions, points, strict=True):
        of_category[question.category].append(earned)
    return {
        "overall_accuracy": accuracy_of(points),
        "total": len(points),
        "by_category": {
            category: {"accuracy": round(accuracy_of(earned), 4), "count": len(earned)}
            for category, earned in of_category.items()
        },
        "per_item": [
            {
                "id": question.id,
                "score": earned // QUARTERS if earned % QUARTERS == 0 else earned / QUARTERS,
                "category": question.category,
                "question_type": "several_parts" if question.parts else "yes_no",
            }
            for question, earned in zip(questions, points, strict=True)
        ],
    }


def accuracy_of(points: list[int]) -> float:
    return sum(points) / (QUARTERS * len(points))


def write_report(folder: Path, points_of: dict[str, list[int]]) -> None:
    """Write folder/benchmark_report.json, one question a line."""
    sections = {
        benchmark.name: section(questions_of(benchmark), points_of[benchmark.name])
        for benchmark in SUITE
        if benchmark.name in points_of
    }
    summary = {name: part["overall_accuracy"] for name, part in sections.items()}
    text = json.dumps({"summary": summary, "benchmarks": sections}, separators=(",", ":"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "benchmark_report.json").write_text(text.replace('{"id"', '\n{"id"') + "\n", encoding="utf-8")


def main(reports: Path) -> None:
    """Write every report below `reports`."""
    suite = {benchmark.name: (benchmark, questions_of(benchmark)) for benchmark in SUITE}
    write_report(reports / "baseline", {key: baseline_points(*suite[key]) for key in suite})
    for name, accuracies in VARIANTS.items():
        points_of = {key: variant_points(name, *suite[key], accuracy) for key, accuracy in accuracies.items()}
        write_report(reports / name, points_of)


if __name__ == "__main__":
    main(Path(__file__).parent / "reports")
