"""The four benchmarks: yes-or-no questions about scenes of a few objects, the same ones on every machine.

A model does not see the scene but what a depth camera would make of it: every coordinate with its error.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

SIZES = {"spatialscore": 1000, "omnispatial": 800, "space10": 600, "mindcube": 500}
"""Benchmark → how many questions it asks."""
BLUR = 0.12
"""Standard deviation of what is seen around what is there; scenes are two units wide."""

Point = tuple[float, float, float]


class Question(NamedTuple):
    id: str
    category: str
    question_type: str
    text: str
    seen: list[float]
    """What the model gets: the blurred coordinates of every object."""
    answer: int
    """1: yes."""


def _side(points: list[Point], draw: random.Random) -> tuple[str, str, bool]:
    axis = draw.choice([0, 1, 2])
    words = [("horizontal", "left of"), ("vertical", "below"), ("depth", "in front of")][axis]
    points.append(tuple(float(index == axis) for index in range(3)))  # type: ignore[arg-type]
    return words[0], f"Is the cup {words[1]} the book?", points[0][axis] < points[1][axis]


def _distance(points: list[Point], _draw: random.Random) -> tuple[str, str, bool]:
    near, far = (_apart(points[0], points[index]) for index in (1, 2))
    return "distance", "Is the cup nearer to the book than to the lamp?", near < far


def _outermost(points: list[Point], _draw: random.Random) -> tuple[str, str, bool]:
    left = points[0][0] < min(points[1][0], points[2][0])
    return "layout", "Is the cup left of both the book and the lamp?", left


def _turned(points: list[Point], _draw: random.Random) -> tuple[str, str, bool]:
    viewer, cup, book = points
    ahead = (cup[0] - viewer[0], cup[2] - viewer[2])
    aside = (book[0] - viewer[0], book[2] - viewer[2])
    right = ahead[0] * aside[1] - ahead[1] * aside[0] < 0
    return "viewpoint", "Facing the cup, is the book on the right?", right


KINDS: dict[str, Callable[[list[Point], random.Random], tuple[str, str, bool]]] = {
    "spatialscore": _side,
    "omnispatial": _distance,
    "space10": _outermost,
    "mindcube": _turned,
}


def questions(benchmark: str, *, count: int | None = None, training: bool = False) -> Iterator[Question]:
    """The benchmark's questions; those for training are others."""
    draw = random.Random(f"{benchmark} {'training' if training else 'test'}")
    for number in range(1, (count or SIZES[benchmark]) + 1):
        points = [_point(draw) for _ in range(2 if benchmark == "spatialscore" else 3)]
        category, text, answer = KINDS[benchmark](points, draw)
        exact = benchmark == "spatialscore"  # its last three numbers say which axis is asked about
        seen = [
            value if exact and index == 2 else value + draw.gauss(0, BLUR)
            for index, point in enumerate(points)
            for value in point
        ]
        yield Question(f"{benchmark}-{number:04}", category, "yes_no", text, seen, int(answer))


def _point(draw: random.Random) -> Point:
    return (draw.uniform(-1, 1), draw.uniform(-1, 1), draw.uniform(-1, 1))


def _apart(one: Point, other: Point) -> float:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
