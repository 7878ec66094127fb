"""Train the models of this example again, from nothing: `python3 train.py`; a minute or two."""

from __future__ import annotations

from pathlib import Path

from vqasynth.network import trained, write
from vqasynth.questions import SIZES, questions

MODELS = {
    "spatial-small": dict.fromkeys(SIZES, (6, 3, 500)),
    "spatial-long": dict.fromkeys(SIZES, (16, 40, 1500)),
    "spatial-narrow": {**dict.fromkeys(SIZES, (16, 40, 1500)), "space10": (2, 2, 200)},
    "spatial-again": {**dict.fromkeys(SIZES, (6, 3, 500)), "omnispatial": (6, 5, 500)},
}
"""Model → benchmark → hidden units, rounds, and questions to learn from."""


def main() -> None:
    for name, recipe in MODELS.items():
        model = {
            benchmark: trained(
                questions(benchmark, count=count, training=True),
                units=units,
                rounds=rounds,
                seed=f"{benchmark} {units}",
            )
            for benchmark, (units, rounds, count) in recipe.items()
        }
        write(Path(__file__).parent / "models" / f"{name}.json", model)
        shares = {
            benchmark: sum(network.yes(one.seen) == bool(one.answer) for one in questions(benchmark))
            / SIZES[benchmark]
            for benchmark, network in model.items()
        }
        print(name, shares)


if __name__ == "__main__":
    main()
