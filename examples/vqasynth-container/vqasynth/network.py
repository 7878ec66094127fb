"""One layer of hidden units, in plain Python: nine numbers in, the odds of a yes out."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable
from pathlib import Path

from .questions import Question

INPUTS = 9


class Network:
    """Weights of one benchmark."""

    def __init__(self, hidden: list[list[float]], out: list[float]) -> None:
        self.hidden = hidden
        """For each unit a weight for every input, and a bias."""
        self.out = out
        """A weight for each unit, and a bias."""

    @classmethod
    def new(cls, units: int, draw: random.Random) -> Network:
        hidden = [[draw.gauss(0, 0.6) for _ in range(INPUTS + 1)] for _ in range(units)]
        return cls(hidden, [draw.gauss(0, 0.6) for _ in range(units + 1)])

    def activations(self, seen: list[float]) -> list[float]:
        return [
            math.tanh(sum(w * x for w, x in zip(unit, seen, strict=False)) + unit[-1]) for unit in self.hidden
        ]

    def yes(self, seen: list[float]) -> bool:
        return self._odds(self.activations(seen)) > 0

    def learn(self, question: Question, rate: float) -> None:
        """One step of stochastic gradient descent on the logistic loss."""
        active = self.activations(question.seen)
        error = 1 / (1 + math.exp(-max(min(self._odds(active), 30), -30))) - question.answer
        for number, (unit, value) in enumerate(zip(self.hidden, active, strict=True)):
            step = rate * error * self.out[number] * (1 - value * value)
            for index, x in enumerate(question.seen):
                unit[index] -= step * x
            unit[-1] -= step
            self.out[number] -= rate * error * value
        self.out[-1] -= rate * error

    def _odds(self, active: list[float]) -> float:
        return sum(w * a for w, a in zip(self.out, active, strict=False)) + self.out[-1]


def read(path: Path) -> dict[str, Network]:
    """A model: benchmark → network."""
    saved = json.loads(path.read_text(encoding="utf-8"))
    return {name: Network(found["hidden"], found["out"]) for name, found in saved.items()}


def write(path: Path, model: dict[str, Network]) -> None:
    rounded = {
        name: {
            "hidden": [[round(w, 4) for w in unit] for unit in network.hidden],
            "out": [round(w, 4) for w in network.out],
        }
        for name, network in model.items()
    }
    path.write_text(json.dumps(rounded) + "\n", encoding="utf-8")


def trained(asked: Iterable[Question], *, units: int, rounds: int, seed: str) -> Network:
    """A network that saw every question `rounds` times."""
    draw = random.Random(seed)
    network = Network.new(units, draw)
    known = list(asked)
    for number in range(rounds):
        draw.shuffle(known)
        for question in known:
            network.learn(question, 0.08 / (1 + number / 10))
    return network
