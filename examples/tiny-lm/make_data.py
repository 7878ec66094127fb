"""Writes the questions that the models are measured on: sums, and word problems shaped like gsm8k's.

python make_data.py            # writes evaluation/data again; the same bytes every time
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

SUMS = 600
WORD_PROBLEMS = 200
SEED = 2024
SMALLEST, LARGEST = 10, 99

NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gia", "Hugo")
THINGS = ("apples", "books", "coins", "eggs", "keys", "pens", "shells", "stamps")
STORIES = (
    "{name} has {a} {things} and gets {b} more. How many {things} does {name} have now?",
    "{name} finds {a} {things} in the morning and {b} in the evening. How many {things} is that?",
    "There are {a} {things} on the table. {name} brings {b} more. How many {things} are there in all?",
    "{name} sold {a} {things} on Monday and {b} on Friday. How many {things} did {name} sell?",
)

Pair = tuple[int, int]


def pairs() -> tuple[list[Pair], list[Pair]]:
    """Every sum of two numbers of two digits: those to measure on, and those to learn from.

    What is measured is never learnt, not with its terms changed over either.
    """
    every = [(a, b) for a in range(SMALLEST, LARGEST + 1) for b in range(SMALLEST, LARGEST + 1)]
    measured = random.Random(SEED).sample(every, SUMS)
    closed = {*measured, *((b, a) for a, b in measured)}
    return measured, [pair for pair in every if pair not in closed]


def addition(pair: Pair) -> dict[str, str]:
    """A bare sum as a question and its answer: `12+34=` and `46`."""
    a, b = pair
    return {"question": f"{a}+{b}=", "answer": f"{a + b}"}


def word_problem(pair: Pair, story: random.Random) -> dict[str, str]:
    """The sum in a story, answered as gsm8k answers: the working, then `#### ` and the number."""
    a, b = pair
    words = {"name": story.choice(NAMES), "things": story.choice(THINGS)}
    question = story.choice(STORIES).format(a=a, b=b, **words)
    working = f"{a}+{b} = <<{a}+{b}={a + b}>>{a + b} {words['things']}."
    return {"question": question, "answer": f"{working}\n#### {a + b}"}


def rows(measured: list[Pair]) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Each data set with its questions."""
    story = random.Random(SEED)
    yield "addition", [addition(pair) for pair in measured]
    yield "word_problems", [word_problem(pair, story) for pair in measured[:WORD_PROBLEMS]]


def main(folder: Path, report: Callable[[str], object] = sys.stdout.write) -> None:
    """Write `<folder>/<data set>/test.jsonl`."""
    for name, questions in rows(pairs()[0]):
        file = folder / name / "test.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{json.dumps(row)}\n" for row in questions), encoding="utf-8")
        report(f"{file}: {len(questions)} questions\n")


if __name__ == "__main__":
    main(Path(__file__).parent / "evaluation/data")
